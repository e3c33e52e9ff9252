#include "cli/terminal.h"

#include <cstdint>
#include <limits>

#include <gtest/gtest.h>

namespace slim {
namespace {

TEST(HumanSize, BytesUpToAThousand) {
  EXPECT_EQ(human_size(0), "0 B");
  EXPECT_EQ(human_size(1), "1 B");
  EXPECT_EQ(human_size(999), "999 B");
}

TEST(HumanSize, DecimalUnits) {
  EXPECT_EQ(human_size(1000), "1.0 kB");
  EXPECT_EQ(human_size(4'096), "4.1 kB");
  EXPECT_EQ(human_size(16'249'999), "16.2 MB");
  EXPECT_EQ(human_size(2'000'000'000), "2.0 GB");
  EXPECT_EQ(human_size(3'500'000'000'000), "3.5 TB");
}

TEST(HumanSize, NeverAThousandOfAUnit) {
  EXPECT_EQ(human_size(999'949), "999.9 kB");
  EXPECT_EQ(human_size(999'950), "1.0 MB");
  EXPECT_EQ(human_size(999'999'999), "1.0 GB");
}

TEST(HumanSize, TheBiggestNumber) {
  EXPECT_EQ(human_size(std::numeric_limits<std::uint64_t>::max()), "18446.7 PB");
}

TEST(HumanCount, GroupsOfThree) {
  EXPECT_EQ(human_count(0), "0");
  EXPECT_EQ(human_count(999), "999");
  EXPECT_EQ(human_count(1000), "1,000");
  EXPECT_EQ(human_count(12345), "12,345");
  EXPECT_EQ(human_count(1'234'567), "1,234,567");
  EXPECT_EQ(human_count(std::numeric_limits<std::uint64_t>::max()), "18,446,744,073,709,551,615");
}

TEST(Percent, OfAWhole) {
  EXPECT_EQ(percent(0, 10), "0 %");
  EXPECT_EQ(percent(1, 8), "12 %");
  EXPECT_EQ(percent(10, 10), "100 %");
  EXPECT_EQ(percent(996, 1000), ">99 %");
  EXPECT_EQ(percent(994, 1000), "99 %");
  EXPECT_EQ(percent(4, 1000), "<1 %");
  EXPECT_EQ(percent(std::numeric_limits<std::uint64_t>::max(), std::numeric_limits<std::uint64_t>::max()),
            "100 %");
}

TEST(Percent, OfNothing) {
  EXPECT_EQ(percent(0, 0), "0 %");
}

TEST(RowsOf, LongLinesAreBrokenAndColoursTakeNoRoom) {
  EXPECT_EQ(rows_of("", 10), 0U);
  EXPECT_EQ(rows_of("\n\n", 10), 2U);
  EXPECT_EQ(rows_of("0123456789\n", 10), 1U);
  EXPECT_EQ(rows_of("0123456789a\n", 10), 2U);
  EXPECT_EQ(rows_of("█████░░░░░\n", 10), 1U);
  EXPECT_EQ(rows_of("\x1b[31m0123456789\x1b[0m\n", 10), 1U);
}

TEST(Padded, CountsCharactersAndNotBytes) {
  EXPECT_EQ(padded("añ", 4), "añ  ");
  EXPECT_EQ(padded("abcd", 2), "abcd");
}

TEST(Paint, OnlyWhereColourIsOn) {
  EXPECT_EQ(paint({.colour = false, .width = 80}, Colour::red, "x"), "x");
  EXPECT_EQ(paint({.colour = true, .width = 80}, Colour::red, "x"), "\x1b[31mx\x1b[0m");
  EXPECT_EQ(paint({.colour = true, .width = 80}, Colour::red, ""), "");
}

TEST(Progress, SaysNothingWithNone) {
  testing::internal::CaptureStderr();
  {
    Progress progress(ProgressMode::none);
    progress.step("reading");
  }
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
}

TEST(Progress, PlainIsALineAStepAndEscaped) {
  testing::internal::CaptureStderr();
  {
    Progress progress(ProgressMode::plain);
    progress.step("reading a\nb");
    progress.step("writing");
  }
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "slim: reading a\\x0ab\nslim: writing\n");
}

}  // namespace
}  // namespace slim
