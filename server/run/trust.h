/* Trust: the files and variables by which each runtime comes to accept the fake's authority.
 * May depend on: shared, OpenSSL (a digest). Owner: run. */
#ifndef FAKEWIX_RUN_TRUST_H
#define FAKEWIX_RUN_TRUST_H

#include <stdbool.h>

#include "run/variables.h"
#include "shared/buf.h"
#include "shared/err.h"

/* Fill `dir` with what clients of the fake need beside its authority: the system's bundle with the
 * authority added, a Java truststore and a PHP setting; and say which variables point at them.
 *
 * dir      exists; what is there of an earlier call is replaced; borrowed
 * ca_file  PEM; borrowed
 * notes    appended: one line for each variable that the user set to something that cannot be
 *          joined, and that therefore stays as it is
 *
 * What the user set already is joined with ours, never dropped. */
bool trust_prepare(const char *dir, const char *ca_file, struct variables *ret_variables,
                   struct buf *notes, struct err *err);

/* Append lines for a shell to take in: export NAME='VALUE', and by hand what is not a variable. */
void trust_explain(struct buf *out, const char *ca_file, const struct variables *variables);

#endif
