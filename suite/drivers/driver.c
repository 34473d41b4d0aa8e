/* What all drivers share. */
#include "drivers/driver.h"

#include <poll.h>

bool act_is_stopped(const struct act *act)
{
    struct pollfd stop = {.fd = act->stop_fd, .events = POLLIN};
    return act->stop_fd >= 0 && poll(&stop, 1, 0) > 0;
}

void driver_free(struct driver *driver)
{
    driver->free(driver->context);
    *driver = (struct driver){0};
}
