/* One call instead of a loop in every test: how often, in which order, and what never. A check that
 * fails says what was seen instead. */
#include "routes/verify.h"

#include <stdlib.h>
#include <string.h>

#include "routes/reach.h"
#include "shared/buf.h"
#include "shared/mem.h"
#include "shared/near.h"
#include "shared/tree.h"

enum { SEQS_MAX = 50 };

/* What a row may have: a query's members, and where things are counted, how many. */
static const char query_words[] = "route app_id instance_id grant outcome fault_id text status "
                                  "since until from_ms to_ms";
static const char count_words[] = "count at_least at_most";
static const char question_words[] = "expect order absent wait_ms";

static bool is_word_of(const char *list, const char *word)
{
    OWNED(mem_text_free) char *framed_list = mem_format(" %s ", list);
    OWNED(mem_text_free) char *framed = mem_format(" %s ", word);
    return strstr(framed_list, framed) != NULL;
}

static bool refuse_key(const char *key, const char *words, struct err *err)
{
    OWNED(buf_free) struct buf sentence = {0};
    buf_text(&sentence, key);
    near_add_unknown(&sentence, key, words);
    return err_set(err, "%s", buf_str(&sentence));
}

static bool check_numbers(const cJSON *row, const char *const *names, size_t n, struct err *err)
{
    int64_t number;
    for (size_t i = 0; i < n; i++)
        if (tree_get(row, names[i]) && (!tree_int(row, names[i], &number) || number < 0))
            return err_set(err, "%s must be a whole number from 0", names[i]);
    return true;
}

static bool check_row(const cJSON *row, bool counts, struct err *err)
{
    static const char *const texts[] = {"route",   "app_id",   "instance_id", "grant",
                                        "outcome", "fault_id", "text"};
    static const char *const numbers[] = {"status", "since", "until",    "from_ms",
                                          "to_ms",  "count", "at_least", "at_most"};
    OWNED(mem_text_free)
    char *words = counts ? mem_format("%s %s", query_words, count_words) : mem_text(query_words);
    if (!cJSON_IsObject(row))
        return err_set(err, "a query is an object such as {\"route\":\"POST /oauth2/token\"}");
    const cJSON *member;
    cJSON_ArrayForEach(member, row) if (!is_word_of(words, member->string)) return refuse_key(
        member->string, words, err);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (tree_get(row, texts[i]) && !tree_text(row, texts[i]))
            return err_set(err, "%s must be a text, with * and ? if you like", texts[i]);
    if (tree_get(row, "count") && (tree_get(row, "at_least") || tree_get(row, "at_most")))
        return err_set(err, "count says it all: leave at_least and at_most out, or count");
    return check_numbers(row, numbers, sizeof numbers / sizeof *numbers, err);
}

static bool read_query(const cJSON *row, bool counts, const struct world *world,
                       struct journal_query *ret_query, struct err *err)
{
    int64_t status = 0;
    if (!check_row(row, counts, err) || !reach_check_query(tree_text(row, "route"), world, err) ||
        !reach_check_outcome(tree_text(row, "outcome"), err) ||
        !reach_check_grant(tree_text(row, "grant"), "grant", err))
        return false;
    struct journal_query query = {.route = tree_text(row, "route"),
                                  .app_id = tree_text(row, "app_id"),
                                  .instance_id = tree_text(row, "instance_id"),
                                  .grant = tree_text(row, "grant"),
                                  .outcome = tree_text(row, "outcome"),
                                  .fault_id = tree_text(row, "fault_id"),
                                  .text = tree_text(row, "text")};
    tree_int(row, "since", &query.since);
    tree_int(row, "until", &query.until);
    tree_int(row, "from_ms", &query.from_ms);
    tree_int(row, "to_ms", &query.to_ms);
    tree_int(row, "status", &status);
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

static bool check_count(const struct world *world, const cJSON *row, const char *name,
                        int64_t least, int64_t most, cJSON *checks, struct err *err)
{
    struct journal_query query;
    const struct journal *journal = &world->journal;
    bool is_absence = strcmp(name, "absent") == 0;
    if (!read_query(row, !is_absence, world, &query, err))
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
    if (!seen && query.route)
        reach_note_query(check, query.route, world);
    return true;
}

static bool check_expectation(const struct world *world, const cJSON *row, cJSON *checks,
                              struct err *err)
{
    int64_t count, least = 1, most = INT64_MAX;
    if (tree_int(row, "count", &count))
        least = most = count;
    else if (tree_int(row, "at_most", &most) && !tree_get(row, "at_least"))
        least = 0;
    tree_int(row, "at_least", &least);
    return check_count(world, row, "count", least, most, checks, err);
}

/* Each query of the list matches an entry behind the one before it. */
static bool check_order(const struct world *world, const cJSON *list, cJSON *checks,
                        struct err *err)
{
    const struct journal *journal = &world->journal;
    size_t at = 0;
    bool broken = false;
    const cJSON *row;
    cJSON_ArrayForEach(row, list)
    {
        struct journal_query query;
        if (!read_query(row, false, world, &query, err))
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
        if (!found && query.route)
            reach_note_query(check, query.route, world);
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

/* A list where one is due, and nothing that would be passed over. */
static bool check_question(const cJSON *question, struct err *err)
{
    static const char *const numbers[] = {"wait_ms"};
    const cJSON *member;
    cJSON_ArrayForEach(member, question)
    {
        if (!is_word_of(question_words, member->string))
            return refuse_key(member->string, question_words, err);
        if (strcmp(member->string, "wait_ms") != 0 && !cJSON_IsArray(member))
            return err_set(err, "%s must be a list of queries", member->string);
    }
    return check_numbers(question, numbers, 1, err);
}

cJSON *verify_journal(const struct world *world, const cJSON *question, struct err *err)
{
    OWNED(tree_free) cJSON *checks = cJSON_CreateArray();
    const cJSON *row;
    if (!check_question(question, err))
        return NULL;
    cJSON_ArrayForEach(row, tree_get(question, "expect")) if (!check_expectation(world, row, checks,
                                                                                 err)) return NULL;
    cJSON_ArrayForEach(row,
                       tree_get(question, "absent")) if (!check_count(world, row, "absent", 0, 0,
                                                                      checks, err)) return NULL;
    if (!check_order(world, tree_get(question, "order"), checks, err))
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
