// A policy: what an image may weigh and have, as a team wrote it down.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "analyzer/findings.h"

namespace slim {

/// A share that is not held against fewer bytes than `floor`: a tiny image trips on every percentage.
struct PercentLimit {
  double percent = 0;
  std::uint64_t floor = 0;  ///< bytes
  bool operator==(const PercentLimit&) const = default;
};

/// A finding that is known and borne.
struct AllowedFinding {
  std::string id;
  std::optional<std::string> path;  ///< a glob; empty text: about the config; nothing: wherever it is
  std::string reason;
  std::optional<std::chrono::year_month_day> expires;  ///< the last day on which it holds
};

/// Every limit may be absent. Sizes are bytes. A value of exactly the limit passes.
struct Policy {
  std::string file;                             ///< as the user wrote it
  bool of_dive = false;                         ///< dive's keys, and its defaults for those that are missing
  std::optional<std::uint64_t> max_compressed;  ///< all layers as stored
  std::optional<std::uint64_t> max_uncompressed;   ///< all layers as tars
  std::optional<std::uint64_t> max_wasted;         ///< by dive's definition
  std::optional<PercentLimit> max_wasted_percent;  ///< of the layers above the first, as dive has it
  std::optional<double> min_efficiency;            ///< by dive's definition, 0 to 1
  std::optional<std::uint64_t> max_layers;
  std::optional<std::uint64_t> max_removable;         ///< bytes of files that nothing needs
  std::optional<PercentLimit> max_removable_percent;  ///< of the bytes of all files
  std::optional<std::uint64_t> max_growth;            ///< of all layers as tars, against a baseline
  std::optional<PercentLimit> max_growth_percent;
  std::optional<std::uint64_t> max_packages_added;  ///< names that the baseline does not have
  bool require_verified = false;
  std::optional<Severity> findings_severity;  ///< this and worse are violations
  std::vector<std::string> forbidden;         ///< ids of findings, whatever their severity
  bool new_findings_only = false;             ///< what the baseline has too is passed over
  std::vector<AllowedFinding> allow;
};

/// YAML or JSON, with slim's keys or dive's. `file` is for messages. Whatever is wrong is an input Error with
/// file, line, key and what was expected; an unknown key is one, and names the nearest that is known.
Policy parse_policy(const std::string& text, const std::string& file);
Policy read_policy(const std::string& file);

/// The key of the first limit that compares with a baseline; empty: there is none.
std::string_view key_that_needs_baseline(const Policy& policy);

/// Of no limit of the policy itself: what it says where a percentage is given without a floor.
inline constexpr std::uint64_t default_floor = 1'000'000;

}  // namespace slim
