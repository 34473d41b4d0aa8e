/* Any bytes as a token, an installer ticket and a signed instance: all are read by strangers' hand,
 * and none may be taken for genuine that the fake did not sign. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "shared/mem.h"
#include "tokens/seal.h"
#include "tokens/token.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    OWNED(mem_text_free) char *text = mem_text_n((const char *)data, size);
    struct token token;
    if (token_read(text, &token))
        assert(token.kind < TOKEN_KIND_COUNT && token.serial > 0);
    struct install_ticket ticket;
    seal_open_ticket(text, &ticket);
    OWNED(buf_free) struct buf json = {0};
    seal_open_instance("secret", text, &json);
    return 0;
}
