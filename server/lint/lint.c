/* Findings and short memories. A session may last for days, so every memory is a small ring. */
#include "lint/lint.h"

#include <stdlib.h>
#include <string.h>

#include "shared/mem.h"
#include "shared/tree.h"

enum { CODES_MAX = 1024, MINTS_MAX = 64, WAITS_MAX = 16, ID_SIZE = 72, STREAK = 2 };
enum { STILL_GOOD_MS = 60000 };

struct finding {
    int64_t count, first_seq, last_seq;
    char *example; /* owned */
};

struct mint {
    char app_id[ID_SIZE], instance_id[ID_SIZE];
    int64_t expires_ms;
    int calls, streak;
};

struct wait {
    char route[ID_SIZE], app_id[ID_SIZE];
    struct lint_moment due;
};

struct lint {
    struct finding findings[LINT_COUNT];
    int64_t codes[CODES_MAX];
    size_t n_codes;
    struct mint mints[MINTS_MAX];
    size_t n_mints;
    struct wait waits[WAITS_MAX];
    size_t n_waits;
};

static const struct lint_row rows[LINT_COUNT] = {
#define LINT(symbol, name, level, sentence, source)                                                \
    [LINT_##symbol] = {name, LINT_##level, sentence, source},
#include "lint/lint.def"
#undef LINT
};

const struct lint_row *lint_row(enum lint_rule rule)
{
    return &rows[rule];
}

struct lint *lint_new(void)
{
    return mem_new(1, sizeof(struct lint));
}

void lint_clear(struct lint *lint)
{
    for (size_t i = 0; i < LINT_COUNT; i++)
        free(lint->findings[i].example);
    *lint = (struct lint){0};
}

void lint_free(struct lint *lint)
{
    if (!lint)
        return;
    lint_clear(lint);
    free(lint);
}

void lint_note(struct lint *lint, enum lint_rule rule, int64_t seq, const char *example)
{
    struct finding *finding = &lint->findings[rule];
    if (!finding->count++) {
        finding->first_seq = seq;
        finding->example = example ? mem_text(example) : NULL;
    }
    finding->last_seq = seq;
}

bool lint_saw_code(struct lint *lint, int64_t serial)
{
    size_t kept = lint->n_codes < CODES_MAX ? lint->n_codes : CODES_MAX;
    for (size_t i = 0; i < kept; i++)
        if (lint->codes[i] == serial)
            return true;
    lint->codes[lint->n_codes++ % CODES_MAX] = serial;
    return false;
}

static void copy(char *ret_text, const char *text)
{
    size_t len = strlen(text);
    len = len < ID_SIZE ? len : ID_SIZE - 1;
    memcpy(ret_text, text, len);
    ret_text[len] = '\0';
}

static struct mint *find_mint(struct lint *lint, const char *app_id, const char *instance_id)
{
    for (size_t i = 0; i < MINTS_MAX && i < lint->n_mints; i++)
        if (strcmp(lint->mints[i].app_id, app_id) == 0 &&
            strcmp(lint->mints[i].instance_id, instance_id) == 0)
            return &lint->mints[i];
    return NULL;
}

bool lint_saw_mint(struct lint *lint, const char *app_id, const char *instance_id, int64_t now_ms,
                   int64_t expires_ms)
{
    struct mint *mint = find_mint(lint, app_id, instance_id);
    if (!mint) {
        mint = &lint->mints[lint->n_mints++ % MINTS_MAX];
        *mint = (struct mint){.expires_ms = expires_ms};
        copy(mint->app_id, app_id);
        copy(mint->instance_id, instance_id);
        return false;
    }
    bool wasteful = mint->calls <= 1 && mint->expires_ms > now_ms + STILL_GOOD_MS;
    mint->streak = wasteful ? mint->streak + 1 : 0;
    mint->calls = 0;
    mint->expires_ms = expires_ms;
    return mint->streak >= STREAK;
}

void lint_saw_call(struct lint *lint, const char *app_id, const char *instance_id)
{
    struct mint *mint = find_mint(lint, app_id, instance_id);
    if (mint)
        mint->calls++;
}

void lint_saw_retry_after(struct lint *lint, const char *route, const char *app_id,
                          struct lint_moment now, int64_t wait_ms)
{
    struct wait *wait = &lint->waits[lint->n_waits++ % WAITS_MAX];
    wait->due = (struct lint_moment){now.real_ms + wait_ms, now.world_ms + wait_ms};
    copy(wait->route, route);
    copy(wait->app_id, app_id);
}

bool lint_is_early(struct lint *lint, const char *route, const char *app_id, struct lint_moment now)
{
    for (size_t i = 0; i < WAITS_MAX && i < lint->n_waits; i++) {
        struct wait *wait = &lint->waits[i];
        if (now.real_ms < wait->due.real_ms && now.world_ms < wait->due.world_ms &&
            strcmp(wait->route, route) == 0 && strcmp(wait->app_id, app_id) == 0)
            return true;
    }
    return false;
}

cJSON *lint_json(const struct lint *lint)
{
    static const char *const levels[] = {"MUST", "SHOULD", "INFO"};
    cJSON *json = cJSON_CreateObject();
    cJSON *list = tree_put(json, "findings", cJSON_CreateArray());
    for (int i = 0; i < LINT_COUNT; i++) {
        const struct finding *finding = &lint->findings[i];
        if (!finding->count)
            continue;
        cJSON *row = tree_put(list, NULL, cJSON_CreateObject());
        tree_put_text(row, "rule", rows[i].name);
        tree_put_text(row, "level", levels[rows[i].level]);
        tree_put_text(row, "sentence", rows[i].sentence);
        tree_put_text(row, "source", rows[i].source);
        tree_put_int(row, "count", finding->count);
        tree_put_int(row, "first_seq", finding->first_seq);
        tree_put_int(row, "last_seq", finding->last_seq);
        tree_put_text(row, "example", finding->example);
    }
    return json;
}
