#include "analyzer/ld_cache.h"

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "analyzer/elf.h"
#include "analyzer/file_tree.h"
#include "analyzer/layer_index.h"
#include "tests/analyzer/ld_cache_fixture.h"

namespace slim {
namespace {

using test::make_ld_cache;
using test::make_old_ld_cache;
using testing::ElementsAre;
using testing::HasSubstr;

TEST(LdCache, NewFormatGivesEntriesInTheOrderOfTheFile) {
  for (const bool big_endian : {false, true}) {
    const auto cache =
        parse_ld_cache(make_ld_cache({{.flags = 0x0303, .name = "liba.so.1", .path = "/opt/liba.so.1"},
                                      {.flags = 0x0003, .name = "liba.so.1", .path = "/opt32/liba.so.1"},
                                      {.flags = 0x0303, .name = "libb.so", .path = "/lib/libb.so"}},
                                     {}, big_endian));
    ASSERT_TRUE(cache.has_value()) << cache.error();
    ASSERT_EQ(cache->entries.size(), 2U);
    const auto& a = cache->entries.at("liba.so.1");
    ASSERT_EQ(a.size(), 2U);
    EXPECT_EQ(a[0].path, "/opt/liba.so.1");
    EXPECT_EQ(a[0].flags, 0x0303);
    EXPECT_EQ(a[1].path, "/opt32/liba.so.1");
    EXPECT_EQ(a[1].flags, 3);
  }
}

TEST(LdCache, ExtensionNamesTheProcessorLevelOfAnEntry) {
  const auto cache =
      parse_ld_cache(make_ld_cache({{.flags = 0x0303,
                                     .name = "liba.so",
                                     .path = "/l/glibc-hwcaps/x86-64-v3/liba.so",
                                     .hwcap = 1ULL << 62U | 1U},
                                    {.flags = 0x0303, .name = "liba.so", .path = "/l/liba.so"}},
                                   {"x86-64-v2", "x86-64-v3"}));
  ASSERT_TRUE(cache.has_value()) << cache.error();
  const auto& a = cache->entries.at("liba.so");
  ASSERT_EQ(a.size(), 2U);
  EXPECT_EQ(a[0].hwcaps_name, "x86-64-v3");
  EXPECT_EQ(a[0].hwcap, 0U);
  EXPECT_EQ(a[1].hwcaps_name, "");
}

TEST(LdCache, AnEntryWhoseLevelHasNoNameIsLeftOut) {
  const auto cache = parse_ld_cache(
      make_ld_cache({{.flags = 0x0303, .name = "liba.so", .path = "/l/x/liba.so", .hwcap = 1ULL << 62U | 7U}},
                    {"x86-64-v2"}));
  ASSERT_TRUE(cache.has_value()) << cache.error();
  EXPECT_TRUE(cache->entries.empty());
}

TEST(LdCache, OldFormatIsRead) {
  const auto cache =
      parse_ld_cache(make_old_ld_cache({{.flags = 3, .name = "liba.so", .path = "/lib/liba.so"}}));
  ASSERT_TRUE(cache.has_value()) << cache.error();
  EXPECT_EQ(cache->entries.at("liba.so").front().path, "/lib/liba.so");
}

TEST(LdCache, TheNewFormatBehindTheOldOneWins) {
  std::string both = make_old_ld_cache({{.flags = 3, .name = "liba.so", .path = "/old/liba.so"}}, false);
  both.resize((both.size() + 7) / 8 * 8, '\0');
  both += make_ld_cache({{.flags = 0x0303, .name = "liba.so", .path = "/new/liba.so"}});
  const auto cache = parse_ld_cache(both);
  ASSERT_TRUE(cache.has_value()) << cache.error();
  EXPECT_EQ(cache->entries.at("liba.so").front().path, "/new/liba.so");
}

TEST(LdCache, WhatIsNoCacheIsRefusedWithTheReason) {
  EXPECT_THAT(parse_ld_cache("").error(), HasSubstr("glibc-ld.so.cache1.1"));
  EXPECT_THAT(parse_ld_cache("glibc-ld.so.cache1.1").error(), HasSubstr("cut short"));
  const std::string whole = make_ld_cache({{.flags = 0x0303, .name = "liba.so", .path = "/lib/liba.so"}});
  EXPECT_THAT(parse_ld_cache(std::string_view(whole).substr(0, 60)).error(), HasSubstr("too short"));
  std::string marked = whole;
  marked[28] = 1;
  EXPECT_THAT(parse_ld_cache(marked).error(), HasSubstr("byte order"));
}

TEST(LdCache, AnyCutOrChangedByteIsHarmless) {
  const std::string whole = make_ld_cache({{.flags = 0x0303,
                                            .name = "liba.so",
                                            .path = "/l/glibc-hwcaps/x86-64-v3/liba.so",
                                            .hwcap = 1ULL << 62U},
                                           {.flags = 0x0303, .name = "liba.so", .path = "/l/liba.so"}},
                                          {"x86-64-v3"});
  std::size_t read = 0;
  for (std::size_t size = 0; size <= whole.size(); ++size)
    read += parse_ld_cache(std::string_view(whole).substr(0, size)).has_value() ? 1U : 0U;
  for (std::size_t i = 0; i < whole.size(); ++i) {
    std::string changed = whole;
    changed[i] = static_cast<char>(0xff);
    read += parse_ld_cache(changed).has_value() ? 1U : 0U;
  }
  EXPECT_GT(read, 0U);
}

TEST(LdCache, FlagsTellArchitecturesAndAbisApart) {
  ElfFacts elf;
  elf.elf_class = 64;
  elf.machine = 62;
  EXPECT_EQ(ld_cache_flags(elf), 0x0303);
  elf.elf_class = 32;
  EXPECT_EQ(ld_cache_flags(elf), 0x0803);  // x32
  elf.machine = 3;
  EXPECT_EQ(ld_cache_flags(elf), 0x0003);
  elf.machine = 40;
  elf.flags = 0x05000400;
  EXPECT_EQ(ld_cache_flags(elf), 0x0903);
  elf.elf_class = 64;
  elf.machine = 183;
  EXPECT_EQ(ld_cache_flags(elf), 0x0a03);
  elf.machine = 0xffff;
  EXPECT_EQ(ld_cache_flags(elf), -1);
}

FileTree tree_of(std::vector<LayerIndex>& layers,
                 const std::vector<std::pair<std::string, std::string>>& files) {
  layers.resize(1);
  for (const auto& [path, text] : files) {
    LayerEntry entry;
    entry.path = path;
    auto facts = std::make_shared<FileFacts>();
    facts->text = text;
    entry.facts = std::move(facts);
    layers.front().entries.push_back(std::move(entry));
  }
  return FileTree::squash(layers);
}

TEST(LdSoConf, FollowsIncludesInOrder) {
  std::vector<LayerIndex> layers;
  const FileTree tree =
      tree_of(layers, {{"etc/ld.so.conf", "# first\n/opt/a/\ninclude ld.so.conf.d/*.conf\n/opt/z # last\n"},
                       {"etc/ld.so.conf.d/20-c.conf", "/opt/c\n"},
                       {"etc/ld.so.conf.d/10-b.conf", "  /opt/b=libc6\n/opt/a\n"},
                       {"etc/ld.so.conf.d/ignored", "/opt/ignored\n"}});
  EXPECT_THAT(ld_so_conf_folders(tree), ElementsAre("/opt/a", "/opt/b", "/opt/c", "/opt/z"));
}

TEST(LdSoConf, AFileThatIncludesItselfEnds) {
  std::vector<LayerIndex> layers;
  const FileTree tree = tree_of(layers, {{"etc/ld.so.conf", "/opt/a\ninclude /etc/ld.so.conf\n"}});
  EXPECT_THAT(ld_so_conf_folders(tree), ElementsAre("/opt/a"));
}

TEST(LdSoConf, AFileThatIncludesItselfAThousandTimesIsReadOnce) {
  std::vector<LayerIndex> layers;
  std::string text = "/opt/a\n";
  for (int i = 0; i < 1000; ++i) text += "include /etc/ld.so.conf\n";
  const FileTree tree = tree_of(layers, {{"etc/ld.so.conf", text + "/opt/z\n"}});
  EXPECT_THAT(ld_so_conf_folders(tree), ElementsAre("/opt/a", "/opt/z"));
}

}  // namespace
}  // namespace slim
