/* The way to an adapter: one JSON object there, one back. Over the stdin and stdout of a program,
 * or by POST to a URL. May depend on: shared, host, fake/http, evidence/performance. Owner:
 * drivers. */
#ifndef FAKEWIX_DRIVERS_CHANNEL_H
#define FAKEWIX_DRIVERS_CHANNEL_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdint.h>

#include "fake/http.h"
#include "host/process.h"
#include "shared/err.h"

/* Zeroed is closed. */
struct channel {
    const char *url;        /* borrowed; NULL: a program */
    struct http *http;      /* borrowed; with a URL */
    struct process process; /* otherwise */
    int64_t next_id;
    int64_t asked;   /* the id of the request that is not answered yet */
    int64_t n_noise; /* lines on stdout that are no answers */
    int stop_fd;
};

/* Start a program. */
bool channel_start(struct channel *channel, const char *command, const struct process_env *env,
                   const char *mark, int stop_fd, struct err *err);

enum channel_end {
    CHANNEL_ANSWERED,
    CHANNEL_SILENT, /* no answer in time */
    CHANNEL_GONE,   /* the program ended, or closed its stdout */
    CHANNEL_STOPPED,
};

/* Send a request; its "id" is put in here. */
bool channel_send(struct channel *channel, cJSON *request, int64_t deadline_ms);

/* Wait for the answer to what was sent last; caller deletes it. */
enum channel_end channel_receive(struct channel *channel, int64_t deadline_ms, cJSON **ret_answer);

/* Both in one. */
enum channel_end channel_ask(struct channel *channel, cJSON *request, int64_t deadline_ms,
                             cJSON **ret_answer);

/* What was wrong on the way, as the end of a sentence; caller frees with free(). */
char *channel_explain(const struct channel *channel, enum channel_end end, const char *operation,
                      int64_t timeout_ms);

/* End the program: it is asked to go, has a moment, and is made to. Its output is added up. */
void channel_close(struct channel *channel, int quiet_ms, struct process_result *ret_result);

#endif
