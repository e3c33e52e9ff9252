#include "analyzer/file_tree.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "analyzer/layer_index.h"
#include "tests/analyzer/tree_fixture.h"

namespace slim {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

using test::entry;
using test::file;
using test::folder;
using test::hardlink;
using test::layer;
using test::symlink;

/// The whole tree as a table, one path a line, so that tests compare all of it.
std::vector<std::string> dump(const FileTree& tree) {
  std::vector<std::string> lines;
  for (const NodeId id : tree.walk()) {
    const LayerEntry& at = tree.entry(id);
    std::string line = tree.path(id);
    if (at.type == EntryType::directory) line += tree.inode_of(id).implicit ? " implicit" : " dir";
    if (at.type == EntryType::symlink) line += " -> " + at.link;
    if (at.type == EntryType::file) line += " layer " + std::to_string(tree.inode_of(id).layer);
    lines.push_back(line);
  }
  return lines;
}

TEST(FileTree, UpperLayersReplaceAndWhiteoutsDelete) {
  const std::vector<LayerIndex> layers = [] {
    std::vector<LayerIndex> made;
    made.push_back(layer({folder("etc"), file("etc/a", 3), file("etc/b", 5), file("gone", 7)}));
    made.push_back(layer({folder("etc"), file("etc/a", 4), entry(EntryType::whiteout, "gone")}));
    return made;
  }();
  const FileTree tree = FileTree::squash(layers);
  EXPECT_THAT(dump(tree), ElementsAre("/ implicit", "/etc dir", "/etc/a layer 1", "/etc/b layer 0"));
  ASSERT_EQ(tree.hidden().size(), 2U);
  EXPECT_EQ(tree.hidden()[0].entry->path, "gone");
  EXPECT_EQ(tree.hidden()[1].entry->path, "etc/a");
  EXPECT_EQ(tree.hidden()[1].entry->size, 3U);
  EXPECT_EQ(tree.hidden()[1].hidden_by, 1U);
}

TEST(FileTree, WhiteoutsOfALayerSpareItsOwnEntriesWhateverTheirOrder) {
  std::vector<LayerIndex> layers;
  layers.push_back(layer({folder("d"), file("d/old"), file("f")}));
  layers.push_back(
      layer({file("d/new"), entry(EntryType::opaque, "d"), file("f"), entry(EntryType::whiteout, "f")}));
  EXPECT_THAT(dump(FileTree::squash(layers)),
              ElementsAre("/ implicit", "/d dir", "/d/new layer 1", "/f layer 1"));
}

TEST(FileTree, FolderReplacedBySymlinkAndTheReverse) {
  std::vector<LayerIndex> layers;
  layers.push_back(layer({folder("a"), file("a/x"), symlink("b", "a")}));
  layers.push_back(layer({symlink("a", "c"), folder("b"), file("b/y")}));
  EXPECT_THAT(dump(FileTree::squash(layers)), ElementsAre("/ implicit", "/a -> c", "/b dir", "/b/y layer 1"));
}

TEST(FileTree, EntriesBelowASymlinkedFolderGoWhereItLeads) {
  std::vector<LayerIndex> layers;
  layers.push_back(layer({folder("usr"), folder("usr/lib"), symlink("lib", "usr/lib")}));
  layers.push_back(layer({file("lib/x.so")}));
  EXPECT_THAT(dump(FileTree::squash(layers)), ElementsAre("/ implicit", "/lib -> usr/lib", "/usr dir",
                                                          "/usr/lib dir", "/usr/lib/x.so layer 1"));
}

TEST(FileTree, HardLinksShareAnInodeAcrossLayersAndSurviveTheirFirstName) {
  std::vector<LayerIndex> layers;
  layers.push_back(layer({file("first", 9), hardlink("second", "first")}));
  layers.push_back(layer({hardlink("third", "second"), entry(EntryType::whiteout, "first")}));
  const FileTree tree = FileTree::squash(layers);
  // The whiteout of layer 1 comes before its entries, and second still leads to the inode.
  EXPECT_THAT(dump(tree), ElementsAre("/ implicit", "/second layer 0", "/third layer 0"));
  EXPECT_EQ(tree.node(tree.find("/second")).inode, tree.node(tree.find("third")).inode);
  EXPECT_EQ(tree.inode_of(tree.find("second")).names.size(), 2U);
  EXPECT_THAT(tree.hidden(), IsEmpty());
}

TEST(FileTree, HardLinkToNothingIsADiagnostic) {
  std::vector<LayerIndex> layers;
  layers.push_back(layer({hardlink("a", "nowhere")}));
  const FileTree tree = FileTree::squash(layers);
  EXPECT_THAT(dump(tree), ElementsAre("/ implicit"));
  ASSERT_EQ(tree.diagnostics().size(), 1U);
  EXPECT_EQ(tree.diagnostics()[0].path, "/a");
}

TEST(FileTree, ResolveFollowsLinksAndStaysInsideTheRoot) {
  std::vector<LayerIndex> layers;
  layers.push_back(
      layer({folder("usr"), folder("usr/lib"), file("usr/lib/libz.so.1.2"), symlink("lib", "usr/lib"),
             symlink("usr/lib/libz.so.1", "libz.so.1.2"), symlink("up", "../../../usr"),
             symlink("abs", "/lib/libz.so.1"), symlink("loop", "loop"), symlink("dangling", "/no/where")}));
  const FileTree tree = FileTree::squash(layers);
  const NodeId target = tree.find("/usr/lib/libz.so.1.2");

  const Resolution absolute = tree.resolve("/abs");
  EXPECT_EQ(absolute.node, target);
  EXPECT_THAT(absolute.symlinks,
              ElementsAre(tree.find("/abs"), tree.find("/lib"), tree.find("/usr/lib/libz.so.1")));
  EXPECT_EQ(tree.resolve("/up/lib/libz.so.1").node, target);
  EXPECT_EQ(tree.resolve("/../../lib/./libz.so.1.2").node, target);
  EXPECT_EQ(tree.resolve("libz.so.1", tree.find("/usr/lib")).node, target);
  EXPECT_EQ(tree.resolve("/abs", root_node, false).node, tree.find("/abs"));
  EXPECT_EQ(tree.resolve("/lib/", root_node, false).node, tree.find("/usr/lib"));
  EXPECT_EQ(tree.resolve("/loop").node, no_node);
  EXPECT_EQ(tree.resolve("/dangling").missing, "/no");
  EXPECT_EQ(tree.resolve("/usr/lib/libz.so.1.2/below").node, no_node);
}

TEST(FileTree, GlobFollowsNamedLinksAndCrossesFoldersOnlyWithTwoStars) {
  std::vector<LayerIndex> layers;
  layers.push_back(layer({folder("usr"), folder("usr/lib"), folder("usr/lib/x"),
                          file("usr/lib/libnss_dns.so.2"), file("usr/lib/libnss_files.so.2"),
                          file("usr/lib/x/libnss_dns.so.2"), symlink("lib", "usr/lib")}));
  const FileTree tree = FileTree::squash(layers);
  EXPECT_THAT(tree.glob("/lib/libnss_{dns,files}.so.?"),
              ElementsAre(tree.find("/usr/lib/libnss_dns.so.2"), tree.find("/usr/lib/libnss_files.so.2")));
  EXPECT_THAT(tree.glob("/usr/*/libnss_d*"), ElementsAre(tree.find("/usr/lib/libnss_dns.so.2")));
  EXPECT_THAT(tree.glob("/usr/**/libnss_d*"),
              ElementsAre(tree.find("/usr/lib/libnss_dns.so.2"), tree.find("/usr/lib/x/libnss_dns.so.2")));
  EXPECT_THAT(tree.glob("/nothing/*"), IsEmpty());
}

TEST(FileTree, DeepAndWideTreesNeedNoRecursion) {
  std::vector<LayerIndex> layers(1);
  std::string deep = "d";
  for (int i = 0; i < 2000; ++i) {
    layers[0].entries.push_back(folder(deep));
    deep += "/d";
  }
  for (int i = 0; i < 20000; ++i) layers[0].entries.push_back(file("wide/" + std::to_string(i)));
  layers.push_back(layer({entry(EntryType::whiteout, "d"), entry(EntryType::opaque, "wide")}));
  EXPECT_EQ(FileTree::squash(layers).size(), 2U);
}

}  // namespace
}  // namespace slim
