/* A fake with a courier, and an app that takes its webhooks.
 * May depend on: harness, receiver. Owner: server/tests. */
#ifndef FAKEWIX_TESTS_HOOKED_H
#define FAKEWIX_TESTS_HOOKED_H

#include "harness.h"
#include "receiver.h"

/* A harness that sends. Caller frees with hooked_free. */
struct harness *hooked_harness(const struct harness_wish *wish);
void hooked_free(struct harness *fake, struct receiver *app);

/* The process ends and another one takes up its state file. Takes `last`. */
struct harness *hooked_reopen(struct harness *last, const char *state_file);

/* The default app takes webhooks, and answers them with these statuses (receiver.h). */
struct receiver *hooked_app(struct harness *fake, const int *statuses);

/* Ask without headers, or POST an event, which must be taken; caller frees with answer_free. */
struct answer hooked_ask(struct harness *fake, const char *line, const char *body);
struct answer hooked_send(struct harness *fake, const char *body);
/* Send an event where the answer does not matter. */
void hooked_tell(struct harness *fake, const char *body);

#endif
