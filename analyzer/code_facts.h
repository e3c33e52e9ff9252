// What a source file, a module or an archive of code names, as each language's scanner reads it. A pure
// function of one file's bytes and name, kept in the layer's index: one list of names serves every language.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace slim {

enum class Language : std::uint8_t { none, python, javascript, java, perl, ruby, php, lua, tcl, r, erlang };

/// "python", ...; "none".
std::string_view to_string(Language language);

/// A name that code uses.
struct CodeName {
  std::uint8_t use = 0;    ///< what for: an enum of the language's own header
  std::uint32_t line = 0;  ///< 1-based; 0 where the file has no lines
  std::string text;
  bool operator==(const CodeName&) const = default;
};

struct CodeFacts {
  Language language = Language::none;
  std::vector<CodeName> names;
  bool operator==(const CodeFacts&) const = default;
};

/// No file says more than this: what comes later is left out.
inline constexpr std::size_t most_code_names = 20'000;
inline constexpr std::size_t longest_code_name = 4096;  ///< PATH_MAX; longer ones name no file

/// The language of a file called `path` (as in LayerEntry): by its name, or by the text behind #! where it
/// has one. none: it is not read as code.
Language code_language(std::string_view path, std::string_view shebang);

/// The largest content of `path` that is read, in bytes; of a larger file a Diagnostic says that it is not.
std::uint64_t code_cap(Language language, std::string_view path);

/// Reads a whole file. Never fails: what is not understood is passed over. At most most_code_names names of
/// at most longest_code_name bytes.
CodeFacts scan_code(Language language, std::string_view path, std::span<const std::byte> content);

}  // namespace slim
