#include "analyzer/glob.h"

#include <cstdint>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace slim {
namespace {

TEST(Glob, StarsStayInsideAComponent) {
  EXPECT_TRUE(glob_match("/usr/*/x", "/usr/lib/x"));
  EXPECT_FALSE(glob_match("/usr/*/x", "/usr/lib/a/x"));
  EXPECT_TRUE(glob_match("/usr/**/x", "/usr/lib/a/x"));
  EXPECT_TRUE(glob_match("/usr/**/x", "/usr/x"));
  EXPECT_TRUE(glob_match("/usr/**", "/usr/lib/a/x"));
  EXPECT_FALSE(glob_match("/usr/*", "/usr/lib/a"));
}

TEST(Glob, WithoutLeadingSlashMatchesAtAnyDepth) {
  EXPECT_TRUE(glob_match("*.pyc", "/usr/lib/python3/a.pyc"));
  EXPECT_TRUE(glob_match("**/libc.so.6", "/usr/lib/x86_64-linux-gnu/libc.so.6"));
  EXPECT_FALSE(glob_match("libc.so", "/usr/lib/libc.so.6"));
}

TEST(Glob, ClassesAlternativesAndEscapes) {
  EXPECT_TRUE(glob_match("/lib/lib[a-c].so.{1,2}", "/lib/libb.so.2"));
  EXPECT_FALSE(glob_match("/lib/lib[!a-c].so", "/lib/libb.so"));
  EXPECT_TRUE(glob_match("/a\\*b", "/a*b"));
  EXPECT_FALSE(glob_match("/a\\*b", "/axb"));
  EXPECT_TRUE(glob_match("/x[", "/x["));
}

TEST(Glob, BracesNestAndKeepTheirOrder) {
  EXPECT_THAT(expand_braces("a{b,c{d,e}}"), testing::UnorderedElementsAre("ab", "acd", "ab", "ace"));
  EXPECT_THAT(expand_braces("{x,y}1"), testing::ElementsAre("x1", "y1"));
  EXPECT_THAT(expand_braces("plain"), testing::ElementsAre("plain"));
  EXPECT_THAT(expand_braces("\\{1}"), testing::ElementsAre("\\{1}"));
  EXPECT_THAT(expand_braces("{a,\\}b}\\}"), testing::ElementsAre("a\\}", "\\}b\\}"));
}

TEST(Glob, SeveralDoubleStarsTakeWhatTheyNeed) {
  EXPECT_TRUE(glob_match("/a/**/b/**/c", "/a/x/b/y/b/z/c"));
  EXPECT_TRUE(glob_match("/**/b/c/**", "/b/b/c"));
  EXPECT_FALSE(glob_match("/a/**/b/**/c", "/a/x/c/b"));
  EXPECT_TRUE(glob_match("/**", "/"));
  EXPECT_TRUE(glob_match("**", "/a/b"));
  EXPECT_FALSE(glob_match("/", "/a"));
}

TEST(GlobIndex, AnswersAsEachPatternByItself) {
  const std::vector<std::string> patterns{
      "/usr/*/x",     "*.pyc", "/lib/lib[a-c].so.{1,2}", "/usr/**",           "/a\\*b",
      "**/libc.so.6", "/",     "/usr/lib/{x,y/**}",      "/usr/lib/**/*.pyc", "name"};
  GlobIndex index;
  for (std::uint32_t i = 0; i < patterns.size(); ++i) index.add(patterns[i], i);
  for (const std::string path : {"/usr/lib/x", "/usr/lib/y/z/a.pyc", "/lib/libb.so.2", "/a*b", "/axb", "/",
                                 "/usr", "/lib/libc.so.6", "/srv/name", "/name/other"}) {
    std::vector<std::uint32_t> expected;
    for (std::uint32_t i = 0; i < patterns.size(); ++i) {
      if (glob_match(patterns[i], path)) expected.push_back(i);
    }
    EXPECT_EQ(index.find(path), expected) << path;
    EXPECT_EQ(index.matches(path), !expected.empty()) << path;
  }
  EXPECT_THAT(index.find("/usr/lib/x"), testing::ElementsAre(0, 3, 7));
}

TEST(Glob, HostilePatternsEnd) {
  std::string braces;
  for (int i = 0; i < 40; ++i) braces += "{a,b}";
  EXPECT_LE(expand_braces(braces).size(), 1100U);
  std::string stars;
  for (int i = 0; i < 200; ++i) stars += "*a";
  EXPECT_FALSE(component_match(stars, std::string(4000, 'a') + "b"));
}

}  // namespace
}  // namespace slim
