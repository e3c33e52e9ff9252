#include "analyzer/zip_archive.h"

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/analyzer/zip_fixture.h"

namespace slim {
namespace {

using test::ZipBuilder;

std::span<const std::byte> bytes_of(const std::string& text) {
  return std::as_bytes(std::span(text));
}

/// "NAME=CONTENT" of each entry.
std::vector<std::string> contents(const std::string& archive, std::uint64_t cap = 1000) {
  std::vector<std::string> all;
  std::vector<std::byte> buffer;
  for (const ZipEntry& entry : zip_entries(bytes_of(archive))) {
    const auto content = zip_content(bytes_of(archive), entry, cap, buffer);
    all.push_back(std::string(entry.name) + "=" +
                  std::string(reinterpret_cast<const char*>(content.data()), content.size()));
  }
  return all;
}

// "hello hello hello\n", raw deflate
const std::string deflated_hello{"\xcb\x48\xcd\xc9\xc9\x57\xc8\x40\x90\x5c\x00", 11};

TEST(ZipArchive, StoredAndDeflatedEntriesAreRead) {
  const std::string zip =
      ZipBuilder().add("a", "content").add("b/c", deflated_hello, 18, 8).add("empty", "").str();
  EXPECT_THAT(contents(zip), testing::ElementsAre("a=content", "b/c=hello hello hello\n", "empty="));
}

TEST(ZipArchive, WhatStandsBeforeTheArchiveIsPassedOver) {
  EXPECT_THAT(contents("#!/bin/sh\nexec java -jar \"$0\"\n" + ZipBuilder().add("a", "x").str()),
              testing::ElementsAre("a=x"));
}

TEST(ZipArchive, ACommentMayFollow) {
  std::string zip = ZipBuilder().add("a", "x").str();
  zip[zip.size() - 2] = 5;
  EXPECT_THAT(contents(zip + "hello"), testing::ElementsAre("a=x"));
}

TEST(ZipArchive, DamagedAndHostileArchivesHaveNoContent) {
  EXPECT_THAT(contents(""), testing::IsEmpty());
  EXPECT_THAT(contents(std::string(100'000, 'P')), testing::IsEmpty());
  const std::string zip = ZipBuilder().add("a", "content").add("b", deflated_hello, 18, 8).str();
  for (std::size_t cut = 1; cut < zip.size(); ++cut)
    EXPECT_THAT(contents(zip.substr(0, cut)), testing::IsEmpty());
  for (std::size_t at = 0; at < zip.size(); ++at) {  // no byte that is wrong makes it read elsewhere
    std::string wrong = zip;
    wrong[at] = static_cast<char>(~wrong[at]);
    EXPECT_LE(contents(wrong).size(), 2U);
  }
  EXPECT_THAT(contents(ZipBuilder().add("bomb", deflated_hello, 900'000'000, 8).str(), 1'000'000'000),
              testing::ElementsAre("bomb="));
  EXPECT_THAT(contents(ZipBuilder().add("short", deflated_hello, 17, 8).str()),
              testing::ElementsAre("short="));
  EXPECT_THAT(contents(ZipBuilder().add("large", std::string(2000, 'x')).str()),
              testing::ElementsAre("large="));
  EXPECT_THAT(contents(ZipBuilder().add("method", "x", 1, 12).str()), testing::ElementsAre("method="));
}

}  // namespace
}  // namespace slim
