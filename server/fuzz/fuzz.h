/* What a fuzz target is: one function that takes any bytes and must neither crash nor leak.
 * The fuzzer (scripts/fuzz) and the replay of the corpora (ctest) both call it.
 * May depend on: nothing. Owner: server/fuzz. */
#ifndef FAKEWIX_FUZZ_FUZZ_H
#define FAKEWIX_FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>

/* The name and the type are libFuzzer's. Returns 0. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
