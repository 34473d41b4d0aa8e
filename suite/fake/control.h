/* The fake's control plane, one function per thing the judge does there. The judge knows nothing of
 * the fake but this: what it can do, anybody's tests can do.
 * May depend on: shared, fake/http, fake/server. Owner: fake. */
#ifndef FAKEWIX_FAKE_CONTROL_H
#define FAKEWIX_FAKE_CONTROL_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdint.h>

#include "fake/http.h"
#include "fake/server.h"
#include "shared/err.h"

/* A world of the fake, as POST worlds describes it. All text owned. */
struct world {
    const struct server *server; /* borrowed */
    struct http *http;           /* borrowed: a world belongs to the thread that made it */
    char *name;
    char *app_id;
    char *app_secret;
    char *instance_id;
    char *site_id;
    char *base;    /* where a client finds Wix: "http://127.0.0.1:8420/w/…" */
    char *plain;   /* the same without TLS, where the base is https; NULL where it is not */
    char *prefix;  /* "/w/…", or "" */
    char *control; /* "http://127.0.0.1:8420/_fakewix/worlds/…" */
};

/* Make a world of its own; caller ends it with control_end_world. wish: as POST worlds takes it, or
 * NULL; a site and an installation are added to an app that has none. With "tls" in it the world's
 * base is https. */
bool control_make_world(const struct server *server, struct http *http, const cJSON *wish,
                        struct world *ret_world, struct err *err);

/* Delete the world at the fake (a failure there is of no interest any more) and free. Accepts a
 * zeroed one. */
void control_end_world(struct world *world);

/* Any call below the world's control path: method "POST", path "/clock/advance". The answer may be
 * NULL; caller frees with cJSON_Delete. */
bool control_call(const struct world *world, const char *method, const char *path,
                  const cJSON *body, cJSON **ret_answer, struct err *err);

/* The same where a refusal is an answer too: *ret_refusal is then its message, caller frees with
 * free(), and NULL otherwise. */
bool control_try(const struct world *world, const char *method, const char *path, const cJSON *body,
                 cJSON **ret_answer, char **ret_refusal, struct err *err);

/* A call to Wix's own plane of the world, to prepare what a client is then given. */
bool control_wix(const struct world *world, const char *path, const cJSON *body, cJSON **ret_answer,
                 struct err *err);

/* Install without a browser and exchange the code: gives the refresh token of the legacy flow,
 * caller frees with free(). */
bool control_make_refresh_token(const struct world *world, char **ret_token, struct err *err);

/* Arm a fault; `fault` is the body of POST faults. Gives its id, caller frees with free(). */
bool control_arm(const struct world *world, const cJSON *fault, char **ret_id, struct err *err);

/* The armed faults with what they hit, as GET faults tells; caller frees with cJSON_Delete. */
bool control_read_faults(const struct world *world, cJSON **ret_faults, struct err *err);

/* The journal of the fake's default world, where requests come to that lead to no world of their
 * own; caller frees with cJSON_Delete. NULL where it cannot be read. */
cJSON *control_read_default_journal(const struct world *world);

/* The world's journal from `since` on; caller frees with cJSON_Delete. ret_next is where the next
 * reading starts. Fails where entries were dropped: evidence with holes is none. */
bool control_read_journal(const struct world *world, int64_t since, cJSON **ret_journal,
                          int64_t *ret_next, struct err *err);

#endif
