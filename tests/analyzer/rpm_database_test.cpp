// Databases that SQLite wrote are read by tests/system/metadata_test.py; here are those that nobody wrote.
#include "analyzer/rpm_database.h"

#include <cstddef>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace slim {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

/// A file of `pages` pages of 512 bytes, of which the first says that it is SQLite.
std::string database(std::size_t pages) {
  std::string bytes = std::string("SQLite format 3\0", 16) + std::string("\x02\x00", 2);
  bytes.resize(pages * 512, '\0');
  return bytes;
}

TEST(RpmDatabase, WhatIsNoDatabaseIsSaid) {
  std::string problem;
  EXPECT_THAT(read_rpm_database("", problem), IsEmpty());
  EXPECT_THAT(problem, HasSubstr("no SQLite file"));
  EXPECT_THAT(read_rpm_database(std::string(600, 'x'), problem), IsEmpty());
  EXPECT_THAT(problem, HasSubstr("no SQLite file"));
  std::string odd = database(2);
  odd[16] = 0;
  EXPECT_THAT(read_rpm_database(odd, problem), IsEmpty());
  EXPECT_THAT(problem, HasSubstr("no page size"));
}

TEST(RpmDatabase, ATreeThatLeadsInACircleEnds) {
  std::string bytes = database(3);
  bytes[100] = 5;  // an inner page
  bytes[104] = 1;  // of one cell
  bytes[111] = 1;  // and a last child: itself
  bytes[112] = 0;  // the cell is at 200
  bytes[113] = '\xC8';
  bytes[203] = 1;
  std::string problem;
  EXPECT_THAT(read_rpm_database(bytes, problem), IsEmpty());
  EXPECT_THAT(problem, HasSubstr("damaged"));
}

TEST(RpmDatabase, ACellOutsideOfItsPageIsDamage) {
  std::string bytes = database(1);
  bytes[100] = 13;
  bytes[103] = '\xFF';
  bytes[104] = '\xFF';
  bytes[108] = '\xFF';
  std::string problem;
  EXPECT_THAT(read_rpm_database(bytes, problem), IsEmpty());
  EXPECT_THAT(problem, HasSubstr("damaged"));
}

}  // namespace
}  // namespace slim
