// A first reading of import statements: one a line.
#include "analyzer/python.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "analyzer/code_facts.h"

namespace slim {
namespace {

bool is_name_byte(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || (byte >= '0' && byte <= '9') ||
         byte == '_' || byte >= 0x80;
}

}  // namespace

bool is_python_file(std::string_view path) {
  return path.ends_with(".py");
}

bool is_python_interpreter(std::string_view program) {
  std::string_view name = program.substr(program.rfind('/') + 1);
  if (!name.starts_with("python")) return false;
  name.remove_prefix(6);
  return name.find_first_not_of("0123456789.dtm") == std::string_view::npos;
}

std::vector<CodeName> scan_python(std::string_view /*path*/, std::string_view content) {
  std::vector<CodeName> names;
  std::uint32_t line = 0;
  while (!content.empty() && names.size() < most_code_names) {
    ++line;
    const std::size_t end = std::min(content.find('\n'), content.size());
    std::string_view text = content.substr(0, end);
    content.remove_prefix(std::min(end + 1, content.size()));
    if (!text.starts_with("import ")) continue;
    text.remove_prefix(7);
    const auto stop = std::ranges::find_if(text, [](char c) { return !is_name_byte(c) && c != '.'; });
    const std::string_view module = text.substr(0, static_cast<std::size_t>(stop - text.begin()));
    if (!module.empty())
      names.push_back(
          {.use = static_cast<std::uint8_t>(PythonUse::import), .line = line, .text = std::string(module)});
  }
  return names;
}

}  // namespace slim
