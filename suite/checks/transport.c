/* Rules about TLS. A connection that the client gives up leaves nothing in the journal: what is
 * there came over one that it took. */
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
