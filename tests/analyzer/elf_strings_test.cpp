#include "analyzer/elf_strings.h"

#include <array>
#include <cstddef>
#include <string>
#include <string_view>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace slim {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

FoundStrings find_in(std::string_view data) {
  const std::array regions{data};
  return find_strings(regions);
}

std::string operator""_z(const char* text, std::size_t size) {
  return std::string(text, size) + '\0';
}

TEST(ElfStrings, PathsBeginAtAStringOrBehindASeparator) {
  EXPECT_THAT(find_in("/etc/a"_z).absolute_paths, ElementsAre("/etc/a"));
  EXPECT_THAT(find_in("x\1/etc/a"_z).absolute_paths, ElementsAre("/etc/a"));
  EXPECT_THAT(find_in("PATH=/bin:/usr/bin"_z).absolute_paths, ElementsAre("/bin", "/usr/bin"));
  EXPECT_THAT(find_in("open \"/etc/b\", '/etc/a' <@/etc/c>"_z).absolute_paths,
              ElementsAre("/etc/a", "/etc/b", "/etc/c"));
  EXPECT_THAT(find_in("and/or etc/passwd"_z).absolute_paths, IsEmpty());
}

TEST(ElfStrings, UrlsAndCommentsAreNoPaths) {
  EXPECT_THAT(find_in("https://example.org/docs/a"_z).absolute_paths, IsEmpty());
  EXPECT_THAT(find_in("//etc/a /* text */ /"_z).absolute_paths, IsEmpty());
  EXPECT_THAT(find_in("file:///etc/a"_z).absolute_paths, ElementsAre("/etc/a"));
}

TEST(ElfStrings, WellKnownFoldersBeginAPathBehindAnyText) {
  EXPECT_THAT(find_in("not found/srv/pagesindex.html"_z).absolute_paths, ElementsAre("/srv/pagesindex.html"));
  EXPECT_THAT(find_in("net/http"_z).absolute_paths, IsEmpty());
}

TEST(ElfStrings, EndsOfSentencesAndSlashesAreCut) {
  EXPECT_THAT(find_in("see /etc/a. Or /etc/b/"_z).absolute_paths, ElementsAre("/etc/a", "/etc/b"));
}

TEST(ElfStrings, WhatGoesOnAtRunTimeIsCutToItsFolder) {
  EXPECT_THAT(find_in("/usr/share/a/%s.conf"_z).absolute_paths, ElementsAre("/usr/share/a"));
  EXPECT_THAT(find_in("/etc/a-*.d"_z).absolute_paths, ElementsAre("/etc"));
  EXPECT_THAT(find_in("/%s"_z).absolute_paths, IsEmpty());
}

TEST(ElfStrings, WhatStandsBehindAShellAndItsOptionMayBeTextForIt) {
  EXPECT_THAT(find_in("no hostsh-cecho $((6 * 7)) | tr 4 5no address"_z).shell_texts,
              ElementsAre("echo $((6 * 7)) | tr 4 5no address"));
  EXPECT_THAT(find_in("sh-c\0sh-"_z).shell_texts, IsEmpty());
  EXPECT_THAT(find_in("sh-c" + std::string(5000, 'a')).shell_texts, ElementsAre(std::string(1024, 'a')));
}

TEST(ElfStrings, ARunOfBytesWithoutAnEndIsNoString) {
  EXPECT_THAT(find_in("/etc/a").absolute_paths, IsEmpty());
  EXPECT_THAT(find_in("/etc/a\xff").absolute_paths, IsEmpty());
}

TEST(ElfStrings, OverlongPathsAndNamesAreCutOrLeftOut) {
  EXPECT_THAT(find_in("/" + std::string(256, 'a') + '\0').absolute_paths,
              ElementsAre("/" + std::string(255, 'a')));
  EXPECT_EQ(find_in("/" + std::string(255, 'a') + '\0').absolute_paths.size(), 1U);
  std::string path;
  while (path.size() <= 4096) path += "/component";
  EXPECT_THAT(find_in(path + '\0').absolute_paths, IsEmpty());
  EXPECT_THAT(find_in("lib" + std::string(130, 'a') + ".so" + '\0').library_names, IsEmpty());
}

TEST(ElfStrings, LibraryNamesEndInSoAndAVersion) {
  EXPECT_THAT(find_in("libfoo.so.1"_z + "bar.so"_z + "libdb-5.3.so"_z + "libx++.so.1.2.3"_z).library_names,
              ElementsAre("bar.so", "libdb-5.3.so", "libfoo.so.1", "libx++.so.1.2.3"));
  EXPECT_THAT(find_in("cannot load libfoo.so.1: %s"_z).library_names, ElementsAre("libfoo.so.1"));
  EXPECT_THAT(
      find_in("lib%s.so"_z + ".so"_z + "libfoo.sorry"_z + "libfoo.so.x"_z + "lib~a.so"_z).library_names,
      IsEmpty());
}

TEST(ElfStrings, LibraryNamesKeepTheirFolderUnlessItIsAbsolute) {
  EXPECT_THAT(find_in("plugins/a.so"_z + "/opt/b.so"_z).library_names, ElementsAre("b.so", "plugins/a.so"));
}

TEST(ElfStrings, HugeDataIsCapped) {
  std::string data;
  for (int i = 0; i < 30'000; ++i) data += "/path/" + std::to_string(i) + '\0';
  const FoundStrings found = find_in(data);
  EXPECT_EQ(found.absolute_paths.size(), 20'000U);
  EXPECT_TRUE(found.capped);
}

}  // namespace
}  // namespace slim
