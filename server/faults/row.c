/* Checking what a person arms, before it is armed: a fault that never fires, or fires with half of
 * what was meant, costs an afternoon. */
#include "faults/row.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "shared/buf.h"
#include "shared/mem.h"
#include "shared/near.h"
#include "shared/refusal.h"
#include "shared/text.h"
#include "shared/tree.h"

static const struct fault_row rows[FAULT_COUNT] = {
#define FAULT(symbol, name, stage, params, why)                                                    \
    [FAULT_##symbol] = {name, FAULT_##stage, params, why},
#include "faults/faults.def"
#undef FAULT
};

static const struct fault_preset presets[] = {
#define PRESET(name, fault, params, why) {name, fault, params, why},
#include "faults/presets.def"
#undef PRESET
};

enum { TOKEN_BYTES_MAX = 8192 };

enum { N_PRESETS = sizeof presets / sizeof *presets };

const struct fault_row *fault_row(enum fault_symbol symbol)
{
    return &rows[symbol];
}

const struct fault_preset *fault_preset(size_t i)
{
    return i < N_PRESETS ? &presets[i] : NULL;
}

const char *fault_stage_name(enum fault_stage stage)
{
    static const char *const names[] = {
        [FAULT_PREPARE] = "prepare", [FAULT_ANSWER] = "answer",   [FAULT_EDIT] = "edit",
        [FAULT_EFFECT] = "effect",   [FAULT_WAIT] = "wait",       [FAULT_CUT] = "cut",
        [FAULT_WIRE] = "wire",       [FAULT_CONNECT] = "connect",
    };
    return names[stage];
}

bool fault_find(const char *name, enum fault_symbol *ret_symbol)
{
    for (int i = 0; i < FAULT_COUNT; i++)
        if (strcmp(rows[i].name, name) == 0) {
            *ret_symbol = (enum fault_symbol)i;
            return true;
        }
    return false;
}

/* ---- lists of words: "name", "name!", "name:type", "name:type!" ---- */

struct word {
    const char *name;
    size_t name_len;
    const char *type;
    size_t type_len;
    bool required;
};

static bool next_word(const char **at, struct word *ret_word)
{
    *at += strspn(*at, " ");
    size_t len = strcspn(*at, " ");
    if (!len)
        return false;
    struct word word = {.name = *at, .name_len = strcspn(*at, ":! ")};
    word.required = (*at)[len - 1] == '!';
    if (word.name[word.name_len] == ':') {
        word.type = word.name + word.name_len + 1;
        word.type_len = strcspn(word.type, "! ");
    }
    *at += len;
    *ret_word = word;
    return true;
}

static bool find_word(const char *list, const char *name, struct word *ret_word)
{
    while (next_word(&list, ret_word))
        if (strlen(name) == ret_word->name_len && strncmp(ret_word->name, name, strlen(name)) == 0)
            return true;
    return false;
}

/* The names alone, for a sentence. */
static char *names_of(const char *list)
{
    struct buf out = {0};
    struct word word;
    while (next_word(&list, &word)) {
        buf_text(&out, out.len ? " " : "");
        buf_add(&out, word.name, word.name_len);
    }
    if (!out.len)
        buf_text(&out, "nothing");
    return buf_take(&out);
}

char *fault_param_names(const struct fault_row *row)
{
    struct buf out = {0};
    struct word word;
    for (const char *at = row->params; next_word(&at, &word);) {
        buf_text(&out, out.len ? " " : "");
        buf_add(&out, word.name, word.name_len);
        buf_text(&out, word.required ? "!" : "");
    }
    return out.len ? buf_take(&out) : mem_text("");
}

/* The sentence for a key that is not among the words of `allowed`. */
static bool refuse_key(const char *key, const char *allowed, const char *where, struct err *err)
{
    OWNED(mem_text_free) char *names = names_of(allowed);
    OWNED(buf_free) struct buf sentence = {0};
    buf_format(&sentence, "%s.%s", where, key);
    near_add_unknown(&sentence, key, names);
    return err_set(err, "%s", buf_str(&sentence));
}

bool fault_check_keys(const cJSON *object, const char *allowed, const char *where, struct err *err)
{
    const cJSON *member;
    struct word word;
    cJSON_ArrayForEach(member, object)
    {
        if (find_word(allowed, member->string, &word))
            continue;
        return refuse_key(member->string, allowed, where, err);
    }
    return true;
}

/* ---- types ---- */

static bool in_range(const cJSON *value, double min, double max)
{
    return cJSON_IsNumber(value) && value->valuedouble >= min && value->valuedouble <= max &&
           value->valuedouble == (double)(int64_t)value->valuedouble;
}

static bool is_text_list(const cJSON *value)
{
    const cJSON *item;
    cJSON_ArrayForEach(item, value) if (!cJSON_IsString(item)) return false;
    return cJSON_IsArray(value);
}

static bool is_one_of(const cJSON *value, const char *list)
{
    struct word word;
    return cJSON_IsString(value) && find_word(list, value->valuestring, &word);
}

#define IS(name, expression)                                                                       \
    static bool is_##name(const cJSON *value)                                                      \
    {                                                                                              \
        return expression;                                                                         \
    }
IS(status, in_range(value, 200, 599))
IS(interim, in_range(value, 100, 199) && value->valueint != 101)
IS(ms, in_range(value, 0, 3600e3))
IS(bytes, in_range(value, 0, 1e12))
IS(count, in_range(value, 1, 1e9))
IS(number, cJSON_IsNumber(value))
IS(text, cJSON_IsString(value))
IS(flag, cJSON_IsBool(value))
IS(object, cJSON_IsObject(value))
IS(kind, is_one_of(value, "access refresh code all"))
IS(redirect, in_range(value, 300, 308) && value->valueint != 304)
IS(certificate, is_one_of(value, "unknown-ca expired not-yet-valid wrong-host self-signed "
                                 "old-protocol swapped"))
IS(scheme, is_one_of(value, "http https"))
IS(who, is_one_of(value, "instance app token minted"))
IS(code_of, is_one_of(value, "instance app"))
IS(token_bytes, in_range(value, 1, TOKEN_BYTES_MAX))
IS(case, is_one_of(value, "lower upper"))
IS(any, value != NULL)
#undef IS

static bool is_refusal(const cJSON *value)
{
    return cJSON_IsString(value) && refusal_row(refusal_by_name(value->valuestring))->status >= 400;
}

/* Which refusal was meant. */
static void ask_refusal(struct buf *out, const char *name)
{
    struct near near = {.given = name};
    for (int i = 1; i < REFUSAL_COUNT; i++)
        near_offer(&near, refusal_row((enum refusal)i)->name);
    near_add_question(out, &near, "");
}

static const struct {
    const char *name;
    bool (*fits)(const cJSON *value);
    const char *sentence;
} types[] = {
    {"status", is_status, "a status from 200 to 599"},
    {"interim", is_interim, "a status from 100 to 199, but 101"},
    {"ms", is_ms, "real milliseconds, a whole number from 0 to 3600000"},
    {"bytes", is_bytes, "a whole number of bytes from 0"},
    {"count", is_count, "a whole number from 1"},
    {"number", is_number, "a number"},
    {"text", is_text, "a text"},
    {"flag", is_flag, "true or false"},
    {"object", is_object, "an object"},
    {"texts", is_text_list, "a list of texts"},
    {"kind", is_kind, "\"access\", \"refresh\", \"code\" or \"all\""},
    {"redirect", is_redirect, "a status from 300 to 308, but 304"},
    {"certificate", is_certificate,
     "\"unknown-ca\", \"expired\", \"not-yet-valid\", \"wrong-host\", \"self-signed\", "
     "\"old-protocol\" or \"swapped\""},
    {"scheme", is_scheme, "\"http\" or \"https\""},
    {"who", is_who, "\"instance\", \"app\", \"token\" (the one sent) or \"minted\""},
    {"code-of", is_code_of, "\"instance\" (another one of the app) or \"app\" (another app)"},
    {"token-bytes", is_token_bytes, "a whole number of bytes from 1 to 8192"},
    {"case", is_case, "\"lower\" or \"upper\""},
    {"refusal", is_refusal, "one of the names that `fakewix tables refusals` lists"},
    {"until", is_object, "an object such as {\"waiting\":3}"},
    {"any", is_any, "anything"},
};

static bool check_type(const cJSON *value, const struct word *word, struct err *err)
{
    assert(word->type);
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        if (strlen(types[i].name) != word->type_len ||
            strncmp(types[i].name, word->type, word->type_len) != 0)
            continue;
        if (types[i].fits(value))
            return true;
        OWNED(mem_text_free) char *given = tree_print(value);
        OWNED(buf_free) struct buf question = {0};
        if (types[i].fits == is_refusal && cJSON_IsString(value))
            ask_refusal(&question, value->valuestring);
        return err_set(err, "do.%.*s must be %s, not %.*s%s", (int)word->name_len, word->name,
                       types[i].sentence, (int)text_len_within(given, 100), given,
                       buf_str(&question));
    }
    return true;
}

bool fault_check_event(const cJSON *event, const char *where, struct err *err)
{
    int64_t number;
    if (!cJSON_IsObject(event))
        return err_set(err,
                       "%s must be an object such as {\"route\":\"POST /oauth2/token\","
                       "\"count\":1}",
                       where);
    if (!fault_check_keys(event, "route count status app_id instance_id grant", where, err))
        return false;
    if (tree_get(event, "count") && (!tree_int(event, "count", &number) || number < 1))
        return err_set(err, "%s.count must be a whole number from 1", where);
    if (tree_get(event, "status") && !is_status(tree_get(event, "status")))
        return err_set(err, "%s.status must be a status from 200 to 599", where);
    static const char *const texts[] = {"route", "app_id", "instance_id", "grant"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (tree_get(event, texts[i]) && !tree_text(event, texts[i]))
            return err_set(err, "%s.%s must be a text", where, texts[i]);
    return true;
}

/* until: {"waiting":N} · {"virtual_ms":N} · {"now_ms":N} · {"after":EVENT} · {"release":true} */
static bool check_until(const cJSON *until, struct err *err)
{
    int64_t number;
    if (!until)
        return true;
    if (!fault_check_keys(until, "waiting virtual_ms now_ms after release", "do.until", err))
        return false;
    static const char *const counts[] = {"waiting", "virtual_ms", "now_ms"};
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
        if (tree_get(until, counts[i]) && (!tree_int(until, counts[i], &number) || number < 1))
            return err_set(err, "do.until.%s must be a whole number from 1", counts[i]);
    const cJSON *after = tree_get(until, "after");
    return !after || fault_check_event(after, "do.until.after", err);
}

static bool check_params(const cJSON *action, const struct fault_row *row, struct err *err)
{
    struct word word;
    for (const char *at = row->params; next_word(&at, &word);) {
        OWNED(mem_text_free) char *name = mem_text_n(word.name, word.name_len);
        const cJSON *value = tree_get(action, name);
        if (!value && word.required)
            return err_set(err, "do.%s is missing; the fault \"%s\" needs it", name, row->name);
        if (value && !check_type(value, &word, err))
            return false;
    }
    return check_until(tree_get(action, "until"), err);
}

static const struct fault_preset *find_preset(const char *name)
{
    for (size_t i = 0; i < N_PRESETS; i++)
        if (strcmp(presets[i].name, name) == 0)
            return &presets[i];
    return NULL;
}

/* The action a preset stands for, with what was said besides on top. */
static cJSON *expand(const cJSON *action, const struct fault_preset *preset)
{
    cJSON *whole = tree_parse(preset->params, strlen(preset->params), NULL);
    const cJSON *member;
    cJSON_ArrayForEach(member, action)
    {
        cJSON_DeleteItemFromObjectCaseSensitive(whole, member->string);
        if (strcmp(member->string, "fault") != 0)
            tree_put(whole, member->string, cJSON_Duplicate(member, true));
    }
    tree_put_text(whole, "fault", preset->fault);
    return whole;
}

static void refuse_name(const char *name, struct err *err)
{
    OWNED(buf_free) struct buf question = {0};
    struct near near = {.given = name};
    for (int i = 0; i < FAULT_COUNT; i++)
        near_offer(&near, rows[i].name);
    for (size_t i = 0; i < N_PRESETS; i++)
        near_offer(&near, presets[i].name);
    near_add_question(&question, &near, "");
    err_set(err, "do.fault \"%s\" is not known%s%s `fakewix tables faults` lists the names", name,
            buf_str(&question), question.len ? "" : ";");
}

cJSON *fault_resolve(const cJSON *action, struct err *err)
{
    const char *name = tree_text(action, "fault");
    enum fault_symbol symbol;
    if (!name) {
        err_set(err, "do.fault is missing; `fakewix tables faults` lists the names");
        return NULL;
    }
    const struct fault_preset *preset = find_preset(name);
    OWNED(tree_free)
    cJSON *whole = preset ? expand(action, preset) : cJSON_Duplicate(action, true);
    if (!fault_find(preset ? preset->fault : name, &symbol)) {
        refuse_name(name, err);
        return NULL;
    }
    OWNED(mem_text_free) char *allowed = mem_format("fault stage %s", rows[symbol].params);
    if (!fault_check_keys(whole, allowed, "do", err) || !check_params(whole, &rows[symbol], err))
        return NULL;
    cJSON *result = whole;
    whole = NULL;
    return result;
}
