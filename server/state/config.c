/* The config: field tables say what may stand where; checking, `tables config` and error sentences
 * all read them. */
#include "state/config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shared/mem.h"
#include "shared/near.h"
#include "shared/tree.h"
#include "state/config_parts.h"

enum field_type {
    FIELD_ID,
    FIELD_TEXT,
    FIELD_TEXTS,
    FIELD_URL,
    FIELD_URLS,
    FIELD_WEB_URL, /* http or https */
    FIELD_METHOD,
    FIELD_PATH,
    FIELD_SECONDS,
    FIELD_OBJECT,
    FIELD_ROWS,
    FIELD_AUTH,
    FIELD_STATUS,
    FIELD_MEMBERS, /* an object of any members */
    FIELD_ANY
};

struct field {
    const char *name;
    enum field_type type;
    bool required;
    const char *help;
    const struct field *inner; /* of FIELD_OBJECT and FIELD_ROWS; ends with a NULL name */
};

enum { OPTIONAL = false, REQUIRED = true };

static const struct field plugin_fields[] = {
    {"type", FIELD_TEXT, REQUIRED, "such as ECOM_SHIPPING_RATES", NULL},
    {"url", FIELD_WEB_URL, REQUIRED, "the base URL of the app's implementation", NULL},
    {NULL, FIELD_ANY, OPTIONAL, NULL, NULL},
};

static const struct field app_fields[] = {
    {"app_id", FIELD_ID, REQUIRED, "app ID, a GUID in Wix", NULL},
    {"app_secret", FIELD_TEXT, REQUIRED, "app secret key", NULL},
    {"name", FIELD_TEXT, OPTIONAL, "shown on the consent page and by Get App Instance", NULL},
    {"app_url", FIELD_URL, OPTIONAL, "where an installation starts; https, or local", NULL},
    {"redirect_urls", FIELD_URLS, OPTIONAL, "the only places a code is sent to", NULL},
    {"webhook_url", FIELD_WEB_URL, OPTIONAL, "where webhooks are delivered", NULL},
    {"service_plugins", FIELD_ROWS, OPTIONAL, "where service plugins are called", plugin_fields},
    {"permissions", FIELD_TEXTS, OPTIONAL, "granted permissions; all when missing", NULL},
    {"authentication", FIELD_AUTH, OPTIONAL, "\"oauth\", \"custom\"; both when missing", NULL},
    {NULL, FIELD_ANY, OPTIONAL, NULL, NULL},
};

static const struct field site_fields[] = {
    {"site_id", FIELD_ID, REQUIRED, "site ID, a GUID in Wix", NULL},
    {"display_name", FIELD_TEXT, OPTIONAL, "shown on the consent page", NULL},
    {"url", FIELD_TEXT, OPTIONAL, "the published site", NULL},
    {"owner_email", FIELD_TEXT, OPTIONAL, "the site owner's address", NULL},
    {"locale", FIELD_TEXT, OPTIONAL, "two letters; en when missing", NULL},
    {"member_id", FIELD_ID, OPTIONAL, "the member who logs in on its headless pages", NULL},
    {NULL, FIELD_ANY, OPTIONAL, NULL, NULL},
};

static const struct field instance_fields[] = {
    {"instance_id", FIELD_ID, REQUIRED, "app instance ID, a GUID in Wix", NULL},
    {"app_id", FIELD_ID, REQUIRED, "an app of this config", NULL},
    {"site_id", FIELD_ID, REQUIRED, "a site of this config", NULL},
    {NULL, FIELD_ANY, OPTIONAL, NULL, NULL},
};

static const struct field lifetime_fields[] = {
    {"code_s", FIELD_SECONDS, OPTIONAL, "authorization code; 600", NULL},
    {"custom_access_token_s", FIELD_SECONDS, OPTIONAL, "access token of custom authentication; 300",
     NULL},
    {"oauth_access_token_s", FIELD_SECONDS, OPTIONAL, "access token of OAuth; 14400", NULL},
    {NULL, FIELD_ANY, OPTIONAL, NULL, NULL},
};

static const struct field api_fields[] = {
    {"method", FIELD_METHOD, REQUIRED, "GET, POST …; * for any", NULL},
    {"path", FIELD_PATH, REQUIRED, "a path of the API without its query; may hold * and ?", NULL},
    {"status", FIELD_STATUS, OPTIONAL, "200 when missing", NULL},
    {"headers", FIELD_MEMBERS, OPTIONAL, "an object of texts", NULL},
    {"body", FIELD_ANY, OPTIONAL,
     "JSON, or a text that goes out as it is; texts may hold "
     "{{instanceId}}, {{siteId}} and {{appId}}",
     NULL},
    {"permission", FIELD_TEXT, OPTIONAL, "what the app must have been granted", NULL},
    {NULL, FIELD_ANY, OPTIONAL, NULL, NULL},
};

static const struct field api_key_fields[] = {
    {"api_key", FIELD_TEXT, REQUIRED, "the key; Wix's begin with IST.", NULL},
    {"name", FIELD_TEXT, OPTIONAL, "for people", NULL},
    {"account_id", FIELD_ID, OPTIONAL, "the account it belongs to", NULL},
    {"site_ids", FIELD_TEXTS, OPTIONAL, "the sites it is good for; all when missing", NULL},
    {"permissions", FIELD_TEXTS, OPTIONAL, "what it may do; all when missing", NULL},
    {NULL, FIELD_ANY, OPTIONAL, NULL, NULL},
};

static const struct field config_fields[] = {
    {"apps", FIELD_ROWS, OPTIONAL, "the apps", app_fields},
    {"sites", FIELD_ROWS, OPTIONAL, "the sites", site_fields},
    {"instances", FIELD_ROWS, OPTIONAL, "which app is installed on which site", instance_fields},
    {"lifetimes", FIELD_OBJECT, OPTIONAL, "how long codes and tokens live, seconds",
     lifetime_fields},
    {"profile", FIELD_MEMBERS, OPTIONAL, "choices where Wix is unknown", NULL},
    {"api", FIELD_ROWS, OPTIONAL, "answers for further API paths", api_fields},
    {"api_keys", FIELD_ROWS, OPTIONAL, "API keys of accounts", api_key_fields},
    {NULL, FIELD_ANY, OPTIONAL, NULL, NULL},
};

struct lifetimes config_default_lifetimes(void)
{
    return (struct lifetimes){
        .code_s = 600, .custom_access_token_s = 300, .oauth_access_token_s = 14400};
}

static const struct field *find_field(const struct field *fields, const char *name)
{
    for (; fields->name; fields++)
        if (strcmp(fields->name, name) == 0)
            return fields;
    return NULL;
}

static void unknown_key(struct config_report *report, const char *path, const char *name,
                        const struct field *fields)
{
    OWNED(buf_free) struct buf sentence = {0};
    struct near near = {.given = name};
    for (const struct field *field = fields; field->name; field++)
        near_offer(&near, field->name);
    buf_text(&sentence, "this key is not known");
    near_add_question(&sentence, &near, "");
    buf_text(&sentence, near_meant(&near) ? " the keys here are" : "; the keys here are");
    for (const struct field *field = fields; field->name; field++)
        buf_format(&sentence, " %s%s", field->name, field[1].name ? "," : "");
    OWNED(buf_free) struct buf where = {0};
    buf_format(&where, "%s%s%s", path, *path ? "." : "", name);
    config_problem(report, buf_str(&where), buf_str(&sentence));
}

static bool id_is_sound(const char *id)
{
    size_t len = strlen(id);
    return len >= 1 && len <= MODEL_ID_MAX &&
           strspn(id, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") == len;
}

static bool texts_are_sound(const cJSON *list, const char *const *allowed)
{
    if (!cJSON_IsArray(list))
        return false;
    const cJSON *item;
    cJSON_ArrayForEach(item, list)
    {
        bool known = !allowed;
        for (const char *const *word = allowed; word && *word; word++)
            known = known || (cJSON_IsString(item) && strcmp(*word, item->valuestring) == 0);
        if (!cJSON_IsString(item) || !known)
            return false;
    }
    return true;
}

static void check_text(struct config_report *report, const char *path, const cJSON *value,
                       config_form_fn *form)
{
    if (!cJSON_IsString(value) || !*value->valuestring) {
        config_problem(report, path, "must be a text that is not empty");
        return;
    }
    OWNED(mem_text_free) char *problem = form ? form(value->valuestring) : NULL;
    if (problem)
        config_problem(report, path, problem);
}

static void check_urls(struct config_report *report, const char *path, const cJSON *list)
{
    if (!texts_are_sound(list, NULL)) {
        config_problem(report, path, "must be a list of texts: [\"…\"]");
        return;
    }
    int i = 0;
    const cJSON *item;
    cJSON_ArrayForEach(item, list)
    {
        OWNED(mem_text_free) char *where = mem_format("%s[%d]", path, i++);
        check_text(report, where, item, config_url_problem);
    }
}

static void check_object(struct config_report *report, const char *path, const cJSON *object,
                         const struct field *fields);

static void check_rows(struct config_report *report, const char *path, const cJSON *rows,
                       const struct field *fields)
{
    if (!cJSON_IsArray(rows)) {
        config_problem(report, path, "must be a list: [ … ]");
        return;
    }
    int i = 0;
    const cJSON *row;
    cJSON_ArrayForEach(row, rows)
    {
        char *row_path = mem_format("%s[%d]", path, i++);
        check_object(report, row_path, row, fields);
        free(row_path);
    }
}

static void check_value(struct config_report *report, const char *path, const cJSON *value,
                        const struct field *field)
{
    static const char *const authentications[] = {"oauth", "custom", NULL};
    static config_form_fn *const forms[] = {
        [FIELD_TEXT] = NULL,
        [FIELD_URL] = config_url_problem,
        [FIELD_WEB_URL] = config_web_url_problem,
        [FIELD_METHOD] = config_method_problem,
        [FIELD_PATH] = config_path_problem,
    };
    switch (field->type) {
    case FIELD_ID:
        if (!cJSON_IsString(value) || !id_is_sound(value->valuestring))
            config_problem(report, path,
                           "must be a text of 1 to 64 letters, digits, '.', '_' or '-'");
        return;
    case FIELD_TEXT:
    case FIELD_URL:
    case FIELD_WEB_URL:
    case FIELD_METHOD:
    case FIELD_PATH:
        check_text(report, path, value, forms[field->type]);
        return;
    case FIELD_TEXTS:
        if (!texts_are_sound(value, NULL))
            config_problem(report, path, "must be a list of texts: [\"…\"]");
        return;
    case FIELD_URLS:
        check_urls(report, path, value);
        return;
    case FIELD_AUTH:
        if (!texts_are_sound(value, authentications) || !cJSON_GetArraySize(value))
            config_problem(report, path,
                           "must be [\"oauth\"], [\"custom\"] or [\"oauth\",\"custom\"]");
        return;
    case FIELD_SECONDS:
        if (!cJSON_IsNumber(value) || value->valuedouble < 1 || value->valuedouble > 315360000 ||
            value->valuedouble != (double)value->valueint)
            config_problem(report, path, "must be a whole number of seconds from 1 to 315360000");
        return;
    case FIELD_STATUS:
        if (!cJSON_IsNumber(value) || value->valuedouble < 200 || value->valuedouble > 599 ||
            value->valuedouble != (double)value->valueint)
            config_problem(report, path, "must be an HTTP status from 200 to 599");
        return;
    case FIELD_OBJECT:
        check_object(report, path, value, field->inner);
        return;
    case FIELD_MEMBERS:
        if (!cJSON_IsObject(value))
            config_problem(report, path, "must be an object: { … }");
        return;
    case FIELD_ROWS:
        check_rows(report, path, value, field->inner);
        return;
    case FIELD_ANY:
        return;
    }
}

static void check_object(struct config_report *report, const char *path, const cJSON *object,
                         const struct field *fields)
{
    if (!cJSON_IsObject(object)) {
        config_problem(report, *path ? path : "(whole file)", "must be an object: { … }");
        return;
    }
    const cJSON *member;
    cJSON_ArrayForEach(member, object) if (!find_field(fields, member->string))
        unknown_key(report, path, member->string, fields);
    cJSON_ArrayForEach(member, object)
    {
        const struct field *field = find_field(fields, member->string);
        if (!field)
            continue;
        char *where = mem_format("%s%s%s", path, *path ? "." : "", member->string);
        if (tree_get(object, member->string) != member)
            config_problem(report, where, "stands here more than once; keep one");
        check_value(report, where, member, field);
        free(where);
    }
    for (const struct field *field = fields; field->name; field++)
        if (field->required && !tree_get(object, field->name)) {
            char *where = mem_format("%s%s%s", path, *path ? "." : "", field->name);
            config_problem(report, where, "is missing and has no default; add it");
            free(where);
        }
}

static void tell_profile(void *context, const char *key, const char *sentence)
{
    OWNED(mem_text_free) char *path = mem_format("profile.%s", key);
    config_problem(context, path, sentence);
}

static size_t check(struct config_report *report, const cJSON *config)
{
    check_object(report, "", config, config_fields);
    config_check_rows(report, config);
    config_warn_urls(report, config);
    if (cJSON_IsObject(tree_get(config, "profile")))
        profile_check(tree_get(config, "profile"), tell_profile, report);
    return report->n;
}

size_t config_check(const cJSON *config, const char *file, struct buf *problems)
{
    struct config_report report = {.file = file, .lines = problems};
    return check(&report, config);
}

size_t config_check_whole(const cJSON *config, const char *file, struct buf *problems)
{
    struct config_report report = {.file = file, .lines = problems, .is_whole = true};
    return check(&report, config);
}

static const char *type_name(enum field_type type)
{
    switch (type) {
    case FIELD_ID:
        return "id";
    case FIELD_TEXT:
        return "text";
    case FIELD_TEXTS:
        return "list of texts";
    case FIELD_URL:
        return "URL";
    case FIELD_URLS:
        return "list of URLs";
    case FIELD_WEB_URL:
        return "http or https URL";
    case FIELD_METHOD:
        return "method";
    case FIELD_PATH:
        return "path";
    case FIELD_AUTH:
        return "list of \"oauth\", \"custom\"";
    case FIELD_SECONDS:
        return "seconds";
    case FIELD_STATUS:
        return "status";
    case FIELD_OBJECT:
    case FIELD_MEMBERS:
        return "object";
    case FIELD_ROWS:
        return "list of objects";
    case FIELD_ANY:
        return "any";
    }
    return "";
}

static void add_row(cJSON *table, const char *path, const char *type, bool required,
                    const char *help)
{
    cJSON *row = tree_put(table, NULL, cJSON_CreateObject());
    tree_put_text(row, "key", path);
    tree_put_text(row, "type", type);
    tree_put_flag(row, "required", required);
    tree_put_text(row, "help", help);
}

static void add_fields(cJSON *table, const char *prefix, const struct field *fields)
{
    for (; fields->name; fields++) {
        char *path = mem_format("%s%s", prefix, fields->name);
        add_row(table, path, type_name(fields->type), fields->required, fields->help);
        if (fields->inner) {
            char *inner = mem_format("%s%s.", path, fields->type == FIELD_ROWS ? "[]" : "");
            add_fields(table, inner, fields->inner);
            free(inner);
        }
        free(path);
    }
}

cJSON *config_table(void)
{
    cJSON *table = cJSON_CreateArray();
    add_fields(table, "", config_fields);
    for (int i = 0; i < PROFILE_COUNT; i++) {
        const struct profile_row *row = profile_row((enum profile_switch)i);
        char *path = mem_format("profile.%s", row->key);
        add_row(table, path, row->values, false, row->sentence);
        free(path);
    }
    return table;
}
