/* The wire as a person reads it. Tokens are a thousand bytes of noise, and secrets do not belong in
 * a CI log: each gets a short name in the order of appearance, which also makes "the old token
 * again" visible at a glance. */
#include "evidence/evidence.h"

#include <stdlib.h>
#include <string.h>

#include "shared/mem.h"
#include "shared/text.h"
#include "shared/tree.h"

enum { EXCERPT_LINES = 16, EXCERPT_BEFORE = 10 };

static const struct alias *find_alias(const struct evidence *evidence, const char *secret)
{
    for (size_t i = 0; i < evidence->n_aliases; i++)
        if (strcmp(evidence->aliases[i].secret, secret) == 0)
            return &evidence->aliases[i];
    return NULL;
}

/* Takes `name`. */
static void add_alias(struct evidence *evidence, const char *secret, char *name)
{
    evidence->aliases =
        mem_grow(evidence->aliases, evidence->n_aliases + 1, sizeof *evidence->aliases);
    evidence->aliases[evidence->n_aliases++] =
        (struct alias){.secret = mem_text(secret), .name = name};
}

static void name_secret(struct evidence *evidence, const char *secret, const char *kind,
                        int *counter)
{
    if (!secret || !*secret || find_alias(evidence, secret))
        return;
    add_alias(evidence, secret, mem_format("%s#%d", kind, ++*counter));
}

void evidence_name_secrets(struct evidence *evidence)
{
    int n_access = 0;
    int n_refresh = 0;
    int n_code = 0;
    add_alias(evidence, evidence->stage->world.app_secret, mem_text("app-secret"));
    name_secret(evidence, evidence->stage->refresh_token, "refresh", &n_refresh);
    for (size_t i = 0; i < evidence->stage->n_issued; i++)
        name_secret(evidence, evidence->stage->issued[i], "access", &n_access);
    for (size_t i = 0; i < evidence->wire.n; i++) {
        const struct exchange *exchange = &evidence->wire.list[i];
        name_secret(evidence, exchange_field(exchange, "code"), "code", &n_code);
        name_secret(evidence, exchange_answer(exchange, "access_token"), "access", &n_access);
        name_secret(evidence, exchange_answer(exchange, "refresh_token"), "refresh", &n_refresh);
    }
}

/* The longest secret that stands at `text`, so that one that begins like another is not cut. */
static const struct alias *alias_at(const struct evidence *evidence, const char *text)
{
    const struct alias *best = NULL;
    for (size_t i = 0; i < evidence->n_aliases; i++) {
        const struct alias *alias = &evidence->aliases[i];
        size_t len = strlen(alias->secret);
        if (strncmp(text, alias->secret, len) == 0 && (!best || len > strlen(best->secret)))
            best = alias;
    }
    return best;
}

void evidence_add_redacted(const struct evidence *evidence, const char *text, struct buf *out)
{
    while (*text) {
        const struct alias *alias = alias_at(evidence, text);
        if (alias)
            buf_format(out, "<%s>", alias->name);
        else
            buf_char(out, *text);
        text += alias ? strlen(alias->secret) : 1;
    }
}

const char *evidence_token_name(const struct evidence *evidence, const char *token)
{
    if (!token || !*token)
        return "nothing";
    const struct alias *alias = find_alias(evidence, token);
    return alias ? alias->name : "an unknown token";
}

static void add_request(const struct evidence *evidence, const struct exchange *exchange,
                        struct buf *out)
{
    /* The installer's query is long, and the client's redirect, not its request. */
    bool is_page = exchange->kind == EXCHANGE_INSTALLER;
    buf_format(out, "%s ", exchange->method);
    evidence_add_redacted(evidence, is_page ? exchange->path : exchange->target, out);
    const char *grant = exchange_field(exchange, "grant_type");
    const char *refresh = exchange_field(exchange, "refresh_token");
    if (exchange->kind == EXCHANGE_TOKEN && grant)
        buf_format(out, " grant=%s", grant);
    if (exchange->kind == EXCHANGE_TOKEN && refresh)
        buf_format(out, " with <%s>", evidence_token_name(evidence, refresh));
    if (exchange->token)
        buf_format(out, " authorization=<%s>", evidence_token_name(evidence, exchange->token));
}

/* " -> 103": what the client is to pass over. */
static void add_interim(const struct evidence *evidence, const struct exchange *exchange,
                        struct buf *out)
{
    size_t from = 0;
    for (const struct armed *armed;
         (armed = stage_next_hit(evidence->stage, exchange->seq, &from));)
        if (armed->interim)
            buf_format(out, " -> %d", armed->interim);
}

/* " (fault: status 503)", and behind it what followed: "; then advance 301 s". */
static void add_faults(const struct evidence *evidence, const struct exchange *exchange,
                       struct buf *out)
{
    OWNED(buf_free) struct buf names = {0};
    OWNED(buf_free) struct buf then = {0};
    size_t from = 0;
    for (const struct armed *armed;
         (armed = stage_next_hit(evidence->stage, exchange->seq, &from));) {
        if (armed->then)
            buf_format(&then, "; then %s", armed->then);
        else
            buf_format(&names, "%s%s", names.len ? ", " : "", armed->name);
    }
    if (names.len)
        buf_format(out, " (fault: %s)", buf_str(&names));
    else if (exchange->fault_id && !then.len)
        buf_text(out, " (fault)");
    buf_text(out, buf_str(&then));
}

static void add_answer(const struct evidence *evidence, const struct exchange *exchange,
                       struct buf *out)
{
    static const char *const tokens[] = {"access_token", "refresh_token"};
    add_interim(evidence, exchange, out);
    buf_format(out, " -> %d", exchange->status);
    if (*exchange->outcome && strcmp(exchange->outcome, "ok") != 0 &&
        strcmp(exchange->outcome, "fault") != 0)
        buf_format(out, " %s", exchange->outcome);
    for (size_t i = 0; i < sizeof tokens / sizeof *tokens; i++) {
        const char *token = exchange_answer(exchange, tokens[i]);
        if (token)
            buf_format(out, " <%s>", evidence_token_name(evidence, token));
    }
    add_faults(evidence, exchange, out);
}

bool evidence_shows_overlap(const struct evidence *evidence)
{
    enum { TOGETHER_MS = 10 };
    const struct wire *wire = &evidence->wire;
    for (size_t at = 0; at < wire->n * wire->n; at++) {
        const struct exchange *a = &wire->list[at / wire->n];
        const struct exchange *b = &wire->list[at % wire->n];
        if (at / wire->n >= at % wire->n || a->kind == EXCHANGE_WEBHOOK ||
            b->kind == EXCHANGE_WEBHOOK)
            continue;
        int64_t a_from_ms = a->real_ms - a->took_ms;
        int64_t b_from_ms = b->real_ms - b->took_ms;
        int64_t from_ms = a_from_ms > b_from_ms ? a_from_ms : b_from_ms;
        int64_t until_ms = a->real_ms < b->real_ms ? a->real_ms : b->real_ms;
        if (until_ms - from_ms > TOGETHER_MS)
            return true;
    }
    return false;
}

void evidence_find_strays(struct evidence *evidence, int64_t since_ms)
{
    OWNED(tree_free) cJSON *journal = control_read_default_journal(&evidence->stage->world);
    if (!journal || !wire_read(journal, "", &evidence->strays, NULL))
        return;
    for (size_t i = 0; i < evidence->strays.n;) {
        if (evidence->strays.list[i].real_ms < since_ms)
            wire_drop(&evidence->strays, i);
        else
            i++;
    }
}

void evidence_add_strays(const struct evidence *evidence, struct buf *out)
{
    enum { SHOWN = 3 };
    const struct wire *strays = &evidence->strays;
    for (size_t i = 0; i < strays->n && i < SHOWN; i++) {
        const struct exchange *stray = &strays->list[i];
        const char *app_id = exchange_field(stray, "client_id");
        buf_format(out, "%s%s %s", i ? ", " : "", stray->method, stray->path);
        if (app_id)
            buf_format(out, " of the app \"%s\"", app_id);
        buf_format(out, " -> %d %s", stray->status, stray->outcome);
    }
    buf_text(out, strays->n > SHOWN ? ", …" : "");
}

static void add_silence(const struct evidence *evidence, struct buf *out)
{
    buf_text(out, evidence->strays.n ? "  no request reached this scenario's world\n"
                                     : "  no request reached the fake\n");
}

static void add_line(const struct evidence *evidence, size_t i, const char *mark, struct buf *out)
{
    const struct wire *wire = &evidence->wire;
    const struct exchange *exchange = &wire->list[i];
    buf_format(out, "%s #%-3zu %+9lld ms virtual %+6lld ms real  ", mark, i + 1,
               (long long)(exchange->at_ms - wire->list[0].at_ms),
               (long long)(exchange->real_ms - wire->list[0].real_ms));
    add_request(evidence, exchange, out);
    add_answer(evidence, exchange, out);
    buf_char(out, '\n');
}

void evidence_add_excerpt(const struct evidence *evidence, int64_t marked, struct buf *out)
{
    const struct wire *wire = &evidence->wire;
    size_t at = 0;
    while (at < wire->n && wire->list[at].seq != marked)
        at++;
    size_t first = at < wire->n && at > EXCERPT_BEFORE ? at - EXCERPT_BEFORE : 0;
    size_t past = first + EXCERPT_LINES < wire->n ? first + EXCERPT_LINES : wire->n;
    if (first)
        buf_format(out, "  … %zu earlier exchanges\n", first);
    for (size_t i = first; i < past; i++)
        add_line(evidence, i, i == at ? ">" : " ", out);
    if (past < wire->n)
        buf_format(out, "  … %zu later exchanges\n", wire->n - past);
    if (!wire->n)
        add_silence(evidence, out);
}

void evidence_add_wire(const struct evidence *evidence, struct buf *out)
{
    for (size_t i = 0; i < evidence->wire.n; i++)
        add_line(evidence, i, " ", out);
    if (!evidence->wire.n)
        add_silence(evidence, out);
}

void evidence_free(struct evidence *evidence)
{
    for (size_t i = 0; i < evidence->n_aliases; i++) {
        free(evidence->aliases[i].secret);
        free(evidence->aliases[i].name);
    }
    free(evidence->aliases);
    wire_free(&evidence->wire);
    wire_free(&evidence->strays);
    performance_free(&evidence->performance);
    *evidence = (struct evidence){0};
}
