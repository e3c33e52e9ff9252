// Mark and sweep: from the roots along the edges, with the rules, to a decision for every path.
#pragma once

#include <string>
#include <vector>

#include "analyzer/dependency_graph.h"
#include "analyzer/file_tree.h"
#include "analyzer/image.h"
#include "analyzer/packages.h"
#include "analyzer/rules.h"
#include "slimmer/plan.h"
#include "slimmer/roots.h"

namespace slim {

struct MarkOptions {
  Profile profile = Profile::balanced;
  std::vector<std::string> include;  ///< globs; win over everything
  std::vector<std::string> exclude;  ///< globs; win over all but include
  bool metadata = true;              ///< what scanners read of kept packages is kept, or written anew
};

/// Decides for every path of the tree. The rules fire inside the mark, to a fixed point. Collects what it
/// learns in `graph` (unresolved names).
Plan make_plan(const FileTree& tree, const ImageConfig& config, const Packages& packages, const Roots& roots,
               const std::vector<Rule>& rules, DependencyGraph& graph, const MarkOptions& options);

}  // namespace slim
