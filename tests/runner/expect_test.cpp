#include "runner/expect.h"

#include <string>

#include <gtest/gtest.h>

#include "runner/probe.h"
#include "runner/sandbox.h"

namespace slim {
namespace {

TextExpect contains(const std::string& text) {
  TextExpect expect;
  expect.contains = {text};
  return expect;
}

TEST(Expect, ATextThatHoldsSaysNothing) {
  TextExpect expect = contains("b");
  expect.matches = {*Pattern::compile("^a")};
  expect.excludes = {*Pattern::compile("z")};
  expect.equals = {"abc"};
  EXPECT_EQ(unmet(expect, "abc", "body"), "");
  EXPECT_EQ(unmet(expect, "abc\n", "body"), "") << "the last newline is nobody's business";
}

TEST(Expect, TheFirstThingThatDoesNotHoldIsSaid) {
  EXPECT_EQ(unmet(contains("x"), "a\nb\x01", "body"), "body: expected to contain 'x', found 'a\\nb\\x01'");
  TextExpect expect;
  expect.matches = {*Pattern::compile("^b")};
  EXPECT_EQ(unmet(expect, "a", "stdout"), "stdout: expected to match '^b', found 'a'");
  expect = {};
  expect.excludes = {*Pattern::compile("a")};
  EXPECT_EQ(unmet(expect, "a", "stdout"), "stdout: expected not to match 'a', found 'a'");
  expect = {};
  expect.equals = {"a"};
  EXPECT_EQ(unmet(expect, "a\n\n", "x"), "x: expected to be 'a', found 'a\\n\\n'");
}

TEST(Expect, OfAProgram) {
  ProcessExpect expect;
  expect.exit = 0;
  EXPECT_EQ(unmet(expect, {.code = 3}, "", "no file\n"),
            "expected exit 0, found exit 3; stderr 'no file\\n'");
  expect.exit = 143;
  EXPECT_EQ(unmet(expect, {.code = 0, .signal = 15}, "", ""), "") << "as a shell counts";
  expect = {};
  expect.stderr_text = contains("e");
  EXPECT_EQ(unmet(expect, {}, "e", "o"), "stderr: expected to contain 'e', found 'o'");
  expect = {};
  expect.output_text = contains("e");
  EXPECT_EQ(unmet(expect, {}, "o", "e"), "");
}

TEST(Expect, OfAStatus) {
  EXPECT_EQ(unmet_status({}, 404), "");
  EXPECT_EQ(unmet_status({}, 503), "expected a status below 500, found 503");
  EXPECT_EQ(unmet_status({{200, 299}, {404, 404}}, 404), "");
  EXPECT_EQ(unmet_status({{200, 299}, {404, 404}}, 301), "expected status 200 to 299, 404, found 301");
}

TEST(Expect, ALongTextIsCut) {
  const auto text = slim::quoted(std::string(1000, 'a'));
  EXPECT_EQ(text, "'" + std::string(160, 'a') + "' and 840 more bytes");
}

}  // namespace
}  // namespace slim
