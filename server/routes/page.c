/* One frame for all pages. No header forbids framing, and the opener policy is the one that Wix's
 * own flow asks for. */
#include "routes/page.h"

#include <stdlib.h>
#include <string.h>

#include "routes/web.h"
#include "shared/mem.h"
#include "shared/text.h"

void page_begin(struct response *response, int status, const char *title)
{
    response_text(response, status, "text/html; charset=utf-8", "");
    response_header(response, "Cache-Control", "no-store");
    response_header(response, "Cross-Origin-Opener-Policy", "unsafe-none");
    /* Codes and tokens stay in the house; no-referrer would make a form's Origin null. */
    response_header(response, "Referrer-Policy", "same-origin");
    struct buf *body = &response->body;
    buf_text(body,
             "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">"
             "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\"><title>");
    text_add_html(body, title);
    buf_text(body, "</title><style>");
    buf_text(body, web_page_css);
    buf_text(body, "</style></head><body><main><h1>");
    text_add_html(body, title);
    buf_text(body, "</h1>");
}

void page_end(struct response *response)
{
    buf_text(&response->body, "<footer>fakewix, a test double. Not Wix, not affiliated with "
                              "Wix.</footer></main></body></html>");
}

void page_redirect(struct response *response, const char *url)
{
    response_text(response, 302, "text/html; charset=utf-8", "");
    response_header(response, "Location", url);
    response_header(response, "Cache-Control", "no-store");
    response_header(response, "Referrer-Policy", "no-referrer");
}

void page_error(struct response *response, int status, const char *sentence, const char *lead,
                const char *note)
{
    page_begin(response, status, sentence);
    buf_format(&response->body, "<p>%s</p>", lead);
    if (note) {
        buf_text(&response->body, "<p class=\"note\">For the developer: ");
        text_add_html(&response->body, note);
        buf_text(&response->body, ".</p>");
    }
    page_end(response);
}

/* The bytes of the first character of UTF-8 text. */
static size_t first_len(const char *text)
{
    size_t len = *text ? 1 : 0;
    while (len && ((unsigned char)text[len] & 0xC0) == 0x80)
        len++;
    return len;
}

void page_put_badge(struct buf *body, const char *name)
{
    OWNED(mem_text_free) char *letter = mem_text_n(name, first_len(name));
    buf_text(body, "<div class=\"badge\" aria-hidden=\"true\">");
    text_add_html(body, letter);
    buf_text(body, "</div>");
}
