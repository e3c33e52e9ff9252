#include "slimmer/build.h"

#include <chrono>
#include <memory>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "analyzer/error.h"
#include "analyzer/image_contents.h"
#include "analyzer/image_ref.h"
#include "analyzer/platform.h"
#include "runner/verdict.h"
#include "runner/verify.h"
#include "slimmer/analysis.h"
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

Verdict prove(Analysis& analysis, const StagedImage& staged, const BuildOptions& options) {
  ReadOptions read;
  read.jobs = options.jobs;
  read.facts = false;
  read.platform = &analysis.config.platform;
  ImageContents slimmed = read_image(staged.staged(), read);
  VerifyOptions verify;
  verify.run = options.run;
  verify.progress = options.progress;
  verify.slimmed_config = analysis.contents.image().config;  // a plain root folder has none of its own
  return verify_images(analysis.contents, slimmed, verify);
}

}  // namespace

BuildResult build_image(Analysis& analysis, const ImageRef& destination, const BuildOptions& options) {
  const Platform& platform = analysis.config.platform;
  if (!options.no_run && !runs_here(platform, Platform::host())) {
    throw Error(
        ErrorKind::environment, analysis.contents.image().reference,
        fmt::format("the image is for {} and this machine runs {}", platform.text(), Platform::host().text()),
        "--no-run builds it from static analysis alone");
  }
  const bool runnable = !start_command(analysis.config).empty();
  const bool proves = !options.no_run && runnable;

  BuildResult result;
  WriteOptions write = options.write;
  write.verdict = proves ? Outcome::same : Outcome::not_run;  // hoped for; another one is put in below
  const Stopwatch writing;
  if (options.progress) options.progress("writing what is kept");
  const auto staged = write_image(analysis.contents, analysis.plan, destination, write);
  result.written = staged->written();
  result.write_seconds = writing.seconds();

  const Stopwatch verifying;
  if (proves) {
    result.verdict = prove(analysis, *staged, options);
    result.verify_seconds = verifying.seconds();
  } else {
    result.verdict =
        not_run(options.no_run ? "--no-run: nothing was started" : "the image names nothing to run");
  }
  if (proves && result.verdict.outcome != Outcome::same) {
    if (!options.keep_going) return result;
    staged->relabel(result.verdict.outcome);
    result.written = staged->written();
  }
  staged->commit();
  result.committed = true;
  return result;
}

}  // namespace slim
