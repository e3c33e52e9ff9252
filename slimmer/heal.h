// Repair: what a run missed becomes a root, with its dependencies, and with the rule that would have kept it
// without a run.
#pragma once

#include <string>
#include <vector>

#include "runner/verdict.h"
#include "slimmer/analysis.h"

namespace slim {

/// A path that the plan got because the slimmed image lacked it in a run.
struct HealedPath {
  std::string path;
  unsigned round = 0;  ///< of repair, from 1
  std::string probe;
  std::string process;  ///< who asked, or who read it in the original; empty where that is not known
  std::string call;     ///< its system call; empty where a message named the path
  std::string rule;     ///< a rule, in the form of rules/*.json, that would keep it; one line
};

/// A path that was missed and stays out.
struct NotHealed {
  std::string path;
  std::string why;  ///< "excluded by /usr/lib/x/**"
  bool operator==(const NotHealed&) const = default;
};

struct Healing {
  std::vector<HealedPath> healed;
  std::vector<NotHealed> left;
};

/// Lets the plan grow by what was missed; it never shrinks, and what the user excluded stays out. Returns the
/// paths, and links and folders that stand for them, that it keeps now and did not keep before.
Healing heal(Analysis& analysis, const std::vector<MissedPath>& missed, unsigned round);

/// The rule that keeps `path` wherever `missed.program` is kept, as one line of JSON.
std::string rule_for(const MissedPath& missed, const std::string& path);

}  // namespace slim
