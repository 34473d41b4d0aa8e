/* The default world's config, embedded from fixtures/config when the program is built. */
#ifndef FAKEWIX_DEFAULTS_H
#define FAKEWIX_DEFAULTS_H

extern const char defaults_config[];

#endif
