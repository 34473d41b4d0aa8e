/* A Java truststore, written without Java.
 * May depend on: shared, OpenSSL (a digest). Owner: run. */
#ifndef FAKEWIX_RUN_TRUSTSTORE_H
#define FAKEWIX_RUN_TRUSTSTORE_H

#include "shared/buf.h"

/* Append a JKS keystore with every certificate that stands in the PEM text. Java opens it without
 * a password; keytool wants TRUSTSTORE_PASSWORD. */
#define TRUSTSTORE_PASSWORD "changeit"
void truststore_add(struct buf *out, const char *pem);

#endif
