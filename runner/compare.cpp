// Facets are compared one by one. The method is that of Diffy: what two runs of the same program do
// differently is noise, and only that is.
#include "runner/compare.h"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "runner/text_pattern.h"

namespace slim {
namespace {

constexpr std::string_view no_value = "(none)";
constexpr std::size_t line_shown = 120;

bool all_alike(std::span<const std::string> values) {
  return std::ranges::all_of(values, [&](const auto& value) { return value == values.front(); });
}

Match judge(std::size_t alike, std::size_t runs) {
  if (alike == runs) return Match::same;
  return alike == 0 ? Match::different : Match::unstable;
}

/// How many of the slimmed side's values are as the original's; nullopt where those vary beyond masking.
std::optional<std::size_t> count_alike(std::span<const std::string> originals,
                                       std::span<const std::string> slimmed, bool mask) {
  if (all_alike(originals)) return std::ranges::count(slimmed, originals.front());
  if (!mask) return std::nullopt;
  const std::vector<std::string_view> texts(originals.begin(), originals.end());
  const auto pattern = TextPattern::learn(texts);
  if (!pattern) return std::nullopt;
  return std::ranges::count_if(slimmed, [&](const auto& value) { return pattern->matches(value); });
}

/// The first line that differs, of both texts.
std::string first_difference(const std::string& one, const std::string& other) {
  const auto apart = static_cast<std::size_t>(std::ranges::mismatch(one, other).in1 - one.begin());
  const auto newline = apart == 0 ? std::string::npos : one.rfind('\n', apart - 1);
  const auto begin = newline == std::string::npos ? 0 : newline + 1;
  const auto line = [begin](const std::string& text) {
    return text.substr(begin, std::min(text.find('\n', begin) - begin, line_shown));
  };
  return fmt::format("'{}' and '{}'", line(one), line(other));
}

std::string instance_of(std::span<const std::string> originals, std::span<const std::string> slimmed) {
  const auto& side = all_alike(originals) ? slimmed : originals;
  const auto other = std::ranges::find_if(side, [&](const auto& value) { return value != side.front(); });
  return other == side.end() ? "" : first_difference(side.front(), *other);
}

/// The values of all facets of a side, run by run, by what they are about. Where a run has two of one name
/// (steps are named by users), their values are one.
class Values {
 public:
  explicit Values(std::span<const std::vector<Facet>> runs) : runs_(runs.size()) {
    for (std::size_t run = 0; run < runs.size(); ++run) {
      std::unordered_set<std::string_view> known;
      for (const auto& facet : runs[run]) {
        auto& values = by_name_.try_emplace(facet.what, runs.size(), std::string(no_value)).first->second;
        values[run] = known.insert(facet.what).second ? facet.value : values[run] + "\n" + facet.value;
      }
    }
  }
  [[nodiscard]] std::vector<std::string> of(const std::string& what) const {
    const auto found = by_name_.find(what);
    return found != by_name_.end() ? found->second : std::vector<std::string>(runs_, std::string(no_value));
  }

 private:
  std::size_t runs_;
  std::unordered_map<std::string, std::vector<std::string>> by_name_;
};

/// Every facet of every run, once, in the order of their first appearance.
std::vector<const Facet*> all_facets(std::span<const std::vector<Facet>> originals,
                                     std::span<const std::vector<Facet>> slimmed) {
  std::vector<const Facet*> all;
  std::unordered_map<std::string_view, bool> known;
  for (const auto& side : {originals, slimmed}) {
    for (const auto& run : side) {
      for (const auto& facet : run) {
        if (known.try_emplace(facet.what, true).second) all.push_back(&facet);
      }
    }
  }
  return all;
}

}  // namespace

Match compare_values(std::span<const std::string> originals, std::span<const std::string> slimmed) {
  const auto alike = count_alike(originals, slimmed, true);
  return alike ? judge(*alike, slimmed.size()) : Match::unstable;
}

std::vector<FacetResult> compare_facets(std::span<const std::vector<Facet>> originals,
                                        std::span<const std::vector<Facet>> slimmed) {
  const Values original_values(originals);
  const Values all_slimmed(slimmed);
  std::vector<FacetResult> results;
  for (const auto* facet : all_facets(originals, slimmed)) {
    const auto expected = original_values.of(facet->what);
    const auto found = all_slimmed.of(facet->what);
    FacetResult result;
    result.original = *facet;
    result.original.value = expected.front();
    result.slimmed = found.front();
    result.masked = !all_alike(expected);
    const auto alike = count_alike(expected, found, !facet->ending);
    result.match = alike ? judge(*alike, found.size()) : Match::unstable;
    if (result.match == Match::unstable) result.instance = instance_of(expected, found);
    // Show a run that is unlike, where only some are.
    for (const auto& value : found) {
      if (result.slimmed == result.original.value) result.slimmed = value;
    }
    results.push_back(std::move(result));
  }
  return results;
}

}  // namespace slim
