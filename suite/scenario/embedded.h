/* The scenarios of fixtures/scenarios as they were when the program was built, so that it can be
 * moved without its files. Made by suite/embed.cmake. Owner: scenario. */
#ifndef FAKEWIX_SCENARIO_EMBEDDED_H
#define FAKEWIX_SCENARIO_EMBEDDED_H

#include <stddef.h>

struct embedded_file {
    const char *path; /* below fixtures/scenarios */
    const unsigned char *bytes;
    size_t len;
};

extern const struct embedded_file embedded_scenarios[];
extern const size_t n_embedded_scenarios;

#endif
