// Answers are one kind of evidence, paths the other: a run that lacks a path which the original has may give
// the right answer all the same, by luck, and give a wrong one in silence tomorrow.
#include "runner/judge.h"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "analyzer/system_folders.h"
#include "runner/compare.h"
#include "runner/observe.h"
#include "runner/sandbox.h"
#include "runner/text_diff.h"
#include "runner/verdict.h"

namespace slim {
namespace {

constexpr std::size_t readable = 4096;
constexpr std::size_t missed_cap = 10'000;
constexpr unsigned reads = PathUse::opened | PathUse::executed | PathUse::listed | PathUse::entered;

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

/// How a run went, and what that is called where only the slimmed side does it.
struct KindText {
  std::string text;
  std::string_view difference;
  FailureClass failure;
};

KindText describe(const Observation& run) {
  switch (run.kind) {
    case RunKind::not_started:
      return {.text = "does not start: " + run.message,
              .difference = "does not start",
              .failure = FailureClass::does_not_start};
    case RunKind::exited:
      return {
          .text = "ends with " + run.exit.text() + (run.errors.empty() ? "" : ": " + last_line(run.errors)),
          .difference = "exits by itself",
          .failure = FailureClass::ends_differently};
    case RunKind::served:
      return {.text = "listens and answers",
              .difference = "listens",
              .failure = FailureClass::answers_differently};
    case RunKind::settled:
      return {.text = "runs without listening",
              .difference = "runs without listening",
              .failure = FailureClass::does_not_start};
    case RunKind::neither:
      return {.text = "runs, but does not get ready" + (run.unproved.empty() ? "" : ": " + run.unproved),
              .difference = "does not get ready",
              .failure = FailureClass::does_not_start};
  }
  return {.text = "", .difference = "", .failure = FailureClass::answers_differently};
}

std::vector<std::vector<Facet>> facets_of(std::span<const Observation> runs) {
  std::vector<std::vector<Facet>> facets;
  facets.reserve(runs.size());
  for (const auto& run : runs) facets.push_back(run.facets);
  return facets;
}

Difference difference_of(std::string_view probe, const FacetResult& facet) {
  Difference difference;
  difference.probe = probe;
  difference.what = facet.original.what;
  difference.original = cut(facet.original.value);
  difference.slimmed = cut(facet.slimmed);
  if (facet.original.ending) difference.failure = FailureClass::ends_differently;
  const bool several_lines =
      std::ranges::count(facet.original.value, '\n') > 1 || std::ranges::count(facet.slimmed, '\n') > 1;
  if (several_lines) difference.diff = unified_diff(facet.original.value, facet.slimmed);
  return difference;
}

/// Whether all runs went the same way; says so in `judgement` where they did not.
bool judge_kinds(std::string_view probe, std::span<const Observation> originals,
                 std::span<const Observation> slimmed, Judgement& judgement) {
  const auto& first = originals.front();
  const auto same_kind = [&](const Observation& run) { return run.kind == first.kind; };
  if (const auto odd = std::ranges::find_if_not(originals, same_kind); odd != originals.end()) {
    judgement.unstable.push_back(
        fmt::format("how the original runs ('{}' and '{}')", describe(first).text, describe(*odd).text));
    return false;
  }
  const auto other = std::ranges::find_if_not(slimmed, same_kind);
  if (other == slimmed.end()) return true;
  const auto kind = describe(*other);
  if (std::ranges::none_of(slimmed, same_kind)) {
    Difference difference;
    difference.probe = probe;
    difference.failure = kind.failure;
    difference.what = kind.difference;
    difference.original = describe(first).text;
    difference.slimmed = cut(kind.text);
    judgement.differences.push_back(std::move(difference));
  } else {
    judgement.unstable.push_back(fmt::format("whether the slimmed image {}", kind.difference));
  }
  return false;
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

/// Those that only the original has, each once.
class Missed {
 public:
  Missed(std::string_view probe, const OnlyInOriginal& only_in_original)
      : probe_(probe), only_in_original_(only_in_original) {}

  void add(MissedPath path) {
    // /dev and its kin are the runtime's: what the image has there is covered.
    if (found_.size() == missed_cap || is_kernel_path(path.path) || known_.contains(path.path)) return;
    if (!only_in_original_(path.path)) return;
    known_.insert(path.path);
    path.probe = probe_;
    found_.push_back(std::move(path));
  }
  void add(const Observation& run, unsigned uses, bool by_original) {
    if (!run.watched) return;
    for (const auto& asked : run.watched->paths) {
      if ((asked.uses & uses) == 0) continue;
      add({.path = asked.path,
           .probe = {},
           .program = asked.program,
           .call = asked.call,
           .by_original = by_original});
    }
  }
  std::vector<MissedPath> take() { return std::move(found_); }

 private:
  std::string_view probe_;
  const OnlyInOriginal& only_in_original_;
  std::vector<MissedPath> found_;
  std::unordered_set<std::string> known_;
};

}  // namespace

std::string unfit(const Observation& run, std::chrono::milliseconds limit) {
  const auto said = run.errors.empty() ? "" : ": " + last_line(run.errors);
  switch (run.kind) {
    case RunKind::not_started:
      return "the original does not start: " + run.message;
    case RunKind::neither:
      if (!run.unproved.empty()) return "the original does not get ready: " + run.unproved + said;
      return fmt::format("the original neither listens on its ports, nor exits, nor falls silent within {} s",
                         std::chrono::duration_cast<std::chrono::seconds>(limit).count());
    case RunKind::exited:
      if (run.exit.success() || run.exit_expected) return run.unproved;
      return "the original fails by itself with " + run.exit.text() + said;
    case RunKind::served:
    case RunKind::settled:
      if (run.ended_early && !run.exit.success() && !run.exit_expected) {
        return "the original starts and then fails by itself with " + run.exit.text() + said;
      }
      return run.unproved;
  }
  return "";
}

Judgement judge(std::string_view probe, std::span<const Observation> originals,
                std::span<const Observation> slimmed) {
  Judgement judgement;
  if (!judge_kinds(probe, originals, slimmed, judgement)) return judgement;
  for (const auto& facet : compare_facets(facets_of(originals), facets_of(slimmed))) {
    if (facet.match == Match::different) judgement.differences.push_back(difference_of(probe, facet));
    const bool noise = facet.original.weak && (facet.masked || !facet.original.telling);
    if (facet.match == Match::unstable && !noise) {
      judgement.unstable.push_back(fmt::format("{}{} ({})", facet.masked ? "" : "the slimmed image's ",
                                               facet.original.what, facet.instance));
    }
    if (facet.masked && facet.match != Match::different) judgement.noise.push_back(facet.original.what);
  }
  return judgement;
}

std::vector<MissedPath> find_missed(std::string_view probe, std::span<const Observation> originals,
                                    std::span<const Observation> slimmed,
                                    const OnlyInOriginal& only_in_original, bool complained) {
  Missed missed(probe, only_in_original);
  for (const auto& run : slimmed) missed.add(run, ~0U, false);
  for (const auto& run : originals) missed.add(run, reads, true);
  for (const auto& run : slimmed) {
    if (!complained) break;
    for (const auto& text : {run.errors, run.message}) {
      for (auto& path : paths_in(text))
        missed.add({.path = std::move(path), .probe = {}, .program = {}, .call = {}});
    }
  }
  return missed.take();
}

Difference touches(std::string_view probe, std::span<const MissedPath> missed) {
  const auto& first = missed.front();
  const auto more = missed.size() == 1 ? "" : fmt::format(", and {} more such paths", missed.size() - 1);
  Difference difference;
  difference.probe = probe;
  difference.failure = FailureClass::touches_missing_path;
  difference.what =
      first.by_original ? "lacks a path that the original reads" : "asks for a path that is gone";
  difference.original = first.path + more;
  difference.slimmed = "no such path";
  return difference;
}

}  // namespace slim
