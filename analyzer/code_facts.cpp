// Which scanner reads which file. Each language tells its own files by their names; a #! line names the
// interpreter of those without an ending.
#include "analyzer/code_facts.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "analyzer/command_wrapper.h"
#include "analyzer/java.h"
#include "analyzer/javascript.h"
#include "analyzer/literals.h"
#include "analyzer/perl.h"
#include "analyzer/python.h"
#include "analyzer/python_archive.h"

namespace slim {
namespace {

constexpr std::uint64_t largest_source = std::uint64_t{16} << 20;
constexpr std::uint64_t largest_archive = std::uint64_t{512} << 20;
constexpr std::uint64_t largest_python_archive = std::uint64_t{64} << 20;

}  // namespace

std::string_view to_string(Language language) {
  constexpr auto names = std::to_array<std::string_view>(
      {"none", "python", "javascript", "java", "perl", "ruby", "php", "lua", "tcl", "r", "erlang"});
  return names.at(static_cast<std::size_t>(language));
}

Language code_language(std::string_view path, std::string_view shebang) {
  if (is_python_file(path)) return Language::python;
  if (is_javascript_file(path)) return Language::javascript;
  if (is_java_file(path)) return Language::java;
  if (is_perl_file(path)) return Language::perl;
  if (const Language literal = literal_language(path); literal != Language::none) return literal;
  if (shebang.empty()) return Language::none;
  const Shebang parsed = parse_shebang(shebang);
  const std::string& interpreter = parsed.command.empty() ? parsed.program : parsed.command;
  if (is_python_interpreter(interpreter)) return Language::python;
  if (is_javascript_interpreter(interpreter)) return Language::javascript;
  if (is_perl_interpreter(interpreter)) return Language::perl;
  return literal_interpreter(interpreter);
}

std::uint64_t code_cap(Language language, std::string_view path) {
  switch (language) {
    case Language::none:
      return 0;
    case Language::java:
      return largest_archive;
    case Language::python:
      return is_python_archive(path) ? largest_python_archive : largest_source;
    default:
      return largest_source;
  }
}

CodeFacts scan_code(Language language, std::string_view path, std::span<const std::byte> content) {
  const std::string_view text(reinterpret_cast<const char*>(content.data()), content.size());
  CodeFacts facts{.language = language, .names = {}};
  if (language == Language::python) facts.names = scan_python(path, text);
  if (language == Language::javascript) facts.names = scan_javascript(text);
  if (language == Language::java) facts.names = scan_java(path, content);
  if (language == Language::perl) facts.names = scan_perl(text);
  if (language == Language::ruby || language == Language::php || language == Language::lua ||
      language == Language::tcl)
    facts.names = scan_literals(language, text);
  if (facts.names.size() > most_code_names) facts.names.resize(most_code_names);
  std::erase_if(facts.names, [](const CodeName& name) { return name.text.size() > longest_code_name; });
  return facts;
}

}  // namespace slim
