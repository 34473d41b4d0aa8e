/* Helpers of the control plane's handlers.
 * May depend on: shared, state. Owner: routes. */
#ifndef FAKEWIX_ROUTES_CONTROL_H
#define FAKEWIX_ROUTES_CONTROL_H

#include "state/exchange.h"

/* Whether the body is a JSON object, or missing where `optional`; otherwise notes why not. */
enum refusal control_check_body(struct exchange *x, bool optional);

/* Refuse as CONTROL_ARGUMENT where `object` has a member whose name is not in `known`, names each
 * with a blank before and behind. */
enum refusal control_check_keys(struct exchange *x, const cJSON *object, const char *known);

/* Whom an event or a call is about: "instance_id", or else the first instance of "app_id", or else
 * the first instance there is. An app without any has "" for an instance. */
enum refusal control_read_target(struct exchange *x, const cJSON *object, struct instance *ret);

/* Refuse as CONTROL_ARGUMENT where webhooks/letter.h knows no such way to sign. */
enum refusal control_check_sign(struct exchange *x, const char *sign);

/* Refuse as CONTROL_ARGUMENT with the sentence in `err`. */
enum refusal control_argument(struct exchange *x, const struct err *err);

/* A number of the query string, or `fallback` where it is missing or none. */
int64_t control_query_int(const struct exchange *x, const char *name, int64_t fallback);

/* Who may use the control plane (docs/decisions/0008): REFUSAL_NONE, or why not. */
enum refusal control_guard(const struct exchange *x);

/* Refuse a path that there is not, with the nearest there are, or a method that it does not take,
 * with those it does (`allow`). */
enum refusal control_refuse_path(struct exchange *x, enum refusal missing, const char *allow);

/* Whether a browser says that a page of another site made the request. */
bool control_is_cross_site(const struct exchange *x);

/* After disarming: a port of the world's own that no fault rules any more is as it was made. */
void control_calm_door(struct exchange *x);

/* Open what a snapshot's faults need of this process; false and a sentence where it cannot be. */
bool control_prepare_faults(struct exchange *x, const cJSON *saved, struct err *err);

/* Fill a new world with an app, a site and an instance of its own, or with what `config` has. */
void control_fill_world(struct world *world, const cJSON *config);

#endif
