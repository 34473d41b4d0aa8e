/* Any bytes as the `instance` parameter: as they are, which no secret has signed, and as what the
 * app's own secret signed, so that the reader of what is inside is reached. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "live.h"
#include "shared/mem.h"
#include "shared/tree.h"
#include "tokens/seal.h"

enum { RESET_EVERY = 2000 };

/* What token-info says of it. */
static void look_at(struct live *fake, const char *instance)
{
    OWNED(tree_free) cJSON *body = cJSON_CreateObject();
    OWNED(mem_text_free) char *app = live_expand(fake, "$APP");
    tree_put_text(body, "token", instance);
    tree_put_text(body, "client_id", app);
    OWNED(mem_text_free) char *json = tree_print(body);
    OWNED(mem_text_free)
    char *text = mem_format("POST /oauth2/token-info\nContent-Type: application/json\n\n%s", json);
    /* The blank line ends with the body's own first byte. */
    OWNED(response_free) struct response response = {0};
    bool asked = live_ask(fake, text, &response);
    assert(asked && response.status >= 200 && response.status < 500);
    OWNED(tree_free)
    cJSON *answer = tree_parse(buf_str(&response.body), response.body.len, NULL);
    assert(answer);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct live *fake = live_of_run(RESET_EVERY);
    if (size > 4096 || !tree_text_is_sound((const char *)data, size))
        return 0;
    OWNED(mem_text_free) char *raw = mem_text_n((const char *)data, size);
    OWNED(mem_text_free) char *text = live_expand(fake, raw);
    OWNED(mem_text_free) char *secret = live_expand(fake, "$SECRET");
    OWNED(buf_free) struct buf sealed = {0};
    OWNED(buf_free) struct buf opened = {0};
    seal_instance(&sealed, secret, text);
    bool is_open = seal_open_instance(secret, buf_str(&sealed), &opened);
    assert(is_open || !*text);
    assert(!is_open || strcmp(buf_str(&opened), text) == 0);
    look_at(fake, buf_str(&sealed));
    if (*text && !strchr(text, '\n'))
        look_at(fake, text);
    return 0;
}
