/* libcurl with its cookie jar. No certificate is looked at: the app is on the author's own machine,
 * and who it is has been said on the command line. */
#define _GNU_SOURCE /* SOCK_CLOEXEC: a client under judgement must not inherit our connection */
#include "drivers/browser.h"

#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#include "shared/mem.h"

enum { PAGE_MAX = 4 * 1024 * 1024 };

struct browser {
    CURL *curl;
    int number;
};

static curl_socket_t open_socket(void *context, curlsocktype purpose, struct curl_sockaddr *address)
{
    (void)context;
    (void)purpose;
    return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

struct browser *browser_open(int number)
{
    struct browser *browser = mem_new(1, sizeof *browser);
    browser->curl = curl_easy_init();
    /* An empty jar, kept in memory. Set once, and no option is ever reset: curl_easy_reset() loses
     * the list that this makes. */
    curl_easy_setopt(browser->curl, CURLOPT_COOKIEFILE, "");
    browser->number = number;
    return browser;
}

void browser_close(struct browser *browser)
{
    if (!browser)
        return;
    curl_easy_cleanup(browser->curl);
    free(browser);
}

static size_t take_bytes(char *bytes, size_t size, size_t n, void *context)
{
    struct buf *page = context;
    buf_add(page, bytes, size * n);
    return page->overflown ? 0 : size * n;
}

/* "Name: value\r\n"; a status line begins the headers anew (an interim answer came before). */
static size_t take_header(char *line, size_t size, size_t n, void *context)
{
    cJSON **headers = context;
    size_t len = size * n;
    const char *colon = memchr(line, ':', len);
    if (len >= 5 && strncasecmp(line, "HTTP/", 5) == 0) {
        cJSON_Delete(*headers);
        *headers = cJSON_CreateArray();
    } else if (colon && *headers) {
        OWNED(mem_text_free) char *name = mem_text_n(line, (size_t)(colon - line));
        size_t end = len;
        while (end && strchr("\r\n \t", line[end - 1]))
            end--;
        size_t from = (size_t)(colon + 1 - line);
        while (from < end && line[from] == ' ')
            from++;
        OWNED(mem_text_free) char *value = mem_text_n(line + from, end > from ? end - from : 0);
        cJSON *pair = cJSON_CreateArray();
        cJSON_AddItemToArray(pair, cJSON_CreateString(name));
        cJSON_AddItemToArray(pair, cJSON_CreateString(value));
        cJSON_AddItemToArray(*headers, pair);
    }
    return len;
}

static void free_list(struct curl_slist **list)
{
    curl_slist_free_all(*list);
}

static void set_up(CURL *curl, const struct browser_request *request, struct curl_slist *headers,
                   struct buf *page, cJSON **answer_headers)
{
    curl_easy_setopt(curl, CURLOPT_URL, request->url);
    curl_easy_setopt(curl, CURLOPT_HTTPGET, 1L); /* undoes the form of the visit before */
    if (request->body)
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, request->body);
    curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, request->method ? request->method : "GET");
    curl_easy_setopt(curl, CURLOPT_PROXY, "");
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)request->timeout_ms);
    curl_easy_setopt(curl, CURLOPT_OPENSOCKETFUNCTION, open_socket);
    curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 0L);
    curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 0L);
    curl_easy_setopt(curl, CURLOPT_USERAGENT, "Mozilla/5.0 (fakewix-conform)");
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_bytes);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, page);
    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, take_header);
    curl_easy_setopt(curl, CURLOPT_HEADERDATA, answer_headers);
}

const struct visit *browser_visit(struct browser *browser, const struct browser_request *request,
                                  struct performance *performance, struct buf *page)
{
    OWNED(buf_free) struct buf own = {.max = PAGE_MAX};
    OWNED(free_list) struct curl_slist *headers = curl_slist_append(NULL, "Expect:");
    OWNED(mem_text_free)
    char *type = request->type ? mem_format("Content-Type: %s", request->type) : NULL;
    if (type)
        headers = curl_slist_append(headers, type);
    headers = curl_slist_append(headers, "Accept: text/html,*/*");
    struct visit *visit = performance_add_visit(performance);
    visit->kind = request->kind;
    visit->browser = browser->number;
    visit->url = mem_text(request->url);
    set_up(browser->curl, request, headers, page ? page : &own, &visit->headers);
    long status = 0;
    if (curl_easy_perform(browser->curl) == CURLE_OK)
        curl_easy_getinfo(browser->curl, CURLINFO_RESPONSE_CODE, &status);
    visit->status = (int)status;
    const char *location = visit_header(visit, "Location");
    visit->location = location && *location ? mem_text(location) : NULL;
    return visit;
}
