/* What a text of the config must look like: each function gives the sentence that says what is
 * wrong and how to mend it. Loose where Wix's own rules are not known: a scheme of an app's own is
 * a URL too, and so is one with letters beyond ASCII. */
#include <stdlib.h>
#include <string.h>

#include "shared/mem.h"
#include "shared/near.h"
#include "shared/tree.h"
#include "shared/url.h"
#include "state/config_parts.h"

char *config_url_problem(const char *text)
{
    return url_is_sound(text) ? NULL
                              : mem_format("\"%s\" is no URL; write it whole, such as "
                                           "https://app.example.com/login",
                                           text);
}

char *config_web_url_problem(const char *text)
{
    return url_is_sound(text) && url_is_web(text)
               ? NULL
               : mem_format("\"%s\" is no URL of http or https; write it whole, such as "
                            "http://localhost:3000/webhook",
                            text);
}

char *config_method_problem(const char *text)
{
    static const char known[] = " GET HEAD POST PUT PATCH DELETE * ";
    OWNED(mem_text_free) char *word = mem_format(" %s ", text);
    if (!strchr(text, ' ') && strstr(known, word))
        return NULL;
    struct buf sentence = {0};
    buf_format(&sentence, "\"%s\"", text);
    near_add_unknown(&sentence, text, known);
    return buf_take(&sentence);
}

char *config_path_problem(const char *text)
{
    return *text == '/' ? NULL
                        : mem_format("\"%s\" is no path: it must begin with a slash, without a "
                                     "host, such as /blog/v3/posts",
                                     text);
}

/* https, or plain http to this machine; the host's name ends where it is said to. */
static bool url_is_fit(const char *url)
{
    static const char *const local[] = {"http://localhost", "http://127.0.0.1", "http://[::1]"};
    for (size_t i = 0; i < sizeof local / sizeof *local; i++) {
        size_t len = strlen(local[i]);
        if (strncmp(url, local[i], len) == 0 && (!url[len] || strchr(":/?", url[len])))
            return true;
    }
    return strncmp(url, "https://", 8) == 0;
}

/* A native app has a scheme of its own (RFC 8252 section 7.1); one letter beside http is a slip. */
static void warn_redirect(struct config_report *report, const char *where, const char *url)
{
    OWNED(mem_text_free) char *scheme = mem_text_n(url, strcspn(url, ":"));
    struct near near = {.given = scheme};
    near_offer(&near, "http");
    near_offer(&near, "https");
    if (!url_is_web(url) && near_meant(&near))
        buf_format(report->lines,
                   "warning: %s: %s: the scheme \"%s\"; did you mean \"%s\"?\n", report->file,
                   where, scheme, near_meant(&near));
    if (strchr(url, '#'))
        buf_format(report->lines,
                   "warning: %s: %s: a redirect URL has no fragment (RFC 6749 section 3.1.2); "
                   "leave out what begins with #\n",
                   report->file, where);
}

static void warn_redirects(struct config_report *report, int app, const cJSON *urls)
{
    int i = 0;
    const cJSON *list = cJSON_IsArray(urls) ? urls : NULL;
    const cJSON *url;
    cJSON_ArrayForEach(url, list)
    {
        OWNED(mem_text_free) char *where = mem_format("apps[%d].redirect_urls[%d]", app, i++);
        if (cJSON_IsString(url) && url_is_sound(url->valuestring))
            warn_redirect(report, where, url->valuestring);
    }
}

void config_warn_urls(struct config_report *report, const cJSON *config)
{
    int i = 0;
    const cJSON *app;
    cJSON_ArrayForEach(app, tree_get(config, "apps"))
    {
        const char *url = tree_text(app, "app_url");
        OWNED(mem_text_free) char *where = mem_format("apps[%d].app_url", i);
        if (url && url_is_sound(url) && !url_is_fit(url))
            buf_format(report->lines,
                       "warning: %s: %s: Wix takes https only, or a local address while "
                       "developing\n",
                       report->file, where);
        warn_redirects(report, i++, tree_get(app, "redirect_urls"));
    }
}
