/* Tests of visitors, members and users: a fake with one visitor, and what their rows share.
 * May depend on: harness. Owner: server/tests. */
#ifndef FAKEWIX_TESTS_GUEST_H
#define FAKEWIX_TESTS_GUEST_H

#include "harness.h"

/* RFC 7636, appendix B. */
#define VERIFIER "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
#define CHALLENGE "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
#define REDIRECT "http://localhost:3000/login"
/* A refresh but for its closing brace. */
#define REFRESH_BODY "{'clientId':'$APP','refreshToken':'$REFRESH','grantType':'refresh_token'"

/* The fake of the running test. A visitor came: $ACCESS and $REFRESH; there are a second app,
 * $OTHER, and the API key IST.key. */
extern struct harness *fake;
void guest_set_up(void);
void guest_tear_down(void);

/* POST /oauth2/token; caller frees with answer_free. */
struct answer guest_token(const char *body);
/* The same; fails the test unless it is refused so. */
void guest_refused(const char *body, int status, const char *outcome);
/* Fails the test unless Token Info has that subject type for the token kept as $name. */
void guest_expect_info(const char *name, const char *subject_type);

#endif
