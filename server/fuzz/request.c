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

enum { RESET_EVERY = 500 };

static void ask(struct live *fake, char *text)
{
    struct response response = {0};
    if (!live_ask(fake, text, &response))
        return;
    assert(response.status >= 100 && response.status <= 999);
    for (const char *at = buf_str(&response.head); *at; at = strstr(at, "\r\n") + 2)
        assert(strstr(at, "\r\n"));
    response_free(&response);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct live *fake = live_of_run(RESET_EVERY);
    if (size > 16384 || memchr(data, 0, size))
        return 0;
    OWNED(mem_text_free) char *raw = mem_text_n((const char *)data, size);
    if (strstr(raw, "wait_ms") || strstr(raw, "follow"))
        return 0; /* real time passes there; nothing else in app_handle waits */
    OWNED(mem_text_free) char *text = live_expand(fake, raw);
    ask(fake, text);
    return 0;
}
