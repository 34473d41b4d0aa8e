/* From the command line to the parts of a run, the fake among them. No client is tried and nothing
 * printed here. */
#include "judging.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fake/http.h"
#include "host/files.h"
#include "report/run.h"
#include "routing.h"
#include "shared/mem.h"
#include "shared/near.h"
#include "trial/crew.h"
#include "trial/rehearsal.h"

enum { QUIET_MS = 150, PERCENT = 100 };

static bool has_profile(const struct options *options, const char *name)
{
    const char *profile = options_text(options, OPTION_PROFILE);
    return profile && strcmp(profile, name) == 0;
}

bool judging_is_strict(const struct options *options)
{
    return options_text(options, OPTION_STRICT) || has_profile(options, "strict");
}

bool judging_choose(const struct options *options, const struct catalogue *catalogue,
                    struct plan *ret_plan, struct err *err)
{
    const struct option_values *only = &options->values[OPTION_ONLY];
    const char *profile = options_text(options, OPTION_PROFILE);
    OWNED(mem_text_free) char *profile_name = options_name(options, OPTION_PROFILE);
    OWNED(mem_text_free) char *only_name = options_name(options, OPTION_ONLY);
    if (profile && !has_profile(options, "minimal") && !has_profile(options, "strict") &&
        !has_profile(options, "default"))
        return err_set(err, "%s takes minimal, default or strict, not \"%s\"", profile_name,
                       profile);
    if (!plan_make(catalogue, only_name, only->list, only->n, ret_plan, err))
        return false;
    if (options_text(options, OPTION_QUICK))
        plan_make_quick(ret_plan);
    if (has_profile(options, "minimal"))
        plan_make_minimal(ret_plan);
    return true;
}

void judging_free(struct judging *judging)
{
    known_free(&judging->known);
    known_free(&judging->flaky);
    server_stop(&judging->server);
    choice_free(&judging->choice);
    free(judging->again);
    free(judging->preload);
}

/* The command line that repeats this run; --only is added per scenario. */
static char *make_again(const struct options *options)
{
    static const enum option kept[] = {OPTION_LISTEN,  OPTION_UNMODIFIED, OPTION_ROUTE,
                                       OPTION_FLOWS,   OPTION_SERVER,     OPTION_CONTROL_TOKEN,
                                       OPTION_TIMEOUT, OPTION_CAPS,       OPTION_SCENARIO_DIR};
    struct buf line = {0};
    buf_text(&line, "fakewix-conform run");
    choice_add_again(options, &line);
    for (size_t i = 0; i < sizeof kept / sizeof *kept; i++)
        options_add_again(options, kept[i], &line);
    return buf_take(&line);
}

static bool refuse_need(const struct options *options, const char *name, struct err *err)
{
    OWNED(mem_text_free) char *option = options_name(options, OPTION_CAPS);
    OWNED(buf_free) struct buf question = {0};
    struct near near = {.given = name};
    for (int i = 0; i < NEED_COUNT; i++)
        near_offer(&near, need_name((enum need)i));
    near_add_question(&question, &near, "");
    return err_set(err,
                   "%s has the unknown word \"%s\"%s `fakewix-conform explain language` lists "
                   "them",
                   option, name, question.len ? buf_str(&question) : ";");
}

static bool read_caps(const struct options *options, const char *text, unsigned *ret_offers,
                      struct err *err)
{
    unsigned offers = 0;
    while (*text) {
        size_t len = strcspn(text, ",");
        OWNED(mem_text_free) char *name = mem_text_n(text, len);
        enum need need = NEED_COUNT;
        if (!need_by_name(name, &need))
            return refuse_need(options, name, err);
        offers |= NEED_MASK(need);
        text += len + (text[len] == ',');
    }
    *ret_offers = offers;
    return true;
}

static bool read_flows(const char *text, unsigned *ret_flows, struct err *err)
{
    unsigned flows = 0;
    while (*text) {
        size_t len = strcspn(text, ",");
        OWNED(mem_text_free) char *name = mem_text_n(text, len);
        enum flow flow = FLOW_COUNT;
        if (!flow_by_name(name, &flow))
            return err_set(err, "--flows takes client_credentials, legacy and install, not \"%s\"",
                           name);
        flows |= FLOW_MASK(flow);
        text += len + (text[len] == ',');
    }
    *ret_flows = flows;
    return true;
}

/* The library that moves a program's clock, where it was installed with this one; caller frees with
 * free(); NULL where it was not. */
static char *find_preload(void)
{
    OWNED(mem_text_free) char *folder = files_program_folder();
    char *slash = folder ? strrchr(folder, '/') : NULL;
    if (!slash)
        return NULL;
    *slash = '\0';
    char *library = mem_format("%s/lib/libfakewix-preload.so", folder);
    if (access(library, R_OK) == 0)
        return library;
    free(library);
    return NULL;
}

bool judging_read(struct judging *judging, options_env_fn *env, int stop_fd, struct err *err)
{
    const struct options *options = judging->options;
    const char *caps = options_text(options, OPTION_CAPS);
    int64_t timeout_s = 0;
    int64_t scale = 0;
    if (!options_number(options, OPTION_JOBS, 1, CREW_MAX_JOBS, 1, &judging->jobs, err) ||
        !options_number(options, OPTION_TIMEOUT, 1, 86400, 60, &timeout_s, err) ||
        !options_number(options, OPTION_TIME_SCALE, 0, 100000, PERCENT, &scale, err))
        return false;
    const char *url = options_text(options, OPTION_SERVER);
    if (options_text(options, OPTION_UNMODIFIED) && !url)
        url = routing_address(env);
    const char *token = options_text(options, OPTION_CONTROL_TOKEN);
    if (url && !server_use(url, token, &judging->server, err))
        return false;
    if (!choice_make(options, timeout_s * 1000, stop_fd, &judging->choice, err))
        return false;
    if (judging->choice.alone && judging->jobs > 1)
        return err_set(err, "a running app is one client for all scenarios: --jobs must be 1");
    const char *trace = options_text(options, OPTION_TRACE);
    if (trace && strcmp(trace, "-") != 0 && mkdir(trace, 0777) != 0 && errno != EEXIST)
        return err_set(err, "--trace %s: that folder cannot be made: %s", trace, strerror(errno));
    const char *flows = options_text(options, OPTION_FLOWS);
    judging->again = make_again(options);
    judging->preload = find_preload();
    if (judging->preload && judging->choice.driver.starts)
        judging->choice.driver.offers |= NEED_MASK(NEED_BIT_CLOCK);
    judging->setup = (struct trial_setup){
        .server = &judging->server,
        .driver = &judging->choice.driver,
        .offers = judging->choice.driver.offers,
        .flows = judging->choice.alone ? FLOW_MASK(FLOW_LEGACY) | FLOW_MASK(FLOW_INSTALL)
                                       : FLOW_MASK(FLOW_COUNT) - 1,
        .world = judging->choice.world,
        .ca_file = routing_address(env) ? env("FAKEWIX_CA") : NULL,
        .unmodified = options_text(options, OPTION_UNMODIFIED) != NULL,
        .trace = options_text(options, OPTION_TRACE),
        .preload = judging->preload,
        .timeout_ms = timeout_s * 1000,
        .quiet_ms = (int)(QUIET_MS * scale / PERCENT),
        .stop_fd = stop_fd,
    };
    if ((caps && !read_caps(options, caps, &judging->setup.offers, err)) ||
        (flows && !read_flows(flows, &judging->setup.flows, err)))
        return false;
    judging->setup.sure = caps ? judging->setup.offers : 0;
    return true;
}

bool judging_start_fake(struct judging *judging, options_env_fn *env, struct err *err)
{
    const char *listen = options_text(judging->options, OPTION_LISTEN);
    return judging->server.url || server_start(env("FAKEWIX_BIN"), listen, &judging->server, err);
}

int judging_check_own(struct judging *judging, struct catalogue *catalogue, options_env_fn *env,
                      struct err *err)
{
    if (catalogue_has_own(catalogue)) {
        if (!judging_start_fake(judging, env, err))
            return RUN_BROKEN;
        struct http *http = http_open();
        bool answered = rehearse(&judging->setup, http, catalogue, err);
        http_close(http);
        if (!answered)
            return RUN_BROKEN;
    }
    return mistakes_are_none(&catalogue->mistakes, err) ? RUN_OK : RUN_USAGE;
}

bool judging_read_known(struct judging *judging, const struct catalogue *catalogue, struct err *err)
{
    const char *known = options_text(judging->options, OPTION_KNOWN_FAILING);
    const char *flaky = options_text(judging->options, OPTION_KNOWN_FLAKY);
    if ((known && !known_read(known, catalogue, &judging->known, err)) ||
        (flaky && !known_read(flaky, catalogue, &judging->flaky, err)))
        return false;
    judging->flaky.flaky = true;
    return true;
}
