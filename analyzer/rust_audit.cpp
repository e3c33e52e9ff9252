// JSON that zlib has compressed (RFC 1950): {"packages": [{"name", "version", "source", "kind", "root"}]},
// after the format's own description (cargo-auditable, PARSING.md). "kind" is "runtime" unless it says
// "build".
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <isa-l/igzip_lib.h>
#include <nlohmann/json.hpp>

#include "analyzer/built_modules.h"

namespace slim {
namespace {

constexpr std::size_t largest_section = std::size_t{8} << 20;
constexpr std::size_t largest_document = std::size_t{8} << 20;
constexpr std::size_t longest_name = 4096;

/// Empty where it is damaged or larger than largest_document.
std::string inflated(std::string_view section) {
  inflate_state state;
  isal_inflate_init(&state);
  state.crc_flag = ISAL_ZLIB;
  state.next_in = const_cast<std::uint8_t*>(reinterpret_cast<const std::uint8_t*>(section.data()));
  state.avail_in = static_cast<std::uint32_t>(section.size());
  std::string text;
  std::array<char, std::size_t{64} << 10> block{};
  while (state.block_state != ISAL_BLOCK_FINISH) {
    state.next_out = reinterpret_cast<std::uint8_t*>(block.data());
    state.avail_out = block.size();
    const int result = isal_inflate(&state);
    const std::size_t count = block.size() - state.avail_out;
    text.append(block.data(), count);
    const bool stuck = count == 0 && state.avail_in == 0 && state.block_state != ISAL_BLOCK_FINISH;
    if (result != ISAL_DECOMP_OK || stuck || text.size() > largest_document) return {};
  }
  return text;
}

std::string text_of(const nlohmann::json& object, const char* key) {
  const auto value = object.find(key);
  return value != object.end() && value->is_string() ? value->get<std::string>().substr(0, longest_name)
                                                     : std::string();
}

}  // namespace

std::optional<BuiltModules> read_rust_audit(std::string_view section) {
  if (section.size() > largest_section) return std::nullopt;
  const auto document = nlohmann::json::parse(inflated(section), nullptr, false);
  if (!document.is_object()) return std::nullopt;
  const auto packages = document.find("packages");
  if (packages == document.end() || !packages->is_array()) return std::nullopt;
  BuiltModules built{.language = BuildLanguage::rust, .toolchain = {}, .modules = {}};
  for (const auto& package : *packages) {
    if (built.modules.size() == most_built_modules) break;
    if (!package.is_object() || text_of(package, "kind") == "build") continue;
    BuiltModule module{.name = text_of(package, "name"), .version = text_of(package, "version")};
    if (module.name.empty()) continue;
    const auto root = package.find("root");
    module.main = root != package.end() && root->is_boolean() && root->get<bool>();
    built.modules.push_back(std::move(module));
  }
  return built;
}

}  // namespace slim
