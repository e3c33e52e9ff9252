// The runs of a probe are nested: original, slimmed, slimmed, original. A clock that two runs of the original
// could not tell apart cannot have moved between the runs of the slimmed side, which lie in between. Where
// the sides are not alike, both are run again, in turn, the original last: what does not hold up is noise.
// The first run of each side is watched for the paths that it asks for, the others run as they would
// anywhere.
#include "runner/verify.h"

#include <algorithm>
#include <cstddef>
#include <functional>
#include <iterator>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "analyzer/dangling_links.h"
#include "analyzer/error.h"
#include "analyzer/file_tree.h"
#include "analyzer/image.h"
#include "analyzer/image_contents.h"
#include "runner/container_spec.h"
#include "runner/judge.h"
#include "runner/observe.h"
#include "runner/oci_config.h"
#include "runner/oci_sandbox.h"
#include "runner/probe.h"
#include "runner/sandbox.h"
#include "runner/services.h"
#include "runner/verdict.h"

namespace slim {
namespace {

constexpr std::size_t causes_cap = 20;
constexpr std::string_view start_hint =
    "make it run by itself: give what it needs with --env, --cmd or --entrypoint, or say what to do with a "
    "probe";

/// What one probe said.
struct ProbeVerdict {
  ProbeResult result;
  std::string reason;
  std::string hint;
  std::vector<Difference> differences;
  std::vector<MissedPath> missed;
};

bool is_below(std::string_view path, std::string_view folder) {
  while (folder.ends_with('/')) folder.remove_suffix(1);
  return path.starts_with(folder) && (path.size() == folder.size() || path[folder.size()] == '/');
}

/// Whether something that is mounted covers what the image has at `path`.
bool is_covered(const RunOverrides& overrides, std::string_view path) {
  const auto covers = [path](const auto& mount) { return is_below(path, mount.target); };
  return std::ranges::any_of(overrides.mounts, covers) || std::ranges::any_of(overrides.tmpfs, covers);
}

/// Without what `overrides` mount over the image.
OnlyInOriginal uncovered(const OnlyInOriginal& only_in_original, const RunOverrides& overrides) {
  return [&](const std::string& path) { return !is_covered(overrides, path) && only_in_original(path); };
}

/// A run of the slimmed side. The original has run in the same surroundings: a failure is the image's fault.
Observation observe_slimmed(Sandbox& sandbox, const ContainerStart& start, const Probe& probe,
                            const ObserveOptions& options) {
  try {
    return observe(sandbox, start, probe, options);
  } catch (const Error& error) {
    Observation failed;
    failed.message = error.what();
    failed.summary = "does not start";
    failed.facets.push_back({.what = "start", .value = error.what()});
    return failed;
  }
}

/// One probe on its way: runs both sides and judges them.
class ProbeRun {
 public:
  ProbeRun(const Side& original, const Side& slimmed, const Comparison& comparison, const Probe& probe,
           std::vector<Observation>& originals)
      : original_(original),
        slimmed_(slimmed),
        comparison_(comparison),
        probe_(probe),
        options_(comparison.observe),
        originals_(originals) {
    verdict_.result.name = probe.name;
  }

  ProbeVerdict run() {
    if (!can_start()) return std::move(verdict_);
    if (originals_.empty()) run_original(true);
    verdict_.result.summary = originals_.front().summary;
    if (proves_nothing()) return finish();
    // What the first run opened is what the others are awaited to open.
    go_by(originals_.front(), options_);
    run_slimmed(true);
    run_slimmed(false);
    run_original(false);
    while (slimmed_runs_.size() < comparison_.repeat) run_both();
    decide();
    while (!settled() && slimmed_runs_.size() < comparison_.repeat + Comparison::extra_runs) {
      run_both();
      decide();
    }
    if (!proves_nothing()) conclude();
    return finish();
  }

 private:
  bool can_start() {
    const auto command_on = [&](const Side& side) {
      return command_of(with_overrides(side.config, probe_.overrides));
    };
    if (command_on(original_).empty()) {
      verdict_.result.outcome = Outcome::inconclusive;
      verdict_.reason = "nothing to run: the image has neither entrypoint nor cmd";
      verdict_.hint = "give one with --entrypoint or --cmd";
    } else if (command_on(slimmed_).empty()) {
      verdict_.result.outcome = Outcome::different;
      verdict_.reason = "the slimmed image has neither entrypoint nor cmd";
      Difference difference;
      difference.probe = probe_.name;
      difference.failure = FailureClass::does_not_start;
      difference.what = "does not start";
      difference.original = fmt::format("{}", fmt::join(command_on(original_), " "));
      difference.slimmed = "nothing to run";
      verdict_.differences.push_back(std::move(difference));
    } else {
      return true;
    }
    verdict_.result.note = verdict_.reason;
    return false;
  }

  /// Whether one of the original's runs says nothing about the image; the verdict then says why.
  bool proves_nothing() {
    std::string why;
    for (const auto& run : originals_)
      if (why.empty()) why = unfit(run, options_.limit);
    if (why.empty()) return false;
    verdict_.result.outcome = Outcome::inconclusive;
    verdict_.result.note = verdict_.reason = why;
    verdict_.hint = start_hint;
    return true;
  }

  [[nodiscard]] std::string progress_name() const {
    return probe_.name == Probe{}.name ? "" : fmt::format(" ({})", probe_.name);
  }

  void say(std::string_view what) const {
    if (comparison_.progress) comparison_.progress(fmt::format("running {}{}", what, progress_name()));
  }

  [[nodiscard]] static ContainerStart start_of(const Side& side, bool watch) {
    ContainerStart start;
    start.config = side.config;
    start.watch_paths = watch;
    return start;
  }

  void run_original(bool watch) {
    say(originals_.empty() ? "the original" : "the original again");
    originals_.push_back(observe(*original_.sandbox, start_of(original_, watch), probe_, options_));
  }

  void run_slimmed(bool watch) {
    say(slimmed_runs_.empty() ? "the slimmed image" : "the slimmed image again");
    slimmed_runs_.push_back(observe_slimmed(*slimmed_.sandbox, start_of(slimmed_, watch), probe_, options_));
  }

  void run_both() {
    run_slimmed(false);
    run_original(false);
  }

  void decide() {
    judgement_ = judge(probe_.name, originals_, slimmed_runs_);
    verdict_.missed = find_missed(probe_.name, originals_, slimmed_runs_,
                                  uncovered(comparison_.only_in_original, probe_.overrides),
                                  !judgement_.differences.empty());
  }

  /// Whether further runs would tell nothing new: both are alike, or a difference that has a cause, or that
  /// is one of whether it starts at all, has held up once more.
  [[nodiscard]] bool settled() const {
    if (judgement_.clean()) return true;
    if (slimmed_runs_.size() <= comparison_.repeat || judgement_.differences.empty()) return false;
    return !verdict_.missed.empty() ||
           std::ranges::any_of(judgement_.differences, [](const Difference& difference) {
             return difference.failure == FailureClass::does_not_start;
           });
  }

  void conclude() {
    auto& differences = judgement_.differences;
    if (differences.empty() && !verdict_.missed.empty())
      differences.push_back(touches(probe_.name, verdict_.missed));
    for (auto& difference : differences) {
      for (const auto& missed : verdict_.missed) {
        if (difference.causes.size() == causes_cap) break;
        difference.causes.push_back(missed.path);
      }
    }
    verdict_.result.noise = judgement_.noise;
    if (!differences.empty()) {
      say_different();
    } else if (!judgement_.unstable.empty()) {
      say_unstable();
    } else {
      verdict_.result.outcome = Outcome::same;
      verdict_.reason = "both behave the same: " + verdict_.result.summary;
    }
    verdict_.differences = std::move(differences);
    if (verdict_.result.note.empty() && probe_.steps.empty() && originals_.front().kind == RunKind::settled)
      verdict_.result.note =
          "it listens nowhere: it was started, left until it fell silent, and stopped; nothing was asked of "
          "it";
  }

  void say_different() {
    const auto& first = judgement_.differences.front();
    verdict_.result.outcome = Outcome::different;
    const bool other_kind = slimmed_runs_.front().kind != originals_.front().kind;
    verdict_.reason = other_kind || first.failure == FailureClass::touches_missing_path
                          ? "the slimmed image " + first.what
                          : "the slimmed image differs in: " + first.what;
    if (judgement_.differences.size() > 1)
      verdict_.reason += fmt::format(" and {} more", judgement_.differences.size() - 1);
    if (!first.causes.empty()) verdict_.hint = "keep what it asked for: --include " + first.causes.front();
  }

  void say_unstable() {
    verdict_.result.outcome = Outcome::inconclusive;
    verdict_.result.note = fmt::format("differs from run to run: {}", fmt::join(judgement_.unstable, ", "));
    verdict_.reason = fmt::format("the runs cannot be told apart from noise: {} differs from run to run",
                                  judgement_.unstable.front());
    verdict_.hint =
        "run something steadier with --cmd or --entrypoint, or let a probe ignore what differs (ignore: "
        "REGEX)";
  }

  ProbeVerdict finish() {
    verdict_.result.original_runs = static_cast<unsigned>(originals_.size());
    verdict_.result.slimmed_runs = static_cast<unsigned>(slimmed_runs_.size());
    return std::move(verdict_);
  }

  const Side& original_;
  const Side& slimmed_;
  const Comparison& comparison_;
  const Probe& probe_;
  ObserveOptions options_;
  std::vector<Observation>& originals_;
  std::vector<Observation> slimmed_runs_;
  Judgement judgement_;
  ProbeVerdict verdict_;
};

void add_missed(std::vector<MissedPath>& all, std::vector<MissedPath> more,
                std::unordered_set<std::string>& known) {
  for (auto& missed : more) {
    if (known.insert(missed.path).second) all.push_back(std::move(missed));
  }
}

/// One verdict of those of all probes: the worst of them.
Verdict unite(std::vector<ProbeVerdict> probes) {
  constexpr auto rank = [](const ProbeVerdict& probe) {
    return probe.result.outcome == Outcome::different ? 2 : probe.result.outcome == Outcome::same ? 0 : 1;
  };
  const auto& worst = *std::ranges::max_element(probes, {}, rank);
  Verdict verdict;
  verdict.outcome = worst.result.outcome;
  verdict.hint = worst.hint;
  const bool all_same = verdict.outcome == Outcome::same && probes.size() > 1;
  verdict.reason = all_same            ? fmt::format("both behave the same in {} probes", probes.size())
                   : probes.size() > 1 ? worst.result.name + ": " + worst.reason
                                       : worst.reason;
  std::unordered_set<std::string> known;
  for (auto& probe : probes) {
    std::ranges::move(probe.differences, std::back_inserter(verdict.differences));
    add_missed(verdict.missed, std::move(probe.missed), known);
    verdict.probes.push_back(std::move(probe.result));
  }
  return verdict;
}

/// The services of the probes, as the sandboxes' companions.
std::vector<ServiceStart> service_starts(const VerifyOptions& options) {
  std::vector<ServiceStart> starts;
  const auto& services = options.probes.services;
  for (std::size_t i = 0; i < services.size(); ++i) {
    const auto& service = services[i];
    const auto& image = options.service_images.at(i)->image();
    starts.push_back({.name = service.name,
                      .image = static_cast<unsigned>(i + 1),
                      .config = with_overrides(image.config, service.overrides),
                      .mounts = service.overrides.mounts,
                      .tmpfs = service.overrides.tmpfs,
                      .ready = service.ready});
  }
  return starts;
}

/// What probes and services mount must be known when a sandbox is made.
void add_mount_sources(VerifyOptions& options) {
  const auto add = [&options](const RunOverrides& overrides) {
    for (const auto& mount : overrides.mounts) options.run.mount_sources.push_back(mount.source);
  };
  for (const auto& probe : options.probes.probes) add(probe.overrides);
  for (const auto& service : options.probes.services) add(service.overrides);
}

}  // namespace

Verdict compare_sides(const Side& original, const Side& slimmed, const Comparison& comparison,
                      OriginalRuns& originals) {
  originals.resize(comparison.probes.size());
  std::vector<ProbeVerdict> probes;
  probes.reserve(comparison.probes.size());
  for (std::size_t i = 0; i < comparison.probes.size(); ++i) {
    probes.push_back(ProbeRun(original, slimmed, comparison, comparison.probes[i], originals[i]).run());
  }
  Verdict verdict = unite(std::move(probes));
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
  if (options_.probes.probes.empty()) options_.probes.probes.emplace_back();
  runs_.resize(options_.probes.probes.size());
  add_mount_sources(options_);
  observe_options_.services = service_starts(options_);
  if (options_.progress) options_.progress("extracting the original");
  sandbox_ = make_oci_sandbox(original, options_.run, options_.service_images);
}

Comparison Verifier::comparison(OnlyInOriginal only_in_original) const {
  Comparison comparison;
  comparison.probes = options_.probes.probes;
  comparison.observe = observe_options_;
  comparison.repeat = std::max(options_.repeat, 2U);
  comparison.progress = options_.progress;
  comparison.only_in_original = [this, only = std::move(only_in_original)](const std::string& path) {
    return !is_covered(options_.run.overrides, path) && only(path);
  };
  return comparison;
}

std::vector<const Observation*> Verifier::observe_original() {
  ContainerStart start;
  start.config = config_;
  start.watch_paths = true;
  std::vector<const Observation*> made;
  for (std::size_t i = 0; i < runs_.size(); ++i) {
    if (options_.progress) options_.progress("running the original, watched");
    runs_[i].push_back(observe(*sandbox_, start, options_.probes.probes[i], observe_options_));
    made.push_back(&runs_[i].back());
  }
  return made;
}

std::vector<MissedPath> Verifier::rehearse(const std::vector<bool>& kept) {
  const auto& tree = original_->tree;
  sandbox_->make_view(kept);
  const auto rules = comparison([&](const std::string& path) {
    const auto found = tree.resolve(path);
    const auto gone = [&](NodeId node) { return !kept[node]; };
    if (found.node == no_node) return std::ranges::any_of(dangling_links(tree, found), gone);
    return gone(found.node) || std::ranges::any_of(found.symlinks, gone);
  });
  ContainerStart start;
  start.config = config_;
  start.watch_paths = true;
  start.in_view = true;
  std::vector<MissedPath> missed;
  std::unordered_set<std::string> known;
  if (runs_.front().empty()) observe_original();
  for (std::size_t i = 0; i < runs_.size(); ++i) {
    if (!unfit(runs_[i].front(), observe_options_.limit).empty()) continue;
    if (options_.progress) options_.progress("running what is kept, watched");
    auto observe_options = observe_options_;
    go_by(runs_[i].front(), observe_options);
    const auto& probe = options_.probes.probes[i];
    const std::vector<Observation> run{observe_slimmed(*sandbox_, start, probe, observe_options)};
    const bool fails = !unfit(run.front(), observe_options.limit).empty();
    add_missed(
        missed,
        find_missed(probe.name, runs_[i], run, uncovered(rules.only_in_original, probe.overrides), fails),
        known);
  }
  return missed;
}

Verdict Verifier::compare(ImageContents& slimmed) {
  if (options_.progress) options_.progress("extracting the slimmed image");
  const auto sandbox = make_oci_sandbox(slimmed, options_.run, options_.service_images);
  const auto& config = options_.slimmed_config ? *options_.slimmed_config : slimmed.image().config;
  const Side left{.sandbox = sandbox_.get(), .config = config_};
  const Side right{.sandbox = sandbox.get(), .config = with_overrides(config, options_.run.overrides)};
  return compare_sides(left, right, comparison([&](const std::string& path) {
                         return lacks_path(slimmed.tree, original_->tree, path);
                       }),
                       runs_);
}

Verdict verify_images(ImageContents& original, ImageContents& slimmed, const VerifyOptions& options) {
  return Verifier(original, options).compare(slimmed);
}

}  // namespace slim
