/* The reference client: as small as a client can be that does everything right, and the measure for
 * the scenarios. With --bug=NAME it does one thing wrong (bugs.def). It speaks the contract of
 * docs/CLIENT-CONTRACT.md, in which it is also an example.
 * May depend on: shared, libcurl. Owner: main.c makes one client and frees it. */
#ifndef FAKEWIX_CLIENTS_REFERENCE_CLIENT_H
#define FAKEWIX_CLIENTS_REFERENCE_CLIENT_H

#include <pthread.h>
#include <stdatomic.h>
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
    const char *api; /* these are borrowed from the environment */
    const char *auth;
    const char *pages;
    const char *app_id;
    const char *app_secret;
    const char *state_folder; /* NULL: nothing is kept */
    const char *webhook_key;  /* Wix's public key, PEM; NULL: no webhook is believed */
    pthread_mutex_t lock;
    bool custom;       /* custom authentication: codes and refresh tokens, not client credentials */
    char *store_name;  /* of the file in the state folder: each installation has its own; owned */
    char *instance_id; /* NULL until an install tells; owned, like the next two */
    char *refresh_token;
    char *access_token;
    int64_t expires_ms;       /* of the time of day, as it must outlive the program: renewed then */
    int64_t dies_ms;          /* a little later: good until then */
    atomic_llong obtained_ms; /* only with a bug */
    int64_t issued_ms;        /* only with a bug: by the server's clock */
    int64_t ahead_ms;         /* what an adapter was told of time that passed */
    atomic_long n_calls;      /* only with a bug */
    atomic_long n_failures;   /* of requests for a token, so far */
    int64_t first_lifetime_s; /* only with a bug, like the next */
    bool gave_up;             /* only with a bug: a failure that is remembered */
    char *code;               /* only with a bug: the last one; owned */
    char **letters;           /* webhooks taken so far; owned */
    size_t n_letters;
};

/* Looks a variable up; NULL where it is not set. */
typedef const char *client_lookup_fn(const void *context, const char *name);

/* Fill from the environment and from what an earlier run kept; false where something is missing.
 * fresh: the client is still to be installed. */
bool client_read(struct client *client, client_lookup_fn *look_up, const void *context, bool fresh);
void client_free(struct client *client);

/* The time of day as the client knows it. */
int64_t client_now_ms(const struct client *client);

#endif
