#include "analyzer/platform.h"

#include <string>
#include <string_view>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "analyzer/error.h"
#include "tests/analyzer/error_matcher.h"

namespace slim {
namespace {

TEST(Platform, ParsesAndWritesItself) {
  EXPECT_EQ(Platform::parse("linux/amd64"),
            (Platform{.os = "linux", .architecture = "amd64", .variant = ""}));
  EXPECT_EQ(Platform::parse("linux/arm/v7"),
            (Platform{.os = "linux", .architecture = "arm", .variant = "v7"}));
  for (const std::string text : {"linux/amd64", "linux/arm/v7", "windows/amd64", "linux/riscv64"})
    EXPECT_EQ(Platform::parse(text).text(), text);
}

TEST(Platform, AliasesAreOneName) {
  EXPECT_EQ(Platform::parse("linux/x86_64").text(), "linux/amd64");
  EXPECT_EQ(Platform::parse("linux/x86-64").text(), "linux/amd64");
  EXPECT_EQ(Platform::parse("linux/aarch64").text(), "linux/arm64");
  EXPECT_EQ(Platform::parse("linux/i386").text(), "linux/386");
  EXPECT_EQ(Platform::parse("linux/armv7").text(), "linux/arm/v7");
  EXPECT_EQ(Platform::parse("linux/armv7l").text(), "linux/arm/v7");
}

TEST(Platform, RefusesWhatIsNone) {
  for (const std::string_view text :
       {"", "linux", "linux/", "/amd64", "/", "linux/arm/v7/x", "linux//v7", "linux/arm/"}) {
    const test::Failure failure = test::failure_of([&] { Platform::parse(text); });
    ASSERT_TRUE(failure.thrown) << text;
    EXPECT_EQ(failure.kind, ErrorKind::usage) << text;
    EXPECT_THAT(failure.text, testing::HasSubstr("--platform " + std::string(text) + ": expected OS/ARCH"))
        << text;
  }
}

TEST(Platform, HostIsACompletePlatform) {
  const Platform host = Platform::host();
  EXPECT_EQ(host.os, "linux");
  EXPECT_EQ(Platform::parse(host.text()), host);
}

TEST(Platform, AMissingVariantServesAndIsServed) {
  const Platform arm = Platform::parse("linux/arm");
  const Platform v6 = Platform::parse("linux/arm/v6");
  const Platform v7 = Platform::parse("linux/arm/v7");
  EXPECT_TRUE(serves(v7, v7));
  EXPECT_TRUE(serves(arm, v7));
  EXPECT_TRUE(serves(v7, arm));
  EXPECT_FALSE(serves(v6, v7));
  EXPECT_FALSE(serves(Platform::parse("linux/arm64"), arm));
  EXPECT_FALSE(serves(Platform::parse("windows/arm"), arm));
}

}  // namespace
}  // namespace slim
