/* A view of the machine in which Wix's hosts are an address of ours: user, mount and, where needed,
 * network namespaces. Nothing outside this process and its children sees any of it.
 * May depend on: shared. Owner: run. */
#ifndef FAKEWIX_RUN_NAMESPACE_H
#define FAKEWIX_RUN_NAMESPACE_H

#include <stdbool.h>

#include "shared/err.h"

enum { NAMESPACE_ADDRESS_MAX = 16 };

struct namespace
{
    char
        address[NAMESPACE_ADDRESS_MAX]; /* of loopback; the fake is to listen on 80 and 443 there */
    bool is_cut_off;                    /* has a network of its own, with nothing but loopback */
};

/* Try it in a process that ends with the try: entering half-way could not be undone. */
bool namespace_try(const char *dir, struct err *err);

/* Enter, with every host of Wix at one address of loopback. The process must have one thread; it
 * cannot go back. False, and why this machine does not allow it.
 *
 * dir  for the hosts file; borrowed */
bool namespace_enter(const char *dir, struct namespace *ret_space, struct err *err);

/* Show `file` in place of the system's bundle of authorities, in here alone; for programs that
 * read it without asking a variable. */
void namespace_show_bundle(const char *file);

#endif
