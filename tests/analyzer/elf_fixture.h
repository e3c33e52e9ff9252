// ELF files for tests, made from a few words: small, valid for the four layouts, and real enough for the
// loader of the machine to map those that are built for it.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace slim::test {

// NOLINTBEGIN(readability-redundant-member-init): g++ warns of members that are left out and have none
struct ElfSpec {
  bool wide = true;
  bool big_endian = false;
  std::uint16_t machine = 62;  // EM_X86_64
  std::uint16_t type = 3;      // ET_DYN
  std::string interpreter = {};
  std::string soname = {};
  std::vector<std::string> needed = {};
  std::string rpath = {};
  std::string runpath = {};
  bool empty_runpath = false;
  std::string filter = {};
  std::string auxiliary = {};
  std::string audit = {};
  std::uint64_t flags_1 = 0;
  std::vector<std::string> imports = {};
  std::string rodata = {};
  std::string dlopen_json = {};
};
// NOLINTEND(readability-redundant-member-init)

/// Everything is mapped by one segment whose addresses are the offsets in the file. No section headers.
class ElfBuilder {
 public:
  explicit ElfBuilder(const ElfSpec& spec) : spec_(spec) {}

  std::string build() {
    make_tables();
    const std::size_t headers = (spec_.interpreter.empty() ? 0U : 1U) + (notes_.empty() ? 0U : 1U) + 2U;
    const std::size_t header_size = spec_.wide ? 64 : 52;
    const std::size_t segment_size = spec_.wide ? 56 : 32;
    std::size_t at = aligned(header_size + headers * segment_size);
    const auto place = [&at](std::size_t size) { return std::exchange(at, aligned(at + size)); };
    const std::size_t interpreter = place(spec_.interpreter.size() + 1);
    const std::size_t strings = place(strings_.size());
    const std::size_t symbols = place(symbols_.size());
    const std::size_t hash = place(hash_.size());
    const std::size_t notes = place(notes_.size());
    const std::size_t rodata = place(spec_.rodata.size());
    add_dynamic(5, strings);
    add_dynamic(10, strings_.size());
    add_dynamic(6, symbols);
    add_dynamic(11, spec_.wide ? 24 : 16);
    add_dynamic(4, hash);
    add_dynamic(0, 0);
    const std::size_t dynamic = place(dynamic_.size());

    std::string file = header(headers);
    segment(file, 1, 0, at, 6);
    if (!spec_.interpreter.empty()) segment(file, 3, interpreter, spec_.interpreter.size() + 1, 4);
    segment(file, 2, dynamic, dynamic_.size(), 6);
    if (!notes_.empty()) segment(file, 4, notes, notes_.size(), 4);
    const auto fill = [&file](std::size_t offset, const std::string& bytes) {
      file.resize(offset, '\0');
      file += bytes;
    };
    fill(interpreter, spec_.interpreter);
    fill(strings, strings_);
    fill(symbols, symbols_);
    fill(hash, hash_);
    fill(notes, notes_);
    fill(rodata, spec_.rodata);
    fill(dynamic, dynamic_);
    file.resize(at, '\0');
    return file;
  }

 private:
  static std::size_t aligned(std::size_t offset) { return (offset + 15) / 16 * 16; }

  void number(std::string& out, std::uint64_t value, std::size_t bytes) const {
    for (std::size_t i = 0; i < bytes; ++i) {
      const std::size_t shift = 8 * (spec_.big_endian ? bytes - 1 - i : i);
      out += static_cast<char>(value >> shift & 0xffU);
    }
  }
  void word(std::string& out, std::uint64_t value) const { number(out, value, spec_.wide ? 8 : 4); }

  std::size_t string(const std::string& text) {
    const std::size_t offset = strings_.size();
    strings_ += text;
    strings_ += '\0';
    return offset;
  }
  void add_dynamic(std::uint64_t tag, std::uint64_t value) {
    word(dynamic_, tag);
    word(dynamic_, value);
  }
  void add_name(std::uint64_t tag, const std::string& name) {
    if (!name.empty()) add_dynamic(tag, string(name));
  }

  void make_tables() {
    strings_.assign(1, '\0');
    for (const std::string& name : spec_.needed) add_name(1, name);
    add_name(14, spec_.soname);
    add_name(15, spec_.rpath);
    add_name(29, spec_.runpath);
    if (spec_.empty_runpath) add_dynamic(29, 0);
    add_name(0x7fffffff, spec_.filter);
    add_name(0x7ffffffd, spec_.auxiliary);
    add_name(0x6ffffefc, spec_.audit);
    if (spec_.flags_1 != 0) add_dynamic(0x6ffffffb, spec_.flags_1);
    symbols_.assign(spec_.wide ? 24 : 16, '\0');
    for (const std::string& name : spec_.imports) {
      number(symbols_, string(name), 4);
      if (spec_.wide) {
        number(symbols_, 0x12, 1);
        symbols_.append(19, '\0');
      } else {
        symbols_.append(8, '\0');
        number(symbols_, 0x12, 1);
        symbols_.append(3, '\0');
      }
    }
    number(hash_, 1, 4);
    number(hash_, spec_.imports.size() + 1, 4);
    hash_.append(4 * (spec_.imports.size() + 2), '\0');
    if (!spec_.dlopen_json.empty()) {
      number(notes_, 4, 4);
      number(notes_, spec_.dlopen_json.size() + 1, 4);
      number(notes_, 0x407c0c0a, 4);
      notes_ += std::string("FDO\0", 4) + spec_.dlopen_json;
      notes_.resize((notes_.size() + 4) / 4 * 4, '\0');
    }
  }

  [[nodiscard]] std::string header(std::size_t segments) const {
    std::string out =
        "\x7f"
        "ELF";
    out += static_cast<char>(spec_.wide ? 2 : 1);
    out += static_cast<char>(spec_.big_endian ? 2 : 1);
    out += '\1';
    out.resize(16, '\0');
    number(out, spec_.type, 2);
    number(out, spec_.machine, 2);
    number(out, 1, 4);
    word(out, 0);
    word(out, spec_.wide ? 64 : 52);
    word(out, 0);
    number(out, 0, 4);
    number(out, spec_.wide ? 64 : 52, 2);
    number(out, spec_.wide ? 56 : 32, 2);
    number(out, segments, 2);
    number(out, 0, 2);
    number(out, 0, 2);
    number(out, 0, 2);
    return out;
  }

  void segment(std::string& out, std::uint32_t type, std::uint64_t offset, std::uint64_t size,
               std::uint32_t flags) const {
    std::uint64_t alignment = 1;
    if (type == 1) alignment = 4096;
    if (type == 4) alignment = 4;
    number(out, type, 4);
    if (spec_.wide) number(out, flags, 4);
    for (int i = 0; i < 3; ++i) word(out, offset);
    word(out, size);
    word(out, size);
    if (!spec_.wide) number(out, flags, 4);
    word(out, alignment);
  }

  const ElfSpec& spec_;
  std::string strings_, symbols_, hash_, notes_, dynamic_;
};

inline std::string make_elf(const ElfSpec& spec) {
  return ElfBuilder(spec).build();
}

inline std::span<const std::byte> bytes_of(const std::string& text) {
  return std::as_bytes(std::span(text));
}

}  // namespace slim::test
