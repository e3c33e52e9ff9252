// The runs are nested: original, slimmed, slimmed, original. A clock that two runs of the original could not
// tell apart cannot have moved between the runs of the slimmed side, which lie in between. Where a difference
// shows, each side is run once more, the slimmed one watched for the paths that it asks for: what does not
// hold up is noise, and what holds up gets its likely cause. One run of the slimmed side is watched in any
// case: where it asks for a path that only the original has, that the answers agreed was luck.
#include "runner/verify.h"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "analyzer/error.h"
#include "analyzer/file_tree.h"
#include "analyzer/image.h"
#include "analyzer/image_contents.h"
#include "analyzer/system_folders.h"
#include "runner/compare.h"
#include "runner/container_spec.h"
#include "runner/observe.h"
#include "runner/oci_config.h"
#include "runner/oci_sandbox.h"
#include "runner/probe.h"
#include "runner/sandbox.h"
#include "runner/text_diff.h"
#include "runner/verdict.h"

namespace slim {
namespace {

constexpr std::size_t readable = 4096;
constexpr std::size_t causes_cap = 20;
constexpr std::size_t missed_cap = 10'000;
constexpr std::string_view probe_name = "default";
constexpr std::string_view start_hint =
    "make it run by itself: give what it needs with --env, --cmd or --entrypoint";

using Runs = std::vector<Observation>;

std::string cut(const std::string& text) {
  return text.size() <= readable
             ? text
             : text.substr(0, readable) + fmt::format("\n[{} more bytes]", text.size() - readable);
}

std::string last_line(std::string_view text) {
  while (text.ends_with('\n') || text.ends_with('\r')) text.remove_suffix(1);
  const auto begin = text.rfind('\n');
  return std::string(begin == std::string_view::npos ? text : text.substr(begin + 1)).substr(0, 200);
}

/// Why the original's run proves nothing; empty where it does prove something.
std::string unfit(const Observation& run, std::chrono::milliseconds limit) {
  const auto said = run.errors.empty() ? "" : ": " + last_line(run.errors);
  switch (run.kind) {
    case RunKind::not_started:
      return "the original does not start: " + run.message;
    case RunKind::neither:
      return fmt::format("the original neither listens on its ports, nor exits, nor falls silent within {} s",
                         std::chrono::duration_cast<std::chrono::seconds>(limit).count());
    case RunKind::exited:
      return run.exit.success() ? "" : "the original fails by itself with " + run.exit.text() + said;
    case RunKind::served:
    case RunKind::settled:
      if (run.ended_early && !run.exit.success()) {
        return "the original starts and then fails by itself with " + run.exit.text() + said;
      }
      return run.unproved;
  }
  return "";
}

std::string kind_text(const Observation& run) {
  switch (run.kind) {
    case RunKind::not_started:
      return "does not start: " + run.message;
    case RunKind::exited:
      return "ends with " + run.exit.text() + (run.errors.empty() ? "" : ": " + last_line(run.errors));
    case RunKind::served:
      return "listens and answers";
    case RunKind::settled:
      return "runs without listening";
    case RunKind::neither:
      return "runs, but does not listen";
  }
  return "";
}

std::string kind_difference(const Observation& slimmed) {
  switch (slimmed.kind) {
    case RunKind::not_started:
      return "does not start";
    case RunKind::exited:
      return "exits by itself";
    case RunKind::served:
      return "listens";
    case RunKind::settled:
      return "runs without listening";
    case RunKind::neither:
      return "neither listens nor exits";
  }
  return "";
}

std::vector<std::vector<Facet>> facets_of(const Runs& runs) {
  std::vector<std::vector<Facet>> facets;
  facets.reserve(runs.size());
  for (const auto& run : runs) facets.push_back(run.facets);
  return facets;
}

/// What all runs together say.
struct Judgement {
  std::vector<Difference> differences;
  std::vector<std::string> unstable;
};

Difference difference_of(const FacetResult& facet) {
  Difference difference{.probe = std::string(probe_name),
                        .what = facet.original.what,
                        .original = cut(facet.original.value),
                        .slimmed = cut(facet.slimmed),
                        .diff = {},
                        .causes = {}};
  const bool several_lines =
      std::ranges::count(facet.original.value, '\n') > 1 || std::ranges::count(facet.slimmed, '\n') > 1;
  if (several_lines) difference.diff = unified_diff(facet.original.value, facet.slimmed);
  return difference;
}

Judgement judge(const Runs& originals, const Runs& slimmed) {
  Judgement judgement;
  const auto& first = originals.front();
  const auto same_kind = [&](const Observation& run) { return run.kind == first.kind; };
  if (!std::ranges::all_of(originals, same_kind)) {
    judgement.unstable.emplace_back("whether it listens or exits");
    return judgement;
  }
  const auto other = std::ranges::find_if_not(slimmed, same_kind);
  if (other != slimmed.end()) {
    if (std::ranges::none_of(slimmed, same_kind)) {
      judgement.differences.push_back({.probe = std::string(probe_name),
                                       .what = kind_difference(*other),
                                       .original = kind_text(first),
                                       .slimmed = cut(kind_text(*other)),
                                       .diff = {},
                                       .causes = {}});
    } else {
      judgement.unstable.emplace_back("whether the slimmed image " + kind_difference(*other));
    }
    return judgement;
  }
  for (const auto& facet : compare_facets(facets_of(originals), facets_of(slimmed))) {
    if (facet.match == Match::different) judgement.differences.push_back(difference_of(facet));
    if (facet.match == Match::unstable && !facet.original.weak)
      judgement.unstable.push_back(facet.original.what);
  }
  return judgement;
}

/// Absolute paths named in a text, for machines that cannot watch.
std::vector<std::string> paths_in(std::string_view text) {
  constexpr std::string_view path_characters =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._+@-/";
  constexpr std::size_t tail = 64UL << 10U;  // what it said last is what ended it
  if (text.size() > tail) text.remove_prefix(text.size() - tail);
  std::vector<std::string> paths;
  std::unordered_set<std::string> seen;
  for (std::size_t at = text.find('/'); at != std::string_view::npos; at = text.find('/', at)) {
    const auto end = std::min(text.find_first_not_of(path_characters, at), text.size());
    auto path = std::string(text.substr(at, end - at));
    while (path.ends_with('.') || path.ends_with('/')) path.pop_back();
    if (path.size() > 1 && seen.insert(path).second) paths.push_back(std::move(path));
    at = end;
  }
  return paths;
}

/// Adds those of `asked` that only the original has.
void add_missed(std::vector<std::string>& missed, const std::vector<std::string>& asked,
                const OnlyInOriginal& only_in_original) {
  std::unordered_set<std::string> known(missed.begin(), missed.end());
  for (const auto& path : asked) {
    if (missed.size() == missed_cap) break;
    // /dev and its kin are the runtime's: what the image has there is covered.
    if (is_kernel_path(path) || !only_in_original(path)) continue;
    if (known.insert(path).second) missed.push_back(path);
  }
}

/// The comparison on its way.
class Comparison {
 public:
  Comparison(const Side& original, const Side& slimmed, ObserveOptions options, Runs& originals,
             const OnlyInOriginal& only_in_original, const std::function<void(const std::string&)>& progress)
      : original_(original),
        slimmed_(slimmed),
        options_(std::move(options)),
        only_in_original_(only_in_original),
        progress_(progress),
        originals_(originals) {}

  Verdict run() {
    if (originals_.empty()) originals_.push_back(observe_side(original_, "running the original"));
    if (auto why = unfit(originals_.front(), options_.limit); !why.empty()) return inconclusive(why);
    // What the first run opened is what the others are awaited to open.
    for (const auto& port : originals_.front().ports) options_.awaited.push_back(port.port);
    options_.silent = originals_.front().silent;
    slimmed_runs_.push_back(observe_side(slimmed_, "running the slimmed image"));
    slimmed_runs_.push_back(observe_side(slimmed_, "running the slimmed image again, watched", true));
    originals_.push_back(observe_side(original_, "running the original again"));
    auto judgement = judge(originals_, slimmed_runs_);
    if (!judgement.differences.empty()) {
      slimmed_runs_.push_back(
          observe_side(slimmed_, "running the slimmed image a third time, watched", true));
      originals_.push_back(observe_side(original_, "running the original a third time"));
      judgement = judge(originals_, slimmed_runs_);
    }
    const auto missed = find_missed(!judgement.differences.empty());
    if (judgement.differences.empty() && !missed.empty()) judgement.differences.push_back(touches(missed));
    for (auto& difference : judgement.differences) {
      difference.causes.assign(
          missed.begin(), missed.begin() + static_cast<std::ptrdiff_t>(std::min(missed.size(), causes_cap)));
    }
    auto verdict = conclude(std::move(judgement));
    verdict.missed = missed;
    return verdict;
  }

 private:
  /// What the watched runs of the slimmed side asked for in vain. What it said counts only where it failed: a
  /// loader and a runtime name what they miss.
  [[nodiscard]] std::vector<std::string> find_missed(bool differs) const {
    std::vector<std::string> missed;
    for (const auto& run : slimmed_runs_) {
      if (run.watched) add_missed(missed, asked_names(*run.watched), only_in_original_);
    }
    for (const auto& run : slimmed_runs_) {
      if (!differs) break;
      for (const auto& text : {run.errors, run.message})
        add_missed(missed, paths_in(text), only_in_original_);
    }
    return missed;
  }

  static Difference touches(const std::vector<std::string>& missed) {
    const auto more = missed.size() == 1 ? "" : fmt::format(", and {} more such paths", missed.size() - 1);
    return {.probe = std::string(probe_name),
            .what = "asks for a path that is gone",
            .original = missed.front() + more,
            .slimmed = "no such path",
            .diff = {},
            .causes = {}};
  }

  Observation observe_side(const Side& side, const std::string& what, bool watch = false) {
    if (progress_) progress_(what);
    ContainerStart start;
    start.config = side.config;
    start.watch_paths = watch;
    if (&side != &slimmed_) return observe(*side.sandbox, start, Probe{}, options_);
    try {
      return observe(*side.sandbox, start, Probe{}, options_);
    } catch (const Error& error) {  // the original has run in the same surroundings: it is the image's fault
      Observation failed;
      failed.message = error.what();
      failed.summary = "does not start";
      failed.facets.push_back({.what = "start", .value = error.what()});
      return failed;
    }
  }

  Verdict inconclusive(const std::string& why) {
    Verdict verdict;
    verdict.outcome = Outcome::inconclusive;
    verdict.reason = why;
    verdict.hint = start_hint;
    verdict.probes.push_back({.name = std::string(probe_name),
                              .outcome = Outcome::inconclusive,
                              .summary = originals_.front().summary,
                              .note = why});
    return verdict;
  }

  Verdict conclude(Judgement judgement) {
    Verdict verdict;
    ProbeResult probe{.name = std::string(probe_name),
                      .outcome = Outcome::same,
                      .summary = originals_.front().summary,
                      .note = {}};
    std::string unstable;
    for (const auto& what : judgement.unstable) unstable += (unstable.empty() ? "" : ", ") + what;
    verdict.differences = std::move(judgement.differences);
    if (!verdict.differences.empty()) {
      probe.outcome = Outcome::different;
      verdict.reason = verdict.differences.front().what;
      verdict.reason = "the slimmed image " + (slimmed_runs_.front().kind != originals_.front().kind
                                                   ? verdict.reason
                                                   : "differs in: " + verdict.reason);
      if (verdict.differences.size() > 1)
        verdict.reason += fmt::format(" and {} more", verdict.differences.size() - 1);
      const auto& causes = verdict.differences.front().causes;
      if (!causes.empty()) verdict.hint = "keep what it asked for: --include " + causes.front();
    } else if (!unstable.empty()) {
      probe.outcome = Outcome::inconclusive;
      probe.note = "differs from run to run: " + unstable;
      verdict.reason = "the runs cannot be told apart from noise: " + unstable + " differs from run to run";
      verdict.hint = "run something steadier with --cmd or --entrypoint";
    } else {
      verdict.reason = "both behave the same: " + probe.summary;
    }
    if (probe.note.empty() && originals_.front().kind == RunKind::settled)
      probe.note =
          "it listens nowhere: it was started, left until it fell silent, and stopped; nothing was asked of "
          "it";
    verdict.outcome = probe.outcome;
    verdict.probes.push_back(std::move(probe));
    return verdict;
  }

  const Side& original_;
  const Side& slimmed_;
  ObserveOptions options_;
  const OnlyInOriginal& only_in_original_;
  const std::function<void(const std::string&)>& progress_;
  Runs& originals_;
  Runs slimmed_runs_;
};

bool exists(const FileTree& tree, const std::string& path) {
  return tree.resolve(path).node != no_node;
}

}  // namespace

Verdict compare_sides(const Side& original, const Side& slimmed, const OnlyInOriginal& only_in_original,
                      const ObserveOptions& observe_options, std::vector<Observation>& originals,
                      const std::function<void(const std::string&)>& progress) {
  Verdict verdict;
  if (command_of(original.config).empty()) {
    verdict.outcome = Outcome::inconclusive;
    verdict.reason = "nothing to run: the image has neither entrypoint nor cmd";
    verdict.hint = "give one with --entrypoint or --cmd";
  } else if (command_of(slimmed.config).empty()) {
    verdict.outcome = Outcome::different;
    verdict.reason = "the slimmed image has neither entrypoint nor cmd";
    verdict.differences.push_back({.probe = std::string(probe_name),
                                   .what = "does not start",
                                   .original = fmt::format("{}", fmt::join(command_of(original.config), " ")),
                                   .slimmed = "nothing to run",
                                   .diff = {},
                                   .causes = {}});
  } else {
    verdict = Comparison(original, slimmed, observe_options, originals, only_in_original, progress).run();
  }
  const auto& facts = original.sandbox->facts();
  verdict.runtime = facts.runtime;
  verdict.rootless = facts.rootless;
  verdict.limits = facts.limits;
  verdict.not_enforced = facts.not_enforced;
  for (const auto& note : facts.notes) verdict.not_enforced.push_back("the image's files: " + note);
  return verdict;
}

Verifier::Verifier(ImageContents& original, const VerifyOptions& options)
    : original_(&original),
      options_(options),
      config_(with_overrides(original.image().config, options.run.overrides)) {
  observe_options_.limit = options.run.limits.timeout;
  if (options_.progress) options_.progress("extracting the original");
  sandbox_ = make_oci_sandbox(original, options.run);
}

const Observation& Verifier::observe_original() {
  if (options_.progress) options_.progress("running the original, watched");
  ContainerStart start;
  start.config = config_;
  start.watch_paths = true;
  runs_.push_back(observe(*sandbox_, start, Probe{}, observe_options_));
  return runs_.back();
}

Verdict Verifier::compare(ImageContents& slimmed) {
  if (options_.progress) options_.progress("extracting the slimmed image");
  const auto sandbox = make_oci_sandbox(slimmed, options_.run);
  const auto only_in_original = [&](const std::string& path) {
    return exists(original_->tree, path) && !exists(slimmed.tree, path);
  };
  const auto& config = options_.slimmed_config ? *options_.slimmed_config : slimmed.image().config;
  return compare_sides({.sandbox = sandbox_.get(), .config = config_},
                       {.sandbox = sandbox.get(), .config = with_overrides(config, options_.run.overrides)},
                       only_in_original, observe_options_, runs_, options_.progress);
}

Verdict verify_images(ImageContents& original, ImageContents& slimmed, const VerifyOptions& options) {
  return Verifier(original, options).compare(slimmed);
}

}  // namespace slim
