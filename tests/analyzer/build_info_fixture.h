// What the linkers of Go and Rust leave in a program, made by hand.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "analyzer/built_modules.h"
#include "analyzer/elf.h"
#include "tests/analyzer/tree_fixture.h"

namespace slim::test {

inline std::string with_length(std::string_view text) {
  std::string out;
  std::uint64_t rest = text.size();
  for (; rest >= 0x80; rest >>= 7U) out += static_cast<char>(static_cast<std::uint8_t>(rest | 0x80U));
  out += static_cast<char>(static_cast<std::uint8_t>(rest));
  return out.append(text);
}

inline std::string go_frame(std::string_view modules) {
  return "0123456789abcdef" + std::string(modules) + "fedcba9876543210";
}

/// As Go 1.18 and later have it.
inline std::string go_build_info(std::string_view toolchain, std::string_view modules) {
  std::string data = "\xff Go buildinf:";
  data += std::string("\x08\x02", 2);
  data.resize(32, '\0');
  return data + with_length(toolchain) + with_length(go_frame(modules));
}

/// zlib without compression: blocks that are stored (RFC 1950, RFC 1951).
inline std::string stored_by_zlib(std::string_view text) {
  std::string out = "\x78\x01";
  std::uint32_t low = 1;
  std::uint32_t high = 0;
  for (const char c : text) {
    low = (low + static_cast<std::uint8_t>(c)) % 65521;
    high = (high + low) % 65521;
  }
  do {
    const std::string_view block = text.substr(0, 0xffff);
    text.remove_prefix(block.size());
    const std::size_t size = block.size();
    const auto put = [&out](std::size_t value) {
      out += static_cast<char>(static_cast<std::uint8_t>(value));
      out += static_cast<char>(static_cast<std::uint8_t>(value >> 8U));
    };
    out += text.empty() ? '\1' : '\0';
    put(size);
    put(~size);
    out += block;
  } while (!text.empty());
  for (const std::uint32_t half : {high, low}) {
    out += static_cast<char>(static_cast<std::uint8_t>(half >> 8U));
    out += static_cast<char>(static_cast<std::uint8_t>(half));
  }
  return out;
}

/// A program that says that it is built of `built`.
inline LayerEntry built_program(std::string path, BuiltModules built) {
  LayerEntry made = program(std::move(path));
  ElfFacts elf;
  elf.built = std::move(built);
  auto facts = std::make_shared<FileFacts>();
  facts->elf = std::make_unique<const ElfFacts>(std::move(elf));
  made.facts = std::move(facts);
  return made;
}

}  // namespace slim::test
