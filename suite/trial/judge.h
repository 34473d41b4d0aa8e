/* From evidence to findings: what of a scenario's expectation holds, and what that means.
 * May depend on: verdict, evidence, checks, scenario. Owner: trial. */
#ifndef FAKEWIX_TRIAL_JUDGE_H
#define FAKEWIX_TRIAL_JUDGE_H

#include "evidence/evidence.h"
#include "scenario/scenario.h"
#include "verdict/result.h"

/* Judge one variant: adds its checks to `result`. The evidence is whole and its secrets named. */
void judge_variant(const struct scenario *scenario, const struct variant *variant,
                   const struct evidence *evidence, struct result *result);

#endif
