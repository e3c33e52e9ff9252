#include <cstdint>
#include <optional>
#include <random>
#include <string>
#include <string_view>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "analyzer/built_modules.h"
#include "tests/analyzer/build_info_fixture.h"

namespace slim {
namespace {

using test::go_build_info;
using test::go_frame;
using testing::ElementsAre;
using testing::IsEmpty;

std::string_view nothing_mapped(std::uint64_t /*address*/) {
  return {};
}

std::string number(std::uint64_t value, unsigned width, bool big_endian) {
  std::string out;
  for (unsigned i = 0; i < width; ++i) {
    const unsigned shift = 8 * (big_endian ? width - 1 - i : i);
    out += static_cast<char>(static_cast<std::uint8_t>(value >> shift));
  }
  return out;
}

constexpr std::string_view modules =
    "path\texample.com/cmd/app\n"
    "mod\texample.com\tv1.0.0\th1:x=\n"
    "dep\tgolang.org/x/sys\tv0.20.0\th1:y=\n"
    "dep\tgithub.com/old/name\tv1.1.0\n"
    "=>\tgithub.com/new/name\tv1.2.0\th1:z=\n"
    "build\t-compiler=gc\n"
    "build\tdep\tno module\n";

TEST(GoBuildInfo, ModulesHaveTheirVersionsAndAReplacedOneIsWhatReplacesIt) {
  const auto built = read_go_build_info(go_build_info("go1.22.1", modules), nothing_mapped);
  ASSERT_TRUE(built);
  EXPECT_EQ(built->language, BuildLanguage::go);
  EXPECT_EQ(built->toolchain, "go1.22.1");
  EXPECT_THAT(built->modules,
              ElementsAre(BuiltModule{.name = "example.com", .version = "v1.0.0", .main = true},
                          BuiltModule{.name = "golang.org/x/sys", .version = "v0.20.0"},
                          BuiltModule{.name = "github.com/new/name", .version = "v1.2.0"}));
}

TEST(GoBuildInfo, OlderOnesHaveTheAddressesOfTheirStrings) {
  for (const bool big_endian : {false, true}) {
    for (const unsigned width : {4U, 8U}) {
      const std::string text = go_frame(modules);
      std::string image = "\xff Go buildinf:";
      image += static_cast<char>(width);
      image += static_cast<char>(big_endian ? 1 : 0);
      image += number(0x1040, width, big_endian) + number(0x1060, width, big_endian);
      image.resize(0x40, '\0');
      image += number(0x1080, width, big_endian) + number(6, width, big_endian);
      image.resize(0x60, '\0');
      image += number(0x1090, width, big_endian) + number(text.size(), width, big_endian);
      image.resize(0x80, '\0');
      image += "go1.13";
      image.resize(0x90, '\0');
      image += text;
      const auto mapped = [&image](std::uint64_t address) {
        return address < 0x1000 || address >= 0x1000 + image.size()
                   ? std::string_view()
                   : std::string_view(image).substr(address - 0x1000);
      };
      const auto built = read_go_build_info(image, mapped);
      ASSERT_TRUE(built) << width << big_endian;
      EXPECT_EQ(built->toolchain, "go1.13");
      EXPECT_EQ(built->modules.size(), 3U);
    }
  }
}

TEST(GoBuildInfo, TheHeaderIsFoundBehindOtherDataWhereItIsAligned) {
  const std::string info = go_build_info("go1.20", modules);
  EXPECT_TRUE(read_go_build_info(std::string(64, 'x') + info, nothing_mapped));
  EXPECT_FALSE(read_go_build_info(std::string(7, 'x') + info, nothing_mapped));
}

TEST(GoBuildInfo, WithoutModulesThereIsOnlyTheVersionOfGo) {
  std::string data = go_build_info("go1.19", "");
  data.resize(32);
  data += test::with_length("go1.19") + test::with_length("");
  const auto built = read_go_build_info(data, nothing_mapped);
  ASSERT_TRUE(built);
  EXPECT_EQ(built->toolchain, "go1.19");
  EXPECT_THAT(built->modules, IsEmpty());
  const auto named =
      read_go_build_info(go_build_info("go1.19", "path\tcmd/gofmt\nbuild\tx\n"), nothing_mapped);
  ASSERT_TRUE(named);
  EXPECT_THAT(named->modules, ElementsAre(BuiltModule{.name = "cmd/gofmt", .version = "", .main = true}));
}

TEST(GoBuildInfo, OneThatIsCutOffAnywhereSaysNoMoreThanIsThere) {
  const std::string whole = go_build_info("go1.22.1", modules);
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const auto built = read_go_build_info(whole.substr(0, size), nothing_mapped);
    if (built) {
      EXPECT_THAT(built->modules, IsEmpty()) << size;
    }
  }
}

TEST(GoBuildInfo, DamageIsReadWithinBounds) {
  const std::string whole = go_build_info("go1.22.1", modules);
  std::mt19937 random(7);
  unsigned read = 0;
  for (int round = 0; round < 20'000; ++round) {
    std::string damaged = whole;
    for (int change = 0; change < 3; ++change)
      damaged[random() % damaged.size()] = static_cast<char>(random());
    const auto mapped = [&damaged](std::uint64_t address) {
      return std::string_view(damaged).substr(address % (damaged.size() + 1));
    };
    const auto built = read_go_build_info(damaged, mapped);
    if (!built) continue;
    ++read;
    for (const BuiltModule& module : built->modules) {
      EXPECT_FALSE(module.name.empty());
      EXPECT_LE(module.name.size(), damaged.size());
    }
  }
  EXPECT_GT(read, 1000U);
}

TEST(GoBuildInfo, MoreModulesThanTheLimitAreLeftOut) {
  std::string many;
  for (std::size_t i = 0; i < most_built_modules + 5; ++i) many += "dep\ta/" + std::to_string(i) + "\tv1\n";
  const auto built = read_go_build_info(go_build_info("go1.22.1", many), nothing_mapped);
  ASSERT_TRUE(built);
  EXPECT_EQ(built->modules.size(), most_built_modules);
}

}  // namespace
}  // namespace slim
