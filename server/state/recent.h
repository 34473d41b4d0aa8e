/* What the store was asked for lately: an app, an instance, the world that has an app. Every token
 * call asks for these three, and they seldom change; a search in SQLite's index for each is a tenth
 * of the call. Any write to apps or instances forgets all of it.
 * May depend on: mem, model. Owner: state (store.c, under its lock). */
#ifndef FAKEWIX_STATE_RECENT_H
#define FAKEWIX_STATE_RECENT_H

#include "state/model.h"

struct recent;

/* Caller frees with recent_free. */
struct recent *recent_new(void);
void recent_free(struct recent *recent);

/* Forget everything. */
void recent_forget(struct recent *recent);

/* What was kept for these names, or NULL; borrowed, until the next call. */
const struct app *recent_app(struct recent *recent, const char *world, const char *app_id);
const struct instance *recent_instance(struct recent *recent, const char *world,
                                       const char *instance_id);
const char *recent_world(struct recent *recent, const char *app_id);

/* Keep a copy, in the place of another where the table says so. */
void recent_keep_app(struct recent *recent, const char *world, const struct app *app);
void recent_keep_instance(struct recent *recent, const char *world,
                          const struct instance *instance);
void recent_keep_world(struct recent *recent, const char *app_id, const char *world);

#endif
