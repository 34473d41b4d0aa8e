/* libcurl, opened by name at run time: linked, it would cost every start 3 ms and 5 MB. A handle
 * lives for one POST: a webhook is no hot path, and a connection kept open would make the next
 * delivery depend on the one before. */
#define CURL_DISABLE_TYPECHECK
#include "webhooks/post.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <dlfcn.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "shared/mem.h"
#include "shared/now.h"

struct curl_calls {
    void *library;
    CURLcode (*global_init)(long);
    CURL *(*easy_init)(void);
    CURLcode (*set)(CURL *, CURLoption, ...);
    CURLcode (*perform)(CURL *);
    CURLcode (*get)(CURL *, CURLINFO, ...);
    void (*cleanup)(CURL *);
    struct curl_slist *(*slist_append)(struct curl_slist *, const char *);
    void (*slist_free)(struct curl_slist *);
};

static const struct {
    const char *name;
    size_t at;
} symbols[] = {
    {"curl_global_init", offsetof(struct curl_calls, global_init)},
    {"curl_easy_init", offsetof(struct curl_calls, easy_init)},
    {"curl_easy_setopt", offsetof(struct curl_calls, set)},
    {"curl_easy_perform", offsetof(struct curl_calls, perform)},
    {"curl_easy_getinfo", offsetof(struct curl_calls, get)},
    {"curl_easy_cleanup", offsetof(struct curl_calls, cleanup)},
    {"curl_slist_append", offsetof(struct curl_calls, slist_append)},
    {"curl_slist_free_all", offsetof(struct curl_calls, slist_free)},
};

bool post_load(struct post_office *office, struct err *err)
{
    if (office->calls)
        return true;
    void *library = dlopen("libcurl.so.4", RTLD_NOW | RTLD_LOCAL);
    if (!library)
        return err_set(err, "webhooks need libcurl (Debian's libcurl4), which is not installed");
    struct curl_calls *calls = mem_new(1, sizeof *calls);
    calls->library = library;
    for (size_t i = 0; i < sizeof symbols / sizeof *symbols; i++) {
        void *symbol = dlsym(library, symbols[i].name);
        if (!symbol) {
            free(calls);
            dlclose(library);
            return err_set(err, "libcurl.so.4 has no %s; install a newer one", symbols[i].name);
        }
        /* ISO C knows no cast from an object pointer to a function pointer; POSIX vouches for it.
         */
        memcpy((char *)calls + symbols[i].at, &symbol, sizeof symbol);
    }
    calls->global_init(CURL_GLOBAL_DEFAULT);
    office->calls = calls;
    return true;
}

/* The library itself stays mapped: its TLS threads' keys must not dangle. */
void post_unload(struct post_office *office)
{
    free(office->calls);
    office->calls = NULL;
}

static bool ipv4_is_near(uint32_t address)
{
    static const struct {
        uint32_t network, mask;
    } near[] = {
        {0x7F000000, 0xFF000000}, /* 127/8 */
        {0x0A000000, 0xFF000000}, /* 10/8 */
        {0xAC100000, 0xFFF00000}, /* 172.16/12 */
        {0xC0A80000, 0xFFFF0000}, /* 192.168/16 */
        {0xA9FE0000, 0xFFFF0000}, /* 169.254/16 */
    };
    for (size_t i = 0; i < sizeof near / sizeof *near; i++)
        if ((address & near[i].mask) == near[i].network)
            return true;
    return false;
}

static bool address_is_near(const struct sockaddr *address)
{
    if (address->sa_family == AF_INET) {
        struct sockaddr_in in;
        memcpy(&in, address, sizeof in);
        return ipv4_is_near(ntohl(in.sin_addr.s_addr));
    }
    struct sockaddr_in6 in6;
    memcpy(&in6, address, sizeof in6);
    const uint8_t *bytes = in6.sin6_addr.s6_addr;
    if (IN6_IS_ADDR_V4MAPPED(&in6.sin6_addr))
        return ipv4_is_near((uint32_t)bytes[12] << 24 | (uint32_t)bytes[13] << 16 |
                            (uint32_t)bytes[14] << 8 | bytes[15]);
    return IN6_IS_ADDR_LOOPBACK(&in6.sin6_addr) || IN6_IS_ADDR_LINKLOCAL(&in6.sin6_addr) ||
           (bytes[0] & 0xFE) == 0xFC;
}

/* The last door: whatever a name resolved to, this sees the address itself. */
static curl_socket_t open_near(void *context, curlsocktype purpose, struct curl_sockaddr *address)
{
    (void)context;
    (void)purpose;
    if (!address_is_near(&address->addr))
        return CURL_SOCKET_BAD;
    return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

static size_t take_body(char *bytes, size_t size, size_t n, void *context)
{
    struct posting_answer *answer = context;
    size_t room = POST_BODY_MAX - answer->body.len;
    buf_add(&answer->body, bytes, size * n < room ? size * n : room);
    return size * n;
}

/* Status lines go: what stays are the lines of the last head. */
static size_t take_header(char *bytes, size_t size, size_t n, void *context)
{
    struct posting_answer *answer = context;
    if (size * n > 5 && memcmp(bytes, "HTTP/", 5) == 0)
        buf_clear(&answer->head);
    else if (size * n > 2)
        buf_add(&answer->head, bytes, size * n);
    return size * n;
}

static int give_up(void *context, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
    (void)a, (void)b, (void)c, (void)d;
    const atomic_bool *stop = context;
    return stop && atomic_load(stop);
}

static struct curl_slist *header_list(const struct curl_calls *calls, const struct posting *posting)
{
    struct curl_slist *list = calls->slist_append(NULL, "Expect:");
    for (size_t i = 0; i < posting->n_headers; i++) {
        char *line = mem_format("%s: %s", posting->headers[i].name, posting->headers[i].value);
        list = calls->slist_append(list, line);
        free(line);
    }
    return list;
}

static void set_options(const struct curl_calls *calls, CURL *handle, const struct posting *posting,
                        struct posting_answer *answer)
{
    calls->set(handle, CURLOPT_URL, posting->url);
    calls->set(handle, CURLOPT_PROTOCOLS_STR, "http,https");
    calls->set(handle, CURLOPT_PROXY, "");
    calls->set(handle, CURLOPT_NOSIGNAL, 1L);
    calls->set(handle, CURLOPT_TIMEOUT_MS, (long)posting->limit_ms);
    calls->set(handle, CURLOPT_POST, 1L);
    calls->set(handle, CURLOPT_POSTFIELDS, posting->body);
    calls->set(handle, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)posting->body_len);
    calls->set(handle, CURLOPT_SSL_VERIFYPEER, 0L);
    calls->set(handle, CURLOPT_SSL_VERIFYHOST, 0L);
    calls->set(handle, CURLOPT_OPENSOCKETFUNCTION, open_near);
    calls->set(handle, CURLOPT_WRITEFUNCTION, take_body);
    calls->set(handle, CURLOPT_WRITEDATA, answer);
    calls->set(handle, CURLOPT_HEADERFUNCTION, take_header);
    calls->set(handle, CURLOPT_HEADERDATA, answer);
    calls->set(handle, CURLOPT_NOPROGRESS, 0L);
    calls->set(handle, CURLOPT_XFERINFOFUNCTION, give_up);
    calls->set(handle, CURLOPT_XFERINFODATA, posting->stop);
}

static enum refusal outcome_of(CURLcode code)
{
    if (code == CURLE_OK)
        return REFUSAL_NONE;
    return code == CURLE_OPERATION_TIMEDOUT ? REFUSAL_WEBHOOK_LATE : REFUSAL_WEBHOOK_UNREACHABLE;
}

void post_send(const struct post_office *office, const struct posting *posting,
               struct posting_answer *ret_answer)
{
    const struct curl_calls *calls = office->calls;
    struct posting_answer answer = {.outcome = REFUSAL_WEBHOOK_UNREACHABLE};
    int64_t began_us = now_steady_us();
    CURL *handle = calls ? calls->easy_init() : NULL;
    if (handle) {
        struct curl_slist *headers = header_list(calls, posting);
        set_options(calls, handle, posting, &answer);
        calls->set(handle, CURLOPT_HTTPHEADER, headers);
        answer.outcome = outcome_of(calls->perform(handle));
        long status = 0;
        calls->get(handle, CURLINFO_RESPONSE_CODE, &status);
        answer.status = answer.outcome ? 0 : (int)status;
        calls->slist_free(headers);
        calls->cleanup(handle);
    }
    answer.took_us = now_steady_us() - began_us;
    *ret_answer = answer;
}

void posting_answer_free(struct posting_answer *answer)
{
    buf_free(&answer->head);
    buf_free(&answer->body);
}
