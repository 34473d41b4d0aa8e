/* Rules about connections: TLS, and how much comes over one. A connection that the client gives up
 * leaves nothing in the journal: what is there came over one that it took. */
#include "checks/checks.h"
#include "checks/counting.h"

static bool is_sent(const struct exchange *exchange)
{
    return exchange->kind != EXCHANGE_WEBHOOK;
}

void check_nothing_sent(const struct evidence *evidence, const cJSON *params,
                        struct finding *finding)
{
    const struct exchange *sent = counting_nth(&evidence->wire, is_sent, 1);
    (void)params;
    buf_text(&finding->expected, "no request at all over such a connection");
    if (sent)
        finding_broken(finding, sent, "%s %s was sent", sent->method, sent->target);
    else
        finding_holds(finding, "nothing was sent");
}

void check_authority_trusted(const struct evidence *evidence, const cJSON *params,
                             struct finding *finding)
{
    (void)params;
    buf_text(&finding->expected, "requests over TLS, with the authority of WIX_CA_FILE");
    if (counting_from(&evidence->wire, 0, is_sent))
        finding_holds(finding, "the authority is trusted");
    else
        finding_undecided(finding, "nothing was sent: the client does not take WIX_CA_FILE, nor "
                                   "SSL_CERT_FILE and its like, for an authority to trust, and "
                                   "without that nothing can be said about its TLS");
}

void check_memory_bounded(const struct evidence *evidence, const cJSON *params,
                          struct finding *finding)
{
    enum { KB_PER_MB = 1024, DEFAULT_MB = 256 };
    int64_t max_mb = checks_number(params, "max_mb", DEFAULT_MB);
    const struct performance *performance = &evidence->performance;
    int64_t seen_mb = performance->max_rss_kb / KB_PER_MB;
    buf_format(&finding->expected, "a process that never takes more than %lld MB",
               (long long)max_mb);
    if (!performance->max_rss_kb)
        finding_undecided(finding, "how much memory it took is not known");
    else if (seen_mb <= max_mb)
        finding_holds(finding, "%lld MB at most", (long long)seen_mb);
    else if (performance->max_rss_kb <= performance->rss_floor_kb)
        finding_undecided(
            finding,
            "it took %lld MB at most, no more than this program did, whose peak it began with",
            (long long)seen_mb);
    else
        finding_broken(finding, counting_nth(&evidence->wire, exchange_asks_for_token, 1),
                       "%lld MB at its largest", (long long)seen_mb);
}
