// Slims one image: write what the plan keeps, run the original and the finished output side by side, and give
// the output its name only if they behave the same.
#pragma once

#include <functional>
#include <string>

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
  bool keep_going = false;  ///< keep the output whatever the verdict
  unsigned jobs = 0;
  std::function<void(const std::string&)> progress{};
};

struct BuildResult {
  WrittenImage written;
  Verdict verdict;
  bool committed = false;  ///< the output is in its place
  double write_seconds = 0;
  double verify_seconds = 0;
};

/// The verdict is taken on an extraction of the finished output, before it gets its name: what was proved is
/// what is written. Without `same` (or not-run, where that was asked for) nothing is left, unless keep_going.
BuildResult build_image(Analysis& analysis, const ImageRef& destination, const BuildOptions& options);

}  // namespace slim
