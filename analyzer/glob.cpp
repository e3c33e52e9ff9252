// Globs as shells and .gitignore files know them, over bytes: names in an image need not be UTF-8, which
// is why fnmatch(3), whose answer depends on the locale, is not used.
#include "analyzer/glob.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace slim {
namespace {

constexpr std::size_t max_alternatives = 1024;

/// Matches a class at pattern[0] == '['. Gives the class's length in `length`, 0 where it never closes.
bool class_matches(std::string_view pattern, char c, std::size_t& length) {
  std::size_t at = 1;
  const bool negated = at < pattern.size() && (pattern[at] == '!' || pattern[at] == '^');
  if (negated) ++at;
  bool found = false;
  const std::size_t first = at;
  for (; at < pattern.size(); ++at) {
    if (pattern[at] == ']' && at > first) {
      length = at + 1;
      return found != negated;
    }
    const auto low = static_cast<unsigned char>(pattern[at]);
    auto high = low;
    if (at + 2 < pattern.size() && pattern[at + 1] == '-' && pattern[at + 2] != ']') {
      high = static_cast<unsigned char>(pattern[at + 2]);
      at += 2;
    }
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= low && byte <= high) found = true;
  }
  length = 0;
  return false;
}

/// Matches one pattern element that is not `*` against `c`; gives its length.
bool element_matches(std::string_view pattern, char c, std::size_t& length) {
  length = 1;
  if (pattern[0] == '?') return true;
  if (pattern[0] == '[') {
    const bool matches = class_matches(pattern, c, length);
    if (length > 0) return matches;
    length = 1;
  }
  if (pattern[0] == '\\' && pattern.size() > 1) {
    length = 2;
    return pattern[1] == c;
  }
  return pattern[0] == c;
}

/// The same match as component_match's, of components instead of bytes: on a mismatch, the last `**` takes
/// one more. No longer than the product of both lengths, whatever the pattern.
bool components_match(std::span<const std::string> pattern, std::span<const std::string_view> path) {
  constexpr auto none = static_cast<std::size_t>(-1);
  std::size_t p = 0;
  std::size_t n = 0;
  std::size_t star = none;
  std::size_t star_path = 0;
  while (n < path.size()) {
    if (p < pattern.size() && pattern[p] == "**") {
      star = p++;
      star_path = n;
    } else if (p < pattern.size() && component_match(pattern[p], path[n])) {
      ++p;
      ++n;
    } else if (star != none) {
      p = star + 1;
      n = ++star_path;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == "**") ++p;
  return p == pattern.size();
}

/// An alternative's components; `**` in front where it matches at any depth.
std::vector<std::string> pattern_parts(std::string_view alternative) {
  const auto components = path_components(alternative);
  std::vector<std::string> parts(components.begin(), components.end());
  if (!alternative.starts_with('/')) parts.insert(parts.begin(), "**");
  return parts;
}

/// The first `wanted` that no backslash takes its meaning.
std::size_t find_special(std::string_view text, char wanted) {
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '\\') {
      ++at;
    } else if (text[at] == wanted) {
      return at;
    }
  }
  return std::string_view::npos;
}

/// The last one.
std::size_t find_last_special(std::string_view text, char wanted) {
  std::size_t last = std::string_view::npos;
  for (std::size_t from = 0;;) {
    const auto next = find_special(text.substr(from), wanted);
    if (next == std::string_view::npos) return last;
    last = from + next;
    from = last + 1;
  }
}

}  // namespace

bool component_match(std::string_view pattern, std::string_view name) {
  // The classic two-pointer match: on a mismatch, the last star takes one character more.
  std::size_t p = 0;
  std::size_t n = 0;
  std::size_t star = std::string_view::npos;
  std::size_t star_name = 0;
  while (n < name.size()) {
    std::size_t length = 0;
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      star_name = n;
    } else if (p < pattern.size() && element_matches(pattern.substr(p), name[n], length)) {
      p += length;
      ++n;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      n = ++star_name;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

bool glob_match(std::string_view pattern, std::string_view path) {
  const auto path_parts = path_components(path);
  const auto alternatives = expand_braces(pattern);
  return std::ranges::any_of(alternatives, [&path_parts](const std::string& alternative) {
    return components_match(pattern_parts(alternative), path_parts);
  });
}

void GlobIndex::add(std::string_view pattern, std::uint32_t number) {
  for (const std::string& text : expand_braces(pattern)) {
    Alternative alternative{.parts = pattern_parts(text), .number = number};
    const bool plain =
        !alternative.parts.empty() && alternative.parts.back().find_first_of("*?[\\") == std::string::npos;
    auto& place = plain ? by_name_[alternative.parts.back()] : others_;
    place.push_back(std::move(alternative));
  }
}

template <typename Found>
void GlobIndex::each(std::string_view path, const Found& found) const {
  const auto parts = path_components(path);
  if (!parts.empty()) {
    if (const auto named = by_name_.find(std::string(parts.back())); named != by_name_.end()) {
      for (const Alternative& alternative : named->second) {
        if (components_match(alternative.parts, parts) && !found(alternative.number)) return;
      }
    }
  }
  for (const Alternative& alternative : others_) {
    const auto& pattern = alternative.parts;
    // a cheap look at the last component first: most paths match no pattern's
    if (!pattern.empty() && pattern.back() != "**" &&
        (parts.empty() || !component_match(pattern.back(), parts.back())))
      continue;
    if (components_match(pattern, parts) && !found(alternative.number)) return;
  }
}

std::vector<std::uint32_t> GlobIndex::find(std::string_view path) const {
  std::vector<std::uint32_t> numbers;
  each(path, [&numbers](std::uint32_t number) {
    numbers.push_back(number);
    return true;
  });
  std::ranges::sort(numbers);
  numbers.erase(std::ranges::unique(numbers).begin(), numbers.end());
  return numbers;
}

bool GlobIndex::matches(std::string_view path) const {
  bool any = false;
  each(path, [&any](std::uint32_t) {
    any = true;
    return false;
  });
  return any;
}

GlobIndex any_glob(std::span<const std::string> patterns) {
  GlobIndex index;
  for (const std::string& pattern : patterns) index.add(pattern, 0);
  return index;
}

std::vector<std::string> expand_braces(std::string_view pattern) {
  std::vector<std::string> done;
  std::vector<std::string> open{std::string(pattern)};
  while (!open.empty() && done.size() + open.size() <= max_alternatives) {
    const std::string text = std::move(open.back());
    open.pop_back();
    // The innermost group: the first closing brace and the opening one before it.
    const auto close = find_special(text, '}');
    const auto start = close == std::string::npos ? close : find_last_special(text.substr(0, close), '{');
    if (start == std::string::npos) {
      done.push_back(text);
      continue;
    }
    const std::string_view inside = std::string_view(text).substr(start + 1, close - start - 1);
    const std::string head = text.substr(0, start);
    const std::string tail = text.substr(close + 1);
    std::size_t at = inside.size();
    while (true) {  // backwards, so that the stack gives the alternatives in their order
      const auto comma = at == 0 ? std::string_view::npos : inside.rfind(',', at - 1);
      const auto from = comma == std::string_view::npos ? 0 : comma + 1;
      std::string alternative = head;
      alternative += inside.substr(from, at - from);
      alternative += tail;
      open.push_back(std::move(alternative));
      if (comma == std::string_view::npos) break;
      at = comma;
    }
  }
  for (auto& rest : open) done.push_back(std::move(rest));
  return done;
}

std::vector<std::string_view> path_components(std::string_view path) {
  std::vector<std::string_view> parts;
  while (!path.empty()) {
    const auto slash = path.find('/');
    if (slash != 0) parts.push_back(path.substr(0, slash));
    if (slash == std::string_view::npos) break;
    path.remove_prefix(slash + 1);
  }
  return parts;
}

bool has_glob(std::string_view text) {
  return text.find_first_of("*?[{") != std::string_view::npos;
}

}  // namespace slim
