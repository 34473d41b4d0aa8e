/* The state is what ties a callback to the install that it ends: fresh for each, compared whole,
 * and good for one callback. */
#include "reference/install.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "reference/request.h"
#include "reference/token.h"
#include "shared/buf.h"
#include "shared/mem.h"
#include "shared/text.h"

enum { STATE_BYTES = 16, LINE_MAX_BYTES = 65536, FORGOTTEN_AFTER_MS = 600000 };

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

/* NULL where the machine has no random numbers. */
static char *make_state(const struct client *client)
{
    if (client->bug == BUG_no_state)
        return NULL;
    if (client->bug == BUG_state_counted)
        return mem_format("%032llx", (unsigned long long)client_now_ms(client));
    return install_random();
}

/* Only with a bug: whether no other install of this app is under way, by a mark on disk. */
static bool is_alone(const struct client *client, bool begins)
{
    if (client->bug != BUG_one_install_at_a_time || !client->state_folder)
        return true;
    OWNED(mem_text_free) char *path = mem_format("%s/installing", client->state_folder);
    if (!begins)
        return unlink(path) == 0;
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR);
    if (fd >= 0)
        close(fd);
    return fd >= 0;
}

char *install_begin(const struct client *client, const char *token, const char *redirect_url,
                    struct installing *ret_installing)
{
    struct buf url = {0};
    OWNED(mem_text_free) char *state = make_state(client);
    buf_format(&url, "%s/installer/install", client->pages);
    add_param(&url, '?', "appId", client->app_id);
    if (client->bug == BUG_redirect_url_pasted)
        buf_format(&url, "&redirectUrl=%s", redirect_url);
    else
        add_param(&url, '&', "redirectUrl", redirect_url);
    if (token && client->bug != BUG_install_token_forgotten)
        add_param(&url, '&', "token", token);
    if (state)
        add_param(&url, '&', "state", state);
    if (client->bug == BUG_secret_to_browser)
        add_param(&url, '&', "secret", client->app_secret);
    bool remembered = state && is_alone(client, true);
    *ret_installing = (struct installing){.state = remembered ? mem_text(state) : NULL,
                                          .begun_ms = client_now_ms(client)};
    return buf_take(&url);
}

void installing_free(struct installing *installing)
{
    free(installing->state);
    *installing = (struct installing){0};
}

/* Only with a bug. */
static bool has_strange_param(const char *url)
{
    static const char known[] = " code state error instanceId from lang ";
    const char *query = strchr(url, '?');
    for (const char *pair = query ? query + 1 : ""; *pair;) {
        size_t len = strcspn(pair, "&");
        OWNED(mem_text_free)
        char *name = mem_format(" %.*s ", (int)strcspn(pair, "=&"), pair);
        if (!strstr(known, name))
            return true;
        pair += len + (pair[len] == '&');
    }
    return false;
}

/* A parameter of a URL, decoded unless `raw`; caller frees with free(); NULL where it is missing.
 */
static char *read_param(const char *url, const char *name, bool raw)
{
    const char *query = strchr(url, '?');
    for (const char *pair = query ? query + 1 : ""; *pair && *pair != '#';) {
        size_t len = strcspn(pair, "&#");
        size_t name_len = strlen(name);
        if (len > name_len && pair[name_len] == '=' && strncmp(pair, name, name_len) == 0) {
            struct buf value = {0};
            if (raw)
                return mem_text_n(pair + name_len + 1, len - name_len - 1);
            text_add_unescaped(&value, pair + name_len + 1, len - name_len - 1, true);
            return buf_take(&value);
        }
        pair += len + (pair[len] == '&');
    }
    return NULL;
}

/* The code of a callback; caller frees with free(); NULL where there is none. */
static char *read_code(const struct client *client, const char *callback)
{
    char *code = read_param(callback, "code", false);
    if (!code || client->bug != BUG_code_decoded_twice)
        return code;
    struct buf twice = {0};
    text_add_unescaped(&twice, code, strlen(code), true);
    free(code);
    return buf_take(&twice);
}

static bool is_ours(const struct client *client, const struct installing *installing,
                    const char *state)
{
    if (client->bug == BUG_no_state || client->bug == BUG_state_ignored ||
        (client->bug == BUG_missing_state_taken && !state))
        return true;
    if (client->bug == BUG_state_known_by_form)
        return state && strlen(state) == 2 * STATE_BYTES;
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
    enum bug bug = client->bug;
    OWNED(mem_text_free)
    char *state = read_param(callback, "state", bug == BUG_state_compared_raw);
    OWNED(mem_text_free) char *code = read_code(client, callback);
    OWNED(mem_text_free) char *error = read_param(callback, "error", false);
    OWNED(mem_text_free) char *instance = read_param(callback, "instanceId", false);
    bool late = client_now_ms(client) - installing->begun_ms > FORGOTTEN_AFTER_MS;
    bool ours = is_ours(client, installing, state);
    is_alone(client, false);
    installing_free(installing);
    if (!ours || (bug == BUG_install_forgotten && late))
        return refuse("its state is not the one that was sent");
    if (bug == BUG_callback_strict && has_strange_param(callback))
        return refuse("it has a parameter that is not known");
    if (error && bug == BUG_error_callback_exchanged)
        return exchange(client, code ? code : "");
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
