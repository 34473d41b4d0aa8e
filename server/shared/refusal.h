/* The ways to say no, as the fake says them and the judge names them.
 * May depend on: nothing. Owner: shared; the rows are in refusals.def. */
#ifndef FAKEWIX_SHARED_REFUSAL_H
#define FAKEWIX_SHARED_REFUSAL_H

enum refusal {
    REFUSAL_NONE,
#define REFUSAL(symbol, status, shape, code, sentence, source) REFUSAL_##symbol,
#include "shared/refusals.def"
#undef REFUSAL
    REFUSAL_COUNT
};

enum refusal_shape {
    SHAPE_IETF,
    SHAPE_OLD,
    SHAPE_WIX,
    SHAPE_VALIDATION,
    SHAPE_BARE,
    SHAPE_MESSAGE,
    SHAPE_PAGE,
    SHAPE_CONTROL,
};

struct refusal_row {
    const char *name; /* "code-expired": outcome in the journal */
    int status;
    enum refusal_shape shape;
    const char *code;
    const char *sentence;
    const char *source;
};

/* The row of a refusal; of REFUSAL_NONE it is {"ok", 200, …}. */
const struct refusal_row *refusal_row(enum refusal refusal);

/* REFUSAL_NONE where no row has that name. */
enum refusal refusal_by_name(const char *name);

#endif
