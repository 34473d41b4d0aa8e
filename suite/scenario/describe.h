/* Scenarios and their language as text for people and programs. Appends; the caller prints.
 * May depend on: shared, scenario, checks. Owner: scenario. */
#ifndef FAKEWIX_SCENARIO_DESCRIBE_H
#define FAKEWIX_SCENARIO_DESCRIBE_H

#include "scenario/scenario.h"
#include "shared/buf.h"

/* One line each. */
void describe_list(const struct scenario *const *list, size_t n, struct buf *out);

/* {"scenarios":[{"id","code","level","title"}]}. */
void describe_list_json(const struct scenario *const *list, size_t n, struct buf *out);

/* All about one: its texts, its situation, what it demands. */
void describe_scenario(const struct scenario *scenario, struct buf *out);

/* Every word of the language as Markdown: docs/reference/scenario-language.md. */
void describe_language(struct buf *out);

#endif
