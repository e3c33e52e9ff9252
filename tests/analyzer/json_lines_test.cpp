#include "analyzer/json_lines.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace slim {
namespace {

using testing::Pair;
using testing::UnorderedElementsAre;

TEST(JsonLines, KeysAndElementsHaveTheLineOnWhichTheyBegin) {
  EXPECT_THAT(
      json_lines(
          "[ // a\n  { \"id\":\n \"x\",\n /* b\n c */ \"when\": { \"kept\": [ 1,\n \"two\" ] } },\n {}\n]"),
      UnorderedElementsAre(Pair("/0", 2), Pair("/0/id", 2), Pair("/0/when", 5), Pair("/0/when/kept", 5),
                           Pair("/0/when/kept/0", 5), Pair("/0/when/kept/1", 6), Pair("/1", 7)));
}

TEST(JsonLines, LineEndsInStringsAreNoneAndDepthIsBounded) {
  EXPECT_THAT(json_lines("{\"a\\n\": 1,\n\"b\": 2}"), UnorderedElementsAre(Pair("/a\n", 1), Pair("/b", 2)));
  const auto deep = json_lines(std::string(100, '[') + std::string(100, ']'));
  EXPECT_EQ(deep.size(), 8U);
}

TEST(JsonLines, WhatIsNoJsonHasTheLinesUpToTheMistake) {
  EXPECT_THAT(json_lines("[\n1,\n}"), UnorderedElementsAre(Pair("/0", 2)));
}

}  // namespace
}  // namespace slim
