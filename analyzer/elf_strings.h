// What the read-only data of a program names: libraries that it may open, files that it may read.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace slim {

struct FoundStrings {
  /// Names that end in .so or .so.DIGITS, sorted: "libfoo.so.1", "plugins/foo.so"; of an absolute path its
  /// last part.
  std::vector<std::string> library_names;
  /// Sorted. A path that goes on with a printf directive or a pattern is cut to the folder before it.
  std::vector<std::string> absolute_paths;
  /// What Rust has behind "sh" and "-c" side by side, with whatever text comes next in its data: "sh-c" and
  /// "tar -xf a | sortno such file". Sorted.
  std::vector<std::string> shell_texts;
  bool capped = false;  ///< there were more than are kept (20,000 of each kind, 1 MiB of each kind)
};

/// Scans `regions`, which must not overlap for the work to be bounded by their bytes. A path begins at the
/// start of a string or behind a separator such as a space, quote, '=' or ':', and ends at the next one.
FoundStrings find_strings(std::span<const std::string_view> regions);

}  // namespace slim
