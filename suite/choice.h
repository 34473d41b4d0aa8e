/* Which client is judged and how it is reached, as the command line says.
 * May depend on: options, drivers, fake. Owner: main. */
#ifndef FAKEWIX_SUITE_CHOICE_H
#define FAKEWIX_SUITE_CHOICE_H

#include <cjson/cJSON.h>

#include "drivers/driver.h"
#include "options.h"

struct choice {
    struct driver driver;
    const char *client; /* how it was named; borrowed */
    cJSON *world; /* what its worlds must hold, as POST worlds takes it; NULL: anything; owned */
    bool alone;   /* its scenarios cannot be tried side by side */
};

/* False and a sentence where the client is named in no way or in two. stop_fd: as in struct act. */
bool choice_make(const struct options *options, int64_t timeout_ms, int stop_fd,
                 struct choice *ret_choice, struct err *err);
void choice_free(struct choice *choice);

/* Append the options that name the client, as a shell takes them. */
void choice_add_again(const struct options *options, struct buf *line);

#endif
