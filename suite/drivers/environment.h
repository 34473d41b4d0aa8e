/* The environment that a client under judgement is given (docs/CLIENT-CONTRACT.md).
 * May depend on: shared, host, evidence. Owner: drivers. */
#ifndef FAKEWIX_DRIVERS_ENVIRONMENT_H
#define FAKEWIX_DRIVERS_ENVIRONMENT_H

#include <cjson/cJSON.h>

#include "drivers/driver.h"
#include "host/process.h"

/* Where installs of a client without a server of its own come back to. */
#define ENVIRONMENT_REDIRECT_URL "https://app.example/wix/callback?from=wix&lang=en"

/* Wix's public key for webhooks, PEM: fixtures/keys/webhook-public.pem. */
extern const char environment_webhook_key[];

/* The contract's variables of a scenario: where Wix is, and who the client is there. */
void environment_fill(const struct act *act, struct process_env *env);

/* The same as {"WIX_APP_ID":…}; gives a tree. */
cJSON *environment_tree(const struct act *act);

void environment_set_number(struct process_env *env, const char *name, int64_t value);

/* "CONFORM_STATE_DIR=…", which marks whoever belongs to the scenario; caller frees with free(). */
char *environment_mark(const struct act *act);

#endif
