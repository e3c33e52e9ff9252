#include "analyzer/byte_stream.h"

#include <cstddef>
#include <fcntl.h>
#include <span>
#include <string>
#include <unistd.h>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "analyzer/unique_fd.h"
#include "tests/analyzer/error_matcher.h"
#include "tests/analyzer/tar_builder.h"
#include "tests/analyzer/temporary_folder.h"

namespace slim {
namespace {

using test::bytes_of;
using test::expect_input_error;

const std::string text = "some bytes that are read in parts";

TEST(ByteStream, MemoryReaderGivesAllBytesAndThenZeroForEver) {
  ByteReader reader = memory_reader(bytes_of(text));
  std::string got;
  std::vector<std::byte> buffer(7);
  while (const std::size_t count = reader(buffer))
    got.append(reinterpret_cast<const char*>(buffer.data()), count);
  EXPECT_EQ(got, text);
  EXPECT_EQ(reader(buffer), 0U);
}

TEST(ByteStream, FileRangesOfOneFileDoNotDisturbEachOther) {
  const test::TemporaryFolder folder;
  const UniqueFd fd(::open(folder.write("file", text).c_str(), O_RDONLY));
  ByteReader first = file_range_reader(fd.get(), 0, 4, "file");
  ByteReader second = file_range_reader(fd.get(), 5, 5, "file");
  std::vector<std::byte> buffer(2);
  EXPECT_EQ(first(buffer), 2U);
  EXPECT_EQ(read_all(std::move(second), 100, "file"), "bytes");
  EXPECT_EQ(read_all(std::move(first), 100, "file"), "me");
}

TEST(ByteStream, FileShorterThanPromisedIsAnError) {
  const test::TemporaryFolder folder;
  const UniqueFd fd(::open(folder.write("file", text).c_str(), O_RDONLY));
  expect_input_error([&] { read_all(file_range_reader(fd.get(), 0, 100, "file"), 1000, "file"); },
                     "file: truncated: 67 bytes are missing");
}

TEST(ByteStream, VerifiedPassesWhatIsAsPromised) {
  EXPECT_EQ(
      read_all(verified(memory_reader(bytes_of(text)), Digest::of(text), text.size(), "blob"), 100, "blob"),
      text);
}

TEST(ByteStream, VerifiedRejectsAnotherDigest) {
  expect_input_error(
      [] {
        read_all(verified(memory_reader(bytes_of(text)), Digest::of("else"), unknown_size, "blob"), 100,
                 "blob");
      },
      "blob: expected digest " + Digest::of("else").text() + ", found " + Digest::of(text).text());
}

TEST(ByteStream, VerifiedKnowsSha512) {
  Hasher hasher("sha512");
  hasher.update(bytes_of(text));
  const Digest digest = hasher.finish();
  EXPECT_EQ(read_all(verified(memory_reader(bytes_of(text)), digest, unknown_size, "blob"), 100, "blob"),
            text);
}

TEST(ByteStream, VerifiedRejectsAnotherSize) {
  const auto read = [](std::uint64_t size) {
    read_all(verified(memory_reader(bytes_of(text)), {}, size, "blob"), 100, "blob");
  };
  expect_input_error([&] { read(text.size() - 1); }, "blob: more than the expected 32 bytes");
  expect_input_error([&] { read(text.size() + 1); }, "blob: expected 34 bytes, found 33");
}

TEST(ByteStream, BlocksAndBytesAreTheSameStream) {
  for (const std::size_t size : {std::size_t{1}, std::size_t{5}, std::size_t{100}}) {
    ByteReader reader = as_bytes(in_blocks(memory_reader(bytes_of(text)), size));
    EXPECT_EQ(read_all(std::move(reader), 100, "file"), text) << size;
  }
  BlockReader blocks = in_blocks(memory_reader(bytes_of(text)), 20);
  EXPECT_EQ(blocks().size(), 20U);
  EXPECT_EQ(blocks().size(), text.size() - 20);
  EXPECT_TRUE(blocks().empty());
  EXPECT_TRUE(blocks().empty());
}

TEST(ByteStream, ReadAllIsBounded) {
  expect_input_error([] { read_all(memory_reader(bytes_of(text)), 10, "config"); },
                     "config: larger than 10 bytes");
}

}  // namespace
}  // namespace slim
