/* Events in order of their numbers, so that finding one is a binary search. */
#include "state/outbox.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shared/mem.h"
#include "shared/text.h"
#include "shared/tree.h"
#include "state/schedule.h"

static void event_free(struct event *event)
{
    char *texts[] = {event->type,    event->url,  event->data,  event->identity,
                     event->account, event->sign, event->letter};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        free(texts[i]);
    free(event);
}

/* What an event costs: a letter has its data in three layers of escapes and base64. */
static size_t cost_of(const struct event *event)
{
    size_t texts = strlen(event->type) + strlen(event->url) + strlen(event->sign);
    size_t layers = strlen(event->data) + (event->identity ? strlen(event->identity) : 0) +
                    (event->account ? strlen(event->account) : 0);
    return sizeof *event + 1024 + texts + 4 * layers;
}

/* Drop the oldest settled event; false where all still wait. */
static bool make_room(struct outbox *outbox)
{
    for (size_t i = 0; i < outbox->n; i++) {
        if (!outbox->events[i]->settled)
            continue;
        outbox->bytes -= cost_of(outbox->events[i]);
        event_free(outbox->events[i]);
        memmove(outbox->events + i, outbox->events + i + 1,
                (outbox->n - i - 1) * sizeof *outbox->events);
        outbox->n--;
        outbox->dropped++;
        return true;
    }
    return false;
}

struct event *outbox_add(struct outbox *outbox, const struct event *event)
{
    struct event *mine = mem_new(1, sizeof *mine);
    *mine = *event;
    size_t cost = cost_of(mine);
    while (outbox->n == OUTBOX_MAX || outbox->bytes + cost > OUTBOX_MAX_BYTES)
        if (!make_room(outbox)) {
            event_free(mine);
            return NULL;
        }
    if (outbox->n == outbox->capacity) {
        outbox->capacity = outbox->capacity ? outbox->capacity * 2 : 16;
        outbox->events = mem_grow(outbox->events, outbox->capacity, sizeof(struct event *));
    }
    outbox->bytes += cost;
    mine->number = ++outbox->last_number;
    outbox->events[outbox->n++] = mine;
    return mine;
}

struct event *outbox_find(const struct outbox *outbox, int64_t number)
{
    size_t low = 0, high = outbox->n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (outbox->events[middle]->number < number)
            low = middle + 1;
        else
            high = middle;
    }
    return low < outbox->n && outbox->events[low]->number == number ? outbox->events[low] : NULL;
}

void outbox_format_id(int64_t number, char ret_id[static 24])
{
    snprintf(ret_id, 24, "ev-%lld", (long long)number);
}

int64_t outbox_parse_id(const char *id)
{
    int64_t number = 0;
    if (strncmp(id, "ev-", 3) == 0)
        text_parse_int(id + 3, 1, INT64_MAX / 2, &number);
    return number;
}

cJSON *outbox_attempt_json(const struct attempt *attempt)
{
    cJSON *json = cJSON_CreateObject();
    tree_put_int(json, "at_ms", attempt->at_ms);
    tree_put_int(json, "real_ms", attempt->real_ms);
    tree_put_int(json, "took_ms", attempt->took_ms);
    tree_put_int(json, "status", attempt->status);
    tree_put_text(json, "outcome", refusal_row(attempt->outcome)->name);
    tree_put_int(json, "seq", attempt->seq);
    return json;
}

/* pending until the first attempt, then delivered, retrying or failed. */
static const char *state_name(const struct event *event)
{
    if (!event->n_attempts)
        return "pending";
    if (!event->settled)
        return "retrying";
    return event->attempts[event->n_attempts - 1].outcome ? "failed" : "delivered";
}

static void put_json_text(cJSON *object, const char *name, const char *text)
{
    cJSON *value = text ? tree_parse(text, strlen(text), NULL) : NULL;
    tree_put(object, name, value ? value : cJSON_CreateNull());
}

cJSON *outbox_event_json(const struct event *event)
{
    char id[24];
    outbox_format_id(event->number, id);
    cJSON *json = cJSON_CreateObject();
    tree_put_text(json, "event_id", id);
    tree_put_text(json, "event_type", event->type);
    tree_put_text(json, "app_id", event->app_id);
    tree_put_text(json, "instance_id", event->instance_id);
    tree_put_text(json, "url", event->url);
    put_json_text(json, "data", event->data);
    put_json_text(json, "identity", event->identity);
    tree_put_text(json, "sign", event->sign);
    tree_put_text(json, "state", state_name(event));
    tree_put_int(json, "created_ms", event->created_ms);
    if (event->settled || event->due_ms == SCHEDULE_NEVER)
        tree_put_text(json, "due_ms", NULL);
    else
        tree_put_int(json, "due_ms", event->due_ms);
    cJSON *attempts = tree_put(json, "attempts", cJSON_CreateArray());
    for (size_t i = 0; i < event->n_attempts; i++)
        cJSON_AddItemToArray(attempts, outbox_attempt_json(&event->attempts[i]));
    return json;
}

void outbox_clear(struct outbox *outbox)
{
    for (size_t i = 0; i < outbox->n; i++)
        event_free(outbox->events[i]);
    outbox->n = outbox->bytes = 0;
    outbox->dropped = 0;
}

void outbox_free(struct outbox *outbox)
{
    outbox_clear(outbox);
    free(outbox->events);
    *outbox = (struct outbox){0};
}
