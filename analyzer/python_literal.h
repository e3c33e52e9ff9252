// Where the string tokens of Python source end, formatted ones too: the quotes inside of their fields are
// those of other strings.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace slim {

/// One string token.
struct PythonLiteral {
  std::string_view text;    ///< between the quotes; of a formatted string what comes before its first brace
  bool has_field = false;   ///< it is a formatted string that goes on with a brace behind `text`
  bool escaped = false;     ///< `text` holds a backslash that stands for something else
  std::size_t end = 0;      ///< place behind it: the end of the line or of the source where nothing closes it
  std::uint32_t lines = 0;  ///< line ends inside of it
};

/// Reads the string tokens of one source, whatever it holds, in time that grows with its length.
class PythonLiterals {
 public:
  explicit PythonLiterals(std::string_view source) : source_(source) {}

  /// The string whose first quote is at `at`, behind `prefix` (r, f, Rb, or nothing).
  PythonLiteral read(std::size_t at, std::string_view prefix);

 private:
  std::string_view source_;
  unsigned bad_fields_ = 0;  ///< formatted strings whose fields could not be told apart
};

}  // namespace slim
