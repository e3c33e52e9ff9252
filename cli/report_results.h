// What a report says is wrong, one by one: the findings, what a policy forbids, and what the verdict says.
// SARIF, JUnit and GitLab's code quality are lists of these.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cli/report.h"
#include "runner/verdict.h"

namespace slim {

enum class ResultLevel : std::uint8_t { note, warning, error };

/// What a kind of result means, for people.
struct ResultRule {
  std::string id;
  ResultLevel level = ResultLevel::warning;  ///< unless a result says otherwise
  std::string title;
  std::string help;       ///< what to do
  bool security = false;  ///< what it is about is a way in, and not bytes
};

/// One thing that is wrong. All texts but `rule` are hostile, to be escaped by who shows them.
struct ReportResult {
  std::string rule;  ///< a finding's id; gate/ and the policy's key; verdict/ and the class of the difference
  ResultLevel level = ResultLevel::warning;
  std::string severity;                ///< info, low, medium or high; of a gate and a verdict: high
  std::string message;                 ///< one sentence
  std::string path;                    ///< in the image; empty: about the image as a whole
  std::optional<std::uint32_t> layer;  ///< 0-based
  /// Hexadecimal; the same for the same fault of the same image in every build: of rule, name without tag,
  /// platform where it was asked for apart, and path, and of a number where several are alike in these.
  std::string fingerprint;
};

/// Of what a result is about, 64 hexadecimal digits.
std::string fingerprint_of(std::string_view key);

/// A finding of many says in its message how many, and their bytes.
std::vector<ReportResult> results_of(const Report& report);

/// Of a rule's id; one that is not known (a policy's key, say) gets a title of its own.
ResultRule rule_of(std::string_view id);

/// The image for people: its name, else where it was read from.
std::string image_label(const Report& report);

/// What the image is called whatever its version: without tag, digest and place on this machine; may be
/// empty.
std::string lasting_name(const Report& report);

/// One difference as a sentence: "GET / on port 80: status: 200 OK in the original, 403 Forbidden in the
/// slimmed".
std::string sentence_of(const Difference& difference);

}  // namespace slim
