/* The state is what ties a callback to the install that it ends: fresh for each, compared whole,
 * and good for one callback. */
#include "reference/install.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "reference/request.h"
#include "reference/token.h"
#include "shared/buf.h"
#include "shared/mem.h"
#include "shared/text.h"

enum { STATE_BYTES = 16, LINE_MAX_BYTES = 65536 };

char *install_random(void)
{
    uint8_t bytes[STATE_BYTES] = {0};
    FILE *file = fopen("/dev/urandom", "re");
    size_t got = file ? fread(bytes, 1, sizeof bytes, file) : 0;
    if (file)
        fclose(file);
    if (got != sizeof bytes)
        return NULL;
    struct buf state = {0};
    text_add_hex(&state, bytes, sizeof bytes);
    return buf_take(&state);
}

static void add_param(struct buf *url, char joint, const char *name, const char *value)
{
    buf_format(url, "%c%s=", joint, name);
    text_add_escaped(url, value);
}

char *install_begin(const struct client *client, const char *token, const char *redirect_url,
                    struct installing *ret_installing)
{
    struct buf url = {0};
    char *state = install_random();
    buf_format(&url, "%s/installer/install", client->pages);
    add_param(&url, '?', "appId", client->app_id);
    add_param(&url, '&', "redirectUrl", redirect_url);
    if (token)
        add_param(&url, '&', "token", token);
    if (state)
        add_param(&url, '&', "state", state);
    *ret_installing = (struct installing){.state = state};
    return buf_take(&url);
}

void installing_free(struct installing *installing)
{
    free(installing->state);
    *installing = (struct installing){0};
}

/* A parameter of a URL, decoded; caller frees with free(); NULL where it is missing. */
static char *read_param(const char *url, const char *name)
{
    const char *query = strchr(url, '?');
    for (const char *pair = query ? query + 1 : ""; *pair && *pair != '#';) {
        size_t len = strcspn(pair, "&#");
        size_t name_len = strlen(name);
        if (len > name_len && pair[name_len] == '=' && strncmp(pair, name, name_len) == 0) {
            struct buf value = {0};
            text_add_unescaped(&value, pair + name_len + 1, len - name_len - 1, true);
            return buf_take(&value);
        }
        pair += len + (pair[len] == '&');
    }
    return NULL;
}

static bool is_ours(const struct installing *installing, const char *state)
{
    return installing->state && state && text_same_secret(installing->state, state);
}

static bool exchange(struct client *client, const char *code)
{
    CURL *curl = curl_easy_init();
    bool exchanged = token_exchange(client, curl, code);
    curl_easy_cleanup(curl);
    return exchanged;
}

static bool refuse(const char *why)
{
    fprintf(stderr, "the callback is refused: %s\n", why);
    return false;
}

bool install_finish(struct client *client, struct installing *installing, const char *callback)
{
    OWNED(mem_text_free) char *state = read_param(callback, "state");
    OWNED(mem_text_free) char *code = read_param(callback, "code");
    OWNED(mem_text_free) char *error = read_param(callback, "error");
    OWNED(mem_text_free) char *instance = read_param(callback, "instanceId");
    bool ours = is_ours(installing, state);
    installing_free(installing);
    if (!ours)
        return refuse("its state is not the one that was sent");
    if (error)
        return refuse("the person declined, or Wix could not install");
    if (!code || !*code)
        return refuse("it has no code");
    if (instance)
        token_replace(&client->instance_id, instance);
    return exchange(client, code);
}

static bool read_line(struct buf *line)
{
    int c;
    while ((c = getchar()) != EOF && c != '\n')
        buf_char(line, (char)c);
    return line->len && !line->overflown;
}

bool install_on_terminal(struct client *client, const char *token, const char *redirect_url)
{
    OWNED(installing_free) struct installing installing = {0};
    OWNED(buf_free) struct buf line = {.max = LINE_MAX_BYTES};
    if (!redirect_url || !client->pages)
        return refuse("WIX_REDIRECT_URL and WIX_INSTALL_BASE are needed");
    OWNED(mem_text_free) char *url = install_begin(client, token, redirect_url, &installing);
    puts(url);
    fflush(stdout);
    return read_line(&line) && install_finish(client, &installing, buf_str(&line));
}
