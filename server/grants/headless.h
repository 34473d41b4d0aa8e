/* What the grants of visitors, members and users share: a client without a secret, and the answer.
 * May depend on: grant. Owner: grants. */
#ifndef FAKEWIX_GRANTS_HEADLESS_H
#define FAKEWIX_GRANTS_HEADLESS_H

#include "grants/grant.h"

/* The public client that client_id names.
 *
 * ret_app  written on REFUSAL_NONE only; caller frees with app_free
 * Refuses: TOKEN_CLIENT_FORM, TOKEN_CLIENT_UNKNOWN, TOKEN_CLIENT_UNAUTHORIZED. */
enum refusal headless_client(struct exchange *x, struct app *ret_app);

/* A token for a person who came through `app`: on the first site where the app is installed, or on
 * none. `subject` is the visitor's, member's or user's id. */
struct token headless_person(struct world *world, const char *app_id, enum token_subject type,
                             const char *subject);

/* The member who logs in on a site: the site's member_id, or one that never changes. */
void headless_member(struct world *world, const char *site_id,
                     char ret_member[static MODEL_ID_MAX + 1]);

/* The visitor of "Authorization: <visitor token>,<API key>", with which a backend says that it
 * logged that visitor in (wix-sdk).
 *
 * ret_visitor  written on REFUSAL_NONE only
 * Refuses: TOKEN_AUTHORIZATION_MISSING, TOKEN_API_KEY_UNKNOWN, TOKEN_VISITOR_INVALID. */
enum refusal headless_vouched(struct exchange *x, struct token *ret_visitor);

/* Answer with an access token for `person`, and, where `line` is not NULL, with a refresh token of
 * its line: one that has an id and a family goes on, an empty one begins. */
void headless_answer(struct exchange *x, const struct token *person, const struct token *line,
                     int64_t lifetime_s, cJSON *answer);

/* Whether the request's scope has offline_access. */
bool headless_wants_refresh(const struct exchange *x);

#endif
