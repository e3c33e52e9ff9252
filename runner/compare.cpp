// Noise is learned, not guessed: only where two runs of the original differ is anything masked, and only
// words that look like times, numbers or ids may be. Words are runs of letters and digits; everything between
// them is a word of one character each.
#include "runner/compare.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace slim {
namespace {

using Words = std::vector<std::string_view>;

bool is_word_character(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0;
}

/// Line ends are words like any other, so that masked places stay in their lines.
Words words_of(std::string_view text) {
  Words words;
  for (std::size_t at = 0; at < text.size();) {
    std::size_t end = at + 1;
    while (is_word_character(text[at]) && end < text.size() && is_word_character(text[end])) ++end;
    words.push_back(text.substr(at, end - at));
    at = end;
  }
  return words;
}

bool may_be_noise(std::string_view word) {
  constexpr auto names =
      std::to_array<std::string_view>({"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct",
                                       "Nov", "Dec", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"});
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  const auto is_hex = [](char c) { return std::isxdigit(static_cast<unsigned char>(c)) != 0; };
  return std::ranges::any_of(word, is_digit) || (word.size() >= 8 && std::ranges::all_of(word, is_hex)) ||
         std::ranges::find(names, word) != names.end();
}

/// A text with the places where it varies.
struct Pattern {
  Words words;
  std::vector<bool> masked;
};

bool matches(const Pattern& pattern, std::string_view text) {
  const auto words = words_of(text);
  if (words.size() != pattern.words.size()) return false;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const bool fits = pattern.masked[i] ? may_be_noise(words[i]) : words[i] == pattern.words[i];
    if (!fits) return false;
  }
  return true;
}

/// nullopt: the runs differ in what may not be masked.
std::optional<Pattern> learn(std::span<const std::string> runs) {
  Pattern pattern;
  pattern.words = words_of(runs.front());
  pattern.masked.assign(pattern.words.size(), false);
  for (const auto& run : runs.subspan(1)) {
    const auto words = words_of(run);
    if (words.size() != pattern.words.size()) return std::nullopt;
    for (std::size_t i = 0; i < words.size(); ++i) {
      if (words[i] == pattern.words[i]) continue;
      if (!may_be_noise(words[i]) || !may_be_noise(pattern.words[i])) return std::nullopt;
      pattern.masked[i] = true;
    }
  }
  return pattern;
}

const Facet* find_facet(const std::vector<Facet>& facets, const std::string& what) {
  const auto found = std::ranges::find(facets, what, &Facet::what);
  return found == facets.end() ? nullptr : &*found;
}

std::vector<std::string> values_of(std::span<const std::vector<Facet>> runs, const std::string& what) {
  std::vector<std::string> values;
  for (const auto& facets : runs) {
    const auto* facet = find_facet(facets, what);
    values.push_back(facet != nullptr ? facet->value : "(none)");
  }
  return values;
}

}  // namespace

Match compare_values(std::span<const std::string> originals, std::span<const std::string> slimmed) {
  const bool steady =
      std::ranges::all_of(originals, [&](const auto& run) { return run == originals.front(); });
  std::size_t alike = 0;
  if (steady) {
    alike = static_cast<std::size_t>(std::ranges::count(slimmed, originals.front()));
  } else {
    const auto pattern = learn(originals);
    if (!pattern) return Match::unstable;
    alike = static_cast<std::size_t>(
        std::ranges::count_if(slimmed, [&](const auto& run) { return matches(*pattern, run); }));
  }
  if (alike == slimmed.size()) return Match::same;
  return alike == 0 ? Match::different : Match::unstable;
}

std::vector<FacetResult> compare_facets(std::span<const std::vector<Facet>> originals,
                                        std::span<const std::vector<Facet>> slimmed) {
  std::vector<Facet> all;  // of every run, in the order of their first appearance
  const auto collect = [&all](const std::vector<Facet>& facets) {
    for (const auto& facet : facets) {
      if (find_facet(all, facet.what) == nullptr) all.push_back(facet);
    }
  };
  std::ranges::for_each(originals, collect);
  std::ranges::for_each(slimmed, collect);
  std::vector<FacetResult> results;
  for (const auto& facet : all) {
    const auto original_values = values_of(originals, facet.what);
    const auto slimmed_values = values_of(slimmed, facet.what);
    FacetResult result;
    result.original = {.what = facet.what, .value = original_values.front(), .weak = facet.weak};
    result.slimmed = slimmed_values.front();
    result.match = compare_values(original_values, slimmed_values);
    // Show a run that is unlike, where only some are.
    for (const auto& value : slimmed_values) {
      if (result.slimmed == result.original.value) result.slimmed = value;
    }
    results.push_back(std::move(result));
  }
  return results;
}

}  // namespace slim
