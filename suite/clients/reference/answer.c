/* What makes a reply a grant: 200, JSON, an access token, and a type of token that is known. All
 * else in it may be there or not. */
#include "reference/answer.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "reference/token.h"
#include "shared/mem.h"
#include "shared/text.h"
#include "shared/tree.h"

void answer_free(struct answer *answer)
{
    free(answer->access_token);
    free(answer->refresh_token);
    *answer = (struct answer){0};
}

/* expires_in as a number or a text of digits; Wix's custom authentication does not send it. */
static int64_t read_lifetime_s(const struct client *client, const cJSON *answer)
{
    const cJSON *value = tree_get(answer, "expires_in");
    const char *text = cJSON_GetStringValue(value);
    int64_t seconds = 0;
    enum { A_YEAR_S = 365 * 24 * 3600 };
    if (text && client->bug != BUG_text_lifetime_ignored)
        text_parse_int(text, 0, A_YEAR_S, &seconds);
    if (!cJSON_IsNumber(value))
        return seconds;
    double given = value->valuedouble;
    if (client->bug == BUG_lifetime_overflows && given > INT32_MAX)
        return -1;
    if (given <= 0)
        return client->bug == BUG_zero_lifetime_loops ? -1 : 1;
    return given > A_YEAR_S ? A_YEAR_S : (int64_t)given + (given < 1);
}

static bool has_strange_field(const cJSON *answer)
{
    static const char *const known[] = {"access_token", "token_type", "expires_in",
                                        "refresh_token"};
    const cJSON *member = NULL;
    cJSON_ArrayForEach(member, answer)
    {
        bool found = false;
        for (size_t i = 0; i < sizeof known / sizeof *known; i++)
            found = found || strcmp(member->string, known[i]) == 0;
        if (!found)
            return true;
    }
    return false;
}

/* RFC 6749 section 5.1: the type is compared without regard to case. */
static bool is_known_type(const struct client *client, const cJSON *answer)
{
    const char *type = tree_text(answer, "token_type");
    if (!type || client->bug == BUG_token_type_ignored)
        return true;
    return client->bug == BUG_token_type_exact ? strcmp(type, "Bearer") == 0
                                               : strcasecmp(type, "Bearer") == 0;
}

/* What clients refuse that are stricter than HTTP and JSON are. */
static bool is_refused_by_bug(const struct client *client, const struct reply *reply,
                              const cJSON *answer)
{
    OWNED(mem_text_free) char *type = reply_header(reply, "Content-Type");
    OWNED(mem_text_free) char *length = reply_header(reply, "Content-Length");
    bool json = type && strncasecmp(type, "application/json", 16) == 0;
    switch (client->bug) {
    case BUG_strict_fields:
        return has_strange_field(answer);
    case BUG_content_type_demanded:
        return !json;
    case BUG_length_demanded:
        return !length;
    case BUG_header_case_exact:
        return !strstr(buf_str(&reply->headers), "Content-Type:");
    case BUG_null_refused:
        return cJSON_IsNull(tree_get(answer, "expires_in"));
    case BUG_escapes_refused:
        return strchr(buf_str(&reply->body), '\\') != NULL;
    default:
        return false;
    }
}

static bool is_success(const struct client *client, long status)
{
    if (client->bug == BUG_status_ignored)
        return status != 0;
    return status == 200 || (client->bug == BUG_other_2xx_taken && status / 100 == 2);
}

/* What stands behind "access_token":" in a text that need not be whole. */
static char *scrape(const struct reply *reply)
{
    static const char start[] = "\"access_token\":\"";
    const char *at = strstr(buf_str(&reply->body), start);
    return at ? mem_text_n(at + sizeof start - 1, strcspn(at + sizeof start - 1, "\"")) : NULL;
}

bool answer_read(const struct client *client, const struct reply *reply, struct answer *ret_answer)
{
    OWNED(tree_free) cJSON *tree = tree_parse(buf_str(&reply->body), reply->body.len, NULL);
    const char *access = tree_text(tree, "access_token");
    OWNED(mem_text_free)
    char *scraped = client->bug == BUG_partial_reply_used && !tree ? scrape(reply) : NULL;
    access = scraped ? scraped : access;
    if (client->bug == BUG_undefined_token && !access)
        access = "undefined";
    if (!is_success(client, reply->status) || !access || !*access || !is_known_type(client, tree) ||
        is_refused_by_bug(client, reply, tree))
        return false;
    enum { SHORT = 2048 };
    bool cut = client->bug == BUG_token_cut && strlen(access) > SHORT;
    *ret_answer = (struct answer){.access_token = mem_text_n(access, cut ? SHORT : strlen(access)),
                                  .lifetime_s = read_lifetime_s(client, tree)};
    const char *refresh = tree_text(tree, "refresh_token");
    ret_answer->refresh_token = refresh ? mem_text(refresh) : NULL;
    return true;
}
