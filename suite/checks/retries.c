/* Rules about requests that are made again because the server said "not now". */
#include "checks/checks.h"
#include "checks/counting.h"

/* Timers may be early by this much, and gaps smaller by this share, before it is held against a
 * client: waits may be drawn at random, and a busy machine makes a wait longer. */
enum { EARLY_MS = 30, SHRUNK_TO_PERCENT = 50, NOISE_MS = 500 };

static bool is_busy(const struct exchange *exchange)
{
    return exchange->status == 429 || exchange->status == 503;
}

static bool is_api_busy(const struct exchange *exchange)
{
    return counting_is_api(exchange) && is_busy(exchange);
}

static bool is_any_busy(const struct exchange *exchange)
{
    return is_busy(exchange);
}

/* The next request to the same kind of place, or wire->n. */
static size_t find_next(const struct wire *wire, size_t from)
{
    for (size_t i = from + 1; i < wire->n; i++)
        if (wire->list[i].kind == wire->list[from].kind)
            return i;
    return wire->n;
}

void check_retries_spaced(const struct evidence *evidence, const cJSON *params,
                          struct finding *finding)
{
    const struct wire *wire = &evidence->wire;
    int64_t min_ms = checks_number(params, "min_ms", 0);
    int64_t max = checks_number(params, "max", 6);
    int64_t last_gap_ms = 0;
    int64_t tries = 1;
    buf_format(&finding->expected,
               "at most %lld requests, each %lld ms or more after the refusal, gaps that do not "
               "shrink",
               (long long)max, (long long)min_ms);
    size_t refused = counting_first(wire, 0, is_any_busy);
    if (refused == wire->n) {
        finding_undecided(finding, "nothing was refused for a while");
        return;
    }
    finding_holds(finding, "not made again");
    while (refused < wire->n && is_busy(&wire->list[refused])) {
        size_t next = find_next(wire, refused);
        if (next == wire->n)
            return;
        int64_t gap_ms = wire->list[next].real_ms - wire->list[refused].real_ms;
        bool shrinks =
            gap_ms * 100 < last_gap_ms * SHRUNK_TO_PERCENT && last_gap_ms - gap_ms > NOISE_MS;
        if (gap_ms + EARLY_MS < min_ms || shrinks || ++tries > max) {
            finding_broken(finding, &wire->list[next],
                           "request %lld came %lld ms after a refusal%s", (long long)tries,
                           (long long)gap_ms, shrinks ? ", sooner than the one before" : "");
            return;
        }
        finding_holds(finding, "%lld request%s, far enough apart", (long long)tries,
                      counting_s(tries));
        last_gap_ms = gap_ms;
        refused = next;
    }
}

void check_pace_measured(const struct evidence *evidence, const cJSON *params,
                         struct finding *finding)
{
    enum { MINUTE_MS = 60000 };
    const struct wire *wire = &evidence->wire;
    int64_t asked = evidence->performance.n_calls;
    int64_t n = counting_from(wire, 0, counting_is_api);
    size_t first = counting_first(wire, 0, counting_is_api);
    size_t last = first;
    (void)params;
    for (size_t i = first; i < wire->n; i++)
        if (counting_is_api(&wire->list[i]))
            last = i;
    if (n == 0) {
        finding_undecided(finding, "the API was not called");
        return;
    }
    if (n < asked) {
        finding_measured(finding, "%lld of %lld call%s reach the API", (long long)n,
                         (long long)asked, counting_s(asked));
        return;
    }
    bool is_slow = wire->list[last].real_ms - wire->list[first].real_ms + EARLY_MS >= MINUTE_MS;
    finding_measured(finding, "%lld calls %s", (long long)asked,
                     is_slow ? "take a minute or more" : "within a minute");
}

void check_retries_measured(const struct evidence *evidence, const cJSON *params,
                            struct finding *finding)
{
    int64_t n = counting_from(&evidence->wire, 0, counting_is_api);
    (void)params;
    if (counting_from(&evidence->wire, 0, is_api_busy) == 0)
        finding_undecided(finding, "the API refused nothing for a while");
    else
        finding_measured(finding, "%lld API request%s for %lld call%s", (long long)n, counting_s(n),
                         (long long)evidence->performance.n_calls,
                         counting_s(evidence->performance.n_calls));
}

void check_ends_in_time(const struct evidence *evidence, const cJSON *params,
                        struct finding *finding)
{
    int64_t max_ms = checks_number(params, "max_ms", 5000);
    int64_t took_ms = evidence->performance.took_ms;
    buf_format(&finding->expected, "an end within %lld ms", (long long)max_ms);
    if (took_ms > max_ms)
        finding_broken(finding, NULL, "an end after %lld ms", (long long)took_ms);
    else
        finding_holds(finding, "an end in time");
}

/* Spread out by a quarter of the wait, or more: that is no accident. */
void check_retry_spread_measured(const struct evidence *evidence, const cJSON *params,
                                 struct finding *finding)
{
    enum { A_HERD = 4, SHARE = 4 };
    const struct wire *wire = &evidence->wire;
    size_t last = wire->n;
    int64_t first_ms = INT64_MAX;
    int64_t last_ms = 0;
    int64_t n = 0;
    (void)params;
    for (size_t i = 0; i < wire->n; i++)
        if (is_api_busy(&wire->list[i]))
            last = i;
    for (size_t i = last + 1; i < wire->n; i++) {
        const struct exchange *retry = &wire->list[i];
        if (!counting_is_api(retry))
            continue;
        first_ms = retry->real_ms < first_ms ? retry->real_ms : first_ms;
        last_ms = retry->real_ms > last_ms ? retry->real_ms : last_ms;
        n++;
    }
    if (n < A_HERD)
        finding_undecided(finding, "%lld of the calls were made again", (long long)n);
    else
        finding_measured(finding, "they come back %s",
                         (last_ms - first_ms) * SHARE < first_ms - wire->list[last].real_ms
                             ? "together"
                             : "spread out");
}

void check_patience_measured(const struct evidence *evidence, const cJSON *params,
                             struct finding *finding)
{
    int64_t ms = checks_number(params, "ms", 1000);
    if (evidence->performance.took_ms < ms)
        finding_measured(finding, "gives up before %lld ms", (long long)ms);
    else
        finding_measured(finding, "still waits after %lld ms", (long long)ms);
}
