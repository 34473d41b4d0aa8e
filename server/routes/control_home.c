/* Where a person looks first: what this world has, what was asked of it last, and where to go on.
 * Plain HTML; the same facts as the control plane's JSON, cut short. */
#include <stdlib.h>
#include <string.h>

#include "faults/armed.h"
#include "lint/lint.h"
#include "routes/control.h"
#include "routes/fake.h"
#include "routes/page.h"
#include "routes/router.h"
#include "shared/mem.h"
#include "shared/now.h"
#include "shared/text.h"
#include "shared/tree.h"

enum { LATEST = 25 };

static void put_cell(struct buf *body, const char *text)
{
    buf_text(body, "<td>");
    text_add_html(body, text ? text : "");
    buf_text(body, "</td>");
}

static void put_number(struct buf *body, int64_t number)
{
    buf_format(body, "<td>%lld</td>", (long long)number);
}

/* A name for people, and below it what programs use. */
static void put_named(struct buf *body, const char *name, const char *id)
{
    buf_text(body, "<td>");
    text_add_html(body, name ? name : "");
    buf_text(body, "<code>");
    text_add_html(body, id);
    buf_text(body, "</code></td>");
}

static void begin_table(struct buf *body, const char *title, const char *heads)
{
    buf_format(body, "<section><h2>%s</h2><div class=\"wide\"><table><thead><tr>%s</tr></thead>",
               title, heads);
}

static void end_table(struct buf *body)
{
    buf_text(body, "</table></div></section>");
}

/* ---- what is installed where ---- */

static void put_instance(struct exchange *x, struct buf *body, const struct instance *instance)
{
    OWNED(app_free) struct app app = {0};
    OWNED(site_free) struct site site = {0};
    store_find_app(x->world->store, x->world->id, instance->app_id, &app);
    store_find_site(x->world->store, x->world->id, instance->site_id, &site);
    OWNED(tree_free) cJSON *app_json = app.doc ? app_tree(&app) : NULL;
    OWNED(tree_free) cJSON *site_json = site.doc ? site_tree(&site) : NULL;
    buf_text(body, "<tr>");
    put_named(body, tree_text(app_json, "name"), instance->app_id);
    put_named(body, tree_text(site_json, "display_name"), instance->site_id);
    put_named(body, install_state_name(instance->state), instance->instance_id);
    buf_text(body, "</tr>");
}

static void put_instances(struct exchange *x, struct buf *body)
{
    size_t n;
    struct instance *instances = store_list_instances(x->world->store, x->world->id, &n);
    if (n)
        begin_table(body, "Installations", "<th>App<th>Site<th>Instance");
    for (size_t i = 0; i < n && i < LATEST; i++)
        put_instance(x, body, &instances[i]);
    if (n)
        end_table(body);
    free(instances);
}

/* An installation of the app for the call, as a token without one is nobody's at most of the API;
 * nothing where there is none. */
static char *instance_member(struct exchange *x, const char *app_id)
{
    size_t n;
    char *member = NULL;
    struct instance *instances = store_list_instances(x->world->store, x->world->id, &n);
    for (size_t i = 0; i < n && !member; i++)
        if (strcmp(instances[i].app_id, app_id) == 0)
            member = mem_format(",\"instance_id\":\"%s\"", instances[i].instance_id);
    free(instances);
    return member ? member : mem_text("");
}

/* How the first app gets a token: the call to paste into a shell. */
static void put_call(struct exchange *x, struct buf *body)
{
    size_t n;
    OWNED(mem_text_free) char *instance = NULL;
    struct app *apps = store_list_apps(x->world->store, x->world->id, &n);
    const char *url = x->fake->http_url ? x->fake->http_url : x->fake->https_url;
    bool is_default = strcmp(x->world->id, "default") == 0;
    if (n && url && strncmp(url, "http", 4) == 0) {
        instance = instance_member(x, apps[0].app_id);
        OWNED(mem_text_free)
        char *call = mem_format("curl %s%s%s/oauth2/token -H 'Content-Type: application/json' -d "
                                "'{\"grant_type\":\"client_credentials\","
                                "\"client_id\":\"%s\",\"client_secret\":\"%s\"%s}'",
                                url, is_default ? "" : "/w/", is_default ? "" : x->world->id,
                                apps[0].app_id, apps[0].secret, instance);
        buf_text(body, "<section><h2>A token</h2><pre>");
        text_add_html(body, call);
        buf_text(body, "</pre></section>");
    }
    for (size_t i = 0; i < n; i++)
        app_free(&apps[i]);
    free(apps);
}

/* ---- what happened ---- */

static void put_entry(struct buf *body, const struct journal_entry *entry)
{
    const char *fault = entry->facts.fault_id;
    buf_text(body, "<tr>");
    put_number(body, entry->seq);
    put_cell(body, entry->facts.route);
    put_number(body, entry->status);
    put_cell(body, refusal_row(entry->facts.outcome)->name);
    put_cell(body, fault);
    buf_text(body, "</tr>");
}

static void put_journal(const struct world *world, struct buf *body)
{
    const struct journal *journal = &world->journal;
    if (!journal->count) {
        buf_text(body, "<section><h2>Journal</h2><p class=\"note\">Nothing was asked so far.</p>"
                       "</section>");
        return;
    }
    begin_table(body, "Journal, the latest first",
                "<th>No.<th>Route<th>Status<th>Outcome<th>Fault");
    for (size_t i = 0; i < journal->count && i < LATEST; i++)
        put_entry(body, journal_at(journal, journal->count - 1 - i));
    end_table(body);
}

/* {"route":"GET /x","nth":2} as "GET /x, nth 2". */
static void put_place(struct buf *body, const cJSON *on)
{
    const cJSON *member;
    buf_text(body, on ? "<td>" : "<td>anywhere");
    cJSON_ArrayForEach(member, on)
    {
        bool is_route = strcmp(member->string, "route") == 0;
        OWNED(mem_text_free)
        char *value = cJSON_IsString(member) ? mem_text(member->valuestring) : tree_print(member);
        text_add_html(body, is_route ? "" : member->string);
        buf_text(body, is_route ? "" : " ");
        text_add_html(body, value);
        buf_text(body, member->next ? ", " : "");
    }
    buf_text(body, "</td>");
}

/* The names of what a rule does, a step each: "unavailable, pass". */
static void put_steps(struct buf *body, const cJSON *action)
{
    const cJSON *step;
    const char *name = tree_text(action, "fault");
    text_add_html(body, name ? name : "");
    if (cJSON_IsArray(action))
        cJSON_ArrayForEach(step, action)
        {
            put_steps(body, step);
            buf_text(body, step->next ? ", " : "");
        }
}

static void put_faults(const struct world *world, struct buf *body)
{
    OWNED(tree_free) cJSON *armed = armed_json(world->faults);
    const cJSON *rule;
    if (!cJSON_GetArraySize(tree_get(armed, "faults")))
        return;
    begin_table(body, "Armed faults", "<th>Id<th>Where<th>What<th>Left<th>Hits");
    cJSON_ArrayForEach(rule, tree_get(armed, "faults"))
    {
        int64_t left = 0;
        tree_int(rule, "left", &left);
        buf_text(body, "<tr>");
        put_cell(body, tree_text(rule, "fault_id"));
        put_place(body, tree_get(rule, "on"));
        buf_text(body, "<td>");
        put_steps(body, tree_get(rule, "do"));
        buf_text(body, "</td>");
        if (left < 0)
            put_cell(body, "no end");
        else
            put_number(body, left);
        put_number(body, cJSON_GetArraySize(tree_get(rule, "hits")));
        buf_text(body, "</tr>");
    }
    end_table(body);
}

static void put_lint(const struct world *world, struct buf *body)
{
    OWNED(tree_free) cJSON *lint = lint_json(world->lint);
    const cJSON *row;
    if (!cJSON_GetArraySize(tree_get(lint, "findings")))
        return;
    begin_table(body, "What clients did wrong", "<th>Level<th>What<th>Times<th>Last in No.");
    cJSON_ArrayForEach(row, tree_get(lint, "findings"))
    {
        int64_t count = 0, last = 0;
        tree_int(row, "count", &count);
        tree_int(row, "last_seq", &last);
        buf_text(body, "<tr>");
        put_cell(body, tree_text(row, "level"));
        put_cell(body, tree_text(row, "sentence"));
        put_number(body, count);
        put_number(body, last);
        buf_text(body, "</tr>");
    }
    end_table(body);
}

/* ---- where to go on ---- */

static const struct {
    const char *path, *text;
} links[] = {
    {"installs", "add an app to a site"},
    {"journal", "journal"},
    {"journal?format=har", "journal as HAR"},
    {"faults", "faults"},
    {"lint", "lint"},
    {"events", "webhooks"},
    {"config", "config"},
    {"snapshot", "snapshot"},
    {"worlds", "worlds"},
    {"openapi.json", "OpenAPI"},
    {"tables/routes", "routes"},
    {"tables/faults", "kinds of faults"},
};

static void put_links(const struct world *world, struct buf *body)
{
    bool is_default = strcmp(world->id, "default") == 0;
    buf_text(body, "<nav>");
    for (size_t i = 0; i < sizeof links / sizeof *links; i++)
        buf_format(body, "<a href=\"/_fakewix%s%s/%s\">%s</a> ", is_default ? "" : "/worlds/",
                   is_default ? "" : world->id, links[i].path, links[i].text);
    buf_text(body, "</nav>");
}

/* How a clock that was moved comes back. */
static void put_way_back(struct exchange *x, struct buf *body)
{
    int64_t lead_ms = x->now_ms - now_real_ms();
    bool is_default = strcmp(x->world->id, "default") == 0;
    if (x->world->time.mode == TIME_REAL && lead_ms > -1000 && lead_ms < 1000)
        return;
    OWNED(mem_text_free)
    char *path = mem_format("/_fakewix%s%s/clock", is_default ? "" : "/worlds/",
                            is_default ? "" : x->world->id);
    buf_format(body,
               "<p class=\"note\">Back to this machine's time: <code>PUT %s</code> with "
               "<code>{\"mode\":\"real\",\"now\":\"machine\"}</code>.</p>",
               path);
}

enum refusal control_home(struct exchange *x)
{
    char now[TEXT_ISO_LEN + 1];
    struct buf *body = &x->response->body;
    text_format_iso(x->now_ms, now);
    page_begin(x->response, 200, "fakewix");
    buf_format(body,
               "<p class=\"lead\">The world <strong>%s</strong> of a fake Wix, version %s. Its "
               "clock is %s and shows %s.</p>",
               x->world->id, FAKEWIX_VERSION, time_mode_name(x->world->time.mode), now);
    put_way_back(x, body);
    put_links(x->world, body);
    put_call(x, body);
    put_instances(x, body);
    put_faults(x->world, body);
    put_lint(x->world, body);
    put_journal(x->world, body);
    page_end(x->response);
    return REFUSAL_NONE;
}
