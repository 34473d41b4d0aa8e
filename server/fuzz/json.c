/* Any bytes as JSON: parse strictly, print, parse again; both trees must be the same. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "shared/mem.h"
#include "shared/tree.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    OWNED(err_free) struct err err = {0};
    OWNED(tree_free) cJSON *tree = tree_parse((const char *)data, size, &err);
    assert(!tree == !!err.text);
    if (!tree)
        return 0;
    OWNED(mem_text_free) char *text = tree_print(tree);
    OWNED(tree_free) cJSON *again = tree_parse(text, strlen(text), NULL);
    assert(again);
    OWNED(mem_text_free) char *same = tree_print(again);
    assert(strcmp(text, same) == 0);
    return 0;
}
