/* Any bytes as a request of which the journal tells: whatever came in, what goes out as JSON, as
 * lines of JSON and as HAR is JSON, in UTF-8, and has the request in it. */
#include <assert.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "live.h"
#include "shared/mem.h"
#include "shared/tree.h"

enum { RESET_EVERY = 500 };

/* The journal in one format; one entry, as a tree. */
static cJSON *read_journal(struct live *fake, const char *query)
{
    OWNED(mem_text_free) char *text = mem_format("GET /_fakewix/journal?%s\n", query);
    OWNED(response_free) struct response response = {0};
    bool asked = live_ask(fake, text, &response);
    assert(asked && response.status == 200);
    cJSON *tree = tree_parse(buf_str(&response.body), response.body.len, NULL);
    assert(tree || response.body.len == 0);
    return tree;
}

static void check_formats(struct live *fake)
{
    OWNED(tree_free) cJSON *entries = read_journal(fake, "limit=1");
    OWNED(tree_free) cJSON *redacted = read_journal(fake, "limit=1&redact=1");
    OWNED(tree_free) cJSON *line = read_journal(fake, "limit=1&format=ndjson");
    OWNED(tree_free) cJSON *har = read_journal(fake, "format=har&limit=1");
    const cJSON *in_har = tree_get(tree_get(har, "log"), "entries");
    assert(cJSON_GetArraySize(tree_get(entries, "entries")) == cJSON_GetArraySize(in_har));
    assert(cJSON_GetArraySize(tree_get(redacted, "entries")) == cJSON_GetArraySize(in_har));
    assert(!line == !cJSON_GetArraySize(in_har));
}

/* A method is a word, as the listener has made sure. */
static bool has_method(const char *text)
{
    size_t len = strcspn(text, " \n");
    for (size_t i = 0; i < len; i++)
        if (!isupper((unsigned char)text[i]))
            return false;
    return len > 0 && text[len] == ' ' && text[len + 1] == '/';
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct live *fake = live_of_run(RESET_EVERY);
    if (size > 16384 || memchr(data, 0, size))
        return 0;
    OWNED(mem_text_free) char *raw = mem_text_n((const char *)data, size);
    /* Real time passes at the first two; the last would ask for more than one entry. */
    if (strstr(raw, "wait_ms") || strstr(raw, "follow") || strstr(raw, "_fakewix"))
        return 0;
    OWNED(mem_text_free) char *text = live_expand(fake, raw);
    char clear[] = "DELETE /_fakewix/journal\n";
    OWNED(response_free) struct response cleared = {0};
    OWNED(response_free) struct response response = {0};
    live_ask(fake, clear, &cleared);
    if (has_method(text) && live_ask(fake, text, &response))
        check_formats(fake);
    return 0;
}
