/* What a browser makes of addresses and forms, by tables. */
#include "drivers/form.h"
#include "evidence/url.h"
#include "tests/suite.h"

static const struct {
    const char *url;
    const char *name;
    const char *value; /* NULL: missing */
} params[] = {
    {"http://a/?x=1&y=2", "y", "2"},
    {"http://a/p?state=a%2Bb+c", "state", "a+b c"},
    {"http://a/p?re%64irectUrl=u", "redirectUrl", "u"},
    {"http://a/p?x=1#y=2", "y", NULL},
    {"http://a/p", "x", NULL},
    {"http://a/p?x", "x", ""},
    {"http://a/p?x=", "x", ""},
    {"http://a/p?xx=1", "x", NULL},
    {"http://a/p?r=http%3A%2F%2Fb%3Fx%3D9", "x", NULL},
};

START_TEST(a_parameter_is_found_and_decoded)
{
    OWNED(mem_text_free) char *value = url_param(params[_i].url, params[_i].name);
    if (params[_i].value)
        ck_assert_str_eq(value, params[_i].value);
    else
        ck_assert_ptr_null(value);
}
END_TEST

static const struct {
    const char *base;
    const char *location;
    const char *meant;
} locations[] = {
    {"http://a:1/x/y?q", "https://b/z", "https://b/z"},
    {"http://a:1/x/y?q", "/z?w", "http://a:1/z?w"},
    {"http://a:1/x/y?q", "z", "http://a:1/x/z"},
    {"http://a:1/x/y?q", "?w", "http://a:1/x/y?w"},
    {"https://a/x", "//b/z", "https://b/z"},
    {"http://a:1", "z", "http://a:1/z"},
};

START_TEST(a_location_is_resolved)
{
    OWNED(mem_text_free) char *meant = url_resolve(locations[_i].base, locations[_i].location);
    ck_assert_str_eq(meant, locations[_i].meant);
}
END_TEST

static const struct {
    const char *a;
    const char *b;
    bool same;
} origins[] = {
    {"http://a/x", "http://a/y", true},     {"http://a:1/", "HTTP://A:1", true},
    {"http://a", "https://a", false},       {"http://a:1", "http://a:2", false},
    {"http://a.b/", "http://a.bc/", false}, {"nonsense", "nonsense", false},
};

START_TEST(origins_are_compared_whole)
{
    ck_assert_int_eq(url_same_origin(origins[_i].a, origins[_i].b), origins[_i].same);
}
END_TEST

START_TEST(parameters_are_left_out)
{
    OWNED(mem_text_free)
    char *url = url_without("http://a/p?x=1&code=2&y=3&state=4#f", "code state");
    ck_assert_str_eq(url, "http://a/p?x=1&y=3");
}
END_TEST

static const struct {
    const char *html;
    const char *body; /* NULL: there is no such button */
} forms[] = {
    {"<form method=\"post\" action=\"/i\"><input type=hidden name=t value=\"a&amp;b\">"
     "<button name=\"decision\" value=\"agree\">Yes</button></form>",
     "t=a%26b&decision=agree"},
    {"<!-- <form> --><form><input type='radio' name='s' value='1' checked>"
     "<input type='radio' name='s' value='2'><button name=decision value=decline>No</button>"
     "<button name=decision value=agree>Yes</button></form>",
     "s=1&decision=agree"},
    {"<form><input type=submit name=decision value=agree></form>", "decision=agree"},
    {"<form><input name=\"q\" value='<>'><button name=decision value=agree></form>",
     "q=%3C%3E&decision=agree"},
    {"<form><button name=decision value=decline></form>", NULL},
    {"<p>no form</p>", NULL},
    {"<form", NULL},
    {"", NULL},
};

START_TEST(a_form_is_sent_as_a_browser_would)
{
    OWNED(form_free) struct form form = {0};
    bool filled = form_fill(forms[_i].html, "decision", "agree", &form);
    ck_assert_int_eq(filled, forms[_i].body != NULL);
    if (filled)
        ck_assert_str_eq(buf_str(&form.body), forms[_i].body);
}
END_TEST

static const struct {
    const char *url;
    bool local;
} places[] = {
    {"http://127.0.0.1:3000/x", true},    {"https://LOCALHOST", true},     {"http://[::1]/", true},
    {"http://localhost.example/", false}, {"https://www.wix.com/", false}, {"/login", false},
};

START_TEST(this_machine_is_known_by_its_names)
{
    ck_assert_int_eq(url_is_local(places[_i].url), places[_i].local);
}
END_TEST

int main(void)
{
    TCase *tests;
    Suite *suite = suite_of("url", &tests);
    tcase_add_loop_test(tests, a_parameter_is_found_and_decoded, 0, sizeof params / sizeof *params);
    tcase_add_loop_test(tests, a_location_is_resolved, 0, sizeof locations / sizeof *locations);
    tcase_add_loop_test(tests, origins_are_compared_whole, 0, sizeof origins / sizeof *origins);
    tcase_add_loop_test(tests, this_machine_is_known_by_its_names, 0,
                        sizeof places / sizeof *places);
    tcase_add_test(tests, parameters_are_left_out);
    tcase_add_loop_test(tests, a_form_is_sent_as_a_browser_would, 0, sizeof forms / sizeof *forms);
    return suite_run(suite);
}
