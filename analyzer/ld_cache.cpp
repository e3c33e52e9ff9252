// Follows the layout in glibc's dl-cache.h: a header, fixed-size entries, and strings found by their offset;
// since glibc 2.33 an extension names the glibc-hwcaps folders that entries refer to.
// Files of old distributions hold both formats, the new one behind the old one's entries.
#include "analyzer/ld_cache.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <vector>

#include <llvm/BinaryFormat/ELF.h>

#include "analyzer/elf.h"
#include "analyzer/file_tree.h"
#include "analyzer/layer_index.h"

namespace slim {
namespace {

constexpr std::string_view old_magic = "ld.so-1.7.0";
constexpr std::string_view new_magic = "glibc-ld.so.cache1.1";
constexpr std::size_t old_header_size = 16;
constexpr std::size_t old_entry_size = 12;
constexpr std::size_t new_header_size = 48;
constexpr std::size_t new_entry_size = 24;
constexpr std::uint32_t extension_magic = 0xeaa42174;
constexpr std::uint32_t hwcaps_section = 1;
constexpr std::uint64_t hwcaps_entry = 1ULL << 62U;  // an entry's hwcap is an index into the extension
constexpr std::size_t max_string = 4096;
constexpr std::size_t max_entries = 200'000;
constexpr int max_include_depth = 8;
constexpr std::size_t max_includes = 1000;  // lines; each may look through the whole tree
constexpr std::size_t max_folders = 1024;

class Bytes {
 public:
  Bytes(std::string_view bytes, bool big_endian) : bytes_(bytes), big_endian_(big_endian) {}

  [[nodiscard]] std::size_t size() const { return bytes_.size(); }
  /// 0 outside of the bytes.
  [[nodiscard]] std::uint32_t word(std::size_t offset) const {
    if (offset > bytes_.size() || bytes_.size() - offset < 4) return 0;
    std::uint32_t value = 0;
    for (unsigned i = 0; i < 4; ++i) {
      const unsigned shift = 8 * (big_endian_ ? 3 - i : i);
      value |= static_cast<std::uint32_t>(static_cast<unsigned char>(bytes_[offset + i])) << shift;
    }
    return value;
  }
  [[nodiscard]] std::uint64_t double_word(std::size_t offset) const {
    const std::uint64_t first = word(offset);
    const std::uint64_t second = word(offset + 4);
    return big_endian_ ? first << 32U | second : second << 32U | first;
  }
  [[nodiscard]] std::optional<std::string> string(std::size_t offset) const {
    if (offset >= bytes_.size()) return std::nullopt;
    const std::string_view rest = bytes_.substr(offset, max_string + 1);
    const std::size_t end = rest.find('\0');
    if (end == std::string_view::npos) return std::nullopt;
    return std::string(rest.substr(0, end));
  }

 private:
  std::string_view bytes_;
  bool big_endian_;
};

/// The names of glibc-hwcaps folders, by the index that entries use.
std::vector<std::string> read_hwcaps_names(const Bytes& bytes) {
  std::vector<std::string> names;
  const std::size_t extension = bytes.word(32);
  if (extension == 0 || bytes.word(extension) != extension_magic) return names;
  const std::size_t sections = std::min<std::size_t>(bytes.word(extension + 4), 64);
  for (std::size_t i = 0; i < sections; ++i) {
    const std::size_t header = extension + 8 + 16 * i;
    if (bytes.word(header) != hwcaps_section) continue;
    const std::size_t offset = bytes.word(header + 8);
    const std::size_t count = std::min<std::size_t>(bytes.word(header + 12) / 4, 1024);
    for (std::size_t name = 0; name < count; ++name)
      names.push_back(bytes.string(bytes.word(offset + 4 * name)).value_or(""));
  }
  return names;
}

std::expected<LdCache, std::string> parse_new(std::string_view text) {
  if (text.size() < new_header_size) return std::unexpected("the header is cut short");
  const unsigned byte_order = static_cast<unsigned char>(text[28]) & 3U;
  if (byte_order == 1) return std::unexpected("its byte order is marked as invalid");
  // ldconfig before glibc 2.33 left 0: then the only order that gives a count that fits is the right one
  bool big_endian = byte_order == 3;
  if (byte_order == 0) big_endian = Bytes(text, false).word(20) > text.size() / new_entry_size;
  const Bytes bytes(text, big_endian);
  const std::size_t count = bytes.word(20);
  if (count > max_entries || count > (text.size() - new_header_size) / new_entry_size)
    return std::unexpected("it promises " + std::to_string(count) + " entries and is too short for them");
  const std::vector<std::string> hwcaps_names = read_hwcaps_names(bytes);
  LdCache cache;
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t at = new_header_size + new_entry_size * i;
    auto name = bytes.string(bytes.word(at + 4));
    auto path = bytes.string(bytes.word(at + 8));
    if (!name || !path) continue;
    LdCacheEntry entry{.flags = static_cast<std::int32_t>(bytes.word(at)),
                       .path = std::move(*path),
                       .hwcap = bytes.double_word(at + 16),
                       .hwcaps_name = {}};
    if (entry.hwcap >> 32U == hwcaps_entry >> 32U) {
      const std::size_t index = entry.hwcap & 0xffffffffU;
      if (index >= hwcaps_names.size() || hwcaps_names[index].empty()) continue;
      entry.hwcaps_name = hwcaps_names[index];
      entry.hwcap = 0;
    }
    cache.entries[*name].push_back(std::move(entry));
  }
  return cache;
}

std::expected<LdCache, std::string> parse_old(std::string_view text) {
  if (text.size() < old_header_size) return std::unexpected("the header is cut short");
  const bool big_endian = Bytes(text, false).word(12) > text.size() / old_entry_size;
  const Bytes bytes(text, big_endian);
  const std::size_t count = bytes.word(12);
  if (count > max_entries || count > (text.size() - old_header_size) / old_entry_size)
    return std::unexpected("it promises " + std::to_string(count) + " entries and is too short for them");
  const std::size_t strings = old_header_size + old_entry_size * count;
  const std::size_t behind = (strings + 7) / 8 * 8;
  if (behind < text.size() && text.substr(behind).starts_with(new_magic))
    return parse_new(text.substr(behind));
  LdCache cache;
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t at = old_header_size + old_entry_size * i;
    auto name = bytes.string(strings + bytes.word(at + 4));
    auto path = bytes.string(strings + bytes.word(at + 8));
    if (!name || !path) continue;
    cache.entries[*name].push_back({.flags = static_cast<std::int32_t>(bytes.word(at)),
                                    .path = std::move(*path),
                                    .hwcap = 0,
                                    .hwcaps_name = {}});
  }
  return cache;
}

/// Reads one configuration file; `include` takes globs, relative to the file's folder.
class ConfReader {
 public:
  explicit ConfReader(const FileTree& tree) : tree_(tree) {}

  void read(const std::string& path, int depth) {
    const NodeId node = tree_.resolve(path).node;
    // Once each: files that include themselves, or each other, would be read without an end.
    if (node == no_node || depth > max_include_depth || !read_.insert(path).second) return;
    const FileFacts* facts = tree_.facts(node);
    if (facts == nullptr || !facts->text) return;
    std::string_view rest = *facts->text;
    while (!rest.empty()) {
      const std::size_t end = std::min(rest.find('\n'), rest.size());
      take_line(rest.substr(0, end), path, depth);
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
  }
  [[nodiscard]] std::vector<std::string> take() { return std::move(folders_); }

 private:
  static std::string_view trimmed(std::string_view text) {
    const std::size_t begin = text.find_first_not_of(" \t\r\f\v");
    if (begin == std::string_view::npos) return {};
    return text.substr(begin, text.find_last_not_of(" \t\r\f\v") - begin + 1);
  }

  void take_line(std::string_view line, const std::string& path, int depth) {
    line = trimmed(line.substr(0, line.find('#')));
    constexpr std::string_view include = "include";
    if (line.starts_with(include) && line.size() > include.size() &&
        (line[include.size()] == ' ' || line[include.size()] == '\t')) {
      if (++includes_ > max_includes) return;
      std::string pattern(trimmed(line.substr(include.size())));
      if (!pattern.starts_with('/')) pattern.insert(0, path.substr(0, path.rfind('/') + 1));
      for (const NodeId node : tree_.glob(pattern)) read(tree_.path(node), depth + 1);
      return;
    }
    if (!line.starts_with('/') || folders_.size() >= max_folders) return;
    // "FOLDER=KIND" is an old way to name the kind of the libraries in it
    line = trimmed(line.substr(0, line.find('=')));
    while (line.size() > 1 && line.ends_with('/')) line.remove_suffix(1);
    if (std::ranges::find(folders_, line) == folders_.end()) folders_.emplace_back(line);
  }

  const FileTree& tree_;
  std::vector<std::string> folders_;
  std::unordered_set<std::string> read_;
  std::size_t includes_ = 0;
};

}  // namespace

std::expected<LdCache, std::string> parse_ld_cache(std::string_view bytes) {
  if (bytes.starts_with(new_magic)) return parse_new(bytes);
  if (bytes.starts_with(old_magic)) return parse_old(bytes);
  return std::unexpected("expected \"" + std::string(new_magic) + "\" at its beginning");
}

std::int32_t ld_cache_flags(const ElfFacts& elf) {
  namespace e = llvm::ELF;
  constexpr std::int32_t libc6 = 3;
  const bool wide = elf.elf_class == 64;
  const auto with_abi = [](std::int32_t abi) { return abi << 8 | libc6; };
  switch (elf.machine) {
    case e::EM_X86_64:
      return with_abi(wide ? 0x3 : 0x8);
    case e::EM_386:
      return libc6;
    case e::EM_AARCH64:
      return wide ? with_abi(0xa) : libc6;
    // an object that is marked with neither float ABI is a soft one or does not care
    case e::EM_ARM:
      return with_abi((elf.flags & e::EF_ARM_ABI_FLOAT_HARD) != 0 ? 0x9 : 0xb);
    case e::EM_PPC64:
      return with_abi(0x5);
    case e::EM_S390:
      return wide ? with_abi(0x4) : libc6;
    case e::EM_SPARCV9:
      return with_abi(0x1);
    case e::EM_IA_64:
      return with_abi(0x2);
    case e::EM_MIPS: {
      const bool nan2008 = (elf.flags & e::EF_MIPS_NAN2008) != 0;
      if (wide) return with_abi(nan2008 ? 0xe : 0x7);
      if ((elf.flags & e::EF_MIPS_ABI2) != 0) return with_abi(nan2008 ? 0xd : 0x6);
      return nan2008 ? with_abi(0xc) : libc6;
    }
    case e::EM_RISCV:
      return with_abi((elf.flags & e::EF_RISCV_FLOAT_ABI) == e::EF_RISCV_FLOAT_ABI_DOUBLE ? 0x10 : 0xf);
    case e::EM_LOONGARCH:
      return with_abi(
          (elf.flags & e::EF_LOONGARCH_ABI_MODIFIER_MASK) == e::EF_LOONGARCH_ABI_DOUBLE_FLOAT ? 0x12 : 0x11);
    case e::EM_PPC:
    case e::EM_SPARC:
    case e::EM_SPARC32PLUS:
    case e::EM_SH:
    case e::EM_68K:
    case e::EM_PARISC:
      return libc6;
    default:
      return -1;
  }
}

std::vector<std::string> ld_so_conf_folders(const FileTree& tree) {
  ConfReader reader(tree);
  reader.read("/etc/ld.so.conf", 0);
  return reader.take();
}

}  // namespace slim
