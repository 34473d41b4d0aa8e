/* xoshiro256** (Blackman and Vigna), seeded through splitmix64 as its authors advise. */
#include "state/rng.h"

#include <sys/random.h>

#include "shared/now.h"

static uint64_t splitmix(uint64_t *state)
{
    uint64_t z = (*state += UINT64_C(0x9E3779B97F4A7C15));
    z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
    return z ^ (z >> 31);
}

struct rng rng_seeded(uint64_t seed, const char *label)
{
    for (; *label; label++)
        seed = (seed ^ (unsigned char)*label) * UINT64_C(0x100000001B3);
    struct rng rng;
    for (int i = 0; i < 4; i++)
        rng.state[i] = splitmix(&seed);
    return rng;
}

uint64_t rng_machine_seed(void)
{
    uint64_t seed = 0;
    if (getrandom(&seed, sizeof seed, 0) != (ssize_t)sizeof seed)
        seed = (uint64_t)now_real_ms() ^ (uint64_t)now_steady_us() << 20;
    return seed;
}

static uint64_t rotl(uint64_t x, int k)
{
    return (x << k) | (x >> (64 - k));
}

uint64_t rng_next(struct rng *rng)
{
    uint64_t *s = rng->state;
    uint64_t result = rotl(s[1] * 5, 7) * 9;
    uint64_t t = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotl(s[3], 45);
    return result;
}

void rng_fill(struct rng *rng, uint8_t *ret_bytes, size_t len)
{
    uint64_t pool = 0;
    for (size_t i = 0; i < len; i++) {
        if (i % 8 == 0)
            pool = rng_next(rng);
        ret_bytes[i] = (uint8_t)(pool >> (i % 8 * 8));
    }
}

uint64_t rng_below(struct rng *rng, uint64_t bound)
{
    return rng_next(rng) % bound;
}
