/* Any bytes as a scenario file: it is parsed, or refused with a sentence. */
#include <assert.h>
#include <stdlib.h>

#include "fuzz.h"
#include "scenario/scenario.h"
#include "shared/mem.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    OWNED(err_free) struct err err = {0};
    struct scenario scenario = {0};
    bool parsed =
        scenario_parse("area/name", "name.json", (const char *)data, size, &scenario, &err);
    assert(parsed || err.text);
    scenario_free(&scenario);
    return 0;
}
