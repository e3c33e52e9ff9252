#include "analyzer/json.h"

#include <cstddef>
#include <string>
#include <string_view>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "tests/analyzer/error_matcher.h"

namespace slim {
namespace {

std::string nested(std::size_t levels) {
  return std::string(levels, '[') + std::string(levels, ']');
}

TEST(Json, ParsesDocuments) {
  EXPECT_EQ(parse_json(R"({"a": [1, "x", null]})", "x")["a"][1], "x");
  EXPECT_TRUE(parse_json(" true ", "x").is_boolean());
}

TEST(Json, ErrorsNameThePlace) {
  test::expect_input_error([] { parse_json("{\n  \"a\": 1,\n  b\n}", "rules.json"); },
                           "rules.json: line 3, column 3: not valid JSON: ");
  test::expect_input_error([] { parse_json("", "index.json"); },
                           "index.json: line 1, column 1: not valid JSON: ");
  test::expect_input_error([] { parse_json("{\"a\": ", "x"); }, "x: line 1, column 7: ");
  test::expect_input_error([] { parse_json("[1] 2", "x"); }, "x: line 1, column 5: ");
  test::expect_input_error([] { parse_json("[1e999]", "x"); }, "x: not valid JSON: number overflow");
  test::expect_input_error([] { parse_json("[\"\xff\"]", "x"); }, "x: line 1, column 3: not valid JSON: ");
}

TEST(Json, CommentsWhereTheyAreAllowed) {
  constexpr std::string_view text = "// one\n[1, /* two\n */ 2]";
  EXPECT_EQ(parse_json(text, "x", true).size(), 2U);
  test::expect_input_error([&] { parse_json(text, "x"); }, "x: line 1, column 1: ");
}

TEST(Json, DepthIsBounded) {
  EXPECT_EQ(parse_json(nested(100), "x").size(), 1U);
  test::expect_input_error([] { parse_json(nested(102), "x"); }, "x: nested deeper than 100 levels");
  test::expect_input_error([] { parse_json(std::string(1'000'000, '['), "x"); },
                           "nested deeper than 100 levels");
  std::string objects;
  for (int i = 0; i < 100'000; ++i) objects += "{\"a\":";
  test::expect_input_error([&] { parse_json(objects, "x"); }, "nested deeper than 100 levels");
}

TEST(Json, PlacesAreCountedFromOne) {
  EXPECT_EQ(place_in_text("", 0), "line 1, column 1");
  EXPECT_EQ(place_in_text("ab\ncd", 0), "line 1, column 1");
  EXPECT_EQ(place_in_text("ab\ncd", 1), "line 1, column 2");
  EXPECT_EQ(place_in_text("ab\ncd", 2), "line 1, column 3");
  EXPECT_EQ(place_in_text("ab\ncd", 3), "line 2, column 1");
  EXPECT_EQ(place_in_text("ab\ncd", 99), "line 2, column 3");
}

}  // namespace
}  // namespace slim
