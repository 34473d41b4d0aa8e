/* "How many" is the question behind most rules about tokens. */
#include "checks/counting.h"

bool counting_is_api(const struct exchange *exchange)
{
    return exchange->kind == EXCHANGE_API;
}

bool counting_is_api_ok(const struct exchange *exchange)
{
    return counting_is_api(exchange) && exchange_is_ok(exchange);
}

bool counting_is_api_401(const struct exchange *exchange)
{
    return counting_is_api(exchange) && exchange->status == 401;
}

int64_t counting_from(const struct wire *wire, size_t from, counting_fn *is)
{
    int64_t n = 0;
    for (size_t i = from; i < wire->n; i++)
        n += is(&wire->list[i]);
    return n;
}

size_t counting_first(const struct wire *wire, size_t from, counting_fn *is)
{
    while (from < wire->n && !is(&wire->list[from]))
        from++;
    return from;
}

const struct exchange *counting_nth(const struct wire *wire, counting_fn *is, int64_t n)
{
    for (size_t i = 0; i < wire->n; i++)
        if (is(&wire->list[i]) && --n == 0)
            return &wire->list[i];
    return NULL;
}

const char *counting_s(int64_t n)
{
    return n == 1 ? "" : "s";
}

static void add_expectation(int64_t min, int64_t max, const char *noun, struct buf *out)
{
    if (max < 0)
        buf_format(out, "at least %lld %s%s", (long long)min, noun, counting_s(min));
    else if (min == max)
        buf_format(out, "%lld %s%s", (long long)min, noun, counting_s(min));
    else if (min > 0)
        buf_format(out, "%lld to %lld %ss", (long long)min, (long long)max, noun);
    else
        buf_format(out, "at most %lld %s%s", (long long)max, noun, counting_s(max));
}

void counting_judge(const struct wire *wire, counting_fn *is, const cJSON *params, const char *noun,
                    struct finding *finding)
{
    int64_t min = checks_number(params, "min", 0);
    int64_t max = checks_number(params, "max", -1);
    int64_t n = counting_from(wire, 0, is);
    const char *s = counting_s(n);
    add_expectation(min, max, noun, &finding->expected);
    if (max >= 0 && n > max)
        finding_broken(finding, counting_nth(wire, is, max + 1), "%lld %s%s", (long long)n, noun,
                       s);
    else if (n < min)
        finding_broken(finding, NULL, "%lld %s%s", (long long)n, noun, s);
    else
        finding_holds(finding, "%lld %s%s", (long long)n, noun, s);
}
