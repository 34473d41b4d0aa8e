/* SHA-256 where the protocol or the fake asks for a digest.
 * May depend on: shared, OpenSSL. Owner: tokens. */
#ifndef FAKEWIX_TOKENS_DIGEST_H
#define FAKEWIX_TOKENS_DIGEST_H

#include "shared/text.h"

enum { DIGEST_LEN = 43 }; /* characters of a SHA-256 as base64url without padding */

/* base64url(SHA-256(text)): PKCE's S256 (RFC 7636 section 4.2). */
void digest_text(const char *text, char ret_digest[static DIGEST_LEN + 1]);

/* A GUID that is always the same for the same text, for people nobody configured. */
void digest_guid(const char *text, char ret_guid[static TEXT_GUID_LEN + 1]);

#endif
