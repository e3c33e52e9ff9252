// Linux, Documentation/admin-guide/binfmt-misc.rst: a file for each handler, with a line "enabled", and its
// magic and mask in hexadecimal. Only a handler with the flag F counts: its interpreter is opened when it is
// registered and so needs not be in the container. ELF's machine numbers: elf(5), and the psABI supplements.
#include "runner/binfmt.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "analyzer/platform.h"

namespace slim {
namespace {

struct Machine {
  std::string_view architecture;
  std::uint16_t number;
  std::uint8_t bits;
  bool big_endian;
};

constexpr auto machines = std::to_array<Machine>({
    {.architecture = "386", .number = 3, .bits = 32, .big_endian = false},
    {.architecture = "amd64", .number = 62, .bits = 64, .big_endian = false},
    {.architecture = "arm", .number = 40, .bits = 32, .big_endian = false},
    {.architecture = "arm64", .number = 183, .bits = 64, .big_endian = false},
    {.architecture = "loong64", .number = 258, .bits = 64, .big_endian = false},
    {.architecture = "mips64le", .number = 8, .bits = 64, .big_endian = false},
    {.architecture = "ppc64le", .number = 21, .bits = 64, .big_endian = false},
    {.architecture = "riscv64", .number = 243, .bits = 64, .big_endian = false},
    {.architecture = "s390x", .number = 22, .bits = 64, .big_endian = true},
});

using Bytes = std::vector<std::uint8_t>;

/// How a position-independent program of the machine begins.
Bytes elf_head(const Machine& machine) {
  Bytes head(64, 0);
  constexpr std::array<std::uint8_t, 4> magic{0x7f, 'E', 'L', 'F'};
  std::ranges::copy(magic, head.begin());
  head[4] = machine.bits == 64 ? 2 : 1;
  head[5] = machine.big_endian ? 2 : 1;
  head[6] = 1;  // version
  constexpr std::size_t type = 16;
  constexpr std::size_t number = 18;
  const std::size_t low = machine.big_endian ? 1 : 0;
  head[type + low] = 2;  // ET_EXEC; the masks of all handlers take ET_DYN with it
  head[number + low] = static_cast<std::uint8_t>(machine.number & 0xffU);
  head[number + 1 - low] = static_cast<std::uint8_t>(machine.number >> 8U);
  return head;
}

Bytes from_hex(std::string_view text) {
  Bytes bytes;
  for (std::size_t i = 0; i + 1 < text.size(); i += 2) {
    std::uint8_t value = 0;
    const auto [end, error] = std::from_chars(text.data() + i, text.data() + i + 2, value, 16);
    if (error != std::errc() || end != text.data() + i + 2) return {};
    bytes.push_back(value);
  }
  return bytes;
}

struct Handler {
  bool enabled = false;
  bool fixed = false;
  std::string interpreter;
  std::size_t offset = 0;
  Bytes magic;
  Bytes mask;
};

Handler read_handler(const std::filesystem::path& path) {
  Handler handler;
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    const auto space = line.find(' ');
    const std::string key = line.substr(0, space);
    const std::string value = space == std::string::npos ? "" : line.substr(space + 1);
    if (key == "enabled") handler.enabled = true;
    if (key == "interpreter") handler.interpreter = value;
    if (key == "flags:") handler.fixed = value.find('F') != std::string::npos;
    if (key == "offset") std::from_chars(value.data(), value.data() + value.size(), handler.offset);
    if (key == "magic") handler.magic = from_hex(value);
    if (key == "mask") handler.mask = from_hex(value);
  }
  return handler;
}

bool takes(const Handler& handler, const Bytes& head) {
  if (!handler.enabled || !handler.fixed || handler.magic.empty()) return false;
  if (handler.offset > head.size() || handler.magic.size() > head.size() - handler.offset) return false;
  for (std::size_t i = 0; i < handler.magic.size(); ++i) {
    const auto mask = i < handler.mask.size() ? handler.mask[i] : std::uint8_t{0xff};
    if (((head[handler.offset + i] ^ handler.magic[i]) & mask) != 0) return false;
  }
  return true;
}

}  // namespace

std::string emulator_of(const Platform& platform, const std::string& folder) {
  const auto* const machine = std::ranges::find(machines, platform.architecture, &Machine::architecture);
  if (platform.os != "linux" || machine == machines.end()) return {};
  const Bytes head = elf_head(*machine);
  std::vector<std::filesystem::path> files;
  std::error_code error;
  for (const auto& item : std::filesystem::directory_iterator(folder, error)) files.push_back(item.path());
  std::ranges::sort(files);
  for (const auto& path : files) {
    const std::string name = path.filename().string();
    if (name == "register" || name == "status") continue;
    const Handler handler = read_handler(path);
    if (takes(handler, head)) return handler.interpreter;
  }
  return {};
}

}  // namespace slim
