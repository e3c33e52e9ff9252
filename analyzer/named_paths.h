// Words of a configuration file or a script that may be paths.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace slim {

struct NamedPath {
  std::string text;      ///< an absolute path, or a relative one (with a slash or a dot in it); may be a glob
  std::size_t line = 1;  ///< 1-based
};

/// Every such word outside comments (# to the end of the line, at its start or behind a blank). Words end at
/// blanks, quotes and the brackets and separators of the usual formats. Each is given once, with its first
/// line.
std::vector<NamedPath> named_paths(std::string_view text);

}  // namespace slim
