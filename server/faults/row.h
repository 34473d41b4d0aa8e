/* The faults there are, as data: names, stages, and what each may be told.
 * Knows nothing of what they do; that is faults/effects.
 * May depend on: shared. Owner: faults; the rows are in faults.def and presets.def. */
#ifndef FAKEWIX_FAULTS_ROW_H
#define FAKEWIX_FAULTS_ROW_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>

#include "shared/err.h"

enum fault_symbol {
#define FAULT(symbol, name, stage, params, why) FAULT_##symbol,
#include "faults/faults.def"
#undef FAULT
    FAULT_COUNT
};

enum fault_stage {
    FAULT_PREPARE,
    FAULT_ANSWER,
    FAULT_EDIT,
    FAULT_EFFECT,
    FAULT_WAIT,
    FAULT_CUT,
    FAULT_WIRE,
    FAULT_CONNECT,
};

struct fault_row {
    const char *name;
    enum fault_stage stage;
    const char *params;
    const char *why;
};

const struct fault_row *fault_row(enum fault_symbol symbol);
const char *fault_stage_name(enum fault_stage stage);

/* The row's parameters by name alone, "status! headers body"; caller frees with free(). */
char *fault_param_names(const struct fault_row *row);

/* A fault by name; false where there is none. */
bool fault_find(const char *name, enum fault_symbol *ret_symbol);

/* A name for a fault with some parameters given: preset i, or NULL past the last. */
struct fault_preset {
    const char *name;
    const char *fault;
    const char *params; /* JSON */
    const char *why;
};

const struct fault_preset *fault_preset(size_t i);

/* Check one action, {"fault":NAME, …}, and put a preset's parameters in.
 *
 * returns  the whole action with the fault's own name, caller deletes; or NULL and a sentence that
 *          names the member and the fix */
cJSON *fault_resolve(const cJSON *action, struct err *err);

/* Whether an object has only members of a blank-separated list; else a sentence. `where` names
 * the object. */
bool fault_check_keys(const cJSON *object, const char *allowed, const char *where, struct err *err);

/* Check an event, {"route":PATTERN,"count":N,"status":N}. */
bool fault_check_event(const cJSON *event, const char *where, struct err *err);

#endif
