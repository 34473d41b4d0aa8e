/* libcurl, with a limit on time and size: a reply without an end must not become ours. Redirects
 * are not followed, since credentials are for the origin they were meant for. */
#include "reference/request.h"

#include <openssl/ssl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "shared/mem.h"

enum { REPLY_MAX = 1024 * 1024 };

void reply_free(struct reply *reply)
{
    buf_free(&reply->body);
    buf_free(&reply->headers);
}

char *reply_header(const struct reply *reply, const char *name)
{
    size_t len = strlen(name);
    for (const char *line = buf_str(&reply->headers); *line; line += strcspn(line, "\n") + 1) {
        if (strncasecmp(line, name, len) == 0 && line[len] == ':') {
            const char *value = line + len + 1;
            value += strspn(value, " \t");
            return mem_text_n(value, strcspn(value, "\r\n"));
        }
        if (!strchr(line, '\n'))
            break;
    }
    return NULL;
}

static size_t take_bytes(char *bytes, size_t size, size_t n, void *context)
{
    struct buf *into = context;
    buf_add(into, bytes, size * n);
    return into->overflown ? 0 : size * n;
}

static size_t give_bytes(char *bytes, size_t size, size_t n, void *context)
{
    struct stream *stream = context;
    size_t left = strlen(stream->text + stream->at);
    size_t len = left < size * n ? left : size * n;
    memcpy(bytes, stream->text + stream->at, len);
    stream->at += len;
    return len;
}

/* A body, as it is read or whole. */
static void set_body(CURL *curl, const struct request *request)
{
    if (request->stream) {
        curl_easy_setopt(curl, CURLOPT_POST, 1L);
        curl_easy_setopt(curl, CURLOPT_READFUNCTION, give_bytes);
        curl_easy_setopt(curl, CURLOPT_READDATA, request->stream);
    } else if (request->body) {
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, request->body);
    }
    /* On a connection that was used before, libcurl sends again what got no answer: not a POST. */
    if ((request->body || request->stream) && request->header)
        curl_easy_setopt(curl, CURLOPT_FRESH_CONNECT, 1L);
}

/* Each header as a whole line of the request, or left out. */
static struct curl_slist *make_headers(const struct client *client, const struct request *request)
{
    bool form = client->bug == BUG_form_sent && request->body && !client->custom;
    struct curl_slist *headers =
        curl_slist_append(NULL, form ? "Content-Type: application/x-www-form-urlencoded"
                                     : "Content-Type: application/json");
    if (request->header)
        headers = curl_slist_append(headers, request->header);
    if (request->stream)
        headers =
            curl_slist_append(curl_slist_append(headers, "Transfer-Encoding: chunked"), "Expect:");
    if (client->bug == BUG_gzip_not_undone)
        headers = curl_slist_append(headers, "Accept-Encoding: gzip");
    bool is_call = request->header != NULL;
    OWNED(mem_text_free) char *extra = NULL;
    if (client->bug == BUG_secret_to_api && is_call)
        extra = mem_format("X-App-Secret: %s", client->app_secret);
    if (client->bug == BUG_refresh_token_to_api && is_call && client->refresh_token)
        extra = mem_format("X-Refresh-Token: %s", client->refresh_token);
    if (client->bug == BUG_vendor_header_followed && is_call)
        extra = mem_format("X-Wix-Token: %s", strchr(request->header, ':') + 2);
    if (client->bug == BUG_secret_in_referer)
        extra = mem_format("Referer: http://app.example/?key=%s", client->app_secret);
    return extra ? curl_slist_append(headers, extra) : headers;
}

/* "HTTP/1.1 100 Continue": 100, which is not the answer. */
static long first_status(const char *headers)
{
    const char *blank = strchr(headers, ' ');
    return blank ? strtol(blank, NULL, 10) : 0;
}

/* Only with a bug: whether the program's first connection was not there any more. */
static bool is_second_connection(CURL *curl)
{
    static atomic_long connections;
    long opened = 0;
    curl_easy_getinfo(curl, CURLINFO_NUM_CONNECTS, &opened);
    return atomic_fetch_add(&connections, opened) > 0 && opened > 0;
}

static void set_bounds(const struct client *client, CURL *curl, const struct request *request)
{
    bool follows = client->bug == BUG_redirect_followed;
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    bool endless = client->bug == BUG_reply_without_bound; /* goes on while something comes */
    if (endless) {
        curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, 1000L);
        curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, 3L);
    } else if (client->bug != BUG_waits_for_ever) {
        curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, request->limit_ms);
    }
    curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION,
                     follows || client->bug == BUG_vendor_header_followed ? 1L : 0L);
    curl_easy_setopt(curl, CURLOPT_UNRESTRICTED_AUTH, follows ? 1L : 0L);
}

/* Only with a bug: dates do not matter. */
static CURLcode ignore_dates(CURL *curl, void *context, void *parameter)
{
    (void)curl;
    (void)parameter;
    X509_VERIFY_PARAM_set_flags(SSL_CTX_get0_param(context), X509_V_FLAG_NO_CHECK_TIME);
    return CURLE_OK;
}

/* Each bug takes away one part of what makes TLS worth having. */
static void set_trust(const struct client *client, CURL *curl)
{
    static atomic_bool trusted_before; /* only with a bug */
    bool once = client->bug == BUG_tls_verified_once;
    if (getenv("WIX_CA_FILE") && client->bug != BUG_authority_ignored)
        curl_easy_setopt(curl, CURLOPT_CAINFO, getenv("WIX_CA_FILE"));
    if (client->bug == BUG_tls_unverified || (once && atomic_exchange(&trusted_before, true)))
        curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 0L);
    if (client->bug == BUG_tls_unverified || client->bug == BUG_tls_host_ignored)
        curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 0L);
    if (client->bug == BUG_tls_dates_ignored)
        curl_easy_setopt(curl, CURLOPT_SSL_CTX_FUNCTION, ignore_dates);
    if (client->bug == BUG_tls_of_any_age) {
        curl_easy_setopt(curl, CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_0);
        curl_easy_setopt(curl, CURLOPT_SSL_CIPHER_LIST, "DEFAULT@SECLEVEL=0");
    }
}

void request_send(const struct client *client, CURL *curl, const struct request *request,
                  struct reply *reply)
{
    buf_clear(&reply->body);
    buf_clear(&reply->headers);
    reply->body.max = client->bug == BUG_reply_without_bound ? SIZE_MAX / 2 : REPLY_MAX;
    reply->headers.max = REPLY_MAX;
    reply->status = 0;
    struct curl_slist *headers = make_headers(client, request);
    curl_easy_reset(curl);
    curl_easy_setopt(curl, CURLOPT_URL, request->url);
    curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, request->method);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    if (client->bug != BUG_no_user_agent)
        curl_easy_setopt(curl, CURLOPT_USERAGENT, "fakewix-reference-client");
    if (client->bug != BUG_gzip_not_undone)
        curl_easy_setopt(curl, CURLOPT_ACCEPT_ENCODING, "gzip");
    set_bounds(client, curl, request);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_bytes);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, &reply->body);
    curl_easy_setopt(curl, CURLOPT_HEADERDATA, &reply->headers);
    set_body(curl, request);
    set_trust(client, curl);
    if (client->bug == BUG_debug_tells_all && getenv("CONFORM_DEBUG") && request->header)
        fprintf(stderr, "> %s\n", request->header);
    CURLcode result = curl_easy_perform(curl);
    bool whole = result == CURLE_OK;
    if (result == CURLE_COULDNT_CONNECT && client->bug == BUG_crash_when_nobody_listens)
        abort();
    if (whole || client->bug == BUG_partial_reply_used)
        curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &reply->status);
    if (client->bug == BUG_interim_taken)
        reply->status = first_status(buf_str(&reply->headers));
    if (client->bug == BUG_connection_not_reopened && is_second_connection(curl))
        reply->status = 0;
    curl_slist_free_all(headers);
}
