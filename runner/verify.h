// Runs two images side by side in real containers and says whether they behave the same.
// It knows nothing of slimming: any two images can be compared.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "analyzer/image_contents.h"
#include "runner/container_spec.h"
#include "runner/judge.h"
#include "runner/observe.h"
#include "runner/probe.h"
#include "runner/sandbox.h"
#include "runner/verdict.h"

namespace slim {

struct VerifyOptions {
  RunOptions run;                              ///< the overrides hold for both sides
  ProbeSet probes;                             ///< without a probe: the default one
  std::vector<ImageContents*> service_images;  ///< of probes.services, in their order
  unsigned repeat = 2;  ///< runs of each side before it is judged, at least 2; see Comparison::extra_runs
  /// What the slimmed side starts, where it is a root folder without a config of its own.
  std::optional<ImageConfig> slimmed_config;
  std::function<void(const std::string&)> progress;  ///< one short line for each step; may be empty
};

/// One side of a comparison: an image ready to run, and its config with the overrides applied.
struct Side {
  Sandbox* sandbox = nullptr;
  ImageConfig config;
};

/// How two sides are compared.
struct Comparison {
  /// Where they are not alike, each side is run again, in turn, this many times at most: two runs may agree,
  /// or differ, by chance.
  static constexpr unsigned extra_runs = 3;

  std::vector<Probe> probes{Probe{}};
  ObserveOptions observe;
  unsigned repeat = 2;
  OnlyInOriginal only_in_original;
  std::function<void(const std::string&)> progress;
};

/// The runs of the original that were made so far, probe by probe.
using OriginalRuns = std::vector<std::vector<Observation>>;

/// The judgement of verify_images over any two sandboxes. `originals` has a list for each probe; runs that
/// are made are added to them.
Verdict compare_sides(const Side& original, const Side& slimmed, const Comparison& comparison,
                      OriginalRuns& originals);

/// An original that is ready to be run, and compared with as often as is needed.
class Verifier {
 public:
  /// Extracts it. Throws as verify_images does; call it while no other thread runs.
  Verifier(ImageContents& original, const VerifyOptions& options);

  /// Runs the original once for each probe, watched; the runs, in the probes' order. They count as the first
  /// of those that compare() stands on.
  std::vector<const Observation*> observe_original();

  /// Runs each probe once, watched, on a view of the original that has only the paths in `kept` (by NodeId of
  /// its tree): the paths that were missed, each once. Nothing is written or extracted.
  std::vector<MissedPath> rehearse(const std::vector<bool>& kept);

  /// Extracts `slimmed` and compares; see verify_images.
  Verdict compare(ImageContents& slimmed);

 private:
  [[nodiscard]] Comparison comparison(OnlyInOriginal only_in_original) const;

  ImageContents* original_;
  VerifyOptions options_;
  ObserveOptions observe_options_;
  std::unique_ptr<Sandbox> sandbox_;
  ImageConfig config_;
  OriginalRuns runs_;
};

/// Extracts and runs both. An original that fails by itself gives `inconclusive`; no runtime, no permission
/// or a full disk is an Error of kind environment. Nothing remains on the host, whatever happens.
/// Call it while no other thread runs.
Verdict verify_images(ImageContents& original, ImageContents& slimmed, const VerifyOptions& options);

}  // namespace slim
