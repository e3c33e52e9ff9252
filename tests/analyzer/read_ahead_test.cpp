#include "analyzer/read_ahead.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include <gtest/gtest.h>

#include "analyzer/byte_stream.h"
#include "analyzer/digest.h"
#include "analyzer/error.h"
#include "tests/analyzer/error_matcher.h"
#include "tests/analyzer/tar_builder.h"

namespace slim {
namespace {

using test::bytes_of;
using test::expect_input_error;

std::string text_of(std::size_t length) {
  std::string text(length, '\0');
  std::uint32_t state = 1;
  for (char& c : text) c = static_cast<char>((state = state * 1664525U + 1013904223U) >> 24U);
  return text;
}

/// Gives few bytes at a time, and another number each time.
ByteReader in_small_parts(std::span<const std::byte> bytes) {
  return [inner = memory_reader(bytes), turn = std::size_t{0}](std::span<std::byte> buffer) mutable {
    turn = turn * 7 % 70'001 + 1;
    return inner(buffer.first(std::min(buffer.size(), turn)));
  };
}

TEST(ReadAhead, GivesTheWholeStreamAndWhatItTurnedOutToBe) {
  constexpr std::size_t block = std::size_t{256} << 10;
  for (const std::size_t length :
       {std::size_t{0}, std::size_t{1}, block - 1, block, block + 1, 8 * block, 20 * block + 12345}) {
    const std::string text = text_of(length);
    StreamFacts facts;
    BlockReader reader = measured_ahead(in_small_parts(bytes_of(text)), facts);
    std::string got;
    for (auto bytes = reader(); !bytes.empty(); bytes = reader())
      got.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    EXPECT_EQ(got, text) << length;
    EXPECT_EQ(facts.digest, Digest::of(text)) << length;
    EXPECT_EQ(facts.size, length);
    EXPECT_TRUE(reader().empty());
    EXPECT_EQ(read_all(as_bytes(read_ahead(in_small_parts(bytes_of(text)))), length, "stream"), text);
  }
}

TEST(ReadAhead, AFailureComesBehindAllThatWasReadBefore) {
  const std::string text = text_of(700'000);
  const auto failing = [&text] {
    return [inner = memory_reader(bytes_of(text))](std::span<std::byte> buffer) mutable {
      const std::size_t count = inner(buffer);
      if (count == 0) throw Error(ErrorKind::input, "blob", "broken");
      return count;
    };
  };
  StreamFacts facts;
  for (BlockReader& reader : std::array{read_ahead(failing()), measured_ahead(failing(), facts)}) {
    std::size_t got = 0;
    expect_input_error(
        [&] {
          while (true) got += reader().size();
        },
        "blob: broken");
    EXPECT_EQ(got, text.size());
    expect_input_error([&] { reader(); }, "blob: broken");
  }
  EXPECT_TRUE(facts.digest.empty());
}

TEST(ReadAhead, StaysAFewBlocksAheadAndStopsWhereNobodyReads) {
  std::atomic<std::uint64_t> read = 0;
  const auto endless = [&read](std::span<std::byte> buffer) {
    std::ranges::fill(buffer, std::byte{1});
    read += buffer.size();
    return buffer.size();
  };
  StreamFacts facts;
  std::size_t got = 0;
  {
    BlockReader reader = measured_ahead(endless, facts);
    for (int i = 0; i < 100; ++i) got += reader().size();
  }
  EXPECT_GE(read, got);
  EXPECT_LE(read, got + (std::uint64_t{8} << 20));
  EXPECT_TRUE(facts.digest.empty());
}

}  // namespace
}  // namespace slim
