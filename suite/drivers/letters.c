/* The fake delivers to a URL; where the receiver has none, it delivers to nobody, and what it would
 * have sent stands in its journal. */
#include "drivers/letters.h"

#include <stdlib.h>

#include "shared/mem.h"
#include "shared/tree.h"

enum { DELIVERY_WAIT_MS = 10000 };

static const char nobody[] = "http://127.0.0.1:9/"; /* the discard port: nothing listens there */

static cJSON *make_wish(const struct act *act, const struct step *step, const char *url)
{
    static const char *const kept[] = {"sign", "copies", "order"};
    cJSON *wish = cJSON_CreateObject();
    cJSON *events = tree_put(wish, "events", cJSON_CreateArray());
    const cJSON *type = NULL;
    cJSON_ArrayForEach(type, tree_get(step->params, "events"))
    {
        cJSON *event = tree_put(events, NULL, cJSON_CreateObject());
        tree_put_text(event, "event_type", type->valuestring);
        tree_put_text(event, "app_id", act->stage->world.app_id);
        tree_put_text(event, "instance_id", act->stage->world.instance_id);
        tree_put_text(event, "url", url ? url : nobody);
    }
    cJSON *delivery = tree_put(wish, "delivery", cJSON_CreateObject());
    tree_put_flag(delivery, "retry", false);
    tree_put_int(delivery, "wait_ms", DELIVERY_WAIT_MS);
    for (size_t i = 0; i < sizeof kept / sizeof *kept; i++)
        if (tree_get(step->params, kept[i]))
            tree_put(delivery, kept[i], cJSON_Duplicate(tree_get(step->params, kept[i]), true));
    return wish;
}

/* The body of a journal entry; caller frees with free(). */
static char *read_body(const struct act *act, int64_t seq, struct err *err)
{
    OWNED(mem_text_free)
    char *path = mem_format("/journal?since=%lld&limit=1", (long long)seq);
    OWNED(tree_free) cJSON *journal = NULL;
    if (!control_call(&act->stage->world, "GET", path, NULL, &journal, err))
        return NULL;
    const cJSON *entry = cJSON_GetArrayItem(tree_get(journal, "entries"), 0);
    const char *body = tree_text(tree_get(entry, "request"), "body");
    if (!body)
        err_set(err, "the fake's journal has no webhook where GET events says so");
    return body ? mem_text(body) : NULL;
}

static bool add_letter(const struct act *act, const cJSON *event, struct letters *letters,
                       struct err *err)
{
    const cJSON *attempt = cJSON_GetArrayItem(tree_get(event, "attempts"), 0);
    int64_t seq = 0;
    int64_t status = 0;
    int64_t took_ms = 0;
    if (!tree_int(attempt, "seq", &seq))
        return err_set(err, "the fake did not try to deliver a webhook in %d ms", DELIVERY_WAIT_MS);
    tree_int(attempt, "status", &status);
    tree_int(attempt, "took_ms", &took_ms);
    char *body = read_body(act, seq, err);
    if (!body)
        return false;
    const char *type = tree_text(event, "event_type");
    letters->list = mem_grow(letters->list, letters->n + 1, sizeof *letters->list);
    letters->list[letters->n++] = (struct letter){.type = mem_text(type ? type : ""),
                                                  .body = body,
                                                  .status = (int)status,
                                                  .took_ms = took_ms};
    return true;
}

bool letters_send(const struct act *act, const struct step *step, const char *url,
                  struct letters *ret_letters, struct err *err)
{
    const struct world *world = &act->stage->world;
    OWNED(tree_free) cJSON *wish = make_wish(act, step, url);
    OWNED(tree_free) cJSON *cleared = NULL;
    OWNED(tree_free) cJSON *sent = NULL;
    OWNED(tree_free) cJSON *events = NULL;
    if (!control_call(world, "DELETE", "/events", NULL, &cleared, err) ||
        !control_call(world, "POST", "/events", wish, &sent, err) ||
        !control_call(world, "GET", "/events", NULL, &events, err))
        return false;
    const cJSON *event = NULL;
    struct letters letters = {0};
    cJSON_ArrayForEach(event, tree_get(events, "events"))
    {
        if (add_letter(act, event, &letters, err))
            continue;
        letters_free(&letters);
        return false;
    }
    *ret_letters = letters;
    return true;
}

void letters_free(struct letters *letters)
{
    for (size_t i = 0; i < letters->n; i++) {
        free(letters->list[i].type);
        free(letters->list[i].body);
    }
    free(letters->list);
    *letters = (struct letters){0};
}

char *letters_sign_instance(const struct act *act, const struct step *step, struct err *err)
{
    OWNED(mem_text_free)
    char *path = mem_format("/instances/%s/sign", act->stage->world.instance_id);
    OWNED(tree_free)
    cJSON *wish = step->params ? cJSON_Duplicate(step->params, true) : cJSON_CreateObject();
    OWNED(tree_free) cJSON *answer = NULL;
    if (!control_call(&act->stage->world, "POST", path, wish, &answer, err))
        return NULL;
    const char *text = tree_text(answer, "instance");
    if (!text)
        err_set(err, "the fake's answer to POST instances/ID/sign lacks \"instance\"");
    return text ? mem_text(text) : NULL;
}
