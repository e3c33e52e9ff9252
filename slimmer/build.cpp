#include "slimmer/build.h"

#include <algorithm>
#include <chrono>
#include <iterator>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "analyzer/error.h"
#include "analyzer/file_tree.h"
#include "analyzer/image_contents.h"
#include "analyzer/image_ref.h"
#include "analyzer/platform.h"
#include "runner/binfmt.h"
#include "runner/observe.h"
#include "runner/sandbox.h"
#include "runner/verdict.h"
#include "runner/verify.h"
#include "slimmer/analysis.h"
#include "slimmer/heal.h"
#include "slimmer/plan.h"
#include "slimmer/roots.h"
#include "slimmer/write_image.h"

namespace slim {
namespace {

class Stopwatch {
 public:
  [[nodiscard]] double seconds() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
  }

 private:
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

/// Whether programs of `image` run on `host` without an emulator.
bool runs_here(const Platform& image, const Platform& host) {
  const bool compatible = host.architecture == "amd64" && image.architecture == "386";
  return image.os == host.os && (image.architecture == host.architecture || compatible);
}

Verdict not_run(std::string reason) {
  Verdict verdict;
  verdict.outcome = Outcome::not_run;
  verdict.reason = std::move(reason);
  return verdict;
}

VerifyOptions verify_options(const Analysis& analysis, const BuildOptions& options) {
  VerifyOptions verify;
  verify.run = options.run;
  verify.probes = options.probes;
  verify.service_images = options.service_images;
  verify.repeat = options.repeat;
  verify.progress = options.progress;
  verify.slimmed_config = analysis.contents.image().config;  // a plain root folder has none of its own
  return verify;
}

Verdict prove(Analysis& analysis, const StagedImage& staged, Verifier& verifier, unsigned jobs) {
  ReadOptions read;
  read.jobs = jobs;
  read.facts = false;
  read.platform = &analysis.config.platform;
  ImageContents slimmed = read_image(staged.staged(), read);
  return verifier.compare(slimmed);
}

/// Lets the plan grow by what the original asks for in its runs, one a probe.
void observe_into(Analysis& analysis, Verifier& verifier, BuildResult& result) {
  for (const Observation* run : verifier.observe_original()) {
    if (!run->watched && run->kind == RunKind::not_started) {
      result.not_observed = "the original does not start";
      return;
    }
    if (!run->watched) {
      result.not_observed = "this kernel or runtime cannot watch a run: planned from static analysis alone";
      return;
    }
    result.observed_whole = result.observed_whole && run->watched->complete;
    auto gained =
        keep_seen(analysis, asked_names(*run->watched), ReasonKind::observed, "in a run of the original");
    std::ranges::move(gained, std::back_inserter(result.observed));
  }
}

/// One build in the making: it is written, proved, and repaired until nothing is missed.
class Build {
 public:
  Build(Analysis& analysis, const ImageRef& destination, const BuildOptions& options)
      : analysis_(analysis), destination_(destination), options_(options), write_(options.write) {}

  BuildResult run(bool proves) {
    write_.verdict = proves ? Outcome::same : Outcome::not_run;  // hoped for; another one is put in below
    std::unique_ptr<Verifier> verifier;
    if (proves) verifier = open_verifier();
    // A plan that stands on a run of the original mostly holds: it is proved at once.
    if (proves && !result_.not_observed.empty()) rehearse(*verifier);
    auto staged = write();
    if (proves) {
      prove_staged(*staged, *verifier);
      while (result_.verdict.outcome != Outcome::same && repair(result_.verdict.missed)) {
        rehearse(*verifier);
        staged = nullptr;  // one temporary output at a time
        staged = write();
        prove_staged(*staged, *verifier);
      }
    }
    finish(*staged, proves);
    return std::move(result_);
  }

 private:
  std::unique_ptr<Verifier> open_verifier() {
    const Stopwatch time;
    auto verifier = std::make_unique<Verifier>(analysis_.contents, verify_options(analysis_, options_));
    if (options_.observe) {
      observe_into(analysis_, *verifier, result_);
    } else {
      result_.not_observed = "--no-observe: planned from static analysis alone";
    }
    result_.verify_seconds += time.seconds();
    return verifier;
  }

  std::unique_ptr<StagedImage> write() {
    if (options_.progress) options_.progress("writing what is kept");
    const Stopwatch time;
    auto staged = write_image(analysis_.contents, analysis_.plan, destination_, write_);
    result_.written = staged->written();
    result_.write_seconds += time.seconds();
    return staged;
  }

  void prove_staged(const StagedImage& staged, Verifier& verifier) {
    const Stopwatch time;
    result_.verdict = prove(analysis_, staged, verifier, options_.jobs);
    result_.verify_seconds += time.seconds();
  }

  /// Runs on a view of the original, round after round, until nothing is missed that can be kept.
  void rehearse(Verifier& verifier) {
    const Stopwatch time;
    while (rounds_ < options_.heal && repair(verifier.rehearse(kept()))) {
    }
    result_.verify_seconds += time.seconds();
  }

  [[nodiscard]] std::vector<bool> kept() const {
    std::vector<bool> kept(analysis_.plan.decisions.size());
    for (NodeId id = 0; id < kept.size(); ++id) kept[id] = analysis_.plan.keeps(id);
    return kept;
  }

  /// Whether the plan has grown by what was missed: a round of repair. What is excluded stays out.
  bool repair(const std::vector<MissedPath>& missed) {
    if (rounds_ == options_.heal || missed.empty()) return false;
    auto healing = heal(analysis_, missed, rounds_ + 1);
    result_.not_healed = std::move(healing.left);
    if (healing.healed.empty()) return false;
    ++rounds_;
    std::ranges::move(healing.healed, std::back_inserter(result_.healed));
    return true;
  }

  void finish(StagedImage& staged, bool proves) {
    if (proves && result_.verdict.outcome != Outcome::same) {
      if (!options_.keep_going) return;
      staged.relabel(result_.verdict.outcome);
      result_.written = staged.written();
    }
    staged.commit();
    result_.committed = true;
  }

  Analysis& analysis_;
  const ImageRef& destination_;
  const BuildOptions& options_;
  WriteOptions write_;
  BuildResult result_;
  unsigned rounds_ = 0;  ///< of repair, so far
};

}  // namespace

BuildResult build_image(Analysis& analysis, const ImageRef& destination, const BuildOptions& options) {
  const Platform& platform = analysis.config.platform;
  const bool foreign = !runs_here(platform, Platform::host());
  const std::string emulator = foreign && !options.no_run ? emulator_of(platform) : "";
  const std::string why_foreign =
      fmt::format("the image is for {} and this machine runs {}", platform.text(), Platform::host().text());
  const bool runs = !foreign || !emulator.empty();
  if (!options.no_run && !runs && !options.static_where_foreign) {
    throw Error(ErrorKind::environment, analysis.contents.image().reference, why_foreign,
                "--no-run builds it from static analysis alone");
  }
  const bool runnable = !start_command(analysis.config).empty();
  const bool proves = !options.no_run && runs && runnable;
  BuildOptions chosen = options;
  chosen.write.emulator = emulator;
  BuildResult result = Build(analysis, destination, chosen).run(proves);
  result.emulator = emulator;
  if (!proves) {
    result.not_observed = options.no_run ? "--no-run: nothing was started"
                          : !runs        ? why_foreign + ": planned from static analysis alone"
                                         : "the image names nothing to run";
    result.verdict = not_run(result.not_observed);
  }
  return result;
}

}  // namespace slim
