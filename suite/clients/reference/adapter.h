/* The adapter form of the contract (docs/ADAPTER.md): JSON lines over stdin and stdout.
 * May depend on: shared, libcurl. Owner: reference. */
#ifndef FAKEWIX_CLIENTS_REFERENCE_ADAPTER_H
#define FAKEWIX_CLIENTS_REFERENCE_ADAPTER_H

#include <cjson/cJSON.h>

#include "reference/client.h"

/* Answer requests until the input ends. */
void adapter_run(enum bug bug);

/* Answer one request, as an HTTP adapter does; gives a tree, caller deletes. */
struct adapter;
struct adapter *adapter_open(enum bug bug);
cJSON *adapter_answer(struct adapter *adapter, const cJSON *request);
void adapter_close(struct adapter *adapter);

#endif
