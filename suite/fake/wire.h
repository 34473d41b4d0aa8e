/* What went over the wire: journal entries of the fake as values that a check can ask about.
 * May depend on: shared. Owner: fake. */
#ifndef FAKEWIX_FAKE_WIRE_H
#define FAKEWIX_FAKE_WIRE_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shared/err.h"

enum exchange_kind {
    EXCHANGE_TOKEN,      /* /oauth2/token, /oauth/access and its other spellings */
    EXCHANGE_TOKEN_INFO, /* /oauth2/token-info */
    EXCHANGE_INSTALLER,  /* /installer/… */
    EXCHANGE_WEBHOOK,    /* what the fake sends to the client */
    EXCHANGE_API,        /* everything else */
};

/* One request and its answer. Text is owned and never NULL unless said. */
struct exchange {
    enum exchange_kind kind;
    int64_t seq;
    int64_t at_ms;   /* the world's clock */
    int64_t real_ms; /* real time, Unix, when the fake had its answer */
    int64_t took_ms; /* from its arrival until the fake had its answer, waits included */
    int status;
    char *method;
    char *target;      /* as sent, without the world's prefix */
    char *path;        /* the part of target before "?" */
    char *instance_id; /* for whom the token was issued, or "" */
    char *outcome;     /* "ok" or a refusal's name */
    char *fault_id;    /* NULL where no fault hit */
    char *token;    /* of the Authorization header, without its scheme; NULL without the header */
    cJSON *headers; /* of the request: [[name, value]…] */
    char *body;     /* of the request */
    cJSON *fields;  /* that body as an object, from JSON or from a form; NULL where it is neither */
    cJSON *answer;  /* the response's JSON, or NULL */
};

struct wire {
    struct exchange *list;
    size_t n;
};

/* Read journal entries, oldest first. prefix: the world's, left out of targets. */
bool wire_read(const cJSON *journal, const char *prefix, struct wire *ret_wire, struct err *err);
void wire_free(struct wire *wire);

/* Take an exchange out. */
void wire_drop(struct wire *wire, size_t i);

/* The first request header of that name in any case, or NULL. Borrowed. */
const char *exchange_header(const struct exchange *exchange, const char *name);

/* A field of the request's body in snake or camel case ("client_id", "clientId"), or NULL. */
const char *exchange_field(const struct exchange *exchange, const char *snake_name);

/* Whether this is a POST to a token endpoint. */
bool exchange_asks_for_token(const struct exchange *exchange);

/* Whether the status is 2xx. */
bool exchange_is_ok(const struct exchange *exchange);

/* The world that a token was issued in, from its claims; caller frees with free(); NULL where it is
 * no token of the fake. */
char *wire_token_world(const char *token);

/* A text of the answer, such as "access_token"; NULL where there is none or it is empty. */
const char *exchange_answer(const struct exchange *exchange, const char *name);

#endif
