// Patterns over absolute paths of an image.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace slim {

/// Whether the whole of `path` matches `pattern`: `*` and `?` stay inside a component, `**` as a whole
/// component crosses any number of folders, [a-z] and [!a-z] are classes, {a,b} alternatives, a backslash
/// takes the next character as it is. A pattern that does not start with a slash matches at any depth.
bool glob_match(std::string_view pattern, std::string_view path);

/// As glob_match for one component, without braces.
bool component_match(std::string_view pattern, std::string_view name);

/// The patterns that a pattern with {a,b} stands for (itself where it has none); at most 1,024.
std::vector<std::string> expand_braces(std::string_view pattern);

/// The components of a path, without empty ones.
std::vector<std::string_view> path_components(std::string_view path);

/// Whether `text` holds a character that a pattern gives a meaning to.
bool has_glob(std::string_view text);

}  // namespace slim
