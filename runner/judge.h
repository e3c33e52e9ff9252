// What the runs of one probe on both sides say together: a pure function of what was observed.
#pragma once

#include <chrono>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "runner/observe.h"
#include "runner/verdict.h"

namespace slim {

struct Judgement {
  std::vector<Difference> differences;
  std::vector<std::string> unstable;  ///< what varies beyond masking, with an instance
  std::vector<std::string> noise;     ///< what varied on the original, and was masked

  [[nodiscard]] bool clean() const { return differences.empty() && unstable.empty(); }
};

/// Compares kinds of run and all facets. Both sides have at least one run.
Judgement judge(std::string_view probe, std::span<const Observation> originals,
                std::span<const Observation> slimmed);

/// Why a run of the original proves nothing; empty where it does prove something.
std::string unfit(const Observation& run, std::chrono::milliseconds limit);

/// Whether a path exists in the original only: a likely cause where the slimmed side asked for it.
using OnlyInOriginal = std::function<bool(const std::string& path)>;

/// Paths that only the original has: what a watched run of the slimmed side asked for, what a watched run of
/// the original read, executed, listed or entered, and, where `complained`, what the slimmed side's messages
/// name. Each path once, at most 10,000.
std::vector<MissedPath> find_missed(std::string_view probe, std::span<const Observation> originals,
                                    std::span<const Observation> slimmed,
                                    const OnlyInOriginal& only_in_original, bool complained);

/// The difference that missed paths are where all answers agree.
Difference touches(std::string_view probe, std::span<const MissedPath> missed);

}  // namespace slim
