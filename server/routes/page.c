/* One frame for all pages. No header forbids framing, and the opener policy is the one that Wix's
 * own flow asks for (custom-auth). */
#include "routes/page.h"

#include "shared/text.h"

static const char style[] =
    "body{font:16px/1.5 system-ui,sans-serif;margin:0;background:#f4f5f7;color:#20303c}"
    "main{max-width:30rem;margin:4rem auto;padding:2rem;background:#fff;border-radius:12px;"
    "box-shadow:0 1px 6px #0002}h1{font-size:1.4rem;margin:0 0 1rem}"
    "button{font:inherit;padding:.6rem 1.4rem;border-radius:6px;border:1px solid #1769e0;"
    "margin:1rem .5rem 0 0;background:#fff;color:#1769e0}"
    "button.first{background:#1769e0;color:#fff}footer{font-size:.8rem;color:#67727c;"
    "margin-top:2rem}label{display:block;margin:.4rem 0}"
    "@media(prefers-color-scheme:dark){body{background:#15191d;color:#e4e8ec}"
    "main{background:#20262c}button{background:#20262c;color:#7fb2ff;border-color:#7fb2ff}"
    "button.first{color:#fff}}";

void page_begin(struct response *response, int status, const char *title)
{
    response_text(response, status, "text/html; charset=utf-8", "");
    response_header(response, "Cache-Control", "no-store");
    response_header(response, "Cross-Origin-Opener-Policy", "unsafe-none");
    response_header(response, "Referrer-Policy", "no-referrer");
    struct buf *body = &response->body;
    buf_text(body,
             "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">"
             "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\"><title>");
    text_add_html(body, title);
    buf_format(body, "</title><style>%s</style></head><body><main><h1>", style);
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
}

void page_error(struct response *response, int status, const char *sentence)
{
    page_begin(response, status, sentence);
    buf_text(&response->body, "<p>Nothing was installed.</p>");
    page_end(response);
}
