// Whether two sides said the same, apart from what differs between two runs of the original itself.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace slim {

/// One thing that a run did, in words or bytes.
struct Facet {
  std::string what;  ///< "exit status", "stdout", "GET / on port 80: body"
  std::string value;
  bool weak =
      false;  ///< what of it varies is noise (a log, a header); else it makes the verdict inconclusive
  bool operator==(const Facet&) const = default;
};

enum class Match : std::uint8_t {
  same,
  different,  ///< every run of the slimmed side is unlike the original
  unstable,   ///< the original's own runs differ beyond masking, or the slimmed side's runs disagree
};

/// Compares one value over several runs of each side. Where the original's runs differ in a word that holds a
/// digit or is a name of a month or day, in the same place of the same line, that place is masked; any other
/// difference between them is `unstable`. Never `same` on a guess.
Match compare_values(std::span<const std::string> originals, std::span<const std::string> slimmed);

/// One facet over all runs of both sides. A run that lacks the facet has the value "(none)".
struct FacetResult {
  Facet original;  ///< of the first run
  std::string slimmed;
  Match match = Match::same;
};
std::vector<FacetResult> compare_facets(std::span<const std::vector<Facet>> originals,
                                        std::span<const std::vector<Facet>> slimmed);

}  // namespace slim
