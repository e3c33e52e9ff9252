#include "runner/pattern.h"

#include <string>

#include <gtest/gtest.h>

namespace slim {
namespace {

Pattern pattern(const std::string& text) {
  auto compiled = Pattern::compile(text);
  EXPECT_TRUE(compiled) << compiled.error();
  return *compiled;
}

TEST(Pattern, IsFoundAnywhereAndAnchorsHoldForTheWholeText) {
  EXPECT_TRUE(pattern("b+").found_in("abbc"));
  EXPECT_FALSE(pattern("^b").found_in("a\nb"));
  EXPECT_TRUE(pattern("(?m)^b$").found_in("a\nb\nc"));
  EXPECT_FALSE(pattern("a.b").found_in("a\nb"));
}

TEST(Pattern, AWrongOneSaysWhatIsWrong) {
  const auto wrong = Pattern::compile("a(b");
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error(), "missing ): a(b");
  EXPECT_FALSE(Pattern::compile("(a)\\1")) << "what would need backtracking is no pattern";
}

TEST(Pattern, ReplacesEachMatchAndNoEmptyOne) {
  EXPECT_EQ(pattern("\\d+").replaced_in("a1b22c", "#"), "a#b#c");
  EXPECT_EQ(pattern("x*").replaced_in("axxb", "#"), "a#b");
  EXPECT_EQ(pattern(".*").replaced_in("all", "#"), "#");
  EXPECT_EQ(pattern("^a").replaced_in("aa", "#"), "#a") << "an anchor holds once";
}

TEST(Pattern, BytesThatAreNoTextBreakNothing) {
  const std::string bytes = std::string("\xff\xfe") + "ok\0ok" + '\0';
  EXPECT_TRUE(pattern("ok").found_in(bytes));
  EXPECT_EQ(pattern("ok").replaced_in("\xff"
                                      "ok\xfe",
                                      "#"),
            "\xff#\xfe");
}

TEST(Pattern, ALongTextThatOthersTakeAgesForIsSoonDone) {
  EXPECT_FALSE(pattern("(a+)+$").found_in(std::string(1U << 20U, 'a') + "b"));
}

}  // namespace
}  // namespace slim
