/* A secret is known by the name it travels under. Each becomes a fingerprint: who reads a redacted
 * journal still sees which token came back. */
#include "routes/redact.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "shared/buf.h"
#include "shared/mem.h"
#include "shared/text.h"
#include "shared/tree.h"

static const char *const secret_names[] = {
    "client_secret", "clientSecret", "access_token", "accessToken",
    "refresh_token", "refreshToken", "code",         "token",
    "code_verifier", "codeVerifier", "device_code",  "deviceCode",
    "session_token", "sessionToken", "instance",     "signedInstance"};

static bool is_secret_name(const char *name)
{
    for (size_t i = 0; i < sizeof secret_names / sizeof *secret_names; i++)
        if (strcmp(secret_names[i], name) == 0)
            return true;
    return false;
}

static char *fingerprint(const char *secret)
{
    uint32_t hash = 2166136261u;
    for (; *secret; secret++)
        hash = (hash ^ (unsigned char)*secret) * 16777619u;
    return mem_format("redacted-%08x", hash);
}

static void replace_text(cJSON *item, char *text)
{
    cJSON_SetValuestring(item, text);
    free(text);
}

static void redact_tree(cJSON *tree)
{
    cJSON *member;
    cJSON_ArrayForEach(member, tree)
    {
        if (cJSON_IsString(member) && member->string && is_secret_name(member->string))
            replace_text(member, fingerprint(member->valuestring));
        else
            redact_tree(member);
    }
}

/* name=value&… with the secrets' values replaced. */
static char *redact_form(const char *form)
{
    OWNED(buf_free) struct buf out = {0};
    while (*form) {
        size_t len = strcspn(form, "&");
        size_t name_len = strcspn(form, "=&");
        OWNED(mem_text_free) char *name = mem_text_n(form, name_len);
        if (name_len < len && is_secret_name(name)) {
            OWNED(mem_text_free) char *value = mem_text_n(form + name_len + 1, len - name_len - 1);
            OWNED(mem_text_free) char *shown = fingerprint(value);
            buf_format(&out, "%s=%s", name, shown);
        } else {
            buf_add(&out, form, len);
        }
        form += len;
        if (*form)
            buf_char(&out, *form++);
    }
    return buf_take(&out);
}

static void redact_target(cJSON *item)
{
    if (!cJSON_IsString(item) || !strchr(item->valuestring, '?'))
        return;
    const char *query = strchr(item->valuestring, '?') + 1;
    OWNED(mem_text_free) char *form = redact_form(query);
    replace_text(item,
                 mem_format("%.*s%s", (int)(query - item->valuestring), item->valuestring, form));
}

static void redact_body(cJSON *message)
{
    cJSON *body = tree_get(message, "body");
    if (!cJSON_IsString(body))
        return;
    OWNED(tree_free) cJSON *tree = tree_parse(body->valuestring, strlen(body->valuestring), NULL);
    if (tree) {
        redact_tree(tree);
        replace_text(body, tree_print(tree));
        return;
    }
    replace_text(body, redact_form(body->valuestring));
}

/* [["Authorization","…"],…] */
static void redact_headers(cJSON *message)
{
    static const char *const names[] = {"Authorization", "Cookie", "Set-Cookie"};
    cJSON *pair;
    cJSON_ArrayForEach(pair, tree_get(message, "headers"))
    {
        const char *name = cJSON_GetStringValue(cJSON_GetArrayItem(pair, 0));
        cJSON *value = cJSON_GetArrayItem(pair, 1);
        if (strcasecmp(name, "Location") == 0 || strcasecmp(name, "Referer") == 0)
            redact_target(value);
        for (size_t i = 0; i < sizeof names / sizeof *names; i++)
            if (strcasecmp(name, names[i]) == 0)
                replace_text(value, fingerprint(value->valuestring));
    }
}

void redact_entry(cJSON *entry)
{
    redact_target(tree_get(entry, "target"));
    static const char *const messages[] = {"request", "response"};
    for (size_t i = 0; i < 2; i++) {
        cJSON *message = tree_get(entry, messages[i]);
        redact_headers(message);
        redact_body(message);
    }
}
