/* Any bytes as a scenario file: it is parsed, or refused with a sentence. */
#include <assert.h>
#include <stdlib.h>

#include "fuzz.h"
#include "scenario/scenario.h"
#include "shared/mem.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    OWNED(mistakes_free) struct mistakes mistakes = {0};
    OWNED(scenario_free) struct scenario scenario = {0};
    bool parsed =
        scenario_parse("area/name", "name.json", (const char *)data, size, &scenario, &mistakes);
    assert(parsed == !mistakes.n);
    return 0;
}
