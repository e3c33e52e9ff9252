#include "analyzer/efficiency.h"

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "analyzer/layer_index.h"
#include "tests/analyzer/tree_fixture.h"

namespace slim {
namespace {

using test::entry;
using test::file;
using test::folder;
using test::hardlink;
using test::layer;
using test::OwnedTree;
using test::symlink;
using test::whiteout;
using testing::ElementsAre;
using testing::IsEmpty;

Efficiency measure(std::vector<LayerIndex> layers) {
  const OwnedTree image(std::move(layers));
  return measure_efficiency(image.layers, image.tree);
}

TEST(Efficiency, OneLayerWastesNothing) {
  const Efficiency result = measure(
      {layer({folder("d"), file("d/a", 10), file("d/b", 20), symlink("l", "d/a"), hardlink("h", "d/a")})});
  EXPECT_DOUBLE_EQ(result.efficiency, 1.0);
  EXPECT_EQ(result.wasted, 0U);
  EXPECT_EQ(result.hidden, 0U);
  EXPECT_THAT(result.hidden_by_layer, ElementsAre(0U));
}

TEST(Efficiency, AnEmptyImageIsEfficient) {
  EXPECT_DOUBLE_EQ(measure({}).efficiency, 1.0);
  EXPECT_THAT(measure({}).hidden_by_layer, IsEmpty());
  EXPECT_DOUBLE_EQ(measure({layer({folder("d")}), layer({folder("d")})}).efficiency, 1.0);
}

// By hand, after dive: smallest 30 + 100, all 30 + 50 + 40 + 100; wasted is every copy of what comes twice.
TEST(Efficiency, EveryCopyOfAPathCounts) {
  const Efficiency result =
      measure({layer({file("a", 50), file("b", 100)}), layer({file("a", 30)}), layer({file("a", 40)})});
  EXPECT_DOUBLE_EQ(result.efficiency, 130.0 / 220.0);
  EXPECT_EQ(result.wasted, 120U);
  EXPECT_EQ(result.hidden, 80U);
  EXPECT_THAT(result.hidden_by_layer, ElementsAre(50U, 30U, 0U));
}

TEST(Efficiency, NamesThePathsThatWasteMost) {
  std::vector<LayerEntry> lower{file("once", 999)};
  for (std::uint64_t i = 1; i <= 12; ++i) lower.push_back(file("f" + std::to_string(i), 100 * i));
  const Efficiency result = measure(
      {layer(std::move(lower)),
       layer({file("f3", 2000), file("f12", 1), file("f7", 700), whiteout("f1"), file("f2", 0), file("f4", 1),
              file("f5", 1), file("f6", 1), file("f8", 1), file("f9", 1), file("f10", 1), file("f11", 1)})});
  ASSERT_EQ(result.most_wasted.size(), 10U);
  EXPECT_EQ(result.most_wasted[0].path, "/f3");
  EXPECT_EQ(result.most_wasted[0].bytes, 2300U);
  EXPECT_EQ(result.most_wasted[0].smallest, 300U);
  EXPECT_EQ(result.most_wasted[0].copies, 2U);
  EXPECT_EQ(result.most_wasted[1].path, "/f7");
  EXPECT_EQ(result.most_wasted[2].path, "/f12");
  EXPECT_EQ(result.most_wasted[9].path, "/f4");
  EXPECT_EQ(result.smallest, 999U + 300 + 1 + 700 + 0 + 0 + 7);
  EXPECT_DOUBLE_EQ(result.efficiency,
                   static_cast<double>(result.smallest) / static_cast<double>(result.stored));
}

// A deleted file is a copy of no bytes: smallest 0 + 30, all 70 + 30.
TEST(Efficiency, ADeletedFileIsWasted) {
  const Efficiency result =
      measure({layer({file("gone", 70), file("stays", 30)}), layer({whiteout("gone")})});
  EXPECT_DOUBLE_EQ(result.efficiency, 0.3);
  EXPECT_EQ(result.wasted, 70U);
  EXPECT_EQ(result.hidden, 70U);
  EXPECT_THAT(result.hidden_by_layer, ElementsAre(70U, 0U));
}

// dive counts the deletion of a folder that was never a leaf as its only copy, of all its bytes: nothing is
// wasted. Smallest and all: 10 + 20 + (10 + 20) + 5.
TEST(Efficiency, ADeletedFolderIsNoWasteToDiveButHidden) {
  const Efficiency result =
      measure({layer({folder("d"), file("d/a", 10), folder("d/e"), file("d/e/b", 20), file("d0", 5)}),
               layer({whiteout("d")})});
  EXPECT_DOUBLE_EQ(result.efficiency, 1.0);
  EXPECT_EQ(result.wasted, 0U);
  EXPECT_EQ(result.hidden, 30U);
  EXPECT_THAT(result.hidden_by_layer, ElementsAre(30U, 0U));
}

// Empty in the first layer, so a leaf of no bytes; deleted when it holds 40: smallest 0 + 40, all 40 + 40.
TEST(Efficiency, AFolderThatWasALeafAndIsDeletedIsWasted) {
  const Efficiency result = measure({layer({folder("d")}), layer({file("d/a", 40)}), layer({whiteout("d")})});
  EXPECT_DOUBLE_EQ(result.efficiency, 0.5);
  EXPECT_EQ(result.wasted, 40U);
  EXPECT_EQ(result.hidden, 40U);
}

// The second deletion is of what is new in the folder: d has the copies 10 and 4. Smallest 10 + 4 + 4, all
// 10 + 4 + 14.
TEST(Efficiency, WhatIsDeletedIsWhatIsThereThen) {
  const Efficiency result = measure({layer({folder("d"), file("d/a", 10)}), layer({whiteout("d")}),
                                     layer({folder("d"), file("d/b", 4)}), layer({whiteout("d")})});
  EXPECT_DOUBLE_EQ(result.efficiency, 18.0 / 28.0);
  EXPECT_EQ(result.wasted, 14U);
  EXPECT_EQ(result.hidden, 14U);
}

TEST(Efficiency, OpaqueFoldersHideAndAreNoCopies) {
  const Efficiency result = measure({layer({folder("d"), file("d/a", 10)}),
                                     layer({folder("d"), entry(EntryType::opaque, "d"), file("d/b", 10)})});
  EXPECT_DOUBLE_EQ(result.efficiency, 1.0);
  EXPECT_EQ(result.wasted, 0U);
  EXPECT_EQ(result.hidden, 10U);
}

// Layer 2 adds n and l, stores a again, deletes d with b and c; layer 3 deletes n and brings it back as a
// link.
TEST(Efficiency, WhatALayerAddsChangesAndHides) {
  const Efficiency result =
      measure({layer({folder("d"), file("a", 50), file("d/b", 100), file("d/c", 7)}),
               layer({whiteout("d"), file("a", 30), file("n", 5), symlink("l", "a"), folder("e")}),
               layer({whiteout("n"), symlink("n", "a"), folder("e")})});
  ASSERT_EQ(result.changes.size(), 3U);
  const auto sum = [](std::uint64_t files, std::uint64_t bytes) { return FileSum{files, bytes}; };
  EXPECT_EQ(result.changes[0].added, sum(3, 157));
  EXPECT_EQ(result.changes[0].changed, sum(0, 0));
  EXPECT_EQ(result.changes[0].hides, sum(0, 0));
  EXPECT_EQ(result.changes[1].added, sum(2, 5));
  EXPECT_EQ(result.changes[1].changed, sum(1, 30));
  EXPECT_EQ(result.changes[1].hides, sum(3, 157));
  EXPECT_EQ(result.changes[2].added, sum(0, 0));
  EXPECT_EQ(result.changes[2].changed, sum(1, 0));
  EXPECT_EQ(result.changes[2].hides, sum(1, 5));
}

TEST(Efficiency, DeletionsOfNothingDoNotCount) {
  const Efficiency result = measure({layer({file("a", 10)}), layer({whiteout("nothing"), whiteout("a/b")})});
  EXPECT_DOUBLE_EQ(result.efficiency, 1.0);
  EXPECT_EQ(result.wasted, 0U);
}

}  // namespace
}  // namespace slim
