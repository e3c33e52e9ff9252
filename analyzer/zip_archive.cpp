// Everything is read from the directory at the end; a local header only says where its content begins.
// Follows PKWARE's APPNOTE.TXT 6.3.10, sections 4.3 and 4.5.3.
#include "analyzer/zip_archive.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include <isa-l/igzip_lib.h>

namespace slim {
namespace {

constexpr std::size_t most_entries = 1'000'000;
constexpr std::size_t end_size = 22;
constexpr std::size_t longest_comment = 65'535;
constexpr std::size_t entry_size = 46;
constexpr std::size_t local_size = 30;
constexpr std::uint32_t end_mark = 0x06054b50;
constexpr std::uint32_t end64_mark = 0x06064b50;
constexpr std::uint32_t locator_mark = 0x07064b50;
constexpr std::uint32_t entry_mark = 0x02014b50;
constexpr std::uint32_t local_mark = 0x04034b50;
constexpr std::uint16_t deflated = 8;
constexpr std::uint16_t zip64_extra = 1;
constexpr std::uint64_t most_ratio = 1033;
constexpr std::uint32_t in_zip64 = 0xffffffff;

/// Little-endian numbers, none outside of the bytes.
class Bytes {
 public:
  explicit Bytes(std::span<const std::byte> bytes) : bytes_(bytes) {}

  [[nodiscard]] std::uint64_t number(std::uint64_t at, std::size_t width) const {
    if (at > bytes_.size() || bytes_.size() - at < width) return 0;
    std::uint64_t value = 0;
    for (std::size_t i = width; i-- > 0;)
      value = value << 8U | std::to_integer<std::uint64_t>(bytes_[at + i]);
    return value;
  }
  [[nodiscard]] std::uint16_t two(std::uint64_t at) const {
    return static_cast<std::uint16_t>(number(at, 2));
  }
  [[nodiscard]] std::uint32_t four(std::uint64_t at) const {
    return static_cast<std::uint32_t>(number(at, 4));
  }
  [[nodiscard]] std::uint64_t eight(std::uint64_t at) const { return number(at, 8); }
  [[nodiscard]] bool has(std::uint64_t at, std::uint64_t size) const {
    return at <= bytes_.size() && bytes_.size() - at >= size;
  }
  [[nodiscard]] std::string_view text(std::uint64_t at, std::size_t size) const {
    return {reinterpret_cast<const char*>(bytes_.data()) + at, size};
  }
  [[nodiscard]] std::uint64_t size() const { return bytes_.size(); }

 private:
  std::span<const std::byte> bytes_;
};

struct Directory {
  std::uint64_t offset = 0;
  std::uint64_t size = 0;
  std::uint64_t shift = 0;  ///< what stands before the archive
};

std::optional<Directory> find_directory(const Bytes& bytes) {
  if (bytes.size() < end_size) return std::nullopt;
  const std::uint64_t last = bytes.size() - end_size;
  const std::uint64_t first = last > longest_comment ? last - longest_comment : 0;
  for (std::uint64_t at = last + 1; at-- > first;) {
    if (bytes.four(at) != end_mark) continue;
    Directory found{.offset = bytes.four(at + 16), .size = bytes.four(at + 12)};
    std::uint64_t end = at;
    if (at >= 20 && bytes.four(at - 20) == locator_mark) {
      const std::uint64_t end64 = bytes.eight(at - 12);
      if (!bytes.has(end64, 56) || bytes.four(end64) != end64_mark) return std::nullopt;
      found.size = bytes.eight(end64 + 40);
      found.offset = bytes.eight(end64 + 48);
      end = end64;
    }
    if (found.size > end || found.offset > end - found.size) return std::nullopt;
    found.shift = end - found.size - found.offset;
    found.offset += found.shift;
    return found;
  }
  return std::nullopt;
}

/// The numbers that do not fit into 32 bits stand in an extra field, in this order.
void read_zip64(const Bytes& bytes, std::uint64_t at, std::uint64_t end, ZipEntry& entry) {
  while (at + 4 <= end) {
    const std::uint16_t id = bytes.two(at);
    const std::uint64_t behind = at + 4 + bytes.two(at + 2);
    if (id == zip64_extra && behind <= end) {
      std::uint64_t field = at + 4;
      for (std::uint64_t* value : {&entry.size, &entry.stored, &entry.offset}) {
        if (*value != in_zip64 || field + 8 > behind) continue;
        *value = bytes.eight(field);
        field += 8;
      }
      return;
    }
    at = behind;
  }
}

}  // namespace

std::vector<ZipEntry> zip_entries(std::span<const std::byte> archive) {
  const Bytes bytes(archive);
  std::vector<ZipEntry> entries;
  const auto directory = find_directory(bytes);
  if (!directory) return entries;
  std::uint64_t at = directory->offset;
  const std::uint64_t end = directory->offset + directory->size;
  while (at + entry_size <= end && bytes.four(at) == entry_mark && entries.size() < most_entries) {
    const std::size_t name = bytes.two(at + 28);
    const std::size_t extra = bytes.two(at + 30);
    const std::uint64_t behind = at + entry_size + name + extra + bytes.two(at + 32);
    if (behind > end) break;
    ZipEntry entry{.name = bytes.text(at + entry_size, name),
                   .method = bytes.two(at + 10),
                   .stored = bytes.four(at + 20),
                   .size = bytes.four(at + 24),
                   .offset = bytes.four(at + 42)};
    read_zip64(bytes, at + entry_size + name, at + entry_size + name + extra, entry);
    const bool encrypted = (bytes.two(at + 8) & 1U) != 0;
    if (entry.offset <= bytes.size() && !encrypted) {
      entry.offset += directory->shift;
      entries.push_back(entry);
    }
    at = behind;
  }
  return entries;
}

std::span<const std::byte> zip_content(std::span<const std::byte> archive, const ZipEntry& entry,
                                       std::uint64_t cap, std::vector<std::byte>& buffer) {
  const Bytes bytes(archive);
  if (!bytes.has(entry.offset, local_size) || bytes.four(entry.offset) != local_mark) return {};
  const std::uint64_t from =
      entry.offset + local_size + bytes.two(entry.offset + 26) + bytes.two(entry.offset + 28);
  if (!bytes.has(from, entry.stored) || entry.size > cap) return {};
  const auto stored = archive.subspan(from, entry.stored);
  if (entry.method == 0) return stored.size() <= cap ? stored : std::span<const std::byte>();
  if (entry.method != deflated || entry.size == 0) return {};
  if (stored.size() > in_zip64 || entry.size > in_zip64) return {};
  if (entry.size / most_ratio > stored.size()) return {};  // deflate cannot make that much of it
  if (buffer.size() < entry.size) buffer.resize(entry.size);
  inflate_state state;
  isal_inflate_init(&state);
  state.next_in = const_cast<std::uint8_t*>(reinterpret_cast<const std::uint8_t*>(stored.data()));
  state.avail_in = static_cast<std::uint32_t>(stored.size());
  state.next_out = reinterpret_cast<std::uint8_t*>(buffer.data());
  state.avail_out = static_cast<std::uint32_t>(entry.size);
  const int result = isal_inflate_stateless(&state);
  if (result != ISAL_DECOMP_OK || state.avail_out != 0) return {};
  return std::span<const std::byte>(buffer).first(entry.size);
}

}  // namespace slim
