/* Token shapes on the outside, facts on the inside.
 *
 * Each token keeps the outer form, header and `data` claim that Wix's have (FIDELITY.md, token
 * shapes). Our own facts travel beside them in one claim, `fakewix`, as
 *     1|world|kind|serial|family|generation|issued_ms|expires_ms|app|instance|site|subject|id
 * with |subject_type|offline|challenge|redirect_digest behind it where the token is a person's, so
 * that `data` stays what a client would see in the wild (docs/decisions/0006). */
#include "tokens/token.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shared/mem.h"
#include "shared/tree.h"
#include "shared/writer.h"
#include "tokens/signer.h"

struct kind_row {
    const char *name;
    const char *group; /* what a filter calls it */
    const char *prefix;
    enum signer_key key;
    int64_t exp_s; /* exp - iat where the token itself never dies; 0: as it lives */
};

enum { DAY_S = 86400 };

static const struct kind_row kinds[TOKEN_KIND_COUNT] = {
    [TOKEN_CODE] = {"code", "code", "OAUTH2.", KEY_CODE, 0},
    [TOKEN_CUSTOM_REFRESH] = {"custom-refresh", "refresh", "OAUTH2.", KEY_REFRESH_CUSTOM,
                              730 * DAY_S},
    [TOKEN_CUSTOM_ACCESS] = {"custom-access", "access", "OAUTH2.", KEY_ACCESS_CUSTOM, 0},
    [TOKEN_OAUTH_ACCESS] = {"oauth-access", "access", "OauthNG.JWS.", KEY_OAUTH_NG, 0},
    [TOKEN_OAUTH_REFRESH] = {"oauth-refresh", "refresh", "JWS.", KEY_OAUTH_NG, 365 * DAY_S},
    [TOKEN_HEADLESS_CODE] = {"headless-code", "code", "JWS.", KEY_OAUTH_NG, 0},
    [TOKEN_DEVICE_CODE] = {"device-code", "code", "JWS.", KEY_OAUTH_NG, 0},
};

const char *token_kind_name(enum token_kind kind)
{
    return kinds[kind].name;
}

const char *token_kind_group(enum token_kind kind)
{
    return kinds[kind].group;
}

bool token_is_access(enum token_kind kind)
{
    return strcmp(kinds[kind].group, "access") == 0;
}

bool token_is_refresh(enum token_kind kind)
{
    return strcmp(kinds[kind].group, "refresh") == 0;
}

/* The `data` claim of the old service: an object with the ids, or with the inner id alone. */
static void add_custom_data(struct buf *out, const struct token *token)
{
    writer_open(out, NULL);
    if (token->kind == TOKEN_CUSTOM_REFRESH) {
        writer_text(out, "id", token->id);
    } else {
        writer_text(out, "appId", token->app_id);
        writer_text(out, "instanceId", token->instance_id);
        writer_name(out, "scope");
        buf_text(out, "[]");
        writer_text(out, "version", "1.0.0");
    }
    writer_close(out);
}

/* The `data` claim of an OauthNG access token: an app instance. */
static void add_oauth_data(struct buf *out, const struct token *token)
{
    char signed_at[TEXT_ISO_LEN + 1];
    char expires[TEXT_ISO_LEN + 1];
    text_format_iso(token->issued_ms, signed_at);
    text_format_iso(token->expires_ms, expires);
    writer_open(out, NULL);
    writer_open(out, "instance");
    if (*token->instance_id)
        writer_text(out, "instanceId", token->instance_id);
    writer_text(out, "appDefId", token->app_id);
    writer_text(out, "signDate", signed_at);
    if (token->subject_type == SUBJECT_USER)
        writer_text(out, "uid", token->subject);
    writer_text(out, "permissions", token->offline ? "offline_access" : "");
    writer_flag(out, "demoMode", false);
    if (*token->site_id) {
        char owner[TEXT_GUID_LEN + 1];
        site_owner_id(token->site_id, owner);
        writer_text(out, "siteOwnerId", owner);
    }
    if (token->subject_type == SUBJECT_VISITOR)
        writer_text(out, "aid", token->subject);
    if (token->subject_type == SUBJECT_MEMBER)
        writer_text(out, "siteMemberId", token->subject);
    if (*token->site_id)
        writer_text(out, "metaSiteId", token->site_id);
    writer_text(out, "expirationDate", expires);
    writer_close(out);
    writer_close(out);
}

static char *data_claim(const struct token *token)
{
    struct buf data = {0};
    bool opaque = token->kind == TOKEN_OAUTH_REFRESH || token->kind == TOKEN_HEADLESS_CODE ||
                  token->kind == TOKEN_DEVICE_CODE;
    buf_room(&data, 768); /* one allocation for nearly all */
    if (opaque)
        writer_quoted(&data, token->id);
    else if (token->kind == TOKEN_OAUTH_ACCESS)
        add_oauth_data(&data, token);
    else
        add_custom_data(&data, token);
    return buf_take(&data);
}

static char *facts_claim(const struct token *t)
{
    const char *const texts[] = {t->app_id, t->instance_id, t->site_id, t->subject, t->id};
    const int64_t numbers[] = {(int64_t)t->kind, t->serial,    t->family,
                               t->generation,    t->issued_ms, t->expires_ms};
    struct buf facts = {0};
    buf_room(&facts, 512); /* one allocation for nearly all */
    buf_text(&facts, "1|");
    buf_text(&facts, t->world);
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        buf_char(&facts, '|');
        text_add_int(&facts, numbers[i]);
    }
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        buf_char(&facts, '|');
        buf_text(&facts, texts[i]);
    }
    if (t->subject_type != SUBJECT_APP)
        buf_format(&facts, "|%d|%d|%s|%s", (int)t->subject_type, t->offline, t->challenge,
                   t->redirect_digest);
    return buf_take(&facts);
}

/* Every character a bearer token may have besides letters and digits (RFC 6750 section 2.1), behind
 * a token whose own form has no place for them. */
static const char odd_end[] = "-._~+/==";

/* Make up for the bytes that the token lacks: base64 makes four of three. */
static void pad_claims(struct claims *claims, const struct mint_wish *wish, size_t len)
{
    static const char empty_claim[] = "\"pad\":\"\",";
    size_t missing = wish->token_bytes - len;
    if (wish->odd)
        missing -= missing < sizeof odd_end ? missing : sizeof odd_end - 1;
    size_t n = missing * 3 / 4;
    n = n > sizeof empty_claim ? n - (sizeof empty_claim - 1) : 1;
    claims->pad = mem_new(n + 1, 1);
    for (size_t i = 0; i < n; i++)
        claims->pad[i] = (char)('a' + i % 26);
}

/* A token whose facts stand, and all that writing it takes: the world is no longer needed. */
struct draft {
    struct token token;
    enum signer_key key;
    struct mint_wish wish;
};

/* Fill in what only the world can say. Under its lock. */
static struct draft draw_up(struct world *world, int64_t now_ms, struct token *token)
{
    memcpy(token->world, world->id, sizeof token->world);
    token->serial = world_serial(world);
    token->issued_ms = now_ms;
    if (!token->family)
        token->family = token->serial;
    if (!token_is_access(token->kind) && token->kind != TOKEN_CODE && !*token->id)
        world_guid(world, token->id);
    enum signer_key key = kinds[token->kind].key;
    if (key == KEY_ACCESS_CUSTOM && profile_is(&world->profile, PROFILE_ACCESS_TOKEN_ALG, "HS256"))
        key = KEY_ACCESS_CUSTOM_HS;
    return (struct draft){.token = *token, .key = key, .wish = world->mint};
}

static void write_out(const struct draft *draft, struct buf *out)
{
    const struct token *token = &draft->token;
    const struct kind_row *row = &kinds[token->kind];
    int64_t iat_s = token->issued_ms / 1000;
    OWNED(claims_free)
    struct claims claims = {
        .data = data_claim(token),
        .fakewix = facts_claim(token),
        .iat_s = iat_s,
        .exp_s = row->exp_s ? iat_s + row->exp_s : token->expires_ms / 1000,
    };
    size_t start = out->len;
    buf_room(out, MEM_SMALL); /* one allocation for nearly all */
    buf_text(out, row->prefix);
    signer_sign(out, draft->key, &claims);
    if (draft->wish.token_bytes > out->len - start) {
        pad_claims(&claims, &draft->wish, out->len - start);
        out->len = start;
        buf_text(out, row->prefix);
        signer_sign(out, draft->key, &claims);
    }
    if (draft->wish.odd)
        buf_text(out, odd_end);
}

void token_mint(struct world *world, int64_t now_ms, struct token *token, struct buf *out)
{
    struct draft draft = draw_up(world, now_ms, token);
    write_out(&draft, out);
}

struct drafts {
    size_t n;
    struct {
        struct draft draft;
        cJSON *member; /* where the text goes; borrowed from the exchange's answer */
    } items[];
};

void token_put(struct exchange *x, struct token *token, cJSON *answer, const char *name)
{
    size_t i = x->drafts ? x->drafts->n : 0;
    assert(i < EXCHANGE_MINTED_MAX);
    x->drafts = mem_grow(x->drafts, 1, sizeof *x->drafts + (i + 1) * sizeof *x->drafts->items);
    x->drafts->n = i + 1;
    x->drafts->items[i].draft = draw_up(x->world, x->now_ms, token);
    x->drafts->items[i].member = tree_put(answer, name, cJSON_CreateRaw("null"));
}

void token_write_answer(struct exchange *x)
{
    for (size_t i = 0; x->drafts && i < x->drafts->n; i++) {
        OWNED(buf_free) struct buf text = {0};
        write_out(&x->drafts->items[i].draft, &text);
        tree_set_plain(x->drafts->items[i].member, buf_str(&text));
    }
    response_json(x->response, x->answer_status, x->answer);
    x->answer = NULL;
}

/* One field of the facts claim; false where it is missing or too long. */
static bool take_text(const char **at, char *ret_text, size_t size)
{
    size_t len = strcspn(*at, "|");
    if (len >= size)
        return false;
    memcpy(ret_text, *at, len);
    ret_text[len] = '\0';
    *at += len + ((*at)[len] == '|');
    return true;
}

static bool take_int(const char **at, int64_t *ret_value)
{
    char digits[21 + 1];
    return take_text(at, digits, sizeof digits) &&
           text_parse_int(digits, INT64_MIN / 2, INT64_MAX / 2, ret_value);
}

/* What only a person's token has. */
static bool read_person(const char **at, struct token *t)
{
    int64_t type = 0, offline = 0;
    if (!**at)
        return true;
    if (!take_int(at, &type) || type < 0 || type > SUBJECT_USER || !take_int(at, &offline))
        return false;
    t->subject_type = (enum token_subject)type;
    t->offline = offline != 0;
    return take_text(at, t->challenge, sizeof t->challenge) &&
           take_text(at, t->redirect_digest, sizeof t->redirect_digest);
}

static bool read_facts(const char *at, struct token *t)
{
    int64_t version, kind;
    if (!take_int(&at, &version) || version != 1 || !take_text(&at, t->world, sizeof t->world) ||
        !take_int(&at, &kind) || kind < 0 || kind >= TOKEN_KIND_COUNT)
        return false;
    t->kind = (enum token_kind)kind;
    return take_int(&at, &t->serial) && take_int(&at, &t->family) &&
           take_int(&at, &t->generation) && take_int(&at, &t->issued_ms) &&
           take_int(&at, &t->expires_ms) && take_text(&at, t->app_id, sizeof t->app_id) &&
           take_text(&at, t->instance_id, sizeof t->instance_id) &&
           take_text(&at, t->site_id, sizeof t->site_id) &&
           take_text(&at, t->subject, sizeof t->subject) && take_text(&at, t->id, sizeof t->id) &&
           read_person(&at, t);
}

/* The JWT inside a token: the longest prefix that fits goes. */
static const char *strip_prefix(const char *text)
{
    const char *jwt = NULL;
    size_t longest = 0;
    for (int i = 0; i < TOKEN_KIND_COUNT; i++) {
        size_t len = strlen(kinds[i].prefix);
        if (len > longest && strncmp(text, kinds[i].prefix, len) == 0) {
            longest = len;
            jwt = text + len;
        }
    }
    return jwt;
}

bool token_read(const char *text, struct token *ret_token)
{
    size_t len = strlen(text);
    size_t end = sizeof odd_end - 1;
    bool is_odd = len > end && strcmp(text + len - end, odd_end) == 0;
    OWNED(mem_text_free) char *plain = is_odd ? mem_text_n(text, len - end) : NULL;
    if (is_odd)
        text = plain;
    const char *jwt = strip_prefix(text);
    enum signer_key key;
    OWNED(claims_free) struct claims claims = {0};
    if (!jwt || !signer_verify(jwt, &key, &claims) || !claims.fakewix)
        return false;
    struct token token = {0};
    if (!read_facts(claims.fakewix, &token))
        return false;
    const struct kind_row *row = &kinds[token.kind];
    bool key_fits =
        key == row->key || (row->key == KEY_ACCESS_CUSTOM && key == KEY_ACCESS_CUSTOM_HS);
    bool prefix_fits = strlen(row->prefix) == (size_t)(jwt - text) &&
                       strncmp(text, row->prefix, strlen(row->prefix)) == 0;
    if (!key_fits || !prefix_fits)
        return false;
    *ret_token = token;
    return true;
}

/* A token of the world that a snapshot was taken of is this world's own; one of this world's former
 * life is nobody's. */
static void place(const struct world *world, struct token *token)
{
    if (world_knows_token(world, token->world, token->serial))
        memcpy(token->world, world->id, sizeof token->world);
    else if (strcmp(token->world, world->id) == 0)
        *token->world = '\0';
}

bool token_read_in(const struct world *world, const char *text, struct token *ret_token)
{
    struct token token;
    if (!token_read(text, &token))
        return false;
    place(world, &token);
    *ret_token = token;
    return true;
}

/* Once, as a token that was placed says nothing of where it came from. */
static const struct token *adopt(struct exchange *x)
{
    if (x->carried && x->world && !x->carried_is_placed) {
        place(x->world, x->carried);
        x->carried_is_placed = true;
    }
    return x->carried;
}

const struct token *token_of(struct exchange *x, const char *text)
{
    if (x->carried_text == text)
        return adopt(x);
    struct token token;
    free(x->carried);
    x->carried = NULL;
    x->carried_is_placed = false;
    x->carried_text = text;
    if (!token_read(text, &token))
        return NULL;
    x->carried = mem_new(1, sizeof token);
    *x->carried = token;
    return adopt(x);
}
