#include "analyzer/index_codec.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "analyzer/code_facts.h"
#include "analyzer/digest.h"
#include "analyzer/elf.h"
#include "analyzer/layer_index.h"
#include "tests/analyzer/tar_builder.h"

namespace slim {
namespace {

using test::bytes_of;

constexpr std::size_t head_size = 24;

/// CRC-64 by ECMA-182, reflected, bit by bit.
std::uint64_t crc64(std::string_view bytes) {
  std::uint64_t crc = ~std::uint64_t{0};
  for (const char c : bytes) {
    crc ^= static_cast<std::uint8_t>(c);
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1U) ^ ((crc & 1U) != 0 ? 0xC96C5795D7870F42U : 0);
  }
  return ~crc;
}

/// Bytes with a head that fits them, whatever they say.
std::string sealed(const std::string& payload) {
  std::string whole = "slimidx1";
  for (const std::uint64_t number : {std::uint64_t{payload.size()}, crc64(payload)}) {
    for (unsigned i = 0; i < 64; i += 8) whole += static_cast<char>(number >> i & 0xffU);
  }
  return whole + payload;
}

ContentHash hash_of(std::string_view text) {
  Hasher hasher;
  hasher.update(bytes_of(text));
  return hasher.finish_raw();
}

std::shared_ptr<const FileFacts> rich_facts() {
  auto facts = std::make_shared<FileFacts>();
  ElfFacts elf;
  elf.elf_class = 64;
  elf.little_endian = false;
  elf.machine = 0xffff;
  elf.flags = 0xffffffff;
  elf.type = ElfType::shared;
  elf.dynamic = true;
  elf.debug_only = true;
  elf.interpreter = "/lib64/ld-linux-x86-64.so.2";
  elf.soname = "libx.so.1";
  elf.needed = {"libc.so.6", "", std::string("with\0NUL", 8)};
  elf.filters = {"libf.so"};
  elf.auxiliaries = {"libx.so"};
  elf.audit = {"liba.so"};
  elf.glibc_minor = 36;
  elf.rpath = "$ORIGIN/../lib";
  elf.runpath = "/opt/lib";
  elf.has_runpath = true;
  elf.flags_1 = std::numeric_limits<std::uint64_t>::max();
  elf.imports = {"dlopen", "iconv_open"};
  elf.dlopen_notes = {
      {.sonames = {"a.so", "b.so"}, .priority = "required", .feature = "f", .description = "why"}};
  elf.library_names = {"libcrypto.so.3"};
  elf.absolute_paths = {"/etc/passwd"};
  elf.shell_texts = {"echo a | tr a b"};
  elf.built = {.language = BuildLanguage::go,
               .toolchain = "go1.22.1",
               .modules = {{.name = "example.com/x", .version = "(devel)", .main = true},
                           {.name = "example.com/y", .version = "v1.0.0"}}};
  elf.problems = {"section headers: broken"};
  facts->elf = std::make_unique<const ElfFacts>(std::move(elf));
  facts->shebang = "/bin/sh -e";
  facts->text = std::string("line\n\0\xff", 7);
  facts->secret = {.shape = SecretShape::login, .line = 3};
  return facts;
}

LayerEntry entry_of(const std::string& path, EntryType type) {
  LayerEntry entry;
  entry.path = path;
  entry.type = type;
  if (type == EntryType::file) entry.content_hash = hash_of(path);
  if (type == EntryType::symlink || type == EntryType::hardlink) entry.link = "usr/bin/x";
  return entry;
}

/// Every type, and every member with another value than its default.
LayerIndex rich_index() {
  LayerIndex index;
  index.tar = {.digest = Digest::of("tar"), .size = 123'456'789'012};
  index.diagnostics = {{"a/path", "is odd"}, {"", ""}};
  for (const EntryType type : {EntryType::directory, EntryType::opaque})
    index.entries.push_back(entry_of("", type));
  for (int type = 0; type <= static_cast<int>(EntryType::opaque); ++type)
    index.entries.push_back(entry_of("dir/entry" + std::to_string(type), static_cast<EntryType>(type)));
  LayerEntry full = entry_of("dir/entry0/\xff\xfe deep", EntryType::file);
  full.mode = 07777;
  full.uid = std::numeric_limits<std::uint32_t>::max();
  full.gid = 1000;
  full.mtime = std::numeric_limits<std::int64_t>::min();
  full.mtime_nsec = 999'999'999;
  full.size = std::numeric_limits<std::uint64_t>::max();
  full.xattrs = {{.name = "security.capability", .value = std::string("\1\0\0\2", 4)},
                 {.name = "user.x", .value = ""}};
  full.facts = rich_facts();
  index.entries.push_back(full);
  LayerEntry device = entry_of("dev/null", EntryType::char_device);
  device.device = {.major = 1, .minor = std::numeric_limits<std::uint32_t>::max()};
  device.mtime = -1;
  index.entries.push_back(device);
  LayerEntry script = entry_of("bin/script", EntryType::file);
  auto facts = std::make_shared<FileFacts>();
  facts->shebang = "/bin/sh";
  facts->code = {.language = Language::erlang,
                 .names = {{.use = 255, .line = std::numeric_limits<std::uint32_t>::max(), .text = "a.b"},
                           {.use = 0, .line = 0, .text = ""}}};
  script.facts = facts;
  index.entries.push_back(script);
  return index;
}

void expect_equal(const ElfFacts& one, const ElfFacts& other) {
  EXPECT_EQ(one.elf_class, other.elf_class);
  EXPECT_EQ(one.little_endian, other.little_endian);
  EXPECT_EQ(one.machine, other.machine);
  EXPECT_EQ(one.flags, other.flags);
  EXPECT_EQ(one.type, other.type);
  EXPECT_EQ(one.dynamic, other.dynamic);
  EXPECT_EQ(one.debug_only, other.debug_only);
  EXPECT_EQ(one.interpreter, other.interpreter);
  EXPECT_EQ(one.soname, other.soname);
  EXPECT_EQ(one.needed, other.needed);
  EXPECT_EQ(one.filters, other.filters);
  EXPECT_EQ(one.auxiliaries, other.auxiliaries);
  EXPECT_EQ(one.audit, other.audit);
  EXPECT_EQ(one.glibc_minor, other.glibc_minor);
  EXPECT_EQ(one.rpath, other.rpath);
  EXPECT_EQ(one.runpath, other.runpath);
  EXPECT_EQ(one.has_runpath, other.has_runpath);
  EXPECT_EQ(one.flags_1, other.flags_1);
  EXPECT_EQ(one.imports, other.imports);
  ASSERT_EQ(one.dlopen_notes.size(), other.dlopen_notes.size());
  for (std::size_t i = 0; i < one.dlopen_notes.size(); ++i) {
    EXPECT_EQ(one.dlopen_notes[i].sonames, other.dlopen_notes[i].sonames);
    EXPECT_EQ(one.dlopen_notes[i].priority, other.dlopen_notes[i].priority);
    EXPECT_EQ(one.dlopen_notes[i].feature, other.dlopen_notes[i].feature);
    EXPECT_EQ(one.dlopen_notes[i].description, other.dlopen_notes[i].description);
  }
  EXPECT_EQ(one.library_names, other.library_names);
  EXPECT_EQ(one.absolute_paths, other.absolute_paths);
  EXPECT_EQ(one.shell_texts, other.shell_texts);
  EXPECT_EQ(one.built, other.built);
  EXPECT_EQ(one.problems, other.problems);
}

void expect_equal(const LayerEntry& one, const LayerEntry& other) {
  EXPECT_EQ(one.path, other.path);
  EXPECT_EQ(one.type, other.type);
  EXPECT_EQ(one.mode, other.mode);
  EXPECT_EQ(one.uid, other.uid);
  EXPECT_EQ(one.gid, other.gid);
  EXPECT_EQ(one.mtime, other.mtime);
  EXPECT_EQ(one.mtime_nsec, other.mtime_nsec);
  EXPECT_EQ(one.size, other.size);
  EXPECT_EQ(one.link, other.link);
  EXPECT_EQ(one.device, other.device);
  EXPECT_EQ(one.xattrs, other.xattrs);
  EXPECT_EQ(one.content_hash, other.content_hash);
  ASSERT_EQ(one.facts == nullptr, other.facts == nullptr);
  if (!one.facts) return;
  EXPECT_EQ(one.facts->shebang, other.facts->shebang);
  EXPECT_EQ(one.facts->text, other.facts->text);
  EXPECT_EQ(one.facts->secret, other.facts->secret);
  EXPECT_EQ(one.facts->code, other.facts->code);
  ASSERT_EQ(one.facts->elf == nullptr, other.facts->elf == nullptr);
  if (one.facts->elf) expect_equal(*one.facts->elf, *other.facts->elf);
}

TEST(IndexCodec, DecodingGivesTheEqualOfWhatWasEncoded) {
  for (const LayerIndex& index :
       std::array{rich_index(), LayerIndex{.entries = {}, .tar = {Digest::of(""), 0}, .diagnostics = {}}}) {
    const auto decoded = decode_index(bytes_of(encode_index(index)));
    ASSERT_TRUE(decoded);
    EXPECT_EQ(decoded->tar.digest, index.tar.digest);
    EXPECT_EQ(decoded->tar.size, index.tar.size);
    ASSERT_EQ(decoded->diagnostics.size(), index.diagnostics.size());
    for (std::size_t i = 0; i < index.diagnostics.size(); ++i) {
      EXPECT_EQ(decoded->diagnostics[i].path, index.diagnostics[i].path);
      EXPECT_EQ(decoded->diagnostics[i].message, index.diagnostics[i].message);
    }
    ASSERT_EQ(decoded->entries.size(), index.entries.size());
    for (std::size_t i = 0; i < index.entries.size(); ++i)
      expect_equal(decoded->entries[i], index.entries[i]);
  }
}

TEST(IndexCodec, TheBytesAreTheSameOnEveryMachine) {
  LayerIndex index{
      .entries = {entry_of("a", EntryType::directory)}, .tar = {Digest::of(""), 300}, .diagnostics = {}};
  index.entries[0].mode = 0755;
  const std::string digest = Digest::of("").text();
  EXPECT_EQ(encode_index(index),
            sealed("\x47" + digest + std::string("\xac\x02\0\1\1\x20\0\1a\xed\3\0\0\0\0\0", 16)));
}

TEST(IndexCodec, TruncatedAtAnyLengthItIsNoIndex) {
  const std::string whole = encode_index(rich_index());
  for (std::size_t length = 0; length < whole.size(); ++length) {
    EXPECT_FALSE(decode_index(bytes_of(whole.substr(0, length)))) << length;
    if (length >= head_size) {
      EXPECT_FALSE(decode_index(bytes_of(sealed(whole.substr(head_size, length - head_size))))) << length;
    }
  }
  EXPECT_FALSE(decode_index(bytes_of(whole + "x")));
  EXPECT_FALSE(decode_index(bytes_of(sealed(whole.substr(head_size) + "x"))));
}

TEST(IndexCodec, WithAnyByteChangedItIsNoIndex) {
  std::string whole = encode_index(rich_index());
  for (char& c : whole) {
    for (const int change : {1, 0x40, 0x80, 0xff}) {
      c = static_cast<char>(c ^ change);
      EXPECT_FALSE(decode_index(bytes_of(whole)));
      c = static_cast<char>(c ^ change);
    }
  }
  EXPECT_TRUE(decode_index(bytes_of(whole)));
}

TEST(IndexCodec, AHostileOneWithTheRightChecksumIsRefusedOrSaysWhatALayerMay) {
  const std::string payload = encode_index(rich_index()).substr(head_size);
  unsigned refused = 0;
  unsigned taken = 0;
  for (std::size_t at = 0; at < payload.size(); ++at) {
    for (const int change : {1, 2, 0x2f, 0x7f, 0x80, 0xff}) {
      std::string hostile = payload;
      hostile[at] = static_cast<char>(hostile[at] ^ change);
      const auto decoded = decode_index(bytes_of(sealed(hostile)));
      ++(decoded ? taken : refused);
      if (!decoded) continue;
      for (const LayerEntry& entry : decoded->entries) {
        EXPECT_EQ(normalize_layer_path(entry.path), entry.path);
        EXPECT_LE(entry.mode, 07777U);
        EXPECT_EQ(entry.type == EntryType::file, entry.content_hash.has_value());
        if (entry.type == EntryType::hardlink) {
          EXPECT_EQ(normalize_layer_path(entry.link), entry.link);
        }
      }
    }
  }
  EXPECT_GT(refused, 100U);
  EXPECT_GT(taken, 100U);  // a letter of a name
}

TEST(IndexCodec, NumbersThatPromiseMoreThanThereIsCostNoMemory) {
  const std::string start = "\x47" + Digest::of("").text() + std::string(1, '\0');
  for (const std::string_view huge :
       {"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", "\xff\xff\xff\xff\x0f", "\x7f"}) {
    EXPECT_FALSE(decode_index(bytes_of(sealed(start + std::string(huge)))));  // diagnostics
    EXPECT_FALSE(
        decode_index(bytes_of(sealed(start + std::string(1, '\0') + std::string(huge)))));  // entries
  }
  // a number of more than 64 bits
  EXPECT_FALSE(decode_index(bytes_of(sealed(start + "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02"))));
}

TEST(IndexCodec, PathsThatNoLayerHasAreRefused) {
  for (const std::string path : {"../x", "a/../b", "/a", "a/", "a//b", ".", "a/./b"}) {
    LayerIndex index{
        .entries = {entry_of(path, EntryType::directory)}, .tar = {Digest::of(""), 0}, .diagnostics = {}};
    EXPECT_FALSE(decode_index(bytes_of(encode_index(index)))) << path;
    index.entries = {entry_of("link", EntryType::hardlink)};
    index.entries[0].link = path;
    EXPECT_FALSE(decode_index(bytes_of(encode_index(index)))) << path;
  }
  const LayerIndex root{
      .entries = {entry_of("", EntryType::file)}, .tar = {Digest::of(""), 0}, .diagnostics = {}};
  EXPECT_FALSE(decode_index(bytes_of(encode_index(root))));
}

}  // namespace
}  // namespace slim
