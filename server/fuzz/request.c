/* Any bytes as a whole request, through app_handle, against a world that lives on:
 *     METHOD target\nName: value\n…\n\nbody
 * $APP, $SECRET, $TOKEN … stand for the world's own, so that the fuzzer gets past the first checks.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "live.h"
#include "shared/mem.h"
#include "shared/tree.h"

enum { HEADERS_MAX = 32, RESET_EVERY = 500 };

/* Cut `text` at its next line end; returns what follows, or NULL at the end. */
static char *cut_line(char *text)
{
    char *end = strchr(text, '\n');
    if (!end)
        return NULL;
    *end = '\0';
    return end + 1;
}

static void ask(struct live *fake, char *text)
{
    struct header headers[HEADERS_MAX];
    struct request request = {.headers = headers, .body = "", .entrance = ENTRANCE_UNIX};
    char *rest = cut_line(text);
    char *space = strchr(text, ' ');
    if (!space)
        return;
    *space = '\0';
    request.method = text;
    request.target = space + 1;
    while (rest && *rest && *rest != '\n') {
        char *line = rest;
        rest = cut_line(line);
        char *colon = strchr(line, ':');
        if (!colon || request.n_headers == HEADERS_MAX)
            continue;
        *colon = '\0';
        headers[request.n_headers++] = (struct header){line, colon + 1 + (colon[1] == ' ')};
    }
    if (rest && *rest == '\n')
        request.body = rest + 1;
    request.body_len = strlen(request.body);
    struct response response = {0};
    app_handle(&fake->fake, &request, &response);
    assert(response.status >= 100 && response.status <= 999);
    for (const char *at = buf_str(&response.head); *at; at = strstr(at, "\r\n") + 2)
        assert(strstr(at, "\r\n"));
    response_free(&response);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct live *fake; /* lives as long as the process */
    static int runs;
    if (!fake || ++runs % RESET_EVERY == 0) {
        live_free(fake);
        fake = live_new();
    }
    if (size > 16384 || memchr(data, 0, size))
        return 0;
    OWNED(mem_text_free) char *raw = mem_text_n((const char *)data, size);
    if (strstr(raw, "wait_ms") || strstr(raw, "follow"))
        return 0; /* real time passes there; nothing else in app_handle waits */
    OWNED(mem_text_free) char *text = live_expand(fake, raw);
    ask(fake, text);
    return 0;
}
