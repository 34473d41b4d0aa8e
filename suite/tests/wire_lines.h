/* Lines of a wire that tests of checks use again and again.
 * May depend on: tests/wire. */
#ifndef FAKEWIX_SUITE_TESTS_WIRE_LINES_H
#define FAKEWIX_SUITE_TESTS_WIRE_LINES_H

#include "tests/wire.h"

#define CC                                                                                         \
    "{\"grant_type\":\"client_credentials\",\"client_id\":\"app\",\"client_secret\":\"s3cret\","   \
    "\"instance_id\":\"inst\"}"
#define REFRESH(token)                                                                             \
    "{\"grant_type\":\"refresh_token\",\"client_id\":\"app\",\"client_secret\":\"s3cret\","        \
    "\"refresh_token\":\"" token "\"}"
#define TOKEN(body, answer)                                                                        \
    {                                                                                              \
        "POST", "/w/test/oauth2/token", NULL, 200, NULL, body, answer                              \
    }
#define ACCESS(body, answer)                                                                       \
    {                                                                                              \
        "POST", "/w/test/oauth/access", NULL, 200, NULL, body, answer                              \
    }
#define CALL(token, status)                                                                        \
    {                                                                                              \
        "GET", "/w/test/conformance/probe", token, status, NULL, NULL, NULL                        \
    }
#define EXPIRED(token)                                                                             \
    {                                                                                              \
        "GET", "/w/test/conformance/probe", token, 401, "api-token-expired", NULL, NULL            \
    }
#define EXCHANGE(code)                                                                             \
    "{\"grant_type\":\"authorization_code\",\"client_id\":\"app\",\"client_secret\":\"s3cret\","   \
    "\"code\":\"" code "\"}"
#define REFUSED(code)                                                                              \
    {                                                                                              \
        "POST", "/w/test/oauth/access", NULL, 400, "access-grant", EXCHANGE(code), "{}"            \
    }
#define POST(token, status, body)                                                                  \
    {                                                                                              \
        "POST", "/w/test/conformance/probe", token, status, NULL, body, NULL                       \
    }
#define A1 "{\"access_token\":\"A1\"}"
#define A2 "{\"access_token\":\"A2\"}"
#define A1R1 "{\"access_token\":\"A1\",\"refresh_token\":\"R1\"}"
#define A2R2 "{\"access_token\":\"A2\",\"refresh_token\":\"R2\"}"

#endif
