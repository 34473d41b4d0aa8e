/* Two services, two error styles, an API with a third, and pages: the shapes, each once. */
#include "routes/refuse.h"

#include <stdlib.h>
#include <string.h>

#include "routes/page.h"
#include "shared/mem.h"
#include "shared/tree.h"

/* The row's sentence with the detail in the place of its "…", else behind it. */
static char *sentence_of(const struct refusal_row *row, const char *detail)
{
    const char *gap = strstr(row->sentence, "…");
    if (gap && detail)
        return mem_format("%.*s%s%s", (int)(gap - row->sentence), row->sentence, detail,
                          gap + strlen("…"));
    return detail ? mem_format("%s (%s)", row->sentence, detail) : mem_text(row->sentence);
}

static cJSON *ietf_body(const struct refusal_row *row, const char *sentence)
{
    cJSON *body = cJSON_CreateObject();
    const char *code = row->code;
    bool old = row->shape == SHAPE_OLD && strcmp(code, "invalid_token") == 0;
    tree_put_text(body, "error", old ? "invalid_grant" : code);
    tree_put_text(body, "error_description", sentence);
    return body;
}

/* Only errorDescription and the status have evidence (oauth-access-400); the rest is the picked
 * envelope. The sentence stays out of it, as the real service says no more than the code. */
static cJSON *old_body(const struct refusal_row *row)
{
    cJSON *body = cJSON_CreateObject();
    tree_put_int(body, "errorCode", -100);
    char *text = mem_format("[business][FATAL][unknown exception] c.w.o.p.s.c.HandleExceptions$"
                            "BadRequestWithSpecificMessageResponse - %s",
                            row->code);
    tree_put_text(body, "errorDescription", text);
    free(text);
    tree_put_flag(body, "success", false);
    tree_put_text(body, "payload", NULL);
    return body;
}

static cJSON *wix_body(const struct refusal_row *row, const char *sentence)
{
    cJSON *body = cJSON_CreateObject();
    tree_put_text(body, "message", sentence);
    cJSON *details = tree_put(body, "details", cJSON_CreateObject());
    cJSON *error = tree_put(details, "applicationError", cJSON_CreateObject());
    tree_put_text(error, "code", row->code);
    tree_put_text(error, "description", sentence);
    tree_put(error, "data", cJSON_CreateObject());
    return body;
}

static cJSON *validation_body(const struct refusal_row *row, const char *sentence)
{
    cJSON *body = cJSON_CreateObject();
    tree_put_text(body, "message", sentence);
    cJSON *details = tree_put(body, "details", cJSON_CreateObject());
    cJSON *error = tree_put(details, "validationError", cJSON_CreateObject());
    cJSON *list = tree_put(error, "fieldViolations", cJSON_CreateArray());
    cJSON *violation = tree_put(list, NULL, cJSON_CreateObject());
    tree_put_text(violation, "field", row->code);
    tree_put_text(violation, "description", sentence);
    bool missing = strstr(sentence, "missing") != NULL;
    tree_put_text(violation, "violatedRule", missing ? "REQUIRED_FIELD" : "FORMAT");
    return body;
}

static cJSON *bare_body(void)
{
    cJSON *body = cJSON_CreateObject();
    tree_put_text(body, "message", "");
    tree_put(body, "details", cJSON_CreateObject());
    return body;
}

/* Observed as it stands, without details (device-flow). */
static cJSON *message_body(const char *sentence)
{
    cJSON *body = cJSON_CreateObject();
    tree_put_text(body, "message", sentence);
    return body;
}

cJSON *refuse_body(enum refusal refusal, enum refusal_shape shape, const char *detail)
{
    const struct refusal_row *row = refusal_row(refusal);
    OWNED(mem_text_free) char *sentence = sentence_of(row, detail);
    switch (shape) {
    case SHAPE_IETF:
        return ietf_body(row, sentence);
    case SHAPE_OLD:
        return old_body(row);
    case SHAPE_WIX:
    case SHAPE_CONTROL:
        return wix_body(row, sentence);
    case SHAPE_VALIDATION:
        return validation_body(row, sentence);
    case SHAPE_BARE:
        return bare_body();
    case SHAPE_MESSAGE:
        return message_body(sentence);
    case SHAPE_PAGE:
        return NULL;
    }
    return NULL;
}

/* What the profile changes about a row: each switch touches a few rows. */
struct look {
    int status;
    enum refusal_shape shape;
};

/* Rows whose status a switch decides; its values are the statuses. */
static const struct {
    enum refusal refusal;
    enum profile_switch decides;
} statuses[] = {
    {REFUSAL_TOKEN_CLIENT_UNKNOWN, PROFILE_BAD_SECRET_STATUS},
    {REFUSAL_TOKEN_SECRET_WRONG, PROFILE_BAD_SECRET_STATUS},
    {REFUSAL_TOKEN_INSTANCE_UNKNOWN, PROFILE_UNKNOWN_INSTANCE_STATUS},
    {REFUSAL_TOKEN_INSTANCE_UNINSTALLED, PROFILE_UNKNOWN_INSTANCE_STATUS},
    {REFUSAL_ACCESS_CLIENT_UNKNOWN, PROFILE_ACCESS_BAD_SECRET_STATUS},
    {REFUSAL_ACCESS_SECRET_WRONG, PROFILE_ACCESS_BAD_SECRET_STATUS},
    {REFUSAL_REFRESH_TOKEN_REVOKED, PROFILE_REVOKED_REFRESH_STATUS},
    {REFUSAL_API_NO_SITE, PROFILE_NO_SITE_STATUS},
    {REFUSAL_TOKEN_INFO_INACTIVE, PROFILE_TOKEN_INFO_INACTIVE},
};

/* An API call that nobody's token stands behind: 401 with a body, or the observed bare 403. */
static bool is_bare(const struct profile *profile, enum refusal refusal)
{
    const struct refusal_row *row = refusal_row(refusal);
    if (row->shape != SHAPE_WIX || row->status != 401 || refusal == REFUSAL_API_NO_SITE)
        return false;
    return profile_is(profile, PROFILE_API_UNAUTHENTICATED, "403") ||
           (refusal == REFUSAL_API_TOKEN_EXPIRED &&
            profile_is(profile, PROFILE_API_EXPIRED, "403"));
}

static struct look look_of(const struct world *world, enum refusal refusal)
{
    const struct refusal_row *row = refusal_row(refusal);
    struct look look = {row->status, row->shape};
    const struct profile *profile = &world->profile;
    for (size_t i = 0; i < sizeof statuses / sizeof *statuses; i++)
        if (statuses[i].refusal == refusal)
            look.status = profile_number(profile, statuses[i].decides);
    if (row->shape == SHAPE_OLD && profile_is(profile, PROFILE_ACCESS_REFUSALS, "ietf"))
        look.shape = SHAPE_IETF;
    if (refusal == REFUSAL_TOKEN_DEVICE_PENDING &&
        profile_is(profile, PROFILE_DEVICE_PENDING, "wix"))
        look.shape = SHAPE_MESSAGE;
    if (is_bare(profile, refusal))
        look = (struct look){403, SHAPE_BARE};
    return look;
}

/* Somebody typed the fake's address into a browser: Wix has nothing there, we have a page. */
static bool is_at_the_front(const struct exchange *x)
{
    const char *accept = request_header(x->request, "Accept");
    return x->world && x->refusal == REFUSAL_API_NOT_FOUND &&
           strcmp(x->request->method, "GET") == 0 && strcmp(x->path, "/") == 0 && accept &&
           strstr(accept, "text/html") && !request_header(x->request, "Authorization");
}

static void show_the_way(struct exchange *x)
{
    bool is_default = strcmp(x->world->id, "default") == 0;
    OWNED(mem_text_free)
    char *lead = mem_format("This is a fake Wix. <a href=\"/_fakewix/%s%s%s\">Its start page</a> "
                            "shows what it has and what was asked of it.",
                            is_default ? "" : "worlds/", is_default ? "" : x->world->id,
                            is_default ? "" : "/");
    page_error(x->response, refusal_row(x->refusal)->status, "fakewix", lead, NULL);
}

/* What a refusal means for the person in front of the page. */
static const char *lead_of(enum refusal refusal)
{
    const char *name = refusal_row(refusal)->name;
    if (strncmp(name, "install-", 8) == 0 || refusal == REFUSAL_CLOSE_WINDOW_TOKEN)
        return "Nothing was installed.";
    if (strncmp(name, "authorize-", 10) == 0)
        return "Nobody was logged in.";
    if (refusal == REFUSAL_DEVICE_CODE_UNKNOWN)
        return "A code lives for ten minutes. <a href=\"device-login\">Type it again</a>.";
    return "Nothing was done.";
}

void refuse_render(struct exchange *x)
{
    struct look look = {refusal_row(x->refusal)->status, refusal_row(x->refusal)->shape};
    if (x->world)
        look = look_of(x->world, x->refusal);
    if (is_at_the_front(x)) {
        show_the_way(x);
        return;
    }
    if (look.shape == SHAPE_PAGE) {
        page_error(x->response, look.status, refusal_row(x->refusal)->sentence, lead_of(x->refusal),
                   x->refusal_detail);
        return;
    }
    response_json(x->response, look.status, refuse_body(x->refusal, look.shape, x->refusal_detail));
}
