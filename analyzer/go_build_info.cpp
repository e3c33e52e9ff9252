// A header of 32 bytes, aligned at 16: the magic, the size of a pointer, flags. Since Go 1.18 two strings
// with their lengths as varints stand behind it, the version of Go and the modules; before, it holds the
// addresses of two strings of Go (an address and a length each). The modules are lines of fields that tabs
// part, between two marks of 16 bytes. Follows debug/buildinfo and runtime/debug (ParseBuildInfo) of Go's
// standard library.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "analyzer/built_modules.h"

namespace slim {
namespace {

constexpr auto npos = std::string_view::npos;
constexpr std::string_view magic = "\xff Go buildinf:";
constexpr std::size_t header_size = 32;
constexpr std::size_t header_alignment = 16;
constexpr std::size_t searched = std::size_t{1} << 20;
constexpr std::size_t addresses_at = 16;  ///< in the header
constexpr std::size_t mark_size = 16;
constexpr std::size_t longest_toolchain = 256;
constexpr std::size_t longest_modules = std::size_t{16} << 20;
constexpr std::size_t longest_field = 4096;
constexpr unsigned big_endian_flag = 1;
constexpr unsigned inline_flag = 2;

std::string_view find_header(std::string_view data) {
  const std::string_view window = data.substr(0, searched);
  for (auto at = window.find(magic); at != npos; at = window.find(magic, at + 1)) {
    if (at % header_alignment == 0 && data.size() - at >= header_size) return data.substr(at);
  }
  return {};
}

/// Takes a string with its length before it; empty where it goes past the end.
std::string_view take_string(std::string_view& data) {
  std::uint64_t length = 0;
  for (unsigned shift = 0; shift < 63 && !data.empty(); shift += 7) {
    const auto part = static_cast<std::uint8_t>(data.front());
    data.remove_prefix(1);
    length |= static_cast<std::uint64_t>(part & 0x7fU) << shift;
    if (part >= 0x80) continue;
    if (length > data.size()) break;
    const std::string_view text = data.substr(0, length);
    data.remove_prefix(length);
    return text;
  }
  data = {};
  return {};
}

/// Numbers as the program's machine has them.
struct Numbers {
  std::size_t width = 8;
  bool big_endian = false;

  [[nodiscard]] std::uint64_t at(std::string_view bytes, std::size_t offset) const {
    if (bytes.size() < offset + width) return 0;
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < width; ++i) {
      const std::size_t from = offset + (big_endian ? i : width - 1 - i);
      value = value << 8U | static_cast<std::uint8_t>(bytes[from]);
    }
    return value;
  }
};

/// The string of Go at `address`.
std::string_view string_at(std::uint64_t address, const Numbers& numbers, const MappedBytes& mapped) {
  const std::string_view header = mapped(address);
  const std::uint64_t length = numbers.at(header, numbers.width);
  const std::string_view text = mapped(numbers.at(header, 0));
  return length <= text.size() ? text.substr(0, length) : std::string_view();
}

std::string_view take_field(std::string_view& line) {
  const auto tab = line.find('\t');
  const std::string_view field = line.substr(0, tab);
  line = tab == npos ? std::string_view() : line.substr(tab + 1);
  return field.substr(0, longest_field);
}

/// path, mod, dep and => (what replaces the module before); build lines are settings.
void read_modules(std::string_view lines, BuiltModules& built) {
  std::string_view program;
  while (!lines.empty() && built.modules.size() < most_built_modules) {
    const auto end = lines.find('\n');
    std::string_view line = lines.substr(0, end);
    lines = end == npos ? std::string_view() : lines.substr(end + 1);
    const std::string_view kind = take_field(line);
    const std::string_view name = take_field(line);
    const std::string_view version = take_field(line);
    if (name.empty()) continue;
    if (kind == "path") program = name;
    if (kind == "mod" || kind == "dep") {
      built.modules.push_back(
          {.name = std::string(name), .version = std::string(version), .main = kind == "mod"});
    } else if (kind == "=>" && !built.modules.empty()) {
      built.modules.back().name = name;
      built.modules.back().version = version;
    }
  }
  const bool has_main = std::ranges::any_of(built.modules, &BuiltModule::main);
  if (!has_main && !program.empty() && program != "command-line-arguments")
    built.modules.push_back({.name = std::string(program), .version = {}, .main = true});
}

}  // namespace

std::optional<BuiltModules> read_go_build_info(std::string_view data, const MappedBytes& mapped) {
  const std::string_view header = find_header(data);
  if (header.empty()) return std::nullopt;
  const auto flags = static_cast<std::uint8_t>(header[magic.size() + 1]);
  std::string_view toolchain;
  std::string_view modules;
  if ((flags & inline_flag) != 0) {
    std::string_view rest = header.substr(header_size);
    toolchain = take_string(rest);
    modules = take_string(rest);
  } else {
    const Numbers numbers{.width = header[magic.size()] == 4 ? std::size_t{4} : std::size_t{8},
                          .big_endian = (flags & big_endian_flag) != 0};
    toolchain = string_at(numbers.at(header, addresses_at), numbers, mapped);
    modules = string_at(numbers.at(header, addresses_at + numbers.width), numbers, mapped);
  }
  if (toolchain.empty() || toolchain.size() > longest_toolchain || modules.size() > longest_modules)
    return std::nullopt;
  BuiltModules built{.language = BuildLanguage::go, .toolchain = std::string(toolchain), .modules = {}};
  const bool framed = modules.size() > 2 * mark_size && modules[modules.size() - mark_size - 1] == '\n';
  if (framed) read_modules(modules.substr(mark_size, modules.size() - 2 * mark_size), built);
  return built;
}

}  // namespace slim
