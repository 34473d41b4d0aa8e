/* Rules about the front channel of an install: where the client sends the browser, with what, and
 * under which headers. A program has no pages, so of it only the installer's URL is seen. */
#include <math.h>
#include <string.h>

#include "checks/checks.h"
#include "checks/counting.h"
#include "evidence/url.h"
#include "shared/mem.h"
#include "shared/text.h"

/* The first install of which `is` is not true, or NULL. The finding is undecided where no browser
 * got to the installer. */
typedef bool install_fn(const struct evidence *evidence, const struct install *install);

static const struct install *find_unfit(const struct evidence *evidence, install_fn *is,
                                        struct finding *finding)
{
    const struct performance *performance = &evidence->performance;
    finding_undecided(finding, "no browser was sent to the installer");
    for (size_t i = 0; i < performance->n_installs; i++) {
        const struct install *install = &performance->installs[i];
        if (!install->url)
            continue;
        finding_holds(finding, "as expected");
        if (!is(evidence, install))
            return install;
    }
    return NULL;
}

/* ---- the way to the installer ---- */

static bool is_text(const char *text, const char *expected)
{
    return text && expected && strcmp(text, expected) == 0;
}

/* To Wix, or to the fake: an app that was running before has no world in its URLs. */
static bool leads_to_wix(const struct evidence *evidence, const char *url)
{
    static const char wanted[] = "/installer/install";
    const char *base = evidence->stage->world.base;
    if (!url_same_origin(url, base) && !url_same_origin(url, "https://www.wix.com"))
        return false;
    const char *path = url + url_origin_len(url);
    const char *world = base + url_origin_len(base);
    if (strncmp(path, world, strlen(world)) == 0)
        path += strlen(world);
    return strncmp(path, wanted, strlen(wanted)) == 0 && strchr("?/", path[strlen(wanted)]);
}

/* What is wrong with the way to the installer, or NULL. */
static const char *fault_of_way(const struct evidence *evidence, const struct install *install)
{
    if (!leads_to_wix(evidence, install->url))
        return "leads elsewhere";
    if (!is_text(install->token, install->given_token))
        return install->token ? "has another token than the App URL's" : "has no token";
    if (!is_text(install->app_id, evidence->stage->world.app_id))
        return install->app_id ? "has another appId than the app's" : "has no appId";
    return install->redirect_url && *install->redirect_url ? NULL : "has no redirectUrl";
}

/* An App URL that leads nowhere is not undecided: it was opened, and this is what came of it. */
void check_installer_asked(const struct evidence *evidence, const cJSON *params,
                           struct finding *finding)
{
    const struct performance *performance = &evidence->performance;
    (void)params;
    buf_text(&finding->expected, "to /installer/install, with token, appId and redirectUrl");
    finding_undecided(finding, "no App URL was opened");
    for (size_t i = 0; i < performance->n_installs; i++) {
        const struct install *install = &performance->installs[i];
        const char *fault = install->url ? fault_of_way(evidence, install) : NULL;
        if (!install->url)
            finding_broken(finding, NULL, "%s",
                           install->trouble ? install->trouble : "the browser is sent nowhere");
        else if (fault)
            finding_broken(finding, NULL, "the installer's URL %s", fault);
        if (fault || !install->url)
            return;
        finding_holds(finding, "with token, appId and redirectUrl");
    }
}

/* A parameter of the installer's URL that nobody there knows. */
static bool has_stray_param(const char *url)
{
    OWNED(mem_text_free) char *rest = url_without(url, "token appId redirectUrl state");
    return strchr(rest, '?') != NULL;
}

/* A redirect URL that was pasted keeps its "?" as it is, and leaves what stands behind its first
 * "&" to the installer's own parameters. */
static bool has_whole_redirect_url(const struct evidence *evidence, const struct install *install)
{
    const char *query = strchr(install->url, '?');
    (void)evidence;
    if (install->given_redirect_url)
        return is_text(install->redirect_url, install->given_redirect_url);
    bool pasted = query && strchr(query + 1, '?') && has_stray_param(install->url);
    return install->redirect_url && url_origin_len(install->redirect_url) && !pasted;
}

void check_redirect_url_whole(const struct evidence *evidence, const cJSON *params,
                              struct finding *finding)
{
    (void)params;
    buf_text(&finding->expected, "a redirectUrl that decodes to the app's own, query and all");
    const struct install *install = find_unfit(evidence, has_whole_redirect_url, finding);
    if (install)
        finding_broken(finding, NULL, "it decodes to \"%s\"",
                       install->redirect_url ? install->redirect_url : "");
}

/* ---- the state ---- */

static bool has_state(const struct evidence *evidence, const struct install *install)
{
    (void)evidence;
    return install->state && *install->state;
}

static bool has_no_state(const struct evidence *evidence, const struct install *install)
{
    return !has_state(evidence, install);
}

void check_state_sent(const struct evidence *evidence, const cJSON *params, struct finding *finding)
{
    (void)params;
    buf_text(&finding->expected, "a state in the installer's URL");
    if (find_unfit(evidence, has_state, finding))
        finding_broken(finding, NULL, "no state");
}

void check_no_state_sent(const struct evidence *evidence, const cJSON *params,
                         struct finding *finding)
{
    (void)params;
    buf_text(&finding->expected, "no state in the installer's URL");
    if (find_unfit(evidence, has_no_state, finding))
        finding_broken(finding, NULL, "a state");
}

enum { MOST_STATES = 64, SYMBOLS = 256 };

/* How many different characters stand at one place of the states; one that is too short for it
 * counts as a character of its own. */
static int count_symbols(const char *const *states, int n, size_t at, bool *ret_alphabet)
{
    bool seen[SYMBOLS] = {false};
    int distinct = 0;
    for (int i = 0; i < n; i++) {
        unsigned char c = (unsigned char)(at < strlen(states[i]) ? states[i][at] : '\0');
        distinct += !seen[c];
        seen[c] = true;
        ret_alphabet[c] = true;
    }
    return distinct;
}

/* About how many bits an attacker has to guess who has seen these. A place where few characters
 * take turns is worth what is seen there; one where many do, a character of the whole alphabet. */
static double estimate_bits(const char *const *states, int n)
{
    enum { FEW = 8 };
    bool alphabet[SYMBOLS] = {false};
    size_t longest = 0;
    int places = 0;
    double bits = 0;
    for (int i = 0; i < n; i++)
        longest = strlen(states[i]) > longest ? strlen(states[i]) : longest;
    for (size_t at = 0; at < longest; at++) {
        bool here[SYMBOLS] = {false};
        int distinct = count_symbols(states, n, at, here);
        if (distinct < FEW) {
            bits += log2(distinct);
            continue;
        }
        places++;
        for (int c = 0; c < SYMBOLS; c++)
            alphabet[c] = alphabet[c] || here[c];
    }
    int letters = 0;
    for (int c = 1; c < SYMBOLS; c++)
        letters += alphabet[c];
    return bits + (places ? places * log2(letters) : 0);
}

static bool repeats(const char *const *states, int n)
{
    for (int i = 0; i < n; i++)
        for (int k = 0; k < i; k++)
            if (strcmp(states[i], states[k]) == 0)
                return true;
    return false;
}

void check_state_unpredictable(const struct evidence *evidence, const cJSON *params,
                               struct finding *finding)
{
    const char *states[MOST_STATES];
    int n = 0;
    int64_t min_bits = checks_number(params, "min_bits", 120);
    const struct performance *performance = &evidence->performance;
    for (size_t i = 0; i < performance->n_installs && n < MOST_STATES; i++)
        if (has_state(evidence, &performance->installs[i]))
            states[n++] = performance->installs[i].state;
    buf_format(&finding->expected, "states that never repeat, of %lld bits or more",
               (long long)min_bits);
    if (n < 2) {
        if (n || !find_unfit(evidence, has_state, finding))
            finding_undecided(finding, "%d state%s to compare", n, counting_s(n));
        else
            finding_broken(finding, NULL, "no state");
        return;
    }
    double bits = estimate_bits(states, n);
    if (repeats(states, n))
        finding_broken(finding, NULL, "the same state for two installs");
    else if (bits < (double)min_bits)
        finding_broken(finding, NULL, "about %.0f bits, going by %d states", bits, n);
    else
        finding_holds(finding, "%d different states", n);
}

/* ---- what the browser gets to know ---- */

/* Whether a URL has a secret in it, as it is or escaped. */
static bool url_holds(const char *url, const char *secret)
{
    OWNED(buf_free) struct buf plain = {0};
    text_add_unescaped(&plain, url, strlen(url), true);
    return strstr(url, secret) || strstr(buf_str(&plain), secret);
}

static const struct alias *find_in_url(const struct evidence *evidence, const char *url)
{
    static const char *const kinds[] = {"app-secret", "refresh#", "access#"};
    bool closing = strstr(url, "/installer/close-window") != NULL;
    OWNED(mem_text_free) char *rest = closing ? url_without(url, "access_token") : mem_text(url);
    for (size_t i = 0; i < evidence->n_aliases; i++)
        for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++)
            if (strncmp(evidence->aliases[i].name, kinds[k], strlen(kinds[k])) == 0 &&
                url_holds(rest, evidence->aliases[i].secret))
                return &evidence->aliases[i];
    return NULL;
}

void check_front_channel_clean(const struct evidence *evidence, const cJSON *params,
                               struct finding *finding)
{
    const struct performance *performance = &evidence->performance;
    const struct alias *found = NULL;
    (void)params;
    buf_text(&finding->expected, "no secret and no token in a URL that the browser is sent to");
    finding_undecided(finding, "the browser was sent nowhere");
    for (size_t i = 0; i < performance->n_installs && !found; i++) {
        const char *url = performance->installs[i].url;
        found = url ? find_in_url(evidence, url) : NULL;
        if (found)
            finding_broken(finding, NULL, "<%s> in the installer's URL", found->name);
        else if (url)
            finding_holds(finding, "none");
    }
    for (size_t i = 0; i < performance->n_visits && !found; i++) {
        const struct visit *visit = &performance->visits[i];
        bool apps_own = visit->location && visit->kind != VISIT_INSTALLER;
        found = apps_own ? find_in_url(evidence, visit->location) : NULL;
        if (found)
            finding_broken(finding, NULL, "<%s> in a redirect of the app's", found->name);
    }
}

/* ---- the end, and the headers ---- */

/* The newest access token that was granted, or NULL. */
static const char *find_newest_token(const struct wire *wire)
{
    for (size_t i = wire->n; i > 0; i--)
        if (exchange_asks_for_token(&wire->list[i - 1]) &&
            exchange_answer(&wire->list[i - 1], "access_token"))
            return exchange_answer(&wire->list[i - 1], "access_token");
    return NULL;
}

void check_window_closed_measured(const struct evidence *evidence, const cJSON *params,
                                  struct finding *finding)
{
    const struct performance *performance = &evidence->performance;
    const char *newest = find_newest_token(&evidence->wire);
    (void)params;
    finding_measured(finding, "the browser is not sent to close-window");
    for (size_t i = 0; i < performance->n_visits; i++) {
        const struct visit *visit = &performance->visits[i];
        if (visit->kind == VISIT_INSTALLER || !visit->location ||
            !strstr(visit->location, "/installer/close-window"))
            continue;
        OWNED(mem_text_free) char *token = url_param(visit->location, "access_token");
        finding_measured(finding, "the browser is sent to close-window with %s",
                         !token || !*token        ? "no access token"
                         : is_text(token, newest) ? "this install's access token"
                                                  : "another access token");
    }
}

/* Whether a visit was to the app, and answered: the App URL, the redirect URL, or where one of them
 * sent the browser on within the app. */
static bool is_page(const struct performance *performance, size_t i)
{
    const struct visit *visit = &performance->visits[i];
    bool onward = i && visit->kind == VISIT_ONWARD &&
                  url_same_origin(visit->url, performance->visits[i - 1].url);
    return visit->status && (onward || visit->kind == VISIT_APP || visit->kind == VISIT_CALLBACK);
}

static const char *name_page(const struct visit *visit)
{
    return visit->kind == VISIT_APP        ? "the App URL"
           : visit->kind == VISIT_CALLBACK ? "the redirect URL"
                                           : "a page behind them";
}

void check_opener_allowed(const struct evidence *evidence, const cJSON *params,
                          struct finding *finding)
{
    const struct performance *performance = &evidence->performance;
    (void)params;
    buf_text(&finding->expected, "no Cross-Origin-Opener-Policy, or unsafe-none");
    finding_undecided(finding, "no page of the app's was seen");
    for (size_t i = 0; i < performance->n_visits; i++) {
        if (!is_page(performance, i))
            continue;
        const struct visit *visit = &performance->visits[i];
        const char *value = visit_header(visit, "Cross-Origin-Opener-Policy");
        OWNED(mem_text_free) char *policy = value ? mem_text_n(value, strcspn(value, "; ")) : NULL;
        if (policy && *policy && strcmp(policy, "unsafe-none") != 0) {
            finding_broken(finding, NULL, "\"%s\" at %s", policy, name_page(visit));
            return;
        }
        finding_holds(finding, "the opener is not cut off");
    }
}

void check_frames_measured(const struct evidence *evidence, const cJSON *params,
                           struct finding *finding)
{
    const struct performance *performance = &evidence->performance;
    (void)params;
    finding_measured(finding, "nothing is said of frames");
    for (size_t i = 0; i < performance->n_visits; i++) {
        if (!is_page(performance, i))
            continue;
        const struct visit *visit = &performance->visits[i];
        const char *options = visit_header(visit, "X-Frame-Options");
        const char *policy = visit_header(visit, "Content-Security-Policy");
        const char *ancestors = policy ? strstr(policy, "frame-ancestors") : NULL;
        if (options)
            finding_measured(finding, "X-Frame-Options: %s at %s", options, name_page(visit));
        else if (ancestors)
            finding_measured(finding, "%.*s at %s", (int)strcspn(ancestors, ";"), ancestors,
                             name_page(visit));
        if (options || ancestors)
            return;
    }
}
