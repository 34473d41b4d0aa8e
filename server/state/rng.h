/* Chance: the one place that makes random bytes. With a seed they are the same in every run.
 * May depend on: nothing. Owner: state. Not for secrets: every key of the fake is public. */
#ifndef FAKEWIX_STATE_RNG_H
#define FAKEWIX_STATE_RNG_H

#include <stddef.h>
#include <stdint.h>

struct rng {
    uint64_t state[4];
};

/* A generator that a seed and a label (a world's id, say) decide. */
struct rng rng_seeded(uint64_t seed, const char *label);

/* A seed from the machine. */
uint64_t rng_machine_seed(void);

void rng_fill(struct rng *rng, uint8_t *ret_bytes, size_t len);
uint64_t rng_next(struct rng *rng);
/* 0 <= result < bound; bound > 0. */
uint64_t rng_below(struct rng *rng, uint64_t bound);

#endif
