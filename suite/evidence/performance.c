/* A client's performance as a value. */
#include "evidence/performance.h"

#include <stdlib.h>

void performance_free(struct performance *performance)
{
    free(performance->detail);
    buf_free(&performance->out);
    buf_free(&performance->err);
    *performance = (struct performance){0};
}
