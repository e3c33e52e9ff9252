#include "runner/id_map.h"

#include <vector>

#include <gtest/gtest.h>

namespace slim {
namespace {

TEST(SubordinateIds, LinesOfTheUserByNameOrNumber) {
  const std::vector<IdRange> expected{{.inside = 0, .outside = 100000, .count = 65536},
                                      {.inside = 0, .outside = 300000, .count = 10}};
  EXPECT_EQ(parse_subordinate_ids("other:1:2\nme:100000:65536\n\n1000:300000:10\nme:x:1\nme:5\nme:0:9\n",
                                  "me", 1000),
            expected);
}

TEST(RangeForRoot, AWholeMachineGivesAHighRange) {
  const IdRange expected{.inside = 0, .outside = 1U << 30, .count = 1U << 24};
  EXPECT_EQ(range_for_root("         0          0 4294967295\n"), expected);
}

TEST(RangeForRoot, InsideAContainerTheLongestRangeWithoutItsRoot) {
  const IdRange expected{.inside = 0, .outside = 1, .count = 65535};
  EXPECT_EQ(range_for_root("0 100000 1\n1 200000 65535\n"), expected);
  EXPECT_EQ(range_for_root("0 100000 65536\n"), expected);
}

TEST(RangeForRoot, NoOtherIdThanRootIsNoRange) {
  EXPECT_FALSE(range_for_root("0 1000 1\n").has_value());
}

TEST(IdPlan, KnowsWhatItMaps) {
  IdPlan plan;
  plan.users = {{.inside = 0, .outside = 1000, .count = 1}, {.inside = 1, .outside = 100000, .count = 65536}};
  EXPECT_TRUE(plan.maps_user(0));
  EXPECT_TRUE(plan.maps_user(65536));
  EXPECT_FALSE(plan.maps_user(65537));
  EXPECT_FALSE(plan.maps_group(0));
}

}  // namespace
}  // namespace slim
