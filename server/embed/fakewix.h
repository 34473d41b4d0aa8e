/* fakewix in your own process: a fake Wix for tests in C, C++ and whatever calls C.
 *
 *     fakewix *fake = fakewix_start(NULL, NULL);
 *     const fakewix_world *world = fakewix_default_world(fake);
 *     … point the client under test at world->url, with world->app_id, world->app_secret …
 *     fakewix_advance(world, 4 * 3600 + 1, NULL);       four hours pass
 *     … the client gets a new token, or the test fails …
 *     fakewix_stop(fake);
 *
 * A whole example is in docs/guides/test-in-c.md. Link with -lfakewix.
 *
 * Several fakes may run side by side, and every function may be called from any thread, except that
 * nothing may be going on with a fake or a world that is being stopped or deleted. Where a function
 * fails and `ret_problem` is not NULL, *ret_problem is a sentence that the caller frees with
 * free(); otherwise it is left alone. The first fake to start makes the process ignore SIGPIPE; its
 * threads take no signals.
 *
 * It is a test tool: its keys are public. Not affiliated with Wix. */
#ifndef FAKEWIX_H
#define FAKEWIX_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define FAKEWIX_API __attribute__((visibility("default")))
#else
#define FAKEWIX_API
#endif

typedef struct fakewix fakewix;

/* What a fake is started with; zeroed, or NULL in its place, is a good start. All borrowed. */
typedef struct fakewix_options {
    const char *listen;     /* "127.0.0.1:0": any free port; "unix:/path" */
    const char *config;     /* the default world's content, JSON as in a config file */
    const char *state_file; /* keep what happened in a file; in memory without it */
    const char *clock;      /* "2030-01-01T00:00:00Z"; with a ! behind it the clock stands still */
    uint64_t seed;     /* the same ids and tokens in every run; 0: chance comes from the machine */
    int workers;       /* threads, each for one open connection; 16 */
    bool consent_auto; /* the consent page agrees by itself */
} fakewix_options;

/* A world: its own app, site, installation, clock, faults and journal. */
typedef struct fakewix_world {
    const char *name;
    const char *url; /* where the client under test finds Wix */
    const char *app_id, *app_secret, *instance_id, *site_id; /* the first ones; "" where none is */
} fakewix_world;

/* Start a fake. NULL where it cannot: the config is not sound, the address is taken. */
FAKEWIX_API fakewix *fakewix_start(const fakewix_options *options, char **ret_problem);

/* Finish what is being answered, within two seconds, and end the fake with all its worlds. NULL
 * does nothing. */
FAKEWIX_API void fakewix_stop(fakewix *fake);

/* "http://127.0.0.1:40123", or "unix:/path". Lives as long as the fake. */
FAKEWIX_API const char *fakewix_url(const fakewix *fake);

/* The world that is there without anybody making it. Lives as long as the fake. */
FAKEWIX_API const fakewix_world *fakewix_default_world(const fakewix *fake);

/* Make a world of its own for a test. `json` is the body of POST /_fakewix/worlds, or NULL. Lives
 * until fakewix_world_delete or fakewix_stop. */
FAKEWIX_API const fakewix_world *fakewix_world_new(fakewix *fake, const char *json,
                                                   char **ret_problem);
FAKEWIX_API void fakewix_world_delete(const fakewix_world *world);

/* Everything in the world as it was when it was made. */
FAKEWIX_API bool fakewix_reset(const fakewix_world *world, char **ret_problem);

/* Let time pass in the world; what falls due on the way is done. Negative moves back. */
FAKEWIX_API bool fakewix_advance(const fakewix_world *world, int64_t seconds, char **ret_problem);

/* Arm a fault. `json` is the body of POST /_fakewix/faults:
 *     {"on":{"route":"POST /oauth2/token"},"do":{"fault":"status","status":503}} */
FAKEWIX_API bool fakewix_arm(const fakewix_world *world, const char *json, char **ret_problem);
FAKEWIX_API bool fakewix_disarm_all(const fakewix_world *world, char **ret_problem);

/* Whether the journal is as expected. `json` is the body of POST /_fakewix/journal/verify:
 *     {"expect":[{"route":"POST /oauth2/token","count":1}],"absent":[{"outcome":"code-reused"}]}
 * With "wait_ms" it waits for it to become so.
 *
 * ret_report  NULL, or gets the answer (what was expected, what was seen, the nearest miss), or the
 *             sentence that says why the question is malformed; caller frees with free() */
FAKEWIX_API bool fakewix_verify(const fakewix_world *world, const char *json, char **ret_report);

/* Any other call of the control plane (docs/CONTROL-API.md), without a connection.
 *
 * method, path  "POST", "/installs": below /_fakewix of this world
 * json          the body, or NULL for none
 * ret_answer    NULL, or gets the body of the answer; caller frees with free()
 * returns the status: 200, 201, 204, or 400 and above */
FAKEWIX_API int fakewix_call(const fakewix_world *world, const char *method, const char *path,
                             const char *json, char **ret_answer);

#ifdef __cplusplus
}
#endif

#endif
