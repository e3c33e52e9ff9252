#include "runner/compare.h"

#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "runner/text_diff.h"

namespace slim {
namespace {

using Values = std::vector<std::string>;

Match compare(const Values& originals, const Values& slimmed) {
  return compare_values(originals, slimmed);
}

TEST(CompareValues, EqualTextsAreTheSame) {
  EXPECT_EQ(compare({"a", "a"}, {"a", "a"}), Match::same);
}

TEST(CompareValues, ASteadyOriginalMasksNothing) {
  EXPECT_EQ(compare({"pid 7", "pid 7"}, {"pid 8", "pid 8"}), Match::different);
}

TEST(CompareValues, NumbersThatVaryInTheOriginalAreMasked) {
  EXPECT_EQ(compare({"pid 7 up", "pid 19 up"}, {"pid 4 up", "pid 5 up"}), Match::same);
}

TEST(CompareValues, OnlyThePlaceThatVariesIsMasked) {
  EXPECT_EQ(compare({"pid 7 code 1", "pid 9 code 1"}, {"pid 8 code 2", "pid 8 code 2"}), Match::different);
  EXPECT_EQ(compare({"pid 7 up", "pid 9 up"}, {"pid none up", "pid none up"}), Match::different);
}

TEST(CompareValues, DatesThatVaryAreMasked) {
  EXPECT_EQ(compare({"Mon, 30 Nov 2026 23:59:59 GMT", "Tue, 01 Dec 2026 00:00:01 GMT"},
                    {"Tue, 01 Dec 2026 00:00:00 GMT", "Tue, 01 Dec 2026 00:00:00 GMT"}),
            Match::same);
}

TEST(CompareValues, WordsThatVaryAreNotMasked) {
  EXPECT_EQ(compare({"red", "blue"}, {"red", "blue"}), Match::unstable);
}

TEST(CompareValues, LinesThatComeAndGoAreUnstable) {
  EXPECT_EQ(compare({"a1\nb\n", "a1\n"}, {"a1\nb\n", "a1\nb\n"}), Match::unstable);
}

TEST(CompareValues, ASlimmedSideThatOnlySometimesDiffersIsUnstable) {
  EXPECT_EQ(compare({"a", "a"}, {"a", "b"}), Match::unstable);
}

TEST(CompareFacets, OfTwoOfOneNameNoneIsPassedOver) {
  const auto run = [](const std::string& first) {
    return std::vector<Facet>{{.what = "a (2): body", .value = first},
                              {.what = "a (2): body", .value = "same"}};
  };
  const std::vector<std::vector<Facet>> originals{run("one"), run("one")};
  const std::vector<std::vector<Facet>> slimmed{run("other"), run("other")};
  const auto results = compare_facets(originals, slimmed);
  ASSERT_EQ(results.size(), 1U);
  EXPECT_EQ(results[0].match, Match::different);
}

TEST(CompareFacets, HowItEndedIsNeverMasked) {
  const std::vector<std::vector<Facet>> originals{
      {{.what = "exit status", .value = "exit 0", .ending = true}},
      {{.what = "exit status", .value = "exit 3", .ending = true}}};
  const auto results = compare_facets(originals, originals);
  ASSERT_EQ(results.size(), 1U);
  EXPECT_EQ(results[0].match, Match::unstable);
  EXPECT_EQ(results[0].instance, "'exit 0' and 'exit 3'");
}

TEST(CompareFacets, WhatIsUnstableIsShownByItsLine) {
  const auto runs = [](std::string_view value) {
    return std::vector<Facet>{
        {.what = "stdout", .value = std::string("first\n") + std::string(value) + "\nlast\n"}};
  };
  const std::vector<std::vector<Facet>> originals{runs("heads"), runs("tails")};
  const std::vector<std::vector<Facet>> steady(2, runs("heads"));
  auto results = compare_facets(originals, steady);
  EXPECT_EQ(results.at(0).match, Match::unstable);
  EXPECT_TRUE(results.at(0).masked);
  EXPECT_EQ(results.at(0).instance, "'heads' and 'tails'");
  results = compare_facets(steady, originals);
  EXPECT_EQ(results.at(0).match, Match::unstable);
  EXPECT_FALSE(results.at(0).masked);
  EXPECT_EQ(results.at(0).instance, "'heads' and 'tails'");
}

TEST(CompareFacets, AFacetThatOneSideLacksIsADifference) {
  const std::vector<std::vector<Facet>> originals(2,
                                                  {{.what = "x", .value = "1"}, {.what = "y", .value = "2"}});
  const std::vector<std::vector<Facet>> slimmed(2,
                                                {{.what = "x", .value = "1"}, {.what = "z", .value = "3"}});
  const auto results = compare_facets(originals, slimmed);
  ASSERT_EQ(results.size(), 3U);
  EXPECT_EQ(results[0].match, Match::same);
  EXPECT_EQ(results[1].match, Match::different);
  EXPECT_EQ(results[1].slimmed, "(none)");
  EXPECT_EQ(results[2].original.what, "z");
  EXPECT_EQ(results[2].original.value, "(none)");
  EXPECT_EQ(results[2].match, Match::different);
}

TEST(UnifiedDiff, EqualTextsHaveNone) {
  EXPECT_EQ(unified_diff("a\nb\n", "a\nb\n"), "");
}

TEST(UnifiedDiff, ShowsChangesWithThreeLinesOfContext) {
  EXPECT_EQ(unified_diff("1\n2\n3\n4\n5\n6\n7\n8\n9\n", "1\n2\n3\n4\nfive\n6\n7\n8\n9\n"),
            "--- original\n+++ slimmed\n@@ -2,7 +2,7 @@\n 2\n 3\n 4\n-5\n+five\n 6\n 7\n 8\n");
}

TEST(UnifiedDiff, FindsWhatIsCommonInTheMiddle) {
  EXPECT_EQ(unified_diff("a\nb\nc\n", "b\nc\nd\n"),
            "--- original\n+++ slimmed\n@@ -1,3 +1,3 @@\n-a\n b\n c\n+d\n");
}

TEST(UnifiedDiff, FarChangesAreHunksOfTheirOwn) {
  std::string a;
  std::string b;
  for (int i = 1; i <= 20; ++i) {
    a += std::to_string(i) + "\n";
    b += (i == 1 || i == 20 ? "x" : std::to_string(i)) + "\n";
  }
  const auto diff = unified_diff(a, b);
  EXPECT_NE(diff.find("@@ -1,4 +1,4 @@\n-1\n+x\n 2\n"), std::string::npos) << diff;
  EXPECT_NE(diff.find("@@ -17,4 +17,4 @@\n 17\n 18\n 19\n-20\n+x\n"), std::string::npos) << diff;
}

TEST(UnifiedDiff, IsBounded) {
  std::string a;
  std::string b;
  for (int i = 0; i < 5000; ++i) {
    a += "a" + std::to_string(i) + "\n";
    b += "b" + std::to_string(i) + "\n";
  }
  EXPECT_EQ(unified_diff(a, b), "--- original\n+++ slimmed\n... more than 2,000 lines differ\n");
}

}  // namespace
}  // namespace slim
