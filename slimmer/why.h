// The chain of reasons that keeps a path, or what was looked at and why nothing reaches it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "analyzer/file_tree.h"
#include "analyzer/packages.h"
#include "analyzer/rules.h"
#include "slimmer/plan.h"

namespace slim {

/// What a reason is called in a chain: for what is kept the words before the path whose being kept is the
/// cause, or all there is to say at a root of the chain; for what is dropped the words before the detail, or
/// all there is to say.
std::string phrase(ReasonKind kind);

/// Of a dropped path that something leads to all the same: the words around the path that does, and behind
/// the detail.
struct WeakReasonWords {
  std::string_view before = "reached from";
  std::string_view between = "only by a weaker reason,";
  std::string_view behind = "a wider --profile keeps it";
};

struct WhyStep {
  std::string reason;  ///< "needed by", "entrypoint", "kept by rule gconv because of", ...
  std::string path;    ///< absolute: whose being kept is the cause; empty at the root of the chain
  std::string detail;  ///< the name that led there, the command, or the rule's why and source; may be empty
};

struct WhyAnswer {
  std::string path;  ///< as it was asked for
  bool exists = false;
  bool kept = false;
  std::vector<WhyStep> chain;      ///< from the nearest cause to the root; empty where it is not kept
  std::vector<std::string> notes;  ///< where it is not kept: what was looked at
};

/// The first step of the chain of a path that is kept.
WhyStep nearest_cause(const FileTree& tree, const std::vector<Rule>& rules, const Plan& plan, NodeId node);

WhyAnswer why(const FileTree& tree, const Packages& packages, const std::vector<Rule>& rules,
              const Plan& plan, const std::string& path);

}  // namespace slim
