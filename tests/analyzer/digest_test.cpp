#include "analyzer/digest.h"

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include <gtest/gtest.h>

#include "tests/analyzer/error_matcher.h"

namespace slim {
namespace {

// FIPS 180-4's examples: "abc", and no bytes at all.
constexpr std::string_view sha256_abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
constexpr std::string_view sha256_nothing =
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
constexpr std::string_view sha512_abc =
    "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423"
    "643ce80e2"
    "a9ac94fa54ca49f";

std::span<const std::byte> bytes(std::string_view text) {
  return std::as_bytes(std::span(text));
}

TEST(Digest, OfKnownTexts) {
  EXPECT_EQ(Digest::of("abc").text(), "sha256:" + std::string(sha256_abc));
  EXPECT_EQ(Digest::of("").hex(), sha256_nothing);
  EXPECT_EQ(Digest::of("abc").algorithm(), "sha256");
}

TEST(Digest, HasherTakesPartsAndStartsAgain) {
  Hasher hasher;
  hasher.update(bytes("a"));
  hasher.update({});
  hasher.update(bytes("bc"));
  EXPECT_EQ(hasher.finish().hex(), sha256_abc);
  EXPECT_EQ(hasher.finish().hex(), sha256_nothing);
  hasher.update(bytes("abc"));
  EXPECT_EQ(to_hex(hasher.finish_raw()), sha256_abc);
  EXPECT_EQ(to_hex(hasher.finish_raw()), sha256_nothing);
}

TEST(Digest, HasherOfSha512AndMoved) {
  Hasher first("sha512");
  first.update(bytes("ab"));
  Hasher second(std::move(first));
  second.update(bytes("c"));
  const Digest digest = second.finish();
  EXPECT_EQ(digest.algorithm(), "sha512");
  EXPECT_EQ(digest.hex(), sha512_abc);
}

TEST(Digest, ParseTakesWhatItWrites) {
  for (const std::string& text : {"sha256:" + std::string(sha256_abc), "sha512:" + std::string(sha512_abc)}) {
    const Digest digest = Digest::parse(text, "x");
    EXPECT_EQ(digest.text(), text);
    EXPECT_FALSE(digest.empty());
  }
  EXPECT_EQ(Digest::parse("sha256:" + std::string(sha256_abc), "x"), Digest::of("abc"));
}

TEST(Digest, ParseRefusesEverythingElse) {
  const std::string hex(sha256_abc);
  for (const std::string& text :
       {std::string(), std::string("sha256"), std::string("sha256:"), hex, ":" + hex, "sha256:" + hex + "0",
        "sha256:" + hex.substr(1), "sha256:G" + hex.substr(1), "sha256:B" + hex.substr(1), "SHA256:" + hex,
        "sha512:" + hex, std::string("md5:d41d8cd98f00b204e9800998ecf8427e"), "sha256:../../" + hex.substr(6),
        "sha256:sha256:" + hex.substr(7), "sha256:" + std::string(64, '\0')}) {
    test::expect_input_error([&] { Digest::parse(text, "index.json: manifest 2"); },
                             "index.json: manifest 2: '" + text.substr(0, text.find('\0')));
  }
}

TEST(Digest, NoneIsEmpty) {
  EXPECT_TRUE(Digest().empty());
  EXPECT_EQ(Digest().algorithm(), "");
  EXPECT_EQ(Digest().hex(), "");
  EXPECT_LT(Digest(), Digest::of(""));
}

TEST(Digest, HexIsLowerCaseWithLeadingZeros) {
  EXPECT_EQ(to_hex(bytes(std::string_view("\0\x0f\xf0\xff", 4))), "000ff0ff");
  EXPECT_EQ(to_hex({}), "");
}

}  // namespace
}  // namespace slim
