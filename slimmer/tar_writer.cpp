// POSIX.1-2017, pax "Extended Header" and "ustar Interchange Format", with the SCHILY.xattr keywords that
// star brought and that image tools read.
//
// The bytes of a layer are its identity, so they are made here and not by a library: libarchive 3.6 writes
// names outside ASCII by the locale of the process, orders and encodes names of xattrs its own way, and turns
// a time before 1970 with a fraction into another one; all of it may change with its version. Its reader, GNU
// tar and Python's tarfile check the result in the tests.
//
// A ustar header holds names as raw bytes, which every reader takes as they are; pax records come only for
// what it cannot hold: a longer name or link, a large number, a fraction of a second, xattrs.
#include "slimmer/tar_writer.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "analyzer/layer_index.h"

namespace slim {
namespace {

constexpr std::uint64_t max_octal7 = 07777777;       // mode, owner, device: seven digits
constexpr std::uint64_t max_octal11 = 077777777777;  // size, time: eleven digits

struct Field {
  std::size_t offset;
  std::size_t length;
};
constexpr Field name_field{.offset = 0, .length = 100};
constexpr Field mode_field{.offset = 100, .length = 8};
constexpr Field uid_field{.offset = 108, .length = 8};
constexpr Field gid_field{.offset = 116, .length = 8};
constexpr Field size_field{.offset = 124, .length = 12};
constexpr Field mtime_field{.offset = 136, .length = 12};
constexpr Field checksum_field{.offset = 148, .length = 8};
constexpr Field type_field{.offset = 156, .length = 1};
constexpr Field link_field{.offset = 157, .length = 100};
constexpr Field magic_field{.offset = 257, .length = 8};
constexpr Field major_field{.offset = 329, .length = 8};
constexpr Field minor_field{.offset = 337, .length = 8};
constexpr Field prefix_field{.offset = 345, .length = 155};

class Block {
 public:
  Block() { put(magic_field, std::string_view("ustar\00000", 8)); }

  void put(Field field, std::string_view text) {
    std::ranges::copy(text.substr(0, field.length),
                      bytes_.begin() + static_cast<std::ptrdiff_t>(field.offset));
  }
  /// Octal with a NUL behind it; what does not fit becomes the largest value (the pax record has the true
  /// one).
  void put_number(Field field, std::uint64_t value) {
    const std::uint64_t most = field.length == 8 ? max_octal7 : max_octal11;
    put(field, fmt::format("{:0{}o}", std::min(value, most), field.length - 1));
  }
  std::string finish() {
    put(checksum_field, "        ");
    std::uint32_t sum = 0;
    for (const char c : bytes_) sum += static_cast<unsigned char>(c);
    put(checksum_field, fmt::format("{:06o}", sum));
    bytes_[checksum_field.offset + 6] = '\0';
    return {bytes_.begin(), bytes_.end()};
  }

 private:
  std::array<char, tar_block> bytes_{};
};

/// How many bytes a character with this first byte has; 0: no character begins so.
std::size_t utf8_length(unsigned char lead) {
  if (lead < 0x80) return 1;
  if (lead < 0xc2 || lead > 0xf4) return 0;
  if (lead < 0xe0) return 2;
  return lead < 0xf0 ? 3 : 4;
}

bool is_utf8(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    const auto lead = static_cast<unsigned char>(text[i]);
    const std::size_t length = utf8_length(lead);
    if (length == 0 || length > text.size() - i) return false;
    for (std::size_t k = 1; k < length; ++k) {
      if ((static_cast<unsigned char>(text[i + k]) & 0xc0) != 0x80) return false;
    }
    const auto second = length > 1 ? static_cast<unsigned char>(text[i + 1]) : 0;
    const bool overlong = (lead == 0xe0 && second < 0xa0) || (lead == 0xf0 && second < 0x90);
    const bool outside = (lead == 0xed && second >= 0xa0) || (lead == 0xf4 && second >= 0x90);
    if (overlong || outside) return false;
    i += length;
  }
  return true;
}

/// "LENGTH KEY=VALUE\n", where LENGTH counts itself.
void add_record(std::string& records, std::string_view key, std::string_view value) {
  const std::size_t rest = key.size() + value.size() + 3;
  std::size_t length = rest + 1;
  while (fmt::formatted_size("{}", length) + rest != length)
    length = rest + fmt::formatted_size("{}", length);
  records += fmt::format("{} {}=", length, key);
  records += value;
  records += '\n';
}

/// A decimal number of seconds. The source has seconds rounded down and a fraction that counts up from there;
/// before 1970 the text counts the other way.
std::string pax_time(std::int64_t seconds, std::uint32_t nanoseconds) {
  constexpr std::uint32_t billion = 1'000'000'000;
  if (nanoseconds == 0 || nanoseconds >= billion) return fmt::format("{}", seconds);
  const bool negative = seconds < 0;
  const std::int64_t whole = negative ? -(seconds + 1) : seconds;
  std::string text =
      fmt::format("{}{}.{:09}", negative ? "-" : "", whole, negative ? billion - nanoseconds : nanoseconds);
  text.erase(text.find_last_not_of('0') + 1);
  return text;
}

char type_flag(const LayerItem& item) {
  if (!item.hard_link.empty()) return '1';
  switch (item.metadata->type) {
    case EntryType::file:
      return '0';
    case EntryType::symlink:
      return '2';
    case EntryType::char_device:
      return '3';
    case EntryType::block_device:
      return '4';
    case EntryType::directory:
      return '5';
    case EntryType::fifo:
      return '6';
    default:
      throw std::logic_error(item.path + ": a " + std::string(to_string(item.metadata->type)) +
                             " cannot be written to a layer");
  }
}

/// Puts `path` into name and prefix; false where it needs a pax record.
bool put_path(Block& block, const std::string& path) {
  block.put(name_field, path);
  if (path.size() <= name_field.length) return true;
  if (path.size() > prefix_field.length + 1 + name_field.length) return false;
  const auto slash = path.find('/', path.size() - name_field.length - 1);
  if (slash == std::string::npos || slash == 0 || slash > prefix_field.length || slash + 1 == path.size())
    return false;
  block.put(name_field, std::string(name_field.length, '\0'));
  block.put(name_field, std::string_view(path).substr(slash + 1));
  block.put(prefix_field, std::string_view(path).substr(0, slash));
  return true;
}

void add_names(std::string& records, const std::string* path, const std::string* link) {
  if ((path != nullptr && !is_utf8(*path)) || (link != nullptr && !is_utf8(*link))) {
    add_record(records, "hdrcharset", "BINARY");
  }
  if (path != nullptr) add_record(records, "path", *path);
  if (link != nullptr) add_record(records, "linkpath", *link);
}

void add_xattrs(std::string& records, const LayerEntry& metadata) {
  for (const auto& [name, value] : metadata.xattrs) {
    std::string key = "SCHILY.xattr.";
    for (const char c : name) {  // an equals sign would end the key; GNU tar writes and reads it so
      if (c == '=') {
        key += "%3D";
      } else {
        key += c;
      }
    }
    add_record(records, key, value);
  }
}

std::string padded(std::string bytes) {
  bytes.resize(bytes.size() + tar_padding(bytes.size()), '\0');
  return bytes;
}

/// The pax header "x" with its records; nothing where there are none.
std::string pax_header(const std::string& path, const std::string& records) {
  if (records.empty()) return {};
  Block block;
  block.put(name_field, "PaxHeaders/" + path);
  block.put(type_field, "x");
  block.put_number(mode_field, 0644);
  block.put_number(uid_field, 0);
  block.put_number(gid_field, 0);
  block.put_number(size_field, records.size());
  block.put_number(mtime_field, 0);
  return block.finish() + padded(records);
}

}  // namespace

std::size_t tar_padding(std::uint64_t size) {
  return static_cast<std::size_t>((tar_block - size % tar_block) % tar_block);
}

std::string tar_header(const LayerItem& item) {
  const LayerEntry& metadata = *item.metadata;
  const char type = type_flag(item);
  std::string path = item.path;
  if (type == '5') path += path.empty() ? "./" : "/";
  const std::string& link = type == '1' ? item.hard_link : metadata.link;
  const bool has_link = type == '1' || type == '2';
  const bool device = type == '3' || type == '4';
  const std::uint64_t size = type == '0' ? metadata.size : 0;

  Block block;
  std::string records;
  const bool path_fits = put_path(block, path);
  const bool link_fits = !has_link || link.size() <= link_field.length;
  if (has_link) block.put(link_field, link);
  add_names(records, path_fits ? nullptr : &path, link_fits ? nullptr : &link);
  block.put(type_field, std::string_view(&type, 1));
  block.put_number(mode_field, metadata.mode & 07777U);
  block.put_number(size_field, size);
  if (size > max_octal11) add_record(records, "size", fmt::format("{}", size));
  block.put_number(uid_field, metadata.uid);
  if (metadata.uid > max_octal7) add_record(records, "uid", fmt::format("{}", metadata.uid));
  block.put_number(gid_field, metadata.gid);
  if (metadata.gid > max_octal7) add_record(records, "gid", fmt::format("{}", metadata.gid));
  block.put_number(mtime_field, metadata.mtime < 0 ? 0 : static_cast<std::uint64_t>(metadata.mtime));
  const bool time_fits = metadata.mtime >= 0 && std::cmp_less_equal(metadata.mtime, max_octal11);
  if (!time_fits || metadata.mtime_nsec != 0) {
    add_record(records, "mtime", pax_time(metadata.mtime, metadata.mtime_nsec));
  }
  block.put_number(major_field, device ? metadata.device.major : 0);
  block.put_number(minor_field, device ? metadata.device.minor : 0);
  if (device && metadata.device.major > max_octal7) {
    add_record(records, "SCHILY.devmajor", fmt::format("{}", metadata.device.major));
  }
  if (device && metadata.device.minor > max_octal7) {
    add_record(records, "SCHILY.devminor", fmt::format("{}", metadata.device.minor));
  }
  add_xattrs(records, metadata);
  return pax_header(path, records) + block.finish();
}

std::string archive_member_header(std::string_view name, std::uint64_t size) {
  if (name.size() > name_field.length)
    throw std::logic_error("a member's name is too long: " + std::string(name));
  const bool folder = name.ends_with('/');
  Block block;
  block.put(name_field, name);
  block.put(type_field, folder ? "5" : "0");
  block.put_number(mode_field, folder ? 0755 : 0644);
  block.put_number(uid_field, 0);
  block.put_number(gid_field, 0);
  block.put_number(size_field, size);
  if (size > max_octal11) {  // base 256, as every reader takes it since GNU tar brought it
    std::array<char, 12> number{};
    number[0] = static_cast<char>(0x80);
    for (std::size_t i = 0; i < sizeof size; ++i) {
      number.at(11 - i) = static_cast<char>(static_cast<unsigned char>(size >> (8 * i)));
    }
    block.put(size_field, std::string_view(number.data(), number.size()));
  }
  block.put_number(mtime_field, 0);
  block.put_number(major_field, 0);
  block.put_number(minor_field, 0);
  return block.finish();
}

void TarWriter::entry(const LayerItem& item) {
  end_entry();
  const std::string header = tar_header(item);
  out_(std::as_bytes(std::span(header)));
  const bool has_content = item.hard_link.empty() && item.metadata->type == EntryType::file;
  open_ = has_content ? item.metadata->size : 0;
  padding_ = tar_padding(open_);
}

void TarWriter::content(std::span<const std::byte> bytes) {
  if (bytes.size() > open_) throw std::logic_error("a tar entry got more content than its header says");
  open_ -= bytes.size();
  if (!bytes.empty()) out_(bytes);
}

void TarWriter::end_entry() {
  if (open_ != 0) throw std::logic_error("a tar entry got less content than its header says");
  constexpr std::array<std::byte, tar_block> zeros{};
  if (padding_ != 0) out_(std::span(zeros).first(padding_));
  padding_ = 0;
}

void TarWriter::finish() {
  end_entry();
  constexpr std::array<std::byte, tar_end> zeros{};
  out_(zeros);
}

}  // namespace slim
