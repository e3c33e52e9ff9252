#include "analyzer/compression.h"

#include <algorithm>
#include <cstddef>
#include <random>
#include <span>
#include <string>

#include <gtest/gtest.h>

#include "analyzer/byte_stream.h"
#include "tests/analyzer/error_matcher.h"
#include "tests/analyzer/tar_builder.h"
#include "tests/analyzer/temporary_folder.h"

namespace slim {
namespace {

using test::bytes_of;
using test::expect_input_error;

/// Half text, half noise, so that there are matches, literals and stored blocks.
std::string sample(std::size_t size) {
  std::mt19937 random(7);  // NOLINT(bugprone-random-generator-seed): the same sample in every run
  std::string text;
  while (text.size() < size) {
    text += "line " + std::to_string(random() % 1000) + "\n";
    if (random() % 4 == 0) {
      for (int i = 0; i < 100; ++i) text += static_cast<char>(random());
    }
  }
  text.resize(size);
  return text;
}

std::string compress(const std::string& command, const std::string& text) {
  const test::TemporaryFolder folder;
  const std::string in = folder.write("in", text);
  EXPECT_TRUE(test::run(command + " < " + in + " > " + in + ".out")) << command;
  return test::read_file(in + ".out");
}

/// Gives at most `part` bytes at a time.
ByteReader in_parts(std::string_view bytes, std::size_t part) {
  return [reader = memory_reader(bytes_of(bytes)), part](std::span<std::byte> buffer) mutable {
    return reader(buffer.first(std::min(buffer.size(), part)));
  };
}

std::string decompress(std::string_view bytes, std::size_t part = 1000) {
  return read_all(decompressed(in_parts(bytes, part), "layer"), 100'000'000, "layer");
}

class EachCompression : public testing::TestWithParam<const char*> {};

TEST_P(EachCompression, GivesTheSameBytesInWhateverParts) {
  const std::string text = sample(3'000'000);
  const std::string bytes = compress(GetParam(), text);
  for (const std::size_t part : {std::size_t{100}, std::size_t{65536}, std::size_t{10'000'000}}) {
    EXPECT_EQ(decompress(bytes, part), text) << part;
  }
  const std::string small = compress(GetParam(), "tiny");
  EXPECT_EQ(decompress(small, 1), "tiny");
  EXPECT_EQ(decompress(compress(GetParam(), ""), 1), "");
}

TEST_P(EachCompression, SeveralMembersAreOneStream) {
  const std::string a = sample(70'000);
  const std::string b = sample(300);
  const std::string bytes = compress(GetParam(), a) + compress(GetParam(), "") + compress(GetParam(), b);
  EXPECT_EQ(decompress(bytes, 1), a + b);
  EXPECT_EQ(decompress(bytes, 1 << 20), a + b);
}

TEST_P(EachCompression, TruncationAnywhereIsAnError) {
  const std::string bytes = compress(GetParam(), sample(20'000));
  for (const std::size_t cut : {std::size_t{1}, std::size_t{4}, std::size_t{9}, bytes.size() / 2}) {
    expect_input_error([&] { decompress(std::string_view(bytes).substr(0, bytes.size() - cut)); },
                       "layer: truncated");
  }
}

TEST_P(EachCompression, DamageIsAnError) {
  std::string bytes = compress(GetParam(), sample(20'000));
  for (std::size_t i = bytes.size() / 2; i < bytes.size() / 2 + 8; ++i)
    bytes[i] = static_cast<char>(~bytes[i]);
  expect_input_error([&] { decompress(bytes); }, "layer: corrupt");
}

TEST_P(EachCompression, GarbageBehindIsAnError) {
  expect_input_error([&] { decompress(compress(GetParam(), "text") + "garbage"); }, "layer: ");
}

INSTANTIATE_TEST_SUITE_P(Compression, EachCompression,
                         testing::Values("gzip -c", "gzip -1 -c", "zstd -q -c", "zstd -q -19 -c"));

TEST(Compression, AllFieldsOfAGzipHeaderAreSkippedHoweverTheInputIsSplit) {
  // RFC 1952: FHCRC, FEXTRA, FNAME, FCOMMENT; then an empty member's deflate data, its CRC and length.
  std::string bytes("\x1f\x8b\x08\x1e\0\0\0\0\0\x03", 10);
  bytes += std::string("\x05\0extra", 7) + std::string("name\0", 5) + std::string("comment\0", 8) + "hc";
  bytes += std::string("\x03\0", 2) + std::string(8, '\0');
  for (const std::size_t part : {1U, 3U, 1000U}) {
    EXPECT_EQ(decompress(bytes + compress("gzip -c", "text"), part), "text") << part;
  }
}

TEST(Compression, ZeroPaddingBehindGzipIsIgnored) {
  EXPECT_EQ(decompress(compress("gzip -c", "text") + std::string(3000, '\0')), "text");
  expect_input_error([] { decompress(compress("gzip -c", "text") + std::string(3000, '\0') + "x"); },
                     "data behind the gzip stream");
}

TEST(Compression, WrongChecksumIsAnError) {
  std::string bytes = compress("gzip -c", "text");
  bytes[bytes.size() - 5] = static_cast<char>(~bytes[bytes.size() - 5]);
  expect_input_error([&] { decompress(bytes); }, "layer: corrupt gzip data: wrong checksum");
}

TEST(Compression, SkippableFramesOfZstdAreSkipped) {
  const std::string skippable("\x5a\x2a\x4d\x18\x03\0\0\0abc", 11);
  EXPECT_EQ(decompress(skippable + compress("zstd -q -c", "text") + skippable, 1), "text");
}

TEST(Compression, PlainBytesPass) {
  const std::string text = sample(1'000'000);
  Compression found = Compression::gzip;
  EXPECT_EQ(read_all(decompressed(in_parts(text, 10'000), "layer", &found), 10'000'000, "layer"), text);
  EXPECT_EQ(found, Compression::none);
  EXPECT_EQ(decompress(""), "");
  EXPECT_EQ(decompress("\x1f"), "\x1f");
}

TEST(Compression, WhatIsFoundIsTold) {
  Compression found = Compression::none;
  const std::string bytes = compress("zstd -q -c", "text");
  EXPECT_EQ(read_all(decompressed(memory_reader(bytes_of(bytes)), "layer", &found), 100, "layer"), "text");
  EXPECT_EQ(found, Compression::zstd);
}

TEST(Compression, XzAndBzip2AreNamed) {
  expect_input_error([] { decompress(std::string("\xfd\x37zXZ\0rest", 10)); }, "layer: compressed with xz");
  expect_input_error([] { decompress("BZh91AY&SY..."); }, "layer: compressed with bzip2");
}

}  // namespace
}  // namespace slim
