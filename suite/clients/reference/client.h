/* The reference client: as small as a client can be that does everything right, and the measure for
 * the scenarios. With --bug=NAME it does one thing wrong (bugs.def). It speaks the contract of
 * docs/CLIENT-CONTRACT.md, in which it is also an example.
 * May depend on: shared, libcurl. Owner: main.c makes one client and frees it. */
#ifndef FAKEWIX_CLIENTS_REFERENCE_CLIENT_H
#define FAKEWIX_CLIENTS_REFERENCE_CLIENT_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum bug {
    BUG_NONE,
#define BUG(name, trips, sentence) BUG_##name,
#include "bugs.def"
#undef BUG
    BUG_COUNT
};

bool bug_find(const char *name, enum bug *ret_bug);
void bug_print(FILE *out);

enum { BUGGY_TRIES = 5 };

struct client {
    enum bug bug;
    const char *api; /* these five are borrowed from the environment */
    const char *auth;
    const char *app_id;
    const char *app_secret;
    const char *instance_id;
    pthread_mutex_t lock;
    char *refresh_token; /* NULL in the client credentials flow; owned, like the next */
    char *access_token;
    int64_t expires_ms;
    bool gave_up; /* only with a bug: a failure that is remembered */
};

/* Fill from the environment; false where something is missing. */
bool client_read_environment(struct client *client);
void client_free(struct client *client);

#endif
