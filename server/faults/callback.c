/* What comes back from a browser is not what was sent: a redirect's query, forged, cut or doubled
 * on its way. Parameters that nobody asked to change keep their bytes. */
#include <stdlib.h>
#include <string.h>

#include "faults/effects.h"
#include "grants/grant.h"
#include "shared/mem.h"
#include "shared/text.h"
#include "shared/tree.h"

enum { PAIRS_MAX = 64 };

struct pair {
    char *name;  /* owned */
    char *value; /* percent-encoded; owned */
};

struct query {
    struct pair pairs[PAIRS_MAX];
    size_t n;
};

static void query_free(struct query *query)
{
    for (size_t i = 0; i < query->n; i++) {
        free(query->pairs[i].name);
        free(query->pairs[i].value);
    }
    query->n = 0;
}

static char *decode(const char *text)
{
    struct buf out = {0};
    text_add_unescaped(&out, text, strlen(text), true);
    return out.len ? buf_take(&out) : mem_text("");
}

static char *encode(const char *text)
{
    struct buf out = {0};
    text_add_escaped(&out, text);
    return out.len ? buf_take(&out) : mem_text("");
}

/* Takes both texts. */
static void add(struct query *query, char *name, char *value)
{
    if (query->n == PAIRS_MAX) {
        free(name);
        free(value);
        return;
    }
    query->pairs[query->n++] = (struct pair){name, value};
}

static void parse(struct query *query, const char *text, size_t len)
{
    const char *end = text + len;
    while (text < end) {
        const char *stop = memchr(text, '&', (size_t)(end - text));
        stop = stop ? stop : end;
        const char *equals = memchr(text, '=', (size_t)(stop - text));
        const char *value = equals ? equals + 1 : stop;
        add(query, mem_text_n(text, (size_t)((equals ? equals : stop) - text)),
            mem_text_n(value, (size_t)(stop - value)));
        text = stop + 1;
    }
}

static void drop(struct query *query, const char *name)
{
    size_t kept = 0;
    for (size_t i = 0; i < query->n; i++) {
        if (strcmp(query->pairs[i].name, name) != 0) {
            query->pairs[kept++] = query->pairs[i];
            continue;
        }
        free(query->pairs[i].name);
        free(query->pairs[i].value);
    }
    query->n = kept;
}

/* Takes `value`. A name that is not there yet comes last. */
static void set(struct query *query, const char *name, char *value)
{
    for (size_t i = 0; i < query->n; i++) {
        if (strcmp(query->pairs[i].name, name) != 0)
            continue;
        free(query->pairs[i].value);
        query->pairs[i].value = value;
        return;
    }
    add(query, mem_text(name), value);
}

/* ---- one change each, of the value of one name ---- */

typedef void change_fn(struct query *query, const char *name);

static void change_duplicate(struct query *query, const char *name)
{
    for (size_t i = 0, n = query->n; i < n; i++)
        if (strcmp(query->pairs[i].name, name) == 0)
            add(query, mem_text(name), mem_text(query->pairs[i].value));
}

/* One character in the middle: of a signed code the signature is wrong then. */
static void change_alter(struct query *query, const char *name)
{
    for (size_t i = 0; i < query->n; i++) {
        if (strcmp(query->pairs[i].name, name) != 0)
            continue;
        OWNED(mem_text_free) char *plain = decode(query->pairs[i].value);
        size_t len = strlen(plain);
        if (len)
            plain[len / 2] = plain[len / 2] == 'a' ? 'b' : 'a';
        set(query, name, encode(len ? plain : "a"));
    }
}

static void change_escape(struct query *query, const char *name)
{
    for (size_t i = 0; i < query->n; i++) {
        if (strcmp(query->pairs[i].name, name) != 0)
            continue;
        OWNED(mem_text_free) char *plain = decode(query->pairs[i].value);
        struct buf out = {0};
        for (const char *c = plain; *c; c++)
            buf_format(&out, "%%%02x", (unsigned)(unsigned char)*c);
        set(query, name, out.len ? buf_take(&out) : mem_text(""));
    }
}

static void change_drop(struct query *query, const char *name)
{
    drop(query, name);
}

static void change_all(struct query *query, const cJSON *names, change_fn *change)
{
    const cJSON *name;
    cJSON_ArrayForEach(name, names) change(query, name->valuestring);
}

/* ---- somebody else's code ---- */

static bool find_other(struct world *world, const struct instance *own, bool same_app,
                       struct instance *ret_other)
{
    size_t n;
    bool found = false;
    struct instance *all = store_list_instances(world->store, world->id, &n);
    for (size_t i = 0; i < n && !found; i++) {
        bool fits = strcmp(all[i].instance_id, own->instance_id) != 0 &&
                    all[i].state != INSTALL_UNINSTALLED &&
                    (strcmp(all[i].app_id, own->app_id) == 0) == same_app;
        if (fits)
            *ret_other = all[i];
        found = fits;
    }
    free(all);
    return found;
}

/* A site that the client never heard of, with the app on it: made quietly, without a webhook. */
static struct instance make_other(struct world *world, const char *app_id)
{
    struct instance other = {.state = INSTALL_ACTIVE, .generation = 1};
    char guid[TEXT_GUID_LEN + 1];
    world_guid(world, guid);
    memcpy(other.instance_id, guid, sizeof guid);
    world_guid(world, guid);
    memcpy(other.site_id, guid, sizeof guid);
    memcpy(other.app_id, app_id, strlen(app_id) + 1);
    OWNED(tree_free) cJSON *doc = cJSON_CreateObject();
    tree_put_text(doc, "site_id", guid);
    tree_put_text(doc, "display_name", "Somebody else's site");
    struct site site = {.doc = tree_print(doc)};
    memcpy(site.site_id, guid, sizeof guid);
    store_put_site(world->store, world->id, &site);
    store_put_instance(world->store, world->id, &other);
    site_free(&site);
    return other;
}

static void put_foreign_code(struct exchange *x, struct query *query, const char *whose)
{
    struct instance own = {0}, other;
    memcpy(own.instance_id, x->instance_id, sizeof x->instance_id);
    memcpy(own.app_id, x->app_id, sizeof x->app_id);
    bool same_app = strcmp(whose, "instance") == 0;
    if (!find_other(x->world, &own, same_app, &other)) {
        char stranger[TEXT_GUID_LEN + 1];
        world_guid(x->world, stranger);
        other = make_other(x->world, same_app ? own.app_id : stranger);
    }
    OWNED(buf_free) struct buf code = {0};
    install_mint_code(x->world, x->now_ms, &other, &code);
    set(query, "code", encode(buf_str(&code)));
}

/* ---- the fault ---- */

static void change(struct exchange *x, const cJSON *action, struct query *query)
{
    const cJSON *member;
    const char *whose = tree_text(action, "code_of");
    const char *error = tree_text(action, "error");
    if (whose)
        put_foreign_code(x, query, whose);
    cJSON_ArrayForEach(member, tree_get(action, "set")) if (cJSON_IsString(member))
        set(query, member->string, encode(member->valuestring));
    change_all(query, tree_get(action, "alter"), change_alter);
    change_all(query, tree_get(action, "duplicate"), change_duplicate);
    change_all(query, tree_get(action, "drop"), change_drop);
    cJSON_ArrayForEach(member, tree_get(action, "append")) if (cJSON_IsString(member))
        add(query, mem_text(member->string), encode(member->valuestring));
    change_all(query, tree_get(action, "escape"), change_escape);
    if (!error)
        return;
    drop(query, "code");
    drop(query, "instanceId");
    add(query, mem_text("error"), encode(error));
}

void fault_callback(struct exchange *x, const cJSON *action)
{
    OWNED(mem_text_free) char *location = response_header_value(x->response, "Location");
    if (!location)
        return;
    OWNED(query_free) struct query query = {0};
    size_t base = strcspn(location, "?#");
    size_t len = location[base] == '?' ? strcspn(location + base + 1, "#") : 0;
    const char *rest = location + base + (location[base] == '?') + len;
    parse(&query, location + base + 1, len);
    change(x, action, &query);
    OWNED(buf_free) struct buf out = {0};
    buf_add(&out, location, base);
    for (size_t i = 0; i < query.n; i++)
        buf_format(&out, "%c%s=%s", i ? '&' : '?', query.pairs[i].name, query.pairs[i].value);
    buf_text(&out, rest);
    response_drop_header(x->response, "Location");
    response_header(x->response, "Location", buf_str(&out));
}
