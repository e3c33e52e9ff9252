// Whether two sides said the same, apart from what differs between two runs of the original itself.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace slim {

/// One thing that a run did, in words or bytes.
struct Facet {
  std::string what;  ///< "exit status", "stdout", "GET / on port 80: body"
  std::string value;
  bool weak =
      false;  ///< what of it varies is noise (a log, a header); else it makes the verdict inconclusive
  /// Of a weak one: it is yes or no to whoever asks. Where the original is steady, the slimmed side has to
  /// be.
  bool telling = false;
  bool ending = false;  ///< of how it ended (exit status, signal, stop): nothing of it is ever masked
  bool operator==(const Facet&) const = default;
};

enum class Match : std::uint8_t {
  same,
  different,  ///< every run of the slimmed side is unlike the original
  unstable,   ///< the original's own runs differ beyond masking, or the slimmed side's runs disagree
};

/// Compares one value over several runs of each side. Where the original's runs are all alike, so must the
/// others be, byte for byte; else what differs between them is masked as runner/text_pattern.h has it, and
/// everything else must be alike. Never `same` on a guess.
Match compare_values(std::span<const std::string> originals, std::span<const std::string> slimmed);

/// One facet over all runs of both sides. A run that lacks the facet has the value "(none)".
struct FacetResult {
  Facet original;  ///< of the first run
  std::string slimmed;
  Match match = Match::same;
  bool masked = false;   ///< the original's runs differ
  std::string instance;  ///< where unstable: a line of one run, and the same line of another run of that side
};
std::vector<FacetResult> compare_facets(std::span<const std::vector<Facet>> originals,
                                        std::span<const std::vector<Facet>> slimmed);

}  // namespace slim
