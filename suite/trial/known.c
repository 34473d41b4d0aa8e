/* An entry is a promise that something fails. It is kept as long as it does; the day it passes the
 * entry is stale, and says so, or the list would only ever grow. */
#include "trial/known.h"

#include <stdlib.h>
#include <string.h>

#include "host/files.h"
#include "shared/buf.h"
#include "shared/mem.h"
#include "shared/near.h"
#include "shared/text.h"

static char *trimmed(const char *text, size_t len)
{
    while (len && strchr(" \t\r", *text))
        text++, len--;
    while (len && strchr(" \t\r", text[len - 1]))
        len--;
    return mem_text_n(text, len);
}

static void add_entry(struct known *known, const char *line, size_t len, int number)
{
    const char *hash = memchr(line, '#', len);
    size_t rule_len = hash ? (size_t)(hash - line) : len;
    OWNED(mem_text_free) char *rule = trimmed(line, rule_len);
    if (!*rule)
        return;
    const char *colon = strchr(rule, ':');
    known->entries = mem_grow(known->entries, known->n + 1, sizeof *known->entries);
    known->entries[known->n++] = (struct known_entry){
        .scenario = trimmed(rule, colon ? (size_t)(colon - rule) : strlen(rule)),
        .check = colon ? trimmed(colon + 1, strlen(colon + 1)) : NULL,
        .note = hash ? trimmed(hash + 1, len - rule_len - 1) : mem_text(""),
        .line = number,
    };
}

/* What a scenario may be found to have beside the checks that its file names: trial/judge.c and
 * trial/trial.c say when. */
static const char *const found_beside[] = {"client-answer", "situation", "requests",
                                           "allowed-alternative", "flow"};

/* Whether a pattern fits a check by its name or, where there are variants, with that before it.
 * Offers the name for what may have been meant. */
static bool fits_check(const char *pattern, const struct variant *variant, const char *name,
                       struct near *near)
{
    OWNED(mem_text_free) char *whole = mem_format("%s/%s", variant->name, name);
    near_offer(near, name);
    return text_matches(pattern, *variant->name ? whole : name);
}

static bool has_check(const struct scenario *scenario, const char *pattern, struct near *near)
{
    for (size_t v = 0; v < scenario->n_variants; v++) {
        const struct variant *variant = &scenario->variants[v];
        for (size_t i = 0; i < sizeof found_beside / sizeof *found_beside; i++)
            if (fits_check(pattern, variant, found_beside[i], near))
                return true;
        for (size_t i = 0; i < variant->expect.n_demands; i++)
            if (fits_check(pattern, variant, variant->expect.demands[i].check->name, near))
                return true;
    }
    return false;
}

/* A misspelt check would excuse nothing, and say nothing of it. */
static bool check_entry(const char *file, const struct known_entry *entry,
                        const struct catalogue *catalogue, struct err *err)
{
    const struct scenario *first = catalogue_find(catalogue, entry->scenario);
    OWNED(mem_text_free) char *where = mem_format("%s:%d: ", file, entry->line);
    OWNED(buf_free) struct buf question = {0};
    struct near near = {.given = entry->check};
    if (!first)
        return catalogue_refuse_name(catalogue, where, entry->scenario, err);
    for (size_t i = 0; entry->check && i < catalogue->n; i++)
        if (scenario_answers_to(&catalogue->list[i], entry->scenario) &&
            has_check(&catalogue->list[i], entry->check, &near))
            return true;
    if (!entry->check)
        return true;
    near_add_question(&question, &near, "");
    return err_set(err,
                   "%s%s has no check \"%s\"%s `fakewix-conform explain %s` names its checks; "
                   "there may also be client-answer, situation, requests, allowed-alternative and "
                   "flow",
                   where, entry->scenario, entry->check, question.len ? buf_str(&question) : ";",
                   first->code);
}

bool known_parse(const char *file, const char *text, const struct catalogue *catalogue,
                 struct known *ret_known, struct err *err)
{
    struct known known = {.file = mem_text(file)};
    for (int number = 1; *text; number++) {
        size_t len = strcspn(text, "\n");
        add_entry(&known, text, len, number);
        text += len + (text[len] == '\n');
    }
    for (size_t i = 0; i < known.n; i++) {
        if (check_entry(file, &known.entries[i], catalogue, err))
            continue;
        known_free(&known);
        return false;
    }
    *ret_known = known;
    return true;
}

bool known_read(const char *file, const struct catalogue *catalogue, struct known *ret_known,
                struct err *err)
{
    OWNED(buf_free) struct buf text = {0};
    return files_read(file, &text, err) &&
           known_parse(file, buf_str(&text), catalogue, ret_known, err);
}

static bool fits_scenario(const struct known_entry *entry, const struct result *result)
{
    return scenario_name_fits(entry->scenario, result->id, result->code);
}

static bool is_failing(enum verdict verdict, bool strict)
{
    return verdict == VERDICT_FAIL || verdict == VERDICT_INCONCLUSIVE ||
           (strict && verdict == VERDICT_WARN);
}

/* Whether a check is one for which its scenario needs an entry. What is INCONCLUSIVE beside a FAIL
 * needs none. */
static bool needs_entry(const struct result *result, const struct check_result *check, bool strict)
{
    if (result->verdict == VERDICT_INCONCLUSIVE)
        return check->verdict == VERDICT_INCONCLUSIVE;
    return check->verdict == VERDICT_FAIL || (strict && check->verdict == VERDICT_WARN);
}

static struct known_entry *cover(struct known *known, const struct result *result,
                                 const struct check_result *check)
{
    for (size_t i = 0; i < known->n; i++) {
        struct known_entry *entry = &known->entries[i];
        if (fits_scenario(entry, result) &&
            (!entry->check || text_matches(entry->check, check->id)))
            return entry;
    }
    return NULL;
}

/* What passed in this run is held against the entries that promise its failure. */
static void note_passes(struct known *known, bool strict, const struct result *result)
{
    for (size_t i = 0; i < known->n; i++) {
        struct known_entry *entry = &known->entries[i];
        if (!fits_scenario(entry, result))
            continue;
        if (!entry->check)
            entry->passed = entry->passed ||
                            (result->verdict < VERDICT_INCONCLUSIVE &&
                             result->verdict != VERDICT_NA && !is_failing(result->verdict, strict));
        for (size_t c = 0; entry->check && c < result->n_checks; c++)
            if (text_matches(entry->check, result->checks[c].id) &&
                result->checks[c].verdict < VERDICT_NA)
                entry->passed = true;
    }
}

/* A scenario that was not tried has no checks: an entry for the whole of it is needed. */
static struct known_entry *cover_whole(struct known *known, const struct result *result)
{
    for (size_t i = 0; i < known->n; i++)
        if (!known->entries[i].check && fits_scenario(&known->entries[i], result))
            return &known->entries[i];
    return NULL;
}

void known_apply(struct known *known, bool strict, struct result *result)
{
    note_passes(known, strict, result);
    if (!is_failing(result->verdict, strict))
        return;
    struct known_entry *first = result->n_checks ? NULL : cover_whole(known, result);
    bool all = true;
    for (size_t i = 0; i < result->n_checks; i++) {
        const struct check_result *check = &result->checks[i];
        bool needed = needs_entry(result, check, strict);
        if (!needed && check->verdict != VERDICT_WARN)
            continue;
        struct known_entry *entry = cover(known, result, check);
        if (entry)
            entry->failed = true;
        all = all && (entry || !needed);
        first = first ? first : entry;
    }
    if (!all || !first)
        return;
    first->failed = true;
    result->known = true;
    free(result->known_note);
    result->known_note = mem_text(first->note);
}

const struct known_entry *known_next_stale(const struct known *known, size_t *from)
{
    while (*from < known->n) {
        const struct known_entry *entry = &known->entries[(*from)++];
        if (entry->passed && !entry->failed && !known->flaky)
            return entry;
    }
    return NULL;
}

void known_write(const struct result *results, size_t n, bool strict, struct buf *out)
{
    for (size_t i = 0; i < n; i++) {
        const struct result *result = &results[i];
        const char *how = result->verdict == VERDICT_INCONCLUSIVE ? "inconclusive: " : "";
        if (!is_failing(result->verdict, strict))
            continue;
        if (!result->n_checks)
            buf_format(out, "%s  # %s%s\n", result->id, how, result->title);
        for (size_t c = 0; c < result->n_checks; c++)
            if (needs_entry(result, &result->checks[c], strict))
                buf_format(out, "%s:%s  # %s%s\n", result->id, result->checks[c].id, how,
                           result->title);
    }
}

void known_free(struct known *known)
{
    for (size_t i = 0; i < known->n; i++) {
        free(known->entries[i].scenario);
        free(known->entries[i].check);
        free(known->entries[i].note);
    }
    free(known->entries);
    free(known->file);
    *known = (struct known){0};
}
