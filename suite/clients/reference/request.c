/* libcurl, with a limit on time and size: a reply without an end must not become ours. */
#include "reference/request.h"

enum { REPLY_MAX = 1024 * 1024 };

void reply_free(struct reply *reply)
{
    buf_free(&reply->body);
}

static size_t take_bytes(char *bytes, size_t size, size_t n, void *context)
{
    struct buf *body = context;
    buf_add(body, bytes, size * n);
    return body->overflown ? 0 : size * n;
}

void request_send(CURL *curl, const char *method, const char *url, const char *header,
                  const char *body, struct reply *reply)
{
    reply->body.max = REPLY_MAX;
    struct curl_slist *headers = curl_slist_append(NULL, "Content-Type: application/json");
    headers = header ? curl_slist_append(headers, header) : headers;
    curl_easy_reset(curl);
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, method);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(curl, CURLOPT_USERAGENT, "fakewix-reference-client");
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT, 20L);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_bytes);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, &reply->body);
    if (body)
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body);
    if (curl_easy_perform(curl) == CURLE_OK)
        curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &reply->status);
    curl_slist_free_all(headers);
}
