/* profile.def as data: reading, printing and asking are loops over its rows. */
#include "state/profile.h"

#include <assert.h>
#include <string.h>

#include "shared/buf.h"
#include "shared/mem.h"
#include "shared/near.h"
#include "shared/tree.h"

static const struct profile_row rows[PROFILE_COUNT] = {
#define PROFILE(symbol, key, values, sentence) [PROFILE_##symbol] = {key, values, sentence},
#include "state/profile.def"
#undef PROFILE
};

const struct profile_row *profile_row(enum profile_switch which)
{
    return &rows[which];
}

/* The index of `value` among "a|b|c", or -1. */
static int value_index(const char *values, const char *value)
{
    size_t len = strlen(value);
    for (int i = 0;; i++) {
        size_t step = strcspn(values, "|");
        if (step == len && memcmp(values, value, len) == 0)
            return i;
        if (!values[step])
            return -1;
        values += step + 1;
    }
}

bool profile_is(const struct profile *profile, enum profile_switch which, const char *value)
{
    int index = value_index(rows[which].values, value);
    assert(index >= 0);
    return profile->choice[which] == index;
}

/* Where the chosen value begins in its row. */
static const char *chosen(const struct profile *profile, enum profile_switch which)
{
    const char *value = rows[which].values;
    for (int skip = profile->choice[which]; skip; skip--)
        value += strcspn(value, "|") + 1;
    return value;
}

int profile_number(const struct profile *profile, enum profile_switch which)
{
    int number = 0;
    for (const char *c = chosen(profile, which); *c >= '0' && *c <= '9'; c++)
        number = number * 10 + (*c - '0');
    return number;
}

static void add_value_text(struct buf *out, const cJSON *value)
{
    if (cJSON_IsString(value))
        buf_text(out, value->valuestring);
    else if (cJSON_IsBool(value))
        buf_text(out, cJSON_IsTrue(value) ? "true" : "false");
    else if (cJSON_IsNumber(value))
        buf_format(out, "%d", value->valueint);
}

static int row_by_key(const char *key)
{
    for (int i = 0; i < PROFILE_COUNT; i++)
        if (strcmp(rows[i].key, key) == 0)
            return i;
    return -1;
}

static bool refuse_key(const char *key, struct err *err)
{
    OWNED(buf_free) struct buf question = {0};
    struct near near = {.given = key};
    for (int i = 0; i < PROFILE_COUNT; i++)
        near_offer(&near, rows[i].key);
    near_add_question(&question, &near, "");
    return err_set(err, "is not a switch%s%s `fakewix tables config` lists them",
                   buf_str(&question), question.len ? "" : ";");
}

/* The row and the index of its value that a member means; false and a sentence where it is wrong.
 */
static bool read_member(const cJSON *member, int *ret_row, int *ret_index, struct err *err)
{
    int row = row_by_key(member->string);
    if (row < 0)
        return refuse_key(member->string, err);
    OWNED(buf_free) struct buf text = {0};
    add_value_text(&text, member);
    int index = value_index(rows[row].values, buf_str(&text));
    if (index < 0)
        return err_set(err, "takes one of %s", rows[row].values);
    *ret_row = row;
    *ret_index = index;
    return true;
}

size_t profile_check(const cJSON *object, profile_tell_fn *tell, void *context)
{
    size_t n = 0;
    const cJSON *member;
    cJSON_ArrayForEach(member, object)
    {
        OWNED(err_free) struct err err = {0};
        int row = 0, index = 0;
        if (read_member(member, &row, &index, &err))
            continue;
        tell(context, member->string, err.text);
        n++;
    }
    return n;
}

bool profile_read(struct profile *profile, const cJSON *object, struct err *err)
{
    struct profile next = *profile;
    const cJSON *member;
    cJSON_ArrayForEach(member, object)
    {
        OWNED(err_free) struct err why = {0};
        int row = 0, index = 0;
        if (!read_member(member, &row, &index, &why))
            return err_set(err, "profile.%s %s", member->string, why.text);
        next.choice[row] = (unsigned char)index;
    }
    *profile = next;
    return true;
}

cJSON *profile_json(const struct profile *profile)
{
    cJSON *object = cJSON_CreateObject();
    for (int i = 0; i < PROFILE_COUNT; i++) {
        const char *value = chosen(profile, (enum profile_switch)i);
        char *text = mem_text_n(value, strcspn(value, "|"));
        tree_put_text(object, rows[i].key, text);
        mem_text_free(&text);
    }
    return object;
}
