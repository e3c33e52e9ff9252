#include "slimmer/timestamp.h"

#include <cstdint>
#include <cstdlib>
#include <limits>
#include <optional>
#include <string>

#include <gtest/gtest.h>

#include "analyzer/error.h"

namespace slim {
namespace {

TEST(ParseTime, ReadsRfc3339WithFractionsAndOffsets) {
  EXPECT_EQ(parse_time("1970-01-01T00:00:00Z"), 0);
  EXPECT_EQ(parse_time("2024-02-29T12:34:56Z"), 1709210096);
  EXPECT_EQ(parse_time("2024-02-29T12:34:56.123456789Z"), 1709210096);
  EXPECT_EQ(parse_time("2024-02-29T14:34:56+02:00"), 1709210096);
  EXPECT_EQ(parse_time("2024-02-29T07:04:56.5-05:30"), 1709210096);
  EXPECT_EQ(parse_time("0001-01-01T00:00:00Z"), -62135596800) << "what image builders write for no time";
}

TEST(ParseTime, TakesNothingElse) {
  for (const char* text : {"", "2024", "2024-02-30T00:00:00Z", "2024-13-01T00:00:00Z", "2024-02-29T25:00:00Z",
                           "2024-02-29T12:34:56", "2024-02-29 12:34:56Z", "2024-02-29T12:34:56.Z",
                           "2024-02-29T12:34:56.1", "2024-02-29T12:34:56+2:00", "x024-02-29T12:34:56Z"})
    EXPECT_EQ(parse_time(text), std::nullopt) << text;
}

TEST(TimeText, IsClampedToYearsOfFourDigits) {
  EXPECT_EQ(time_text(1709210096), "2024-02-29T12:34:56Z");
  EXPECT_EQ(time_text(-1), "1970-01-01T00:00:00Z");
  EXPECT_EQ(time_text(std::numeric_limits<std::int64_t>::max()), "9999-12-31T23:59:59Z");
}

TEST(DocumentTime, IsWhatTheEnvironmentAsksForElseTheImages) {
  ::unsetenv("SOURCE_DATE_EPOCH");
  EXPECT_EQ(document_time("2024-02-29T14:34:56.7+02:00"), "2024-02-29T12:34:56Z");
  EXPECT_EQ(document_time(""), "1970-01-01T00:00:00Z");
  ::setenv("SOURCE_DATE_EPOCH", "86400", 1);
  EXPECT_EQ(document_time("2024-02-29T12:34:56Z"), "1970-01-02T00:00:00Z");
  ::setenv("SOURCE_DATE_EPOCH", "soon", 1);
  EXPECT_THROW(document_time(""), Error);
  ::unsetenv("SOURCE_DATE_EPOCH");
}

}  // namespace
}  // namespace slim
