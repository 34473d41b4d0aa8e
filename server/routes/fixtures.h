/* fixtures/api and fixtures/openapi, embedded when the program is built. */
#ifndef FAKEWIX_ROUTES_FIXTURES_H
#define FAKEWIX_ROUTES_FIXTURES_H

extern const char fixtures_api[];     /* rows as in a config's "api" */
extern const char fixtures_openapi[]; /* what routes/openapi.c reads */

#endif
