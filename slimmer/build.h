// Slims one image: write what the plan keeps, run the original and the finished output side by side, and give
// the output its name only if they behave the same.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "analyzer/image_ref.h"
#include "runner/container_spec.h"
#include "runner/verdict.h"
#include "slimmer/analysis.h"
#include "slimmer/write_image.h"

namespace slim {

struct BuildOptions {
  WriteOptions write;
  RunOptions run;
  bool no_run = false;      ///< start nothing: the verdict is not-run
  bool observe = true;      ///< what a run of the original asks for is kept too
  unsigned heal = 5;        ///< rounds of repair at most
  bool keep_going = false;  ///< keep the output whatever the verdict
  unsigned jobs = 0;
  std::function<void(const std::string&)> progress{};
};

/// A path that the plan got because a run asked for it.
struct SeenPath {
  std::string path;
  unsigned round = 0;  ///< 0: a run of the original; else the round of repair
};

struct BuildResult {
  WrittenImage written;
  Verdict verdict;
  bool committed = false;          ///< the output is in its place
  std::vector<SeenPath> observed;  ///< what static analysis had missed
  std::vector<SeenPath> healed;
  std::string not_observed;  ///< why no run was watched; empty where one was
  double write_seconds = 0;
  double verify_seconds = 0;
};

/// What the original asks for in a run is kept beside what static analysis finds (`analysis.plan` grows). The
/// verdict is taken on an extraction of the finished output, before it gets its name: what was proved is what
/// is written. What a run of the output misses is kept in the next round, until none is missed. Without
/// `same` (or not-run, where that was asked for) nothing is left, unless keep_going.
BuildResult build_image(Analysis& analysis, const ImageRef& destination, const BuildOptions& options);

}  // namespace slim
