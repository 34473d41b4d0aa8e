/* Webhooks that wait for delivery, as the state file has them: what an app is still to hear does
 * not depend on how long this process lives. */
#include <stdlib.h>
#include <string.h>

#include "shared/mem.h"
#include "shared/tree.h"
#include "state/outbox.h"

static const struct {
    const char *name;
    size_t at; /* of a text in struct event */
    bool required;
} texts[] = {
    {"type", offsetof(struct event, type), true},
    {"url", offsetof(struct event, url), true},
    {"data", offsetof(struct event, data), true},
    {"sign", offsetof(struct event, sign), true},
    {"identity", offsetof(struct event, identity), false},
    {"account", offsetof(struct event, account), false},
    {"letter", offsetof(struct event, letter), false},
};

enum { N_TEXTS = sizeof texts / sizeof *texts };

static char **text_of(struct event *event, size_t i)
{
    return (char **)(void *)((char *)event + texts[i].at);
}

cJSON *outbox_save_event(const struct event *event)
{
    struct event copy = *event;
    cJSON *doc = cJSON_CreateObject();
    for (size_t i = 0; i < N_TEXTS; i++)
        tree_put_text(doc, texts[i].name, *text_of(&copy, i));
    tree_put_text(doc, "app_id", event->app_id);
    tree_put_text(doc, "instance_id", event->instance_id);
    tree_put_flag(doc, "no_retry", event->no_retry);
    tree_put_int(doc, "created_ms", event->created_ms);
    tree_put_int(doc, "due_ms", event->due_ms);
    cJSON *attempts = tree_put(doc, "attempts", cJSON_CreateArray());
    for (size_t i = 0; i < event->n_attempts; i++)
        cJSON_AddItemToArray(attempts, outbox_attempt_json(&event->attempts[i]));
    return doc;
}

static void load_id(char ret_id[static MODEL_ID_MAX + 1], const cJSON *doc, const char *name)
{
    const char *id = tree_text(doc, name);
    if (id && strlen(id) <= MODEL_ID_MAX)
        memcpy(ret_id, id, strlen(id) + 1);
}

static struct attempt load_attempt(const cJSON *doc)
{
    struct attempt attempt = {0};
    int64_t status = 0;
    const char *outcome = tree_text(doc, "outcome");
    tree_int(doc, "at_ms", &attempt.at_ms);
    tree_int(doc, "real_ms", &attempt.real_ms);
    tree_int(doc, "took_ms", &attempt.took_ms);
    tree_int(doc, "status", &status);
    attempt.status = (int)status;
    attempt.outcome = refusal_by_name(outcome ? outcome : "");
    return attempt; /* its entry in the journal went with the process: 0 */
}

struct event *outbox_load_event(struct outbox *outbox, int64_t number, const cJSON *doc)
{
    struct event event = {0};
    for (size_t i = 0; i < N_TEXTS; i++)
        if (texts[i].required && !tree_text(doc, texts[i].name))
            return NULL;
    for (size_t i = 0; i < N_TEXTS; i++) {
        const char *text = tree_text(doc, texts[i].name);
        *text_of(&event, i) = text ? mem_text(text) : NULL;
    }
    load_id(event.app_id, doc, "app_id");
    load_id(event.instance_id, doc, "instance_id");
    event.no_retry = tree_flag(doc, "no_retry", false);
    tree_int(doc, "created_ms", &event.created_ms);
    tree_int(doc, "due_ms", &event.due_ms);
    const cJSON *attempt;
    cJSON_ArrayForEach(attempt, tree_get(doc, "attempts")) if (event.n_attempts <
                                                               OUTBOX_ATTEMPTS_MAX -
                                                                   1) /* it waits for one more */
        event.attempts[event.n_attempts++] = load_attempt(attempt);
    outbox->last_number = number - 1;
    return outbox_add(outbox, &event);
}
