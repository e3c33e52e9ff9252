#include "slimmer/layer_blob.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <random>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "analyzer/digest.h"
#include "analyzer/error.h"
#include "tests/slimmer/temporary_folder.h"

namespace slim {
namespace {

/// Bytes that compress about as program files do; always the same.
std::string sample(std::size_t size) {
  std::minstd_rand random(7);
  std::string text;
  while (text.size() < size) {
    text.append(random() % 9, static_cast<char>(random() % 251));
    text += "lib/x86_64-linux-gnu";
  }
  text.resize(size);
  return text;
}

struct Stored {
  std::string bytes;
  StreamFacts tar;
  StreamFacts blob;
};

/// `step`: how many bytes each write() gets.
Stored store(const BlobFormat& format, const std::string& content, std::size_t step) {
  Stored stored;
  LayerBlob layer(format, [&](std::span<const std::byte> part) {
    stored.bytes.append(reinterpret_cast<const char*>(part.data()), part.size());
  });
  for (std::size_t i = 0; i < content.size(); i += step) {
    layer.write(std::as_bytes(std::span(content)).subspan(i, std::min(step, content.size() - i)));
  }
  layer.finish();
  stored.tar = layer.tar();
  stored.blob = layer.blob();
  return stored;
}

constexpr BlobFormat gzip(int level) {
  return {.compression = Compression::gzip, .level = level, .jobs = 0};
}
constexpr BlobFormat zstd(int level, unsigned jobs) {
  return {.compression = Compression::zstd, .level = level, .jobs = jobs};
}

TEST(LayerBlob, MeasuresBothSides) {
  const std::string content = sample(1'000'003);
  for (const BlobFormat& format :
       {gzip(1), zstd(3, 1), BlobFormat{.compression = Compression::none, .level = 0, .jobs = 0}}) {
    const Stored stored = store(format, content, 10'000);
    EXPECT_EQ(stored.tar.digest, Digest::of(content));
    EXPECT_EQ(stored.tar.size, content.size());
    EXPECT_EQ(stored.blob.digest, Digest::of(stored.bytes));
    EXPECT_EQ(stored.blob.size, stored.bytes.size());
  }
}

TEST(LayerBlob, GzipAndZstdReadItBack) {
  const TemporaryFolder folder;
  const std::string content = sample(1'500'000);
  const std::string blob = folder / "blob";
  for (const int level : {0, 1, 2}) {
    const auto text = run_tool("gzip -dc < " + folder.write("blob", store(gzip(level), content, 4096).bytes));
    EXPECT_EQ(text, content) << "gzip level " << level;
  }
  for (const int level : {1, 3, 19}) {
    const auto text =
        run_tool("zstd -dc < " + folder.write("blob", store(zstd(level, 2), content, 4096).bytes));
    if (!text) GTEST_SKIP() << "the zstd program is not installed: gzip was checked";
    EXPECT_EQ(text, content) << "zstd level " << level;
  }
}

TEST(LayerBlob, BytesDoNotDependOnHowTheTarIsCutUp) {
  const std::string content = sample(3'000'001);
  for (const BlobFormat& format : {gzip(0), gzip(1), gzip(2), zstd(3, 2)}) {
    const std::string once = store(format, content, content.size()).bytes;
    EXPECT_EQ(Digest::of(store(format, content, 1021).bytes), Digest::of(once));
    EXPECT_EQ(Digest::of(store(format, content, 262'144).bytes), Digest::of(once));
  }
}

TEST(LayerBlob, BytesDoNotDependOnTheNumberOfThreads) {
  const std::string content = sample(40'000'000);  // five jobs of zstd
  const Digest one = store(zstd(3, 1), content, 1'000'000).blob.digest;
  EXPECT_EQ(store(zstd(3, 2), content, 1'000'000).blob.digest, one);
  EXPECT_EQ(store(zstd(3, 5), content, 1'000'000).blob.digest, one);
}

TEST(LayerBlob, GzipHeaderSaysNothingOfTimeAndMachine) {
  const std::string bytes = store(gzip(1), "x", 1).bytes;
  EXPECT_EQ(bytes.substr(0, 10), std::string("\x1f\x8b\x08\0\0\0\0\0\0\xff", 10));
}

TEST(LayerBlob, AnEmptyTarIsWhole) {
  const TemporaryFolder folder;
  EXPECT_EQ(run_tool("gzip -dc < " + folder.write("blob", store(gzip(1), "", 1).bytes)), "");
  EXPECT_EQ(store(gzip(1), "", 1).tar.digest, Digest::of(""));
}

TEST(LayerBlob, WhatTheOutputThrowsComesOutOfWriteOrFinish) {
  const std::string content = sample(20'000'000);
  LayerBlob layer(gzip(1),
                  [](std::span<const std::byte>) { throw Error(ErrorKind::environment, "disk", "full"); });
  EXPECT_THROW(
      {
        layer.write(std::as_bytes(std::span(content)));
        layer.finish();
      },
      Error);
}

TEST(LayerBlob, CanBeGivenUpMidway) {
  const std::string content = sample(5'000'000);
  std::uint64_t written = 0;
  {
    LayerBlob layer(gzip(1), [&](std::span<const std::byte> part) { written += part.size(); });
    layer.write(std::as_bytes(std::span(content)));
  }
  EXPECT_LT(written, content.size());
}

TEST(CheckFormat, RefusesLevelsThatDifferBetweenProcessors) {
  EXPECT_NO_THROW(check_format(gzip(2)));
  EXPECT_NO_THROW(check_format(zstd(19, 0)));
  for (const BlobFormat& format : {gzip(3), gzip(-1), zstd(0, 0), zstd(20, 0)}) {
    try {
      check_format(format);
      ADD_FAILURE() << "level " << format.level << " was taken";
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::usage);
    }
  }
}

}  // namespace
}  // namespace slim
