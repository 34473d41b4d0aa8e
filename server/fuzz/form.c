/* Any bytes as a query, and as a body in each of the forms that a body may have: what comes of it
 * are texts that are UTF-8 without a NUL, under names. The first line is the query. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "shared/mem.h"
#include "shared/tree.h"
#include "state/exchange.h"

static void check_texts(const cJSON *object)
{
    const cJSON *member;
    assert(cJSON_IsObject(object));
    cJSON_ArrayForEach(member, object)
    {
        assert(*member->string && tree_text_is_sound(member->string, strlen(member->string)));
        assert(tree_text_is_sound(member->valuestring, strlen(member->valuestring)));
    }
}

static void parse(const char *target, const char *type, const char *body, size_t len)
{
    struct header header = {"Content-Type", type};
    struct request request = {.method = "POST",
                              .target = target,
                              .headers = &header,
                              .n_headers = 1,
                              .body = body,
                              .body_len = len};
    struct exchange x = {.request = &request, .path = mem_text("/oauth2/token")};
    exchange_parse(&x);
    check_texts(x.query);
    if (x.body_kind == BODY_FORM)
        check_texts(x.body);
    assert((x.body_kind == BODY_MALFORMED) == (x.body_problem != NULL));
    exchange_param(&x, "grant_type", "grantType");
    exchange_done(&x);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const types[] = {"application/x-www-form-urlencoded", "application/json",
                                        "text/plain", ""};
    OWNED(mem_text_free) char *text = mem_text_n((const char *)data, size);
    char *body = memchr(text, '\n', size);
    char *rest = body ? body + 1 : text + size;
    if (body)
        *body = '\0';
    OWNED(mem_text_free) char *target = mem_format("/oauth2/token?%s", text);
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        parse(target, types[i], rest, size - (size_t)(rest - text));
    return 0;
}
