/* One call instead of a loop in every test: how often, in which order, and what never. A check that
 * fails says what was seen instead. */
#include "routes/verify.h"

#include <stdlib.h>
#include <string.h>

#include "shared/mem.h"
#include "shared/tree.h"

enum { SEQS_MAX = 50 };

static bool is_word_of(const char *list, const char *word)
{
    OWNED(mem_text_free) char *framed = mem_format(" %s ", word);
    return strstr(list, framed) != NULL;
}

bool verify_read_query(const cJSON *object, const char *also, struct journal_query *ret_query,
                       struct err *err)
{
    struct journal_query query = {0};
    const struct {
        const char *name;
        const char **text;
        int64_t *number;
    } members[] = {
        {"route", &query.route, NULL},
        {"app_id", &query.app_id, NULL},
        {"instance_id", &query.instance_id, NULL},
        {"grant", &query.grant, NULL},
        {"outcome", &query.outcome, NULL},
        {"fault_id", &query.fault_id, NULL},
        {"text", &query.text, NULL},
        {"since", NULL, &query.since},
        {"until", NULL, &query.until},
        {"from_ms", NULL, &query.from_ms},
        {"to_ms", NULL, &query.to_ms},
    };
    int64_t status = 0;
    if (!cJSON_IsObject(object))
        return err_set(err, "a query is an object such as {\"route\":\"POST /oauth2/token\"}");
    const cJSON *member;
    cJSON_ArrayForEach(member, object)
    {
        bool known = is_word_of(also, member->string) ||
                     (strcmp(member->string, "status") == 0 && tree_int(object, "status", &status));
        for (size_t i = 0; i < sizeof members / sizeof *members && !known; i++) {
            if (strcmp(members[i].name, member->string) != 0)
                continue;
            known = members[i].text ? cJSON_IsString(member)
                                    : tree_int(object, member->string, members[i].number);
            if (members[i].text && known)
                *members[i].text = member->valuestring;
        }
        if (!known)
            return err_set(err,
                           "%s is not known here or of the wrong type; a query has route, "
                           "app_id, instance_id, grant, outcome, fault_id, text, status, since, "
                           "until, from_ms, to_ms",
                           member->string);
    }
    query.status = (int)status;
    *ret_query = query;
    return true;
}

/* The entry that differs in the fewest members. */
static void put_nearest(cJSON *check, const struct journal *journal,
                        const struct journal_query *query)
{
    const struct journal_entry *nearest = NULL;
    size_t fewest = SIZE_MAX;
    for (size_t i = 0; i < journal->count; i++) {
        size_t n = journal_mismatches(journal_at(journal, i), query, NULL);
        if (n && n <= fewest) {
            fewest = n;
            nearest = journal_at(journal, i);
        }
    }
    if (!nearest)
        return;
    cJSON *json = tree_put(check, "nearest", cJSON_CreateObject());
    tree_put_int(json, "seq", nearest->seq);
    tree_put_text(json, "route", nearest->facts.route);
    journal_mismatches(nearest, query, tree_put(json, "differs", cJSON_CreateArray()));
}

static cJSON *new_check(cJSON *checks, const char *name, const cJSON *query)
{
    cJSON *check = tree_put(checks, NULL, cJSON_CreateObject());
    tree_put_text(check, "check", name);
    tree_put(check, "query", cJSON_Duplicate(query, true));
    return check;
}

static void put_seqs(cJSON *check, const struct journal *journal, const struct journal_query *query)
{
    cJSON *seqs = tree_put(check, "seqs", cJSON_CreateArray());
    for (size_t i = 0; i < journal->count && cJSON_GetArraySize(seqs) < SEQS_MAX; i++)
        if (journal_matches(journal_at(journal, i), query))
            cJSON_AddItemToArray(seqs, cJSON_CreateNumber((double)journal_at(journal, i)->seq));
}

static bool check_count(const struct journal *journal, const cJSON *row, const char *name,
                        int64_t least, int64_t most, cJSON *checks, struct err *err)
{
    struct journal_query query;
    if (!verify_read_query(row, " count at_least at_most ", &query, err))
        return false;
    int64_t seen = (int64_t)journal_count(journal, &query);
    cJSON *check = new_check(checks, name, row);
    OWNED(mem_text_free)
    char *expected = least == most ? mem_format("exactly %lld", (long long)least)
                     : most == INT64_MAX
                         ? mem_format("at least %lld", (long long)least)
                         : mem_format("%lld to %lld", (long long)least, (long long)most);
    tree_put_text(check, "expected", expected);
    tree_put_int(check, "seen", seen);
    tree_put_flag(check, "ok", seen >= least && seen <= most);
    put_seqs(check, journal, &query);
    if (seen < least)
        put_nearest(check, journal, &query);
    return true;
}

static bool check_expectation(const struct journal *journal, const cJSON *row, cJSON *checks,
                              struct err *err)
{
    int64_t count, least = 1, most = INT64_MAX;
    if (tree_int(row, "count", &count))
        least = most = count;
    else if (tree_int(row, "at_most", &most) && !tree_get(row, "at_least"))
        least = 0;
    tree_int(row, "at_least", &least);
    return check_count(journal, row, "count", least, most, checks, err);
}

/* Each query of the list matches an entry behind the one before it. */
static bool check_order(const struct journal *journal, const cJSON *list, cJSON *checks,
                        struct err *err)
{
    size_t at = 0;
    bool broken = false;
    const cJSON *row;
    cJSON_ArrayForEach(row, list)
    {
        struct journal_query query;
        if (!verify_read_query(row, " ", &query, err))
            return false;
        while (!broken && at < journal->count && !journal_matches(journal_at(journal, at), &query))
            at++;
        bool found = !broken && at < journal->count;
        cJSON *check = new_check(checks, "order", row);
        tree_put_text(check, "expected", "behind the one before it in this list");
        tree_put_text(check, "seen", found ? "there" : broken ? "not looked for" : "not there");
        tree_put_flag(check, "ok", found);
        if (found)
            tree_put_int(check, "seq", journal_at(journal, at++)->seq);
        else
            put_nearest(check, journal, &query);
        broken = broken || !found;
    }
    return true;
}

static bool all_ok(const cJSON *checks)
{
    const cJSON *check;
    cJSON_ArrayForEach(check, checks) if (!tree_flag(check, "ok", false)) return false;
    return true;
}

cJSON *verify_journal(const struct journal *journal, const cJSON *question, struct err *err)
{
    OWNED(tree_free) cJSON *checks = cJSON_CreateArray();
    const cJSON *member;
    cJSON_ArrayForEach(member,
                       question) if (!is_word_of(" expect order absent wait_ms ", member->string))
    {
        err_set(err, "%s is not known; verify takes expect, order, absent, wait_ms",
                member->string);
        return NULL;
    }
    cJSON_ArrayForEach(member,
                       tree_get(question, "expect")) if (!check_expectation(journal, member, checks,
                                                                            err)) return NULL;
    cJSON_ArrayForEach(member,
                       tree_get(question, "absent")) if (!check_count(journal, member, "absent", 0,
                                                                      0, checks, err)) return NULL;
    if (!check_order(journal, tree_get(question, "order"), checks, err))
        return NULL;
    if (!cJSON_GetArraySize(checks)) {
        err_set(err, "there is nothing to verify: send expect, order or absent");
        return NULL;
    }
    cJSON *answer = cJSON_CreateObject();
    tree_put_flag(answer, "ok", all_ok(checks));
    tree_put(answer, "checks", checks);
    checks = NULL;
    return answer;
}
