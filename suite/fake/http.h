/* HTTP requests of the judge's own: to the control plane, and to prepare a world. Never the
 * client's traffic. One handle belongs to one thread and keeps its connection.
 * May depend on: shared, libcurl. Owner: fake. */
#ifndef FAKEWIX_FAKE_HTTP_H
#define FAKEWIX_FAKE_HTTP_H

#include <cjson/cJSON.h>
#include <stdbool.h>

#include "shared/err.h"

struct http;

/* Once per program, before any thread. */
void http_begin(void);
void http_end(void);

/* Gives a handle; caller frees with http_close. */
struct http *http_open(void);
void http_close(struct http *http);

/* Send one request and take its JSON answer.
 *
 * method, url  borrowed; the url whole
 * token        for `Authorization: Bearer`, or NULL
 * body         sent as JSON, or NULL; borrowed
 * ret_answer   the answer's JSON, or NULL where it has no body; caller frees with cJSON_Delete
 *
 * False and a sentence where nothing answers or the status is not 2xx; the sentence then carries
 * the answer's own message. */
bool http_send(struct http *http, const char *method, const char *url, const char *token,
               const cJSON *body, cJSON **ret_answer, struct err *err);

/* The same where a refusal is an answer too: *ret_refusal is then the answer's message, caller
 * frees with free(), and NULL otherwise. False where nothing answers or the answer is not
 * understood. */
bool http_try(struct http *http, const char *method, const char *url, const char *token,
              const cJSON *body, cJSON **ret_answer, char **ret_refusal, struct err *err);

#endif
