/* The fake itself says what it takes: a second list of its rules here would drift from them. */
#include "trial/rehearsal.h"

#include <stdlib.h>
#include <string.h>

#include "fake/control.h"
#include "scenario/traps.h"
#include "shared/mem.h"
#include "shared/near.h"
#include "shared/tree.h"

/* "An argument is missing or wrong. (do.status must be …)" as "do.status must be …"; caller frees
 * with free(). */
static char *core_of(const char *refusal)
{
    const char *open = strstr(refusal, ". (");
    size_t len = strlen(refusal);
    bool wrapped = open && refusal[len - 1] == ')';
    return wrapped ? mem_text_n(open + 3, (size_t)(refusal + len - 1 - (open + 3)))
                   : mem_text(refusal);
}

/* A sentence for a route that is nearly one that the fake knows; NULL otherwise: of Wix's paths it
 * knows a part, and a client may call any. Caller frees with free(). */
static char *doubt_of(const cJSON *answer)
{
    const char *warning = tree_text(answer, "warning");
    const char *route = warning ? strchr(warning, '"') : NULL;
    if (!route || !tree_get(answer, "nearest_routes"))
        return NULL;
    OWNED(mem_text_free) char *given = mem_text_n(route + 1, strcspn(route + 1, "\""));
    struct near near = {.given = given};
    const cJSON *name = NULL;
    cJSON_ArrayForEach(name, tree_get(answer, "nearest_routes")) near_offer(&near,
                                                                            name->valuestring);
    if (!near_meant(&near))
        return NULL;
    struct buf out = {0};
    buf_add(&out, warning, strcspn(warning, ";"));
    near_add_question(&out, &near, "");
    return buf_take(&out);
}

/* What the fake says against it, as a refusal or, of a rule that is taken, as a doubt. */
static bool ask(const struct world *world, const char *method, const char *path, const cJSON *body,
                char **ret_refusal, char **ret_doubt, struct err *err)
{
    OWNED(tree_free) cJSON *answer = NULL;
    OWNED(mem_text_free) char *refusal = NULL;
    *ret_refusal = NULL;
    *ret_doubt = NULL;
    if (!control_try(world, method, path, body, &answer, &refusal, err))
        return false;
    *ret_doubt = refusal ? NULL : doubt_of(answer);
    *ret_refusal = refusal ? core_of(refusal) : NULL;
    return true;
}

/* Leave out what is to blame, so that the fake says what else is wrong; false where that is no
 * member of the rule. */
static bool leave_out(cJSON *rule, const char *member)
{
    static const char *const parts[] = {"do", "on"};
    for (size_t i = 0; member && i < sizeof parts / sizeof *parts; i++) {
        cJSON *part = cJSON_GetObjectItemCaseSensitive(rule, parts[i]);
        const char *name = strcmp(member, "before") == 0 && i == 1 ? "until" : member;
        if (!tree_get(part, name))
            continue;
        cJSON_DeleteItemFromObjectCaseSensitive(part, name);
        return true;
    }
    return false;
}

/* A fault that lacks what it cannot be without would hide what is wrong with its place: another one
 * stands in for it, one that fits any place. */
static void stand_in(cJSON *rule)
{
    cJSON_DeleteItemFromObjectCaseSensitive(rule, "do");
    cJSON_DeleteItemFromObjectCaseSensitive(rule, "stage");
    cJSON *action = tree_put(rule, "do", cJSON_CreateObject());
    tree_put_text(action, "fault", "delay");
    tree_put_int(action, "ms", 1);
}

static bool try_trap(const struct world *world, const struct reader *reader,
                     const struct trap *trap, struct err *err)
{
    OWNED(tree_free) cJSON *rule = cJSON_Duplicate(trap->rule, true);
    OWNED(mem_text_free) char *gone = NULL; /* what was left out, and is missed then */
    for (bool more = true; more;) {
        OWNED(mem_text_free) char *refusal = NULL;
        OWNED(mem_text_free) char *doubt = NULL;
        if (!ask(world, "POST", "/faults", rule, &refusal, &doubt, err))
            return false;
        if (doubt)
            free(traps_blame(reader, trap, doubt));
        if (!refusal)
            return true;
        OWNED(mem_text_free) char *missed = gone ? mem_format("do.%s is missing", gone) : NULL;
        if (missed && strncmp(refusal, missed, strlen(missed)) == 0) {
            stand_in(rule);
            continue;
        }
        free(gone);
        gone = traps_blame(reader, trap, refusal);
        more = leave_out(rule, gone);
    }
    return true;
}

/* The fake names the key, "lifetimes.code: this key …": a line for each. */
static void blame_wish(const struct reader *reader, const char *given, const char *refusal)
{
    static const char before[] = "body: ";
    while (*refusal) {
        size_t len = strcspn(refusal, "\n");
        size_t skipped = strncmp(refusal, before, strlen(before)) == 0 ? strlen(before) : 0;
        const char *key = refusal + skipped;
        size_t key_len = strcspn(key, ": \n");
        OWNED(mem_text_free) char *place = mem_format("%s.%.*s", given, (int)key_len, key);
        size_t from = skipped + key_len + (key[key_len] == ':');
        from += strspn(refusal + from, " ");
        bool is_sentence = key[key_len] == ':';
        reader_fail(reader, place, "%s%.*s", is_sentence ? "is refused: " : "", (int)(len - from),
                    refusal + from);
        refusal += len + (refusal[len] == '\n');
    }
}

static bool try_wishes(const struct world *world, const struct reader *reader, const char *given,
                       const cJSON *wishes, struct err *err)
{
    const cJSON *wish = NULL;
    cJSON_ArrayForEach(wish, wishes)
    {
        OWNED(mem_text_free) char *path = mem_format("/%s", wish->string);
        OWNED(mem_text_free) char *refusal = NULL;
        OWNED(mem_text_free) char *doubt = NULL;
        if (!ask(world, "PUT", path, wish, &refusal, &doubt, err))
            return false;
        if (refusal)
            blame_wish(reader, given, refusal);
    }
    return true;
}

static bool try_scenario(const struct world *world, const struct scenario *scenario,
                         struct mistakes *mistakes, struct err *err)
{
    struct reader reader = scenario_reader(scenario, mistakes);
    bool has_variants = tree_get(scenario->tree, "variants") != NULL;
    for (size_t i = 0; i < scenario->n_variants; i++) {
        const struct variant *variant = &scenario->variants[i];
        OWNED(tree_free) cJSON *answer = NULL;
        OWNED(mem_text_free)
        char *given =
            has_variants ? mem_format("variants[%zu].given", variant->at) : mem_text("given");
        if (!try_wishes(world, &reader, given, variant->wish, err))
            return false;
        for (size_t t = 0; t < variant->n_traps; t++)
            if (!try_trap(world, &reader, &variant->traps[t], err))
                return false;
        bool leaves_some = variant->n_traps || variant->wish; /* each is tried in a world as new */
        if (leaves_some && !control_call(world, "POST", "/reset", NULL, &answer, err))
            return false;
    }
    return true;
}

static bool try_list(const struct world *world, const struct scenario *list, size_t n,
                     struct mistakes *mistakes, struct err *err)
{
    for (size_t i = 0; i < n; i++)
        if (list[i].is_own && !try_scenario(world, &list[i], mistakes, err))
            return false;
    return true;
}

bool rehearse(const struct trial_setup *setup, struct http *http, struct catalogue *catalogue,
              struct err *err)
{
    struct world world = {0};
    if (!control_make_world(setup->server, http, setup->world, &world, err))
        return false;
    bool answered =
        try_list(&world, catalogue->list, catalogue->n, &catalogue->mistakes, err) &&
        try_list(&world, catalogue->flawed, catalogue->n_flawed, &catalogue->mistakes, err);
    control_end_world(&world);
    return answered;
}
