// Patterns over absolute paths of an image.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace slim {

/// Whether the whole of `path` matches `pattern`: `*` and `?` stay inside a component, `**` as a whole
/// component crosses any number of folders, [a-z] and [!a-z] are classes, {a,b} alternatives, a backslash
/// takes the next character as it is. A pattern that does not start with a slash matches at any depth.
bool glob_match(std::string_view pattern, std::string_view path);

/// Many patterns, read once, each with a number of the caller's: which of them match a path.
class GlobIndex {
 public:
  /// `pattern` is as in glob_match.
  void add(std::string_view pattern, std::uint32_t number);
  /// The numbers of the patterns that match, each once, ascending.
  [[nodiscard]] std::vector<std::uint32_t> find(std::string_view path) const;
  /// Whether any of them matches.
  [[nodiscard]] bool matches(std::string_view path) const;

 private:
  struct Alternative {
    std::vector<std::string> parts;
    std::uint32_t number = 0;
  };
  /// Whether to go on: calls `found` with the number of each alternative that matches.
  template <typename Found>
  void each(std::string_view path, const Found& found) const;

  /// By their last component where it is plain text, as most are; the others apart.
  std::unordered_map<std::string, std::vector<Alternative>> by_name_;
  std::vector<Alternative> others_;
};

/// The patterns as an index that is only asked whether any matches.
GlobIndex any_glob(std::span<const std::string> patterns);

/// As glob_match for one component, without braces.
bool component_match(std::string_view pattern, std::string_view name);

/// The patterns that a pattern with {a,b} stands for (itself where it has none); at most 1,024.
std::vector<std::string> expand_braces(std::string_view pattern);

/// The components of a path, without empty ones.
std::vector<std::string_view> path_components(std::string_view path);

/// Whether `text` holds a character that a pattern gives a meaning to.
bool has_glob(std::string_view text);

}  // namespace slim
