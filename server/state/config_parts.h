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

/* What no row says alone: an id that was given before, an installation of an app or on a site that
 * is not there. */
void config_check_rows(struct config_report *report, const cJSON *config);

#endif
