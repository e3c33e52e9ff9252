#include <cstddef>
#include <random>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "analyzer/built_modules.h"
#include "tests/analyzer/build_info_fixture.h"

namespace slim {
namespace {

using test::stored_by_zlib;
using testing::ElementsAre;

/// What zlib makes of {"packages":[{"name":"x","version":"1"}]} with its best compression.
const std::string compressed(
    "\x78\xda\xab\x56\x2a\x48\x4c\xce\x4e\x4c\x4f\x2d\x56\xb2\x8a\xae\x56\xca\x4b\xcc\x4d\x55\xb2\x52"
    "\xaa\x50\xd2\x51\x2a\x4b\x2d\x2a\xce\xcc\xcf\x03\xf2\x0c\x95\x6a\x63\x6b\x01\x21\x35\x0d\x66",
    47);

const std::string document = R"({"packages":[
  {"name":"app","version":"0.1.0","source":"local","dependencies":[1],"root":true},
  {"name":"serde","version":"1.0.200","source":"registry"},
  {"name":"cc","version":"1.0.90","source":"registry","kind":"build"},
  {"name":7}, 8,
  {"version":"1"}]})";

TEST(RustAudit, CratesThatOnlyTheBuildNeededAreNotInTheProgram) {
  const auto built = read_rust_audit(stored_by_zlib(document));
  ASSERT_TRUE(built);
  EXPECT_EQ(built->language, BuildLanguage::rust);
  EXPECT_THAT(built->modules, ElementsAre(BuiltModule{.name = "app", .version = "0.1.0", .main = true},
                                          BuiltModule{.name = "serde", .version = "1.0.200"}));
}

TEST(RustAudit, CompressedDataIsInflated) {
  const auto built = read_rust_audit(compressed);
  ASSERT_TRUE(built);
  EXPECT_THAT(built->modules, ElementsAre(BuiltModule{.name = "x", .version = "1"}));
}

TEST(RustAudit, OneThatIsCutOffAnywhereIsNotRead) {
  const std::string whole = stored_by_zlib(document);
  for (std::size_t size = 0; size < whole.size(); ++size)
    EXPECT_FALSE(read_rust_audit(whole.substr(0, size))) << size;
}

TEST(RustAudit, WhatIsNoSuchDocumentIsNotRead) {
  for (const std::string text : {"", "[]", "{}", R"({"packages":{}})", R"({"packages":[)", "\xff"})
    EXPECT_FALSE(read_rust_audit(stored_by_zlib(text))) << text;
  EXPECT_FALSE(read_rust_audit("no zlib"));
  EXPECT_FALSE(read_rust_audit(""));
}

TEST(RustAudit, ADocumentThatInflatesToMoreThanTheLimitIsNotRead) {
  const std::string list = R"({"packages":[{"name":"x","version":"1"}],"rest":")";
  EXPECT_TRUE(read_rust_audit(stored_by_zlib(list + std::string(100'000, 'x') + "\"}")));
  EXPECT_FALSE(read_rust_audit(stored_by_zlib(list + std::string(std::size_t{9} << 20, 'x') + "\"}")));
}

TEST(RustAudit, DeepNestingCostsNoStack) {
  EXPECT_FALSE(read_rust_audit(stored_by_zlib(std::string(1'000'000, '['))));
  const std::string deep = std::string(500'000, '[') + std::string(500'000, ']');
  EXPECT_TRUE(read_rust_audit(stored_by_zlib(R"({"packages":[],"x":)" + deep + "}")));
}

TEST(RustAudit, DamageIsReadWithinBounds) {
  const std::string whole = stored_by_zlib(document);
  std::mt19937 random(7);
  for (int round = 0; round < 5'000; ++round) {
    std::string damaged = whole;
    damaged[random() % damaged.size()] = static_cast<char>(random());
    const auto built = read_rust_audit(damaged);
    if (!built) continue;  // the checksum tells
    EXPECT_LE(built->modules.size(), 6U);
  }
}

}  // namespace
}  // namespace slim
