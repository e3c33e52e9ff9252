#include "analyzer/layer_index.h"

#include <algorithm>
#include <cstddef>
#include <locale.h>
#include <span>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "analyzer/byte_stream.h"
#include "analyzer/digest.h"
#include "analyzer/secrets.h"
#include "tests/analyzer/error_matcher.h"
#include "tests/analyzer/tar_builder.h"
#include "tests/analyzer/temporary_folder.h"

namespace slim {
namespace {

using test::bytes_of;
using test::expect_input_error;
using test::TarBuilder;
using testing::ElementsAre;

LayerIndex index_of(const std::string& tar, const IndexOptions& options = {}) {
  return index_layer(memory_reader(bytes_of(tar)), "layer", options);
}

/// One line an entry: path, type and link.
std::vector<std::string> lines(const LayerIndex& index) {
  std::vector<std::string> text;
  for (const LayerEntry& entry : index.entries) {
    text.push_back(fmt::format("{} {}{}{}", entry.path, to_string(entry.type), entry.link.empty() ? "" : " ",
                               entry.link));
  }
  return text;
}

std::vector<std::string> messages(const LayerIndex& index) {
  std::vector<std::string> text;
  for (const Diagnostic& diagnostic : index.diagnostics)
    text.push_back(diagnostic.path + ": " + diagnostic.message);
  return text;
}

std::string hex_of(const LayerEntry& entry) {
  return entry.content_hash ? to_hex(*entry.content_hash) : "none";
}

TEST(LayerIndex, EveryKindOfEntry) {
  TarBuilder tar;
  tar.folder("./")
      .folder("etc/")
      .file("etc/hosts", "localhost")
      .symlink("etc/link", "../usr/x")
      .hardlink("etc/hard", "./etc/hosts");
  tar.add({.path = "dev/null",
           .type = '3',
           .content = {},
           .link = {},
           .mode = 0666,
           .major = 1,
           .minor = 3,
           .pax = {}});
  tar.add({.path = "dev/loop0", .type = '4', .content = {}, .link = {}, .major = 7, .minor = 0, .pax = {}});
  tar.add({.path = "run/fifo", .type = '6', .content = {}, .link = {}, .pax = {}});
  const LayerIndex index = index_of(tar.str());
  EXPECT_THAT(lines(index), ElementsAre(" directory", "etc directory", "etc/hosts file",
                                        "etc/link symlink ../usr/x", "etc/hard hardlink etc/hosts",
                                        "dev/null char_device", "dev/loop0 block_device", "run/fifo fifo"));
  EXPECT_EQ(index.entries[5].device, (DeviceNumber{1, 3}));
  EXPECT_EQ(index.entries[6].device, (DeviceNumber{7, 0}));
  EXPECT_EQ(index.entries[2].size, 9U);
  EXPECT_EQ("sha256:" + hex_of(index.entries[2]), Digest::of("localhost").text());
  EXPECT_FALSE(index.entries[4].content_hash);
  EXPECT_THAT(messages(index), ElementsAre());
}

TEST(LayerIndex, MetadataIsThatOfTheHeader) {
  TarBuilder tar;
  tar.add({.path = "bin/su",
           .content = "x",
           .link = {},
           .mode = 04755,
           .uid = 0,
           .gid = 42,
           .mtime = 1'234'567'890,
           .pax = {}});
  const LayerIndex index = index_of(tar.str());
  EXPECT_EQ(index.entries[0].mode, 04755U);
  EXPECT_EQ(index.entries[0].gid, 42U);
  EXPECT_EQ(index.entries[0].mtime, 1'234'567'890);
}

TEST(LayerIndex, PaxHeadersOverrideTheHeader) {
  const std::string path = std::string(200, 'd') + "/" + std::string(150, 'f');
  TarBuilder tar;
  tar.add(
      {.path = "short",
       .content = "x",
       .link = {},
       .pax = {{"path", path}, {"uid", "3000000000"}, {"gid", "70000"}, {"mtime", "4300000000.123456789"}}});
  const LayerIndex index = index_of(tar.str());
  EXPECT_EQ(index.entries[0].path, path);
  EXPECT_EQ(index.entries[0].uid, 3'000'000'000U);
  EXPECT_EQ(index.entries[0].gid, 70'000U);
  EXPECT_EQ(index.entries[0].mtime, 4'300'000'000);
  EXPECT_EQ(index.entries[0].mtime_nsec, 123'456'789U);
}

TEST(LayerIndex, TimesBefore1970CountBackwards) {
  TarBuilder tar;
  tar.add({.path = "a", .content = {}, .link = {}, .pax = {{"mtime", "-2.75"}}});
  tar.add({.path = "b", .content = {}, .link = {}, .pax = {{"mtime", "-5"}}});
  const LayerIndex index = index_of(tar.str());
  EXPECT_EQ(index.entries[0].mtime, -3);
  EXPECT_EQ(index.entries[0].mtime_nsec, 250'000'000U);
  EXPECT_EQ(index.entries[1].mtime, -5);
  EXPECT_EQ(index.entries[1].mtime_nsec, 0U);
}

TEST(LayerIndex, NamesAreRawBytesInEveryLocale) {
  const std::string composed = "caf\xc3\xa9";
  const std::string decomposed = "cafe\xcc\x81";
  const std::string no_utf8 = "caf\xe9";
  TarBuilder tar;
  tar.add({.path = "x", .content = {}, .link = {}, .pax = {{"path", composed}}});
  tar.add({.path = "x", .content = {}, .link = {}, .pax = {{"path", decomposed}}});
  tar.add({.path = "x",
           .type = '2',
           .content = {},
           .link = "y",
           .pax = {{"path", no_utf8}, {"linkpath", decomposed}}});
  tar.file("plain-" + no_utf8, "").file("plain-" + decomposed, "");
  for (const char* locale : {"C", "C.UTF-8"}) {
    ASSERT_NE(::setlocale(LC_ALL, locale), nullptr);
    const LayerIndex index = index_of(tar.str());
    EXPECT_THAT(lines(index),
                ElementsAre(composed + " file", decomposed + " file", no_utf8 + " symlink " + decomposed,
                            "plain-" + no_utf8 + " file", "plain-" + decomposed + " file"));
    EXPECT_THAT(messages(index), ElementsAre()) << locale;
  }
  ::setlocale(LC_ALL, "C");
}

TEST(LayerIndex, GnuLongNamesAreRead) {
  const std::string path = "gnu/" + std::string(220, 'n');
  TarBuilder tar;
  tar.raw({.path = "././@LongLink", .type = 'L', .content = path + '\0', .link = {}, .pax = {}})
      .file("gnu/short", "x");
  EXPECT_THAT(lines(index_of(tar.str())), ElementsAre(path + " file"));
}

TEST(LayerIndex, XattrsComeFromBothSpellingsOnce) {
  const std::string capability("\1\0\0\2\0\4\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 20);
  TarBuilder tar;
  tar.add({.path = "ping",
           .content = "x",
           .link = {},
           .pax = {{"SCHILY.xattr.user.note", "hello"},
                   {"SCHILY.xattr.security.capability", capability},
                   {"LIBARCHIVE.xattr.user.note", "aGVsbG8"},
                   {"LIBARCHIVE.xattr.user.other", "eA"}}});
  const LayerIndex index = index_of(tar.str());
  EXPECT_THAT(index.entries[0].xattrs, ElementsAre(Xattr{"security.capability", capability},
                                                   Xattr{"user.note", "hello"}, Xattr{"user.other", "x"}));
}

TEST(LayerIndex, WhiteoutsAndOpaqueFolders) {
  TarBuilder tar;
  tar.file("etc/.wh.passwd", "").file("var/.wh..wh..opq", "").file(".wh.top", "").file(".wh..wh..opq", "");
  tar.file("a/.wh..wh.plnk/1.2", "").folder(".wh..wh.plnk").file(".wh..wh.aufs", "");
  tar.file("b/.wh.", "").file("b/.wh...", "").file("b/.wh..", "");
  const LayerIndex index = index_of(tar.str());
  EXPECT_THAT(lines(index), ElementsAre("etc/passwd whiteout", "var opaque", "top whiteout", " opaque"));
  EXPECT_THAT(messages(index), ElementsAre("b/.wh.: dropped: a whiteout that names no file",
                                           "b/.wh...: dropped: a whiteout that names no file",
                                           "b/.wh..: dropped: a whiteout that names no file"));
}

TEST(LayerIndex, PathsThatClimbOutAreDropped) {
  TarBuilder tar;
  tar.file("../evil", "x")
      .file("a/../../evil", "x")
      .hardlink("h", "../evil")
      .hardlink("self", "self")
      .file("/abs//x/./y", "x");
  const LayerIndex index = index_of(tar.str());
  EXPECT_THAT(lines(index), ElementsAre("abs/x/y file"));
  EXPECT_THAT(
      messages(index),
      ElementsAre("../evil: dropped: the path holds '..'", "a/../../evil: dropped: the path holds '..'",
                  "h: dropped: a hard link to '../evil'", "self: dropped: a hard link to 'self'"));
}

TEST(LayerIndex, NamesLongerThanLinuxAllowsAreDropped) {
  TarBuilder tar;
  tar.add({.path = "x", .content = {}, .link = {}, .pax = {{"path", "a/" + std::string(256, 'n')}}});
  tar.add({.path = "x", .content = {}, .link = {}, .pax = {{"path", "a/" + std::string(255, 'n')}}});
  const LayerIndex index = index_of(tar.str());
  EXPECT_THAT(lines(index), ElementsAre("a/" + std::string(255, 'n') + " file"));
  ASSERT_EQ(index.diagnostics.size(), 1U);
}

TEST(LayerIndex, DuplicatesAreReportedAndKept) {
  TarBuilder tar;
  tar.folder("d").folder("d").file("a", "1").hardlink("b", "a").file("./a", "22");
  const LayerIndex index = index_of(tar.str());
  EXPECT_THAT(lines(index), ElementsAre("d directory", "d directory", "a file", "b hardlink a", "a file"));
  EXPECT_THAT(messages(index), ElementsAre("a: more than once in one layer: the last one is taken"));
}

TEST(LayerIndex, TheDigestIsOfTheWholeStream) {
  const std::string tar = TarBuilder().file("a", "1").str() + std::string(8192, '\0') + "trailing";
  const LayerIndex index = index_of(tar);
  EXPECT_EQ(index.tar.digest, Digest::of(tar));
  EXPECT_EQ(index.tar.size, tar.size());
}

TEST(LayerIndex, EmptyLayers) {
  EXPECT_THAT(lines(index_of(std::string(1024, '\0'))), ElementsAre());
  EXPECT_THAT(lines(index_of("")), ElementsAre());
}

TEST(LayerIndex, TruncationAndDamageAreErrors) {
  const std::string tar = TarBuilder().file("a", std::string(5000, 'x')).file("b", "y").str();
  expect_input_error([&] { index_of(tar.substr(0, 3000)); }, "layer: truncated tar");
  expect_input_error([&] { index_of(tar.substr(0, 300)); }, "layer: ");
  std::string damaged = tar;
  damaged[512 + 5120 + 10] = 'X';
  expect_input_error([&] { index_of(damaged); }, "layer: corrupt tar");
  expect_input_error([] { index_of(std::string(4000, 'z')); }, "layer: this is no tar");
}

TEST(LayerIndex, AnErrorOfTheStreamComesThroughAsItIs) {
  const std::string tar = TarBuilder().file("a", "1").str();
  expect_input_error(
      [&] {
        index_layer(verified(memory_reader(bytes_of(tar)), Digest::of("else"), unknown_size, "blob"),
                    "layer");
      },
      "blob: expected digest");
}

TEST(LayerIndex, SparseFilesAreExpanded) {
  const test::TemporaryFolder folder;
  const std::string file = folder.path() + "/sparse";
  ASSERT_TRUE(test::run("truncate -s 300K " + file + " && printf data | dd of=" + file +
                        " bs=1 seek=100000 conv=notrunc status=none"));
  const std::string content = test::read_file(file);
  for (const std::string format : {"gnu", "posix --sparse-version=1.0", "posix --sparse-version=0.1"}) {
    ASSERT_TRUE(test::run("cd " + folder.path() + " && tar -S --format=" + format + " -cf s.tar sparse"));
    const std::string tar = test::read_file(folder.path() + "/s.tar");
    ASSERT_LT(tar.size(), content.size()) << "tar stored it whole";
    const LayerIndex index = index_of(tar);
    ASSERT_EQ(lines(index), std::vector<std::string>{"sparse file"}) << format;
    EXPECT_EQ(index.entries[0].size, content.size()) << format;
    EXPECT_EQ("sha256:" + hex_of(index.entries[0]), Digest::of(content).text()) << format;
  }
}

TEST(LayerIndex, SparseFilesWithoutBoundAreRejected) {
  const test::TemporaryFolder folder;
  ASSERT_TRUE(test::run("cd " + folder.path() + " && truncate -s 100G s && tar -S -cf s.tar s"));
  expect_input_error([&] { index_of(test::read_file(folder.path() + "/s.tar")); },
                     "sparse files that expand to more than");
}

TEST(FileFacts, ScriptsHaveTheirShebangAndText) {
  const std::string script = "#!/usr/bin/env -S python3 -u\nprint(1)\n";
  TarBuilder tar;
  tar.file("usr/bin/tool", script).file("crlf", "#!/bin/sh\r\necho").file("bare", "#!/bin/sh");
  tar.file("long", "#!/bin/sh\n" + std::string(300 << 10, '#'))
      .file("wide", "#!" + std::string(1000, 'w') + "\n");
  const LayerIndex index = index_of(tar.str());
  EXPECT_EQ(index.entries[0].facts->shebang, "/usr/bin/env -S python3 -u");
  EXPECT_EQ(index.entries[0].facts->text, script);
  EXPECT_EQ(index.entries[1].facts->shebang, "/bin/sh");
  EXPECT_EQ(index.entries[2].facts->shebang, "/bin/sh");
  EXPECT_EQ(index.entries[3].facts->shebang, "/bin/sh");
  EXPECT_FALSE(index.entries[3].facts->text);
  EXPECT_EQ(index.entries[4].facts->shebang, std::string(254, 'w'));
}

TEST(FileFacts, TextIsKeptOfSmallConfigurationOnly) {
  TarBuilder tar;
  tar.file("etc/hosts", "localhost").file("srv/app.yaml", "a: 1").file("srv/data.txt", "no");
  tar.file("etc/binary", std::string("a\0b", 3)).file("etc/large", std::string((256 << 10) + 1, 'x'));
  tar.file("etc/edge", std::string(256 << 10, 'x')).file("etc/empty", "");
  tar.file("etc/ld.so.cache", std::string("glibc\0\1", 7))
      .file("var/lib/dpkg/status", std::string(1 << 20, 's'));
  tar.file("var/lib/dpkg/info/a.list", "/.\n").file("var/lib/dpkg/info/a.md5sums", "0");
  const LayerIndex index = index_of(tar.str());
  std::vector<std::string> kept;
  for (const LayerEntry& entry : index.entries) {
    if (entry.facts && entry.facts->text)
      kept.push_back(fmt::format("{} {}", entry.path, entry.facts->text->size()));
  }
  EXPECT_THAT(kept, ElementsAre("etc/hosts 9", "srv/app.yaml 4", "etc/edge 262144", "etc/ld.so.cache 7",
                                "var/lib/dpkg/status 1048576", "var/lib/dpkg/info/a.list 3",
                                "var/lib/dpkg/info/a.md5sums 1"));
}

TEST(FileFacts, ElfFilesAreParsedHoweverTheyLieInTheStream) {
  const std::string program = test::read_file("/proc/self/exe");
  ASSERT_GT(program.size(), 2U << 20) << "expected a file of several blocks";
  TarBuilder tar;
  tar.file("large", program).file("broken", "\177ELF").file("etc/text", "text");
  const LayerIndex index = index_of(tar.str());
  ASSERT_TRUE(index.entries[0].facts);
  ASSERT_TRUE(index.entries[0].facts->elf);
  EXPECT_EQ(index.entries[0].facts->elf->elf_class, sizeof(void*) * 8);
  EXPECT_EQ("sha256:" + hex_of(index.entries[0]), Digest::of(program).text());
  ASSERT_EQ(index.diagnostics.size(), 1U);
  EXPECT_EQ(index.diagnostics[0].path, "broken");
  EXPECT_THAT(index.diagnostics[0].message, testing::StartsWith("broken ELF file: "));
  EXPECT_EQ(index.entries[2].facts->text, "text");
}

TEST(FileFacts, SecretsAreToldByKindAndLine) {
  const std::string key =
      "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj\n";
  TarBuilder tar;
  tar.file("by-its-start", key).file("etc/kept.conf", "#\n" + key).file("srv/by-name.pem", "Bag\n" + key);
  tar.file("srv/data", "Bag\n" + key).file("srv/nul.pem", key + std::string(1, '\0'));
  tar.file("long.key", key + std::string(1 << 20, '\n')).file("cert.pem", "-----BEGIN CERTIFICATE-----\n");
  std::vector<std::string> found;
  const LayerIndex index = index_of(tar.str());
  for (const LayerEntry& entry : index.entries) {
    if (!entry.facts || entry.facts->secret.shape == SecretShape::none) continue;
    EXPECT_EQ(entry.facts->secret.shape, SecretShape::private_key);
    found.push_back(
        fmt::format("{} {}{}", entry.path, entry.facts->secret.line, entry.facts->text ? " with text" : ""));
  }
  EXPECT_THAT(found,
              ElementsAre("by-its-start 1", "etc/kept.conf 2 with text", "srv/by-name.pem 2", "long.key 1"));
  EXPECT_FALSE(index.entries.back().facts) << "a certificate is nothing to tell";
}

TEST(FileFacts, AreLeftOutOnRequest) {
  const LayerIndex index = index_of(TarBuilder().file("etc/hosts", "localhost").str(), {.facts = false});
  EXPECT_FALSE(index.entries[0].facts);
  EXPECT_EQ("sha256:" + hex_of(index.entries[0]), Digest::of("localhost").text());
}

TEST(FileFacts, KeptTextOfALayerIsBounded) {
  TarBuilder tar;
  for (int i = 0; i < 5; ++i)
    tar.file(fmt::format("var/lib/dpkg/info/{}.list", i), std::string(30 << 20, 'x'));
  const LayerIndex index = index_of(tar.str());
  const auto kept =
      std::ranges::count_if(index.entries, [](const auto& entry) { return entry.facts != nullptr; });
  EXPECT_EQ(kept, 4);
  EXPECT_THAT(messages(index),
              ElementsAre(testing::StartsWith("var/lib/dpkg/info/4.list: not read, nor later")));
}

TEST(NormalizeLayerPath, TakesAwayWhatSaysNothing) {
  EXPECT_EQ(normalize_layer_path("./a//b/./c/"), "a/b/c");
  EXPECT_EQ(normalize_layer_path("/"), "");
  EXPECT_EQ(normalize_layer_path("./"), "");
  EXPECT_EQ(normalize_layer_path("a/..b/c.."), "a/..b/c..");
  EXPECT_EQ(normalize_layer_path("a/../b"), std::nullopt);
  EXPECT_EQ(normalize_layer_path(".."), std::nullopt);
}

}  // namespace
}  // namespace slim
