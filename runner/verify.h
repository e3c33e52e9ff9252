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
#include "runner/observe.h"
#include "runner/sandbox.h"
#include "runner/verdict.h"

namespace slim {

struct VerifyOptions {
  RunOptions run;  ///< the overrides hold for both sides
  /// What the slimmed side starts, where it is a root folder without a config of its own.
  std::optional<ImageConfig> slimmed_config;
  std::function<void(const std::string&)> progress;  ///< one short line for each step; may be empty
};

/// An original that is ready to be run, and compared with as often as is needed.
class Verifier {
 public:
  /// Extracts it. Throws as verify_images does; call it while no other thread runs.
  Verifier(ImageContents& original, const VerifyOptions& options);

  /// Runs the original, watched. It counts as the first of the runs that compare() stands on.
  const Observation& observe_original();

  /// Extracts `slimmed` and compares; see verify_images.
  Verdict compare(ImageContents& slimmed);

 private:
  ImageContents* original_;
  VerifyOptions options_;
  ObserveOptions observe_options_;
  std::unique_ptr<Sandbox> sandbox_;
  ImageConfig config_;
  std::vector<Observation> runs_;  ///< of the original, so far
};

/// Extracts and runs both. An original that fails by itself gives `inconclusive`; no runtime, no permission
/// or a full disk is an Error of kind environment. Nothing remains on the host, whatever happens.
/// Call it while no other thread runs.
Verdict verify_images(ImageContents& original, ImageContents& slimmed, const VerifyOptions& options);

/// One side of a comparison: an image ready to run, and its config with the overrides applied.
struct Side {
  Sandbox* sandbox = nullptr;
  ImageConfig config;
};

/// Whether a path exists in the original only: a likely cause where the slimmed side asked for it.
using OnlyInOriginal = std::function<bool(const std::string& path)>;

/// The judgement of verify_images over any two sandboxes. `originals`: runs of the original so far; those
/// that are made are added to it.
Verdict compare_sides(const Side& original, const Side& slimmed, const OnlyInOriginal& only_in_original,
                      const ObserveOptions& observe_options, std::vector<Observation>& originals,
                      const std::function<void(const std::string&)>& progress = {});

}  // namespace slim
