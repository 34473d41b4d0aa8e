/* What the parts of the config's check share.
 * May depend on: shared. Owner: state. */
#ifndef FAKEWIX_STATE_CONFIG_PARTS_H
#define FAKEWIX_STATE_CONFIG_PARTS_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>

#include "shared/buf.h"

/* Where problems are collected. */
struct config_report {
    const char *file;
    struct buf *lines;
    size_t n;
    bool is_whole; /* a list that is left out is empty, and not in another file */
};

/* One line that counts: file, path and sentence. */
void config_problem(struct config_report *report, const char *path, const char *sentence);

/* What is wrong with a text, and how to mend it, as a sentence that the caller frees; NULL where
 * nothing is. */
typedef char *config_form_fn(const char *text);
config_form_fn config_url_problem, config_web_url_problem, config_method_problem,
    config_path_problem;

/* Warn of an app_url that Wix would not take, and of a redirect URL with a fragment or a slip in
 * its scheme. */
void config_warn_urls(struct config_report *report, const cJSON *config);

/* What no row says alone: an id that was given before, an installation of an app or on a site that
 * is not there, an API key for such a site, an answer for a path where the fake has its own. */
void config_check_rows(struct config_report *report, const cJSON *config);

#endif
