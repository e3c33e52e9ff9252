// Writes ld.so.cache files as ldconfig lays them out, but with whatever content a test wants.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace slim::test {

// NOLINTBEGIN(readability-redundant-member-init): g++ warns of members that are left out and have none
struct CacheLine {
  std::uint32_t flags = 0x0303;
  std::string name = {};
  std::string path = {};
  std::uint64_t hwcap = 0;
};
// NOLINTEND(readability-redundant-member-init)

inline void put_number(std::string& out, std::uint64_t value, std::size_t bytes, bool big_endian) {
  for (std::size_t i = 0; i < bytes; ++i) {
    const std::size_t shift = 8 * (big_endian ? bytes - 1 - i : i);
    out += static_cast<char>(value >> shift & 0xffU);
  }
}

/// "glibc-ld.so.cache1.1"; `levels` are the names of glibc-hwcaps folders that entries refer to by index.
inline std::string make_ld_cache(const std::vector<CacheLine>& lines,
                                 const std::vector<std::string>& levels = {}, bool big_endian = false) {
  const std::size_t strings_at = 48 + 24 * lines.size();
  std::string strings;
  const auto place = [&strings, strings_at](const std::string& text) {
    const std::size_t offset = strings_at + strings.size();
    strings += text;
    strings += '\0';
    return offset;
  };
  std::string entries;
  for (const CacheLine& line : lines) {
    put_number(entries, line.flags, 4, big_endian);
    put_number(entries, place(line.name), 4, big_endian);
    put_number(entries, place(line.path), 4, big_endian);
    put_number(entries, 0, 4, big_endian);
    put_number(entries, line.hwcap, 8, big_endian);
  }
  std::string level_offsets;
  for (const std::string& level : levels) put_number(level_offsets, place(level), 4, big_endian);
  strings.resize((strings.size() + 7) / 8 * 8, '\0');
  const std::size_t extension = strings_at + strings.size();

  std::string out = "glibc-ld.so.cache1.1";
  put_number(out, lines.size(), 4, big_endian);
  put_number(out, strings.size(), 4, big_endian);
  out += static_cast<char>(big_endian ? 3 : 2);
  out.append(3, '\0');
  put_number(out, extension, 4, big_endian);
  out.append(12, '\0');
  out += entries + strings;
  put_number(out, 0xeaa42174, 4, big_endian);
  put_number(out, 1, 4, big_endian);
  for (const std::size_t value : {std::size_t{1}, std::size_t{0}, extension + 24, level_offsets.size()})
    put_number(out, value, 4, big_endian);
  return out + level_offsets;
}

/// "ld.so-1.7.0", of the machine's byte order in real life, little-endian here.
inline std::string make_old_ld_cache(const std::vector<CacheLine>& lines, bool with_strings = true) {
  std::string strings;
  std::string out("ld.so-1.7.0\0", 12);
  put_number(out, lines.size(), 4, false);
  for (const CacheLine& line : lines) {
    put_number(out, line.flags, 4, false);
    put_number(out, strings.size(), 4, false);
    strings += line.name + '\0';
    put_number(out, strings.size(), 4, false);
    strings += line.path + '\0';
  }
  return with_strings ? out + strings : out;
}

}  // namespace slim::test
