// A policy held against an image: a pure function of figures.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "cli/gate_facts.h"
#include "cli/gate_result.h"
#include "cli/policy.h"

namespace slim {

/// The image that another is compared with.
struct GateBaseline {
  GateFacts facts;
  std::vector<Saving> grown;  ///< of the image, against this one
};

/// One check for each limit of the policy, in the order of schema/policy.schema.json; of findings one for
/// each id that is violated. Allowances that have expired by `today` are violated checks of their own.
/// `baseline` may be null where no limit needs it (key_that_needs_baseline).
GateResult check_policy(const Policy& policy, const GateFacts& image, const GateBaseline* baseline,
                        std::chrono::year_month_day today);

/// Whether the baseline has the finding too: the same id at the same path, or, of many told together, with a
/// path in common.
bool is_known(const Finding& finding, const std::vector<Finding>& known);

}  // namespace slim
