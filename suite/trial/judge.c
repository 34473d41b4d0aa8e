/* The rules of fairness live here, and nowhere else:
 *
 * - An accusation needs an exchange to point at. Where the scenario's situation did not come up (a
 *   fault never hit, the client crashed before), a check that misses something is INCONCLUSIVE; one
 *   that saw something forbidden stands. A client that crashes on an answer which the scenario
 *   prepared has come into the situation.
 * - Where the client says that it cannot do this, that is N/A.
 * - What is not expected but allowed gets the verdict the scenario names for it. */
#include "trial/judge.h"

#include <stdlib.h>
#include <string.h>

#include "shared/buf.h"
#include "shared/mem.h"

static char *text_of(const struct buf *buf)
{
    return mem_text(buf_str(buf));
}

/* Prints "check" or "variant/check". */
static char *name_check(const struct variant *variant, const char *name)
{
    return *variant->name ? mem_format("%s/%s", variant->name, name) : mem_text(name);
}

static char *make_excerpt(const struct evidence *evidence, int64_t marked)
{
    OWNED(buf_free) struct buf excerpt = {0};
    evidence_add_excerpt(evidence, marked, &excerpt);
    return text_of(&excerpt);
}

/* Whether the client used a token of another world: a cache that outlived its scenario. */
static bool is_carried_over(const struct evidence *evidence)
{
    for (size_t i = 0; i < evidence->wire.n; i++) {
        const struct exchange *exchange = &evidence->wire.list[i];
        const char *tokens[] = {exchange->token, exchange_field(exchange, "refresh_token")};
        for (size_t t = 0; t < sizeof tokens / sizeof *tokens; t++) {
            OWNED(mem_text_free) char *world = tokens[t] ? wire_token_world(tokens[t]) : NULL;
            if (world && strcmp(world, evidence->stage->world.name) != 0)
                return true;
        }
    }
    return false;
}

/* The last lines of what the client wrote to stderr, which often say what is wrong. */
static void add_last_words(const struct evidence *evidence, struct buf *out)
{
    enum { SHOWN = 600 };
    const struct buf *text = &evidence->performance.err;
    const char *from = buf_str(text);
    if (text->len > SHOWN)
        from += text->len - SHOWN;
    if (!*from)
        return;
    buf_text(out, "; its last words on stderr: ");
    evidence_add_redacted(evidence, from, out);
    while (out->len && out->data[out->len - 1] == '\n')
        out->data[--out->len] = '\0';
}

/* How the client ended, where that may be why nothing more came. */
static void add_end(const struct evidence *evidence, struct buf *out)
{
    if (evidence->performance.end == CLIENT_OK)
        return;
    buf_format(out, "; the client %s", evidence->performance.detail);
    add_last_words(evidence, out);
}

static char *describe_end(const char *before, const struct evidence *evidence)
{
    OWNED(buf_free) struct buf said = {0};
    buf_format(&said, "%s %s", before, evidence->performance.detail);
    add_last_words(evidence, &said);
    return text_of(&said);
}

/* Whether the client crashed on the very answer that the scenario is about: the last one it got
 * says success, and a fault made it what it is. That nothing came after it is the client's own
 * doing. */
static bool crashed_on_answer(const struct evidence *evidence)
{
    const struct wire *wire = &evidence->wire;
    const struct exchange *last = wire->n ? &wire->list[wire->n - 1] : NULL;
    if (evidence->performance.end != CLIENT_CRASHED || !last || !exchange_is_ok(last))
        return false;
    size_t from = 0;
    for (const struct armed *armed; (armed = stage_next_hit(evidence->stage, last->seq, &from));)
        if (!armed->then)
            return true;
    return false;
}

/* What kept the situation from coming up, as a sentence; caller frees with free(); NULL where it
 * did come up. */
static char *find_obstacle(const struct evidence *evidence)
{
    const struct performance *performance = &evidence->performance;
    if (performance->end == CLIENT_STOPPED)
        return mem_format("the client %s", performance->detail);
    if (performance->end == CLIENT_NOT_STARTED)
        return describe_end("the client", evidence);
    /* A program that is not there, or does not start, has not been seen to do anything wrong. */
    if (performance->end == CLIENT_CRASHED && !evidence->wire.n && !performance->n_visits)
        return describe_end(
            evidence->strays.n ? "the client" : "before it sent anything, the client", evidence);
    for (size_t i = 0; i < evidence->wire.n; i++)
        if (strcmp(evidence->wire.list[i].outcome, "hold-limit") == 0)
            return mem_text("the fake had no thread left to let a request wait on: start it with "
                            "more --workers");
    const struct armed *unmet = stage_unmet(evidence->stage);
    if (!unmet || crashed_on_answer(evidence))
        return NULL;
    OWNED(buf_free) struct buf obstacle = {0};
    if (unmet->hits)
        buf_format(&obstacle, "%s happened %lld time%s of the %lld that are needed", unmet->what,
                   (long long)unmet->hits, unmet->hits == 1 ? "" : "s", (long long)unmet->needed);
    else
        buf_format(&obstacle, "%s did not happen", unmet->what);
    add_end(evidence, &obstacle);
    return text_of(&obstacle);
}

static enum verdict weigh(const struct finding *finding, enum level level, bool has_obstacle)
{
    switch (finding->kind) {
    case FINDING_HOLDS:
        return has_obstacle ? VERDICT_INCONCLUSIVE : VERDICT_PASS;
    case FINDING_MEASURED:
        return VERDICT_INFO;
    case FINDING_UNDECIDED:
        return VERDICT_INCONCLUSIVE;
    case FINDING_ELSEWHERE:
        return VERDICT_NA;
    case FINDING_BROKEN:
        return has_obstacle && finding->seq < 0 ? VERDICT_INCONCLUSIVE : verdict_of_broken(level);
    }
    return VERDICT_ERROR;
}

static void ask(const struct demand *demand, const struct evidence *evidence,
                struct finding *finding)
{
    *finding = (struct finding){.seq = -1};
    demand->check->fn(evidence, demand->params, finding);
}

static void judge_demand(const struct scenario *scenario, const struct variant *variant,
                         const struct demand *demand, const struct evidence *evidence,
                         bool has_obstacle, struct result *result)
{
    OWNED(finding_free) struct finding finding = {0};
    ask(demand, evidence, &finding);
    enum verdict verdict = weigh(&finding, demand->level, has_obstacle);
    const char *source =
        strcmp(demand->check->source, "own") == 0 ? scenario->source : demand->check->source;
    *result_add_check(result) = (struct check_result){
        .id = name_check(variant, demand->check->name),
        .verdict = verdict,
        .level = demand->level,
        .requirement = mem_text(demand->check->requirement),
        .expected = text_of(&finding.expected),
        .seen = text_of(&finding.seen),
        .source = mem_text(source),
        .hint = mem_text(demand->check->hint),
        .wire = verdict > VERDICT_NA ? make_excerpt(evidence, finding.seq) : mem_text(""),
    };
}

/* What the client's own answer was to be, and whether it was that. */
static const struct {
    const char *expected;
    enum client_end end;
} wanted[] = {
    [WANT_ANY] = {"an answer of its own", CLIENT_OK},
    [WANT_OK] = {"the client reports success", CLIENT_OK},
    [WANT_ERROR] = {"the client reports an error", CLIENT_ERROR},
};

static bool client_fits(enum want_client want, const struct performance *performance)
{
    bool answered = performance->end == CLIENT_OK || performance->end == CLIENT_ERROR;
    return want == WANT_ANY ? answered : performance->end == wanted[want].end;
}

static void judge_client(const struct scenario *scenario, const struct variant *variant,
                         const struct evidence *evidence, bool has_obstacle, struct result *result)
{
    const struct performance *performance = &evidence->performance;
    enum want_client want = variant->expect.client;
    bool fits = client_fits(want, performance);
    bool crashed = performance->end != CLIENT_OK && performance->end != CLIENT_ERROR;
    OWNED(buf_free) struct buf seen = {0};
    buf_format(&seen, "it %s", performance->detail);
    if (!fits)
        add_last_words(evidence, &seen);
    enum level level = crashed && scenario->level == LEVEL_INFO ? LEVEL_MUST_OURS : scenario->level;
    enum verdict verdict = fits ? VERDICT_PASS : verdict_of_broken(level);
    if (has_obstacle)
        verdict = VERDICT_INCONCLUSIVE;
    *result_add_check(result) = (struct check_result){
        .id = name_check(variant, "client-answer"),
        .verdict = verdict,
        .level = level,
        .requirement = mem_text("The client answers as the situation demands, and does not crash."),
        .expected = mem_text(wanted[want].expected),
        .seen = text_of(&seen),
        .source = mem_text(scenario->source),
        .hint = mem_text(""),
        .wire = verdict > VERDICT_NA ? make_excerpt(evidence, -1) : mem_text(""),
    };
}

static void add_note(const struct scenario *scenario, const struct variant *variant,
                     const struct evidence *evidence, const char *name, enum verdict verdict,
                     const char *expected, const char *seen, struct result *result)
{
    *result_add_check(result) = (struct check_result){
        .id = name_check(variant, name),
        .verdict = verdict,
        .level = scenario->level,
        .requirement = mem_text(scenario->requirement),
        .expected = mem_text(expected),
        .seen = mem_text(seen),
        .source = mem_text(scenario->source),
        .hint = mem_text(""),
        .wire = verdict > VERDICT_NA ? make_excerpt(evidence, -1) : mem_text(""),
    };
}

/* Whether all of an alternative's demands hold. */
static bool alternative_holds(const struct alternative *other, const struct evidence *evidence)
{
    if (!client_fits(other->expect.client, &evidence->performance))
        return false;
    for (size_t i = 0; i < other->expect.n_demands; i++) {
        OWNED(finding_free) struct finding finding = {0};
        ask(&other->expect.demands[i], evidence, &finding);
        if (finding.kind != FINDING_HOLDS)
            return false;
    }
    return true;
}

static const struct alternative *find_alternative(const struct variant *variant,
                                                  const struct evidence *evidence)
{
    for (size_t i = 0; i < variant->n_alternatives; i++)
        if (alternative_holds(&variant->alternatives[i], evidence))
            return &variant->alternatives[i];
    return NULL;
}

/* Whether the client was given a refresh token and asks for each token with client credentials, as
 * it would without one: it has no custom authentication. */
static bool passes_over_flow(const struct variant *variant, const struct evidence *evidence)
{
    size_t n_tokens = 0;
    for (size_t i = 0; i < evidence->wire.n; i++) {
        const struct exchange *exchange = &evidence->wire.list[i];
        const char *grant = exchange_field(exchange, "grant_type");
        if (!exchange_asks_for_token(exchange))
            continue;
        n_tokens++;
        if (!grant || strcmp(grant, "client_credentials") != 0 ||
            exchange_field(exchange, "refresh_token"))
            return false;
    }
    return variant->flow == FLOW_LEGACY && n_tokens > 0;
}

/* What a client does in place of what the scenario is about; caller frees with free(); NULL where
 * it does that. */
static char *find_other_way(const struct variant *variant, const struct evidence *evidence)
{
    for (size_t i = 0; i < variant->expect.n_demands; i++) {
        OWNED(finding_free) struct finding finding = {0};
        ask(&variant->expect.demands[i], evidence, &finding);
        if (finding.kind == FINDING_ELSEWHERE)
            return text_of(&finding.seen);
    }
    return NULL;
}

/* Whether a client that was to make calls, and says that it did or could not, or nothing for as
 * long as it may take, is not to be seen on the wire at all. Where the fake shows a certificate or
 * a closed port, that may be right. */
static bool made_no_request(const struct variant *variant, const struct evidence *evidence)
{
    const struct performance *performance = &evidence->performance;
    bool lived = performance->end == CLIENT_OK || performance->end == CLIENT_ERROR ||
                 performance->end == CLIENT_TIMED_OUT;
    return (lived || evidence->strays.n) && !evidence->wire.n && !performance->n_visits &&
           !performance->n_installs && variant_count_calls(variant) > 0 &&
           variant->flow != FLOW_INSTALL && !variant->tls &&
           !variant_has_step(variant, STEP_PORT_CLOSED_MS);
}

/* What it did instead, or may be waiting for. */
static void add_likely_cause(const struct evidence *evidence, struct buf *out)
{
    bool hung = evidence->performance.end == CLIENT_TIMED_OUT;
    if (!evidence->strays.n) {
        buf_format(out, "it made no request at all (%s?), and ",
                   hung ? "does it wait for input, or for another host than WIX_API_BASE and "
                          "WIX_AUTH_BASE name"
                        : "does it read CONFORM_CALLS, WIX_API_BASE and WIX_AUTH_BASE");
        return;
    }
    size_t n = evidence->strays.n;
    buf_text(out,
             "it made no request with this scenario's credentials, but meanwhile the fake got ");
    buf_format(out, "%zu that belong%s to no scenario (", n, n == 1 ? "s" : "");
    evidence_add_strays(evidence, out);
    buf_text(out, "): does it read WIX_APP_ID, WIX_APP_SECRET, and the whole of WIX_API_BASE and "
                  "WIX_AUTH_BASE? It ");
}

/* One sentence in place of all that follows from it. */
static void tell_silence(const struct scenario *scenario, const struct variant *variant,
                         const struct evidence *evidence, enum verdict verdict,
                         struct result *result)
{
    OWNED(buf_free) struct buf seen = {0};
    add_likely_cause(evidence, &seen);
    buf_text(&seen, evidence->performance.detail);
    add_last_words(evidence, &seen);
    int64_t n = variant_count_calls(variant);
    OWNED(mem_text_free)
    char *expected = mem_format("%lld call%s of the API", (long long)n, n == 1 ? "" : "s");
    add_note(scenario, variant, evidence, "requests", verdict, expected, buf_str(&seen), result);
}

static bool is_broken(const struct result *result)
{
    enum verdict verdict = result_conclude(result);
    return verdict == VERDICT_FAIL || verdict == VERDICT_WARN;
}

void judge_variant(const struct scenario *scenario, const struct variant *variant,
                   const struct evidence *evidence, struct result *result)
{
    if (evidence->performance.end == CLIENT_UNSUPPORTED) {
        add_note(scenario, variant, evidence, "client-answer", VERDICT_NA, "",
                 evidence->performance.detail, result);
        return;
    }
    if (is_carried_over(evidence)) {
        add_note(scenario, variant, evidence, "situation", VERDICT_INCONCLUSIVE,
                 "a client that starts with nothing but what it is given",
                 "the client used a token of another scenario: its cache was carried over; keep it "
                 "in CONFORM_STATE_DIR, or nowhere",
                 result);
        return;
    }
    if (passes_over_flow(variant, evidence)) {
        add_note(scenario, variant, evidence, "client-answer", VERDICT_NA, "",
                 "it was given WIX_REFRESH_TOKEN and used client credentials: it has no custom "
                 "authentication (exit 77 or --flows client_credentials says so sooner)",
                 result);
        return;
    }
    OWNED(mem_text_free) char *other_way = find_other_way(variant, evidence);
    if (other_way) {
        add_note(scenario, variant, evidence, "client-answer", VERDICT_NA, "", other_way, result);
        return;
    }
    OWNED(mem_text_free) char *obstacle = find_obstacle(evidence);
    OWNED(result_free) struct result found = {.level = scenario->level};
    if (obstacle)
        add_note(scenario, variant, evidence, "situation", VERDICT_INCONCLUSIVE,
                 "the situation that the scenario is about", obstacle, &found);
    judge_client(scenario, variant, evidence, obstacle != NULL, &found);
    for (size_t i = 0; i < variant->expect.n_demands; i++)
        judge_demand(scenario, variant, &variant->expect.demands[i], evidence, obstacle != NULL,
                     &found);
    const struct alternative *other =
        is_broken(&found) && !obstacle ? find_alternative(variant, evidence) : NULL;
    enum verdict verdict = result_conclude(&found);
    if (verdict > VERDICT_NA && made_no_request(variant, evidence))
        tell_silence(scenario, variant, evidence, verdict, result);
    else if (other)
        add_note(scenario, variant, evidence, "allowed-alternative", other->verdict,
                 "what is expected, or what is allowed beside it", other->note, result);
    else
        result_take_checks(result, &found);
}
