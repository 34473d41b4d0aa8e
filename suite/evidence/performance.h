/* What the client did, seen from outside: how it ended, what it said, and what a browser saw of it.
 * May depend on: shared. Owner: evidence. */
#ifndef FAKEWIX_EVIDENCE_PERFORMANCE_H
#define FAKEWIX_EVIDENCE_PERFORMANCE_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shared/buf.h"

/* From good to bad: of several answers the worst is the client's. */
enum client_end {
    CLIENT_OK,          /* says that every call succeeded */
    CLIENT_ERROR,       /* says that a call failed */
    CLIENT_UNSUPPORTED, /* says that it cannot do this */
    CLIENT_TIMED_OUT,
    CLIENT_CRASHED,     /* ended in a way that the contract does not know */
    CLIENT_NOT_STARTED, /* the command itself could not be run */
    CLIENT_STOPPED,     /* we were interrupted */
};

/* One way to the installer. Text owned; NULL where the install did not get that far. */
struct install {
    char *url;          /* of the installer, as the client gave it */
    char *redirect_url; /* its parameters, decoded */
    char *state;
    char *app_id;
    char *token;
    char *given_token;        /* the App URL's token that the client was given */
    char *given_redirect_url; /* what it was told to come back to; NULL where it has its own */
    char *callback;           /* where Wix sent the browser, with code, state and instanceId */
    char *trouble;            /* what went wrong on the way, as a sentence */
};

enum visit_kind {
    VISIT_APP,       /* the App URL */
    VISIT_INSTALLER, /* the fake's pages */
    VISIT_CALLBACK,  /* the redirect URL */
    VISIT_ONWARD,    /* where one of these sent the browser */
    VISIT_CALL,      /* what makes a running app call Wix */
    VISIT_INSTANCE,  /* a page with a signed instance */
    VISIT_WEBHOOK,
};

/* One request of the judge's own to the client or to the installer. Text owned. */
struct visit {
    enum visit_kind kind;
    int browser;
    char *url;
    int status;     /* 0 where nothing answered */
    char *location; /* or NULL */
    cJSON *headers; /* of the answer: [[name, value]…]; or NULL */
};

/* What the client said of one thing it was asked for. Text owned. */
struct answer {
    const char *step; /* "call", "callback", …; borrowed */
    bool ok;
    int status;  /* of HTTP, 0 where there is none */
    char *text;  /* what it said, or "" */
    int handled; /* 1 yes, 0 no, -1 not said: whether a webhook was acted upon */
    int64_t took_ms;
    int64_t from_seq; /* the journal's number when it was asked */
    bool is_other;    /* it was asked for the other instance */
};

struct performance {
    enum client_end end;
    char *detail; /* "exited with 1", "crashed: it was killed by signal 11, SIGSEGV (…)"; owned */
    int64_t n_calls;
    int64_t n_parallel;
    bool persists; /* left something in its state folder */
    bool left_children;
    bool no_program;      /* the shell could not run the command */
    bool has_moved_clock; /* its clock was moved, and it was seen that it can be */
    bool shows_store;     /* others may read a file of its state folder */
    int64_t max_rss_kb;   /* the most memory it had at a time; 0 where that is not known */
    int64_t rss_floor_kb; /* what it began with: up to here max_rss_kb is only a bound */
    int64_t took_ms;      /* real time, from its start to its end */
    struct buf out;       /* what it printed, bounded */
    struct buf err;
    struct buf arguments;     /* the command lines of its processes, where they were looked at */
    struct install *installs; /* owned, as are the next two */
    size_t n_installs;
    struct visit *visits;
    size_t n_visits;
    struct answer *answers;
    size_t n_answers;
};

/* Note how the client or a part of it ended: the worst stays. Takes `detail`. */
void performance_note(struct performance *performance, enum client_end end, char *detail);

/* Each adds a zeroed one, to be filled before the next is added. */
struct install *performance_add_install(struct performance *performance);
struct visit *performance_add_visit(struct performance *performance);
struct answer *performance_add_answer(struct performance *performance);

/* Give a client that has said nothing by itself the end that fits what was seen of it: one that
 * was only to send a browser on is not asked how it went. */
void performance_settle(struct performance *performance);

/* A header of a visit's answer in any case, or NULL. Borrowed. */
const char *visit_header(const struct visit *visit, const char *name);

void performance_free(struct performance *performance);

#endif
