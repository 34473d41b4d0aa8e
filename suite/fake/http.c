/* libcurl, for requests that are JSON both ways. Proxies of the environment are not ours to use:
 * the fake is on this machine or named by --server. */
#define _GNU_SOURCE /* SOCK_CLOEXEC: a client under judgement must not inherit our connection */
#include "fake/http.h"

#include <curl/curl.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "shared/buf.h"
#include "shared/mem.h"
#include "shared/tree.h"

enum { ANSWER_MAX = 64 * 1024 * 1024, CONNECT_S = 10, WHOLE_S = 60 };

struct http {
    CURL *curl;
};

void http_begin(void)
{
    curl_global_init(CURL_GLOBAL_DEFAULT);
}

void http_end(void)
{
    curl_global_cleanup();
}

static curl_socket_t open_socket(void *context, curlsocktype purpose, struct curl_sockaddr *address)
{
    (void)context;
    (void)purpose;
    return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

struct http *http_open(void)
{
    struct http *http = mem_new(1, sizeof *http);
    http->curl = curl_easy_init();
    return http;
}

void http_close(struct http *http)
{
    if (!http)
        return;
    curl_easy_cleanup(http->curl);
    free(http);
}

static size_t take_bytes(char *bytes, size_t size, size_t n, void *context)
{
    struct buf *body = context;
    buf_add(body, bytes, size * n);
    return body->overflown ? 0 : size * n;
}

static void free_list(struct curl_slist **list)
{
    curl_slist_free_all(*list);
}

static void set_up(CURL *curl, const char *method, const char *url, struct curl_slist *headers,
                   const char *text, struct buf *answer)
{
    curl_easy_reset(curl); /* keeps the connection */
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, method);
    curl_easy_setopt(curl, CURLOPT_PROXY, "");
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, (long)CONNECT_S);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT, (long)WHOLE_S);
    curl_easy_setopt(curl, CURLOPT_OPENSOCKETFUNCTION, open_socket);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_bytes);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, answer);
    if (text)
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, text);
}

bool http_try(struct http *http, const char *method, const char *url, const char *token,
              const cJSON *body, cJSON **ret_answer, char **ret_refusal, struct err *err)
{
    OWNED(free_list) struct curl_slist *headers = NULL;
    headers = curl_slist_append(headers, "Content-Type: application/json");
    headers = curl_slist_append(headers, "Expect:");
    OWNED(mem_text_free)
    char *bearer = token ? mem_format("Authorization: Bearer %s", token) : NULL;
    if (bearer)
        headers = curl_slist_append(headers, bearer);
    OWNED(mem_text_free) char *text = body ? tree_print(body) : NULL;
    OWNED(buf_free) struct buf answer = {.max = ANSWER_MAX};
    set_up(http->curl, method, url, headers, text, &answer);
    CURLcode failed = curl_easy_perform(http->curl);
    if (failed)
        return err_set(err, "%s %s did not answer: %s", method, url, curl_easy_strerror(failed));
    long status = 0;
    curl_easy_getinfo(http->curl, CURLINFO_RESPONSE_CODE, &status);
    OWNED(tree_free) cJSON *tree = answer.len ? tree_parse(answer.data, answer.len, NULL) : NULL;
    const char *message = tree_text(tree, "message");
    bool refused = status < 200 || status > 299;
    if (refused && !(message && status / 100 == 4))
        return err_set(err, "%s %s answered %ld: %s", method, url, status,
                       message ? message : buf_str(&answer));
    if (!refused && answer.len && !tree)
        return err_set(err, "%s %s answered something that is not JSON", method, url);
    *ret_refusal = refused ? mem_text(message) : NULL;
    *ret_answer = refused ? NULL : tree;
    tree = refused ? tree : NULL;
    return true;
}

bool http_send(struct http *http, const char *method, const char *url, const char *token,
               const cJSON *body, cJSON **ret_answer, struct err *err)
{
    OWNED(mem_text_free) char *refusal = NULL;
    if (!http_try(http, method, url, token, body, ret_answer, &refusal, err))
        return false;
    return !refusal || err_set(err, "%s %s was refused: %s", method, url, refusal);
}
