/* The parts of a URL that redirects are about.
 * May depend on: shared. Owner: evidence. */
#ifndef FAKEWIX_EVIDENCE_URL_H
#define FAKEWIX_EVIDENCE_URL_H

#include <stdbool.h>
#include <stddef.h>

#include "shared/buf.h"

/* A parameter of the query, decoded; caller frees with free(); NULL where it is missing. */
char *url_param(const char *url, const char *name);

/* Append "?name=value" or "&name=value", the value escaped. */
void url_add_param(struct buf *url, const char *name, const char *value);

/* The URL without the parameters of those blank-separated names, and without what stands behind #;
 * caller frees with free(). */
char *url_without(const char *url, const char *names);

/* How long "http://host:port" is at the start; 0 where it is no such URL. */
size_t url_origin_len(const char *url);

bool url_same_origin(const char *a, const char *b);

/* Whether the host is this machine by one of its usual names. */
bool url_is_local(const char *url);

/* What a Location means that was given at `base`; caller frees with free(). */
char *url_resolve(const char *base, const char *location);

#endif
