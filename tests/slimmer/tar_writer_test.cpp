// The tar that slim writes, read back by readers that know nothing of it: libarchive, GNU tar, Python.
#include "slimmer/tar_writer.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <map>
#include <memory>
#include <span>
#include <sstream>
#include <stdexcept>
#include <string>
#include <sys/stat.h>
#include <vector>

#include <archive.h>
#include <archive_entry.h>
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "analyzer/digest.h"
#include "analyzer/layer_index.h"
#include "tests/slimmer/temporary_folder.h"

namespace slim {
namespace {

const std::string long_name(120, 'n');                                              // no slash to split it at
const std::string split_name = std::string(150, 'd') + "/" + std::string(90, 'f');  // fits prefix and name
const std::string deep_name =
    std::string(100, 'd') + "/" + std::string(100, 'e') + "/" + std::string(100, 'f');
const std::string latin1_name = "caf\xe9";  // not UTF-8
const std::string capability(
    "\x01\x00\x00\x02\x00\x04\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00", 20);

LayerEntry plain(EntryType type) {
  LayerEntry entry;
  entry.type = type;
  entry.mode = 0644;
  entry.mtime = 1700000000;
  return entry;
}

/// Entries that each need something that a plain ustar header cannot say, or may say wrongly.
class SampleTar {
 public:
  SampleTar() {
    LayerEntry root = plain(EntryType::directory);
    root.mode = 0755;
    add("", root);
    LayerEntry folder = plain(EntryType::directory);
    folder.mode = 01777;
    folder.uid = 33;
    folder.gid = 4242424;
    add("tmp", folder);
    LayerEntry early = plain(EntryType::symlink);
    early.mode = 0777;
    early.link = "../" + std::string(200, 't');
    early.mtime = -5;
    early.mtime_nsec = 250000000;
    add("early", early);
    LayerEntry raw = plain(EntryType::symlink);
    raw.link = "to\xff";
    add("raw", raw);
    LayerEntry null = plain(EntryType::char_device);
    null.mode = 0666;
    null.device = {.major = 1, .minor = 3};
    add("null", null);
    LayerEntry block = plain(EntryType::block_device);
    block.device = {.major = 259, .minor = 1048575};
    add("block", block);
    add("fifo", plain(EntryType::fifo));
    LayerEntry late = plain(EntryType::file);
    late.mode = 06755;
    late.uid = 3000000000;
    late.gid = 65536;
    late.mtime = 10000000000;
    late.mtime_nsec = 123456789;
    late.size = 5;
    late.xattrs = {{.name = "security.capability", .value = capability},
                   {.name = "user.note", .value = "a=b\nc"}};
    add("late", late);
    add("twin", late, "late");
    for (const std::string& name :
         {long_name, split_name, deep_name, latin1_name, std::string("caf\xc3\xa9")}) {
      add(name, plain(EntryType::file));
    }
    writer_.finish();
  }

  [[nodiscard]] const std::string& bytes() const { return bytes_; }

 private:
  void add(const std::string& path, const LayerEntry& metadata, const std::string& hard_link = {}) {
    writer_.entry({.path = path, .metadata = &metadata, .hard_link = hard_link});
    if (metadata.size != 0 && hard_link.empty()) writer_.content(std::as_bytes(std::span("hello", 5)));
  }

  std::string bytes_;
  TarWriter writer_{[this](std::span<const std::byte> part) {
    bytes_.append(reinterpret_cast<const char*>(part.data()), part.size());
  }};
};

struct Found {
  std::string link;
  std::string hard_link;
  std::string content;
  mode_t type = 0;
  mode_t mode = 0;
  std::int64_t uid = 0;
  std::int64_t gid = 0;
  std::int64_t mtime = 0;
  long nanoseconds = 0;
  dev_t major = 0;
  dev_t minor = 0;
  std::map<std::string, std::string> xattrs;
};

Found found(::archive* reader, ::archive_entry* entry) {
  Found item;
  const auto text = [](const char* value) { return value == nullptr ? std::string() : std::string(value); };
  item.link = text(archive_entry_symlink(entry));
  item.hard_link = text(archive_entry_hardlink(entry));
  item.type = archive_entry_filetype(entry);
  item.mode = archive_entry_perm(entry);
  item.uid = archive_entry_uid(entry);
  item.gid = archive_entry_gid(entry);
  item.mtime = archive_entry_mtime(entry);
  item.nanoseconds = archive_entry_mtime_nsec(entry);
  item.major = archive_entry_rdevmajor(entry);
  item.minor = archive_entry_rdevminor(entry);
  archive_entry_xattr_reset(entry);
  const char* name = nullptr;
  const void* value = nullptr;
  std::size_t size = 0;
  while (archive_entry_xattr_next(entry, &name, &value, &size) == ARCHIVE_OK) {
    item.xattrs[name] = std::string(static_cast<const char*>(value), size);
  }
  std::array<char, 64> buffer{};
  const auto count = archive_read_data(reader, buffer.data(), buffer.size());
  if (count > 0) item.content.assign(buffer.data(), static_cast<std::size_t>(count));
  return item;
}

std::map<std::string, Found> read_with_libarchive(const std::string& tar) {
  const std::unique_ptr<::archive, int (*)(::archive*)> reader(archive_read_new(), archive_read_free);
  archive_read_support_format_tar(reader.get());
  EXPECT_EQ(archive_read_open_memory(reader.get(), tar.data(), tar.size()), ARCHIVE_OK);
  std::map<std::string, Found> all;
  ::archive_entry* entry = nullptr;
  while (archive_read_next_header(reader.get(), &entry) == ARCHIVE_OK) {
    all[archive_entry_pathname(entry)] = found(reader.get(), entry);
  }
  EXPECT_EQ(archive_errno(reader.get()), 0) << archive_error_string(reader.get());
  return all;
}

TEST(TarWriter, LibarchiveReadsMetadataBack) {
  auto all = read_with_libarchive(SampleTar().bytes());
  EXPECT_EQ(all.size(), 14U);
  EXPECT_EQ(all.at("./").mode, 0755U);
  EXPECT_EQ(all.at("tmp/").mode, 01777U);
  EXPECT_EQ(all.at("tmp/").gid, 4242424);
  EXPECT_EQ(all.at("early").link, "../" + std::string(200, 't'));
  EXPECT_EQ(all.at("raw").link, "to\xff");
  EXPECT_EQ(all.at("null").major, 1U);
  EXPECT_EQ(all.at("null").minor, 3U);
  EXPECT_EQ(all.at("block").minor, 1048575U);
  EXPECT_EQ(all.at("fifo").type, static_cast<mode_t>(AE_IFIFO));
  const Found& late = all.at("late");
  EXPECT_EQ(late.mode, 06755U);
  EXPECT_EQ(late.uid, 3000000000);
  EXPECT_EQ(late.gid, 65536);
  EXPECT_EQ(late.mtime, 10000000000);
  EXPECT_EQ(late.nanoseconds, 123456789);
  EXPECT_EQ(late.content, "hello");
  EXPECT_EQ(late.xattrs.at("security.capability"), capability);
  EXPECT_EQ(late.xattrs.at("user.note"), "a=b\nc");
}

TEST(TarWriter, HardLinksRepeatTheMetadata) {
  auto all = read_with_libarchive(SampleTar().bytes());
  const Found& twin = all.at("twin");
  EXPECT_EQ(twin.hard_link, "late");
  EXPECT_EQ(twin.mode, 06755U);
  EXPECT_EQ(twin.uid, 3000000000);
  EXPECT_EQ(twin.xattrs.at("security.capability"), capability);
}

TEST(TarWriter, NamesSurviveByteForByte) {
  auto all = read_with_libarchive(SampleTar().bytes());
  for (const std::string& name : {long_name, split_name, deep_name, latin1_name}) {
    EXPECT_TRUE(all.contains(name)) << name;
  }
}

TEST(TarWriter, PythonReadsTheSame) {
  const TemporaryFolder folder;
  const std::string tar = folder.write("sample.tar", SampleTar().bytes());
  const std::string script = folder.write("list.py", R"(
import sys, tarfile
from decimal import Decimal
for m in tarfile.open(sys.argv[1], errors="surrogateescape"):
    time = m.pax_headers.get("mtime", str(int(m.mtime)))
    print(ascii(m.name), oct(m.mode), m.uid, m.gid, time, m.size, ascii(m.linkname), m.devmajor, m.devminor)
)");
  const auto listing = run_tool("python3 " + script + " " + tar + " 2>&1");
  if (!listing) GTEST_SKIP() << "python3 is not installed";
  EXPECT_NE(listing->find("'early' 0o777 0 0 -4.75 0 '../ttt"), std::string::npos) << *listing;
  EXPECT_NE(listing->find("'late' 0o6755 3000000000 65536 10000000000.123456789 5 ''"), std::string::npos)
      << *listing;
  EXPECT_NE(listing->find("'twin' 0o6755 3000000000 65536 10000000000.123456789 0 'late'"),
            std::string::npos);
  EXPECT_NE(listing->find("'block' 0o644 0 0 1700000000 0 '' 259 1048575"), std::string::npos);
  EXPECT_NE(listing->find("'caf\\udce9'"), std::string::npos);
  EXPECT_NE(listing->find("'caf\\xe9'"), std::string::npos);
  EXPECT_NE(listing->find("'" + deep_name + "'"), std::string::npos);
}

TEST(TarWriter, GnuTarListsItWithoutAWord) {
  const TemporaryFolder folder;
  const std::string tar = folder.write("sample.tar", SampleTar().bytes());
  const auto errors = run_tool("TZ=UTC LC_ALL=C tar --xattrs -tvvf " + tar + " 2>&1 >/dev/null");
  if (!errors) GTEST_SKIP() << "tar is not installed";
  EXPECT_EQ(*errors, "");
  const auto listing = run_tool("TZ=UTC LC_ALL=C tar --full-time -tvf " + tar);
  EXPECT_NE(listing->find("-rwsr-sr-x 3000000000/65536"), std::string::npos) << *listing;
  EXPECT_NE(listing->find("crw-rw-rw- 0/0"), std::string::npos);
  EXPECT_NE(listing->find("twin link to late"), std::string::npos);
}

TEST(TarWriter, GnuTarUnpacksATimeBefore1970) {
  const TemporaryFolder folder;
  const std::string tar = folder.write("sample.tar", SampleTar().bytes());
  const auto unpacked = run_tool("cd " + folder.path().string() + " && tar -xf sample.tar early 2>/dev/null");
  if (!unpacked) GTEST_SKIP() << "tar is not installed";
  struct stat facts{};
  ASSERT_EQ(lstat((folder / "early").c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mtim.tv_sec, -5);
  EXPECT_EQ(facts.st_mtim.tv_nsec, 250000000);
}

TEST(TarWriter, PlainEntriesNeedOneBlock) {
  LayerEntry entry = plain(EntryType::file);
  EXPECT_EQ(tar_header({.path = "usr/bin/true", .metadata = &entry, .hard_link = ""}).size(), tar_block);
  entry.uid = 65536;
  EXPECT_EQ(tar_header({.path = split_name, .metadata = &entry, .hard_link = ""}).size(), tar_block);
}

// The bytes are the layer's identity: a change here changes the digest of every image that slim writes.
TEST(TarWriter, BytesArePinned) {
  EXPECT_EQ(Digest::of(SampleTar().bytes()).text(),
            "sha256:d6b9efb7df36f0dbb12f7667ee3ff4a7b0ea82ebda15287c055e3c1fca2bb2a9");
}

TEST(TarWriter, ContentThatDoesNotFitItsHeaderIsABug) {
  LayerEntry entry = plain(EntryType::file);
  entry.size = 3;
  TarWriter writer([](std::span<const std::byte>) {});
  writer.entry({.path = "a", .metadata = &entry, .hard_link = ""});
  EXPECT_THROW(writer.content(std::as_bytes(std::span("1234", 4))), std::logic_error);
  EXPECT_THROW(writer.finish(), std::logic_error);
}

TEST(ArchiveMemberHeader, IsOneBlockWhateverTheSize) {
  const std::uint64_t huge = std::uint64_t{9} << 30;
  const std::string header = archive_member_header("blobs/sha256/x", huge);
  ASSERT_EQ(header.size(), tar_block);
  const TemporaryFolder folder;
  const std::string script = folder.write("size.py", R"(
import sys, tarfile
print(tarfile.TarInfo.frombuf(open(sys.argv[1], "rb").read(), "utf-8", "strict").size)
)");
  const auto size = run_tool("python3 " + script + " " + folder.write("header", header));
  if (!size) GTEST_SKIP() << "python3 is not installed";
  EXPECT_EQ(*size, fmt::format("{}\n", huge));
}

}  // namespace
}  // namespace slim
