/* What must hold in the end. A check that is misspelt would be green for the wrong reason. */
#include "scenario/expectation.h"

#include <string.h>

#include "shared/mem.h"
#include "shared/tree.h"

static bool fail_unknown_check(const struct reader *reader, const char *place, const char *name)
{
    size_t n = 0;
    const struct check *all = checks_all(&n);
    struct near near = {.given = name};
    for (size_t i = 0; i < n; i++)
        near_offer(&near, all[i].name);
    return reader_fail_word(reader, place, "names the unknown check", &near,
                            "`fakewix-conform explain language` lists them");
}

/* "token-requests", or {"check": "token-requests", "max": 1, "level": "SHOULD"}. */
static bool read_demand(const struct reader *reader, const char *place, const cJSON *json,
                        struct demand *demand)
{
    const char *name = cJSON_GetStringValue(json);
    if (!name && !reader_text(reader, place, json, "check", &name))
        return false;
    demand->check = checks_find(name);
    if (!demand->check)
        return fail_unknown_check(reader, place, name);
    if (!cJSON_IsObject(json))
        return true;
    OWNED(mem_text_free) char *allowed = mem_format("check level %s", demand->check->params);
    bool sound = reader_knows_keys(reader, place, json, allowed);
    const cJSON *member = NULL;
    int64_t number = 0;
    cJSON_ArrayForEach(member, json)
    {
        if (reader_lists(demand->check->params, member->string))
            sound = reader_number(reader, place, json, member->string, 0, 0, &number) && sound;
    }
    demand->params = json;
    const char *level = tree_text(json, "level");
    if (!tree_get(json, "level") || (level && level_by_name(level, &demand->level)))
        return sound;
    return reader_fail(reader, place, "has a \"level\" that is not MUST, MUST*, SHOULD or INFO");
}

static bool read_client(const struct reader *reader, const char *place, const cJSON *json,
                        enum want_client *ret_client)
{
    static const char *const words[] = {
        [WANT_ANY] = "any", [WANT_OK] = "ok", [WANT_ERROR] = "error"};
    const char *word = tree_text(json, "client");
    for (size_t i = 0; word && i < sizeof words / sizeof *words; i++) {
        if (strcmp(words[i], word) != 0)
            continue;
        *ret_client = (enum want_client)i;
        return true;
    }
    return reader_fail(reader, place, "needs \"client\": \"ok\", \"error\" or \"any\"");
}

static bool read_body(const struct reader *reader, const char *place, const cJSON *json,
                      const char *keys, enum level level, struct expectation *expect)
{
    OWNED(mem_text_free) char *checks_place = mem_format("%s.checks", place);
    if (!cJSON_IsObject(json))
        return reader_fail(reader, place, "must be an object with \"client\" and \"checks\"");
    const cJSON *checks = tree_get(json, "checks");
    bool sound = reader_knows_keys(reader, place, json, keys);
    sound = read_client(reader, place, json, &expect->client) && sound;
    sound = reader_is_array(reader, checks_place, checks) && sound;
    const cJSON *list = cJSON_IsArray(checks) ? checks : NULL;
    const cJSON *check = NULL;
    cJSON_ArrayForEach(check, list)
    {
        OWNED(mem_text_free) char *at = mem_format("%s[%zu]", checks_place, expect->n_demands);
        expect->demands = mem_grow(expect->demands, expect->n_demands + 1, sizeof *expect->demands);
        struct demand *demand = &expect->demands[expect->n_demands++];
        *demand = (struct demand){.level = level};
        sound = read_demand(reader, at, check, demand) && sound;
    }
    return sound;
}

static bool read_grade(const struct reader *reader, const char *place, const cJSON *json,
                       enum verdict *ret_verdict)
{
    static const enum verdict grades[] = {VERDICT_PASS, VERDICT_INFO, VERDICT_WARN, VERDICT_NA};
    const char *word = tree_text(json, "verdict");
    for (size_t i = 0; word && i < sizeof grades / sizeof *grades; i++) {
        if (strcmp(verdict_name(grades[i]), word) != 0)
            continue;
        *ret_verdict = grades[i];
        return true;
    }
    return reader_fail(reader, place, "needs \"verdict\": \"PASS\", \"INFO\", \"WARN\" or \"N/A\"");
}

bool expectation_read(const struct reader *reader, const char *place, const cJSON *expect,
                      enum level level, struct variant *variant)
{
    return read_body(reader, place, expect, "client checks", level, &variant->expect);
}

bool expectation_read_allowed(const struct reader *reader, const char *place, const cJSON *allow,
                              enum level level, struct variant *variant)
{
    if (!reader_is_array(reader, place, allow))
        return false;
    bool sound = true;
    const cJSON *json = NULL;
    cJSON_ArrayForEach(json, allow)
    {
        OWNED(mem_text_free) char *at = mem_format("%s[%zu]", place, variant->n_alternatives);
        variant->alternatives = mem_grow(variant->alternatives, variant->n_alternatives + 1,
                                         sizeof *variant->alternatives);
        struct alternative *other = &variant->alternatives[variant->n_alternatives++];
        *other = (struct alternative){0};
        sound = read_body(reader, at, json, "client checks verdict note", level, &other->expect) &&
                sound;
        sound = read_grade(reader, at, json, &other->verdict) && sound;
        sound = reader_text(reader, at, json, "note", &other->note) && sound;
    }
    return sound;
}
