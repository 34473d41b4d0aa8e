/* The fixture keys, embedded from fixtures/keys when the program is built. Public on purpose. */
#ifndef FAKEWIX_TOKENS_KEYS_H
#define FAKEWIX_TOKENS_KEYS_H

extern const char keys_access_private_pem[];
extern const char keys_access_public_pem[];
extern const char keys_webhook_private_pem[];
extern const char keys_webhook_public_pem[];

#endif
