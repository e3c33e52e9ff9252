// Slims one image: write what the plan keeps, run the original and the finished output side by side, and give
// the output its name only if they behave the same.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "analyzer/image_contents.h"
#include "analyzer/image_ref.h"
#include "runner/container_spec.h"
#include "runner/probe.h"
#include "runner/verdict.h"
#include "slimmer/analysis.h"
#include "slimmer/heal.h"
#include "slimmer/write_image.h"

namespace slim {

struct BuildOptions {
  WriteOptions write;
  RunOptions run;
  std::vector<ImageContents*> service_images{};  ///< of probes.services, in their order
  ProbeSet probes{};                             ///< without a probe: the default one
  bool no_run = false;                           ///< start nothing: the verdict is not-run
  bool static_where_foreign = false;  ///< the same for a platform that does not run here, not an Error
  bool observe = true;                ///< what a run of the original asks for is kept too
  unsigned heal = 5;                  ///< rounds of repair at most
  unsigned repeat = 2;                ///< runs of each side before it is judged
  bool keep_going = false;            ///< keep the output whatever the verdict
  unsigned jobs = 0;
  std::function<void(const std::string&)> progress{};
};

struct BuildResult {
  WrittenImage written;
  Verdict verdict;
  bool committed = false;             ///< the output is in its place
  std::vector<std::string> observed;  ///< paths that static analysis had missed and a run asked for
  std::vector<HealedPath> healed;
  std::vector<NotHealed> not_healed;  ///< what is missed and stays out
  std::string not_observed;           ///< why no run was watched; empty where one was
  bool observed_whole = true;         ///< false: a watched run asked for more than was seen of it
  std::string emulator;               ///< what ran the image's programs; empty where the processor did
  double write_seconds = 0;
  double verify_seconds = 0;
};

/// What the original asks for in a run is kept beside what static analysis finds (`analysis.plan` grows). The
/// verdict is taken on an extraction of the finished output, before it gets its name: what was proved is what
/// is written. What a run misses is kept in the next round, until none is missed. Rounds run on a view of the
/// extracted original; only for the verdict is an image written. Without `same` (or not-run, where that was
/// asked for) nothing is left, unless keep_going.
BuildResult build_image(Analysis& analysis, const ImageRef& destination, const BuildOptions& options);

}  // namespace slim
