// Formats are many, words are few kinds: whatever the format, a path ends at a blank, a quote or a bracket.
#include "analyzer/named_paths.h"

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

namespace slim {
namespace {

constexpr std::size_t max_length = 4096;  // PATH_MAX
constexpr std::size_t max_glob = 128;     // inside one pair of brackets
constexpr std::string_view separators = " \t\r\n\"'`=:;,()<>{}|&[]";

bool looks_like_path(std::string_view word) {
  if (word.size() < 2 || word.size() > max_length) return false;
  if (word.find_first_of("$%\\") != std::string_view::npos) return false;  // made at run time
  if (word.starts_with("//") || word.find("://") != std::string_view::npos) return false;
  if (word.starts_with('/')) return true;
  return word.find_first_of("./") != std::string_view::npos;
}

std::string_view trimmed(std::string_view word) {
  // ${1:-/srv/log}, -I/usr/include, @/etc/list: the path starts behind the sign.
  const auto slash = word.find('/');
  if (slash <= 2 && word.find_first_not_of("-+@!~^I", 0) == slash) word.remove_prefix(slash);
  while (word.size() > 1 && (word.ends_with('/') || word.ends_with('.'))) word.remove_suffix(1);
  return word;
}

/// Brackets and braces belong to a word where they look like a glob: /x/*.{a,b}, /x/[0-9]*. The place behind
/// the one that closes, or `at` where it is none.
std::size_t glob_end(std::string_view text, std::size_t start, std::size_t at) {
  const bool brace = text[at] == '{';
  if ((!brace && text[at] != '[') || at - start > max_length) return at;
  if (text.substr(start, at - start).find('/') == std::string_view::npos) return at;
  const std::string_view rest = text.substr(at + 1, max_glob);
  const auto length = rest.find_first_of(brace ? "} \t\r\n\"'`;(){[]$" : "] \t\r\n\"'`;(){}[$,/");
  if (length == std::string_view::npos || length == 0 || rest[length] != (brace ? '}' : ']')) return at;
  if (brace && rest.substr(0, length).find(',') == std::string_view::npos) return at;
  return at + length + 2;
}

/// Where the word ends that starts at `start`.
std::size_t word_end(std::string_view text, std::size_t start) {
  std::size_t at = start;
  while (true) {
    at = std::min(text.find_first_of(separators, at), text.size());
    const std::size_t behind = at == text.size() ? at : glob_end(text, start, at);
    if (behind == at) return at;
    at = behind;
  }
}

}  // namespace

std::vector<NamedPath> named_paths(std::string_view text) {
  std::vector<NamedPath> found;
  std::unordered_set<std::string_view> seen;
  std::size_t line = 1;
  std::size_t at = 0;
  while (at < text.size()) {
    const char c = text[at];
    const bool after_blank =
        at == 0 || std::string_view(" \t\n").find(text[at - 1]) != std::string_view::npos;
    if (c == '#' && after_blank) {
      at = std::min(text.find('\n', at), text.size());
    } else if (separators.find(c) != std::string_view::npos) {
      if (c == '\n') ++line;
      ++at;
    } else {
      const std::size_t end = word_end(text, at);
      const std::string_view word = trimmed(text.substr(at, end - at));
      if (looks_like_path(word) && seen.insert(word).second)
        found.push_back({.text = std::string(word), .line = line});
      at = end;
    }
  }
  return found;
}

}  // namespace slim
