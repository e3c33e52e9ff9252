#include "analyzer/dangling_links.h"

#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "analyzer/file_tree.h"
#include "analyzer/layer_index.h"
#include "tests/analyzer/tree_fixture.h"

namespace slim {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

using test::file;
using test::folder;
using test::layer;
using test::symlink;

struct Sample {
  explicit Sample(std::vector<LayerEntry> entries) {
    layers.push_back(layer(std::move(entries)));
    tree = FileTree::squash(layers);
  }
  std::vector<LayerIndex> layers;
  FileTree tree;
};

TEST(DanglingLinks, AreThoseThatLeadOutOfTheImage) {
  const Sample image({folder("etc"), folder("run"), symlink("etc/mtab", "table"),
                      symlink("etc/table", "/proc/mounts"), symlink("var", "run"), symlink("kernel", "/proc"),
                      symlink("loop", "loop")});
  const auto links = [&](const std::string& path) {
    return dangling_links(image.tree, image.tree.resolve(path));
  };
  EXPECT_THAT(links("/etc/mtab"), ElementsAre(image.tree.find("/etc/mtab"), image.tree.find("/etc/table")));
  EXPECT_THAT(links("/kernel/meminfo"), ElementsAre(image.tree.find("/kernel")));
  EXPECT_THAT(links("/var/new"), IsEmpty()) << "the link leads to a folder that is there";
  EXPECT_THAT(links("/loop"), ElementsAre(image.tree.find("/loop")));
}

TEST(LacksPath, WhereTheTargetOrALinkThatLeadsOutIsGone) {
  const Sample original({folder("etc"), file("etc/real"), symlink("etc/name", "real"),
                         symlink("etc/mtab", "/proc/mounts"), symlink("kernel", "/proc")});
  const Sample without({folder("etc"), symlink("etc/name", "real")});
  const auto lacks = [&](const std::string& path) { return lacks_path(without.tree, original.tree, path); };
  EXPECT_TRUE(lacks("/etc/real"));
  EXPECT_TRUE(lacks("/etc/name")) << "the link is there, and leads nowhere now";
  EXPECT_TRUE(lacks("/etc/mtab"));
  EXPECT_TRUE(lacks("/kernel/meminfo"));
  EXPECT_FALSE(lacks("/etc")) << "both have it";
  EXPECT_FALSE(lacks("/never/there"));
  EXPECT_FALSE(lacks_path(original.tree, original.tree, "/etc/mtab"));
}

}  // namespace
}  // namespace slim
