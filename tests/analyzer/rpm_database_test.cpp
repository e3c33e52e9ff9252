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

/// SQLite's integer, of two bytes; for those below 16,384.
std::string varint(std::size_t value) {
  return {static_cast<char>(static_cast<unsigned char>(0x80U | value >> 7U)),
          static_cast<char>(static_cast<unsigned char>(value & 0x7FU))};
}

/// A page of 512 bytes whose `cells` cells are all one, with this record.
std::string leaf(std::size_t cells, const std::string& record, std::size_t header) {
  std::string page(512, '\0');
  const std::string cell = varint(record.size()) + '\1' + record;
  const std::size_t at = page.size() - cell.size();
  page.replace(at, cell.size(), cell);
  page[header] = 13;
  page[header + 4] = static_cast<char>(static_cast<unsigned char>(cells));
  for (std::size_t i = 0; i < cells; ++i) {
    page[header + 8 + 2 * i] = static_cast<char>(static_cast<unsigned char>(at >> 8U));
    page[header + 9 + 2 * i] = static_cast<char>(static_cast<unsigned char>(at));
  }
  return page;
}

/// A database whose table Packages has `rows` rows that are one and the same bytes: a package called "name".
std::string database_of(std::size_t rows) {
  using namespace std::string_literals;
  const std::string schema = "\x06\x17\x1d\x0d\x01\x0d"s + "tablePackages\2"s;
  std::string header = "\0\0\0\1\0\0\0\5"s + "\0\0\x03\xE8\0\0\0\6\0\0\0\0\0\0\0\1"s + "name\0"s;
  header.resize(200, '\0');  // data that nothing names
  const std::string package = "\4\1"s + varint(12 + 2 * header.size()) + '\1' + header;
  std::string first = leaf(1, schema, 100);
  first.replace(0, 18, "SQLite format 3\0\x02\x00"s);
  return first + leaf(rows, package, 0);
}

TEST(RpmDatabase, ARowIsAPackage) {
  std::string problem;
  const auto packages = read_rpm_database(database_of(1), problem);
  ASSERT_EQ(packages.size(), 1U);
  EXPECT_EQ(packages[0].name, "name");
  EXPECT_EQ(problem, "");
}

TEST(RpmDatabase, RowsThatShareTheirBytesMakeNoMoreOfItThanThereIs) {
  std::string problem;
  EXPECT_LE(read_rpm_database(database_of(100), problem).size(), 1024U / 200U);
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
