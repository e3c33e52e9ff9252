// Images of small trees, written in two layers: what is where, and what both together are.
#include "slimmer/layer_parts.h"

#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "analyzer/digest.h"
#include "analyzer/file_tree.h"
#include "analyzer/image_contents.h"
#include "analyzer/layer_index.h"
#include "slimmer/layer_writer.h"
#include "slimmer/plan.h"
#include "slimmer/tar_writer.h"
#include "tests/slimmer/sample_entries.h"
#include "tests/slimmer/sample_image.h"

namespace slim {
namespace {

using Paths = std::vector<std::string>;
using test::file;
using test::folder;
using test::link_to;
using test::symlink;

/// The tars of the layers, one for each part.
std::vector<std::string> written(ImageContents& image, const Plan& plan, std::size_t base_layers) {
  std::vector<std::string> tars;
  for (const LayerPart& part : base_and_app(image, plan, base_layers)) {
    std::string& tar = tars.emplace_back();
    TarWriter writer([&tar](std::span<const std::byte> bytes) {
      tar.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    });
    LayerSink sink{.entry = [&writer](const LayerItem& item) { writer.entry(item); },
                   .content = [&writer](std::span<const std::byte> bytes) { writer.content(bytes); }};
    write_layer(*image.source, image.tree, plan, part, sink);
    writer.finish();
  }
  return tars;
}

/// Path -> all that a tree says of it, with the names of its inode.
std::map<std::string, std::string> described(const FileTree& tree) {
  std::map<std::string, std::string> all;
  for (const NodeId id : tree.walk()) {
    const Inode& inode = tree.inode_of(id);
    if (inode.implicit) continue;
    std::string& text = all[tree.path(id)];
    text = fmt::format("{} {:o} {} {} {}", to_string(inode.entry->type), inode.entry->mode,
                       inode.entry->mtime, inode.entry->link, inode.names.size());
    if (inode.entry->content_hash) text += " " + to_hex(*inode.entry->content_hash);
  }
  return all;
}

/// An image split behind its first layer.
struct Split {
  explicit Split(const std::vector<std::vector<SampleEntry>>& layers, const Paths& dropped = {},
                 std::vector<AddedEntry> added = {})
      : image(sample_contents(tars_of(layers))), plan(plan_without(image.tree, dropped)) {
    plan.added = std::move(added);
    tars = written(image, plan, 1);
    parts = sample_contents(tars);
    squashed = sample_contents(squashed_tar());
  }

  static std::vector<std::string> tars_of(const std::vector<std::vector<SampleEntry>>& layers) {
    std::vector<std::string> tars;
    for (const auto& layer : layers) tars.push_back(sample_layer(layer));
    return tars;
  }

  std::vector<std::string> squashed_tar() {
    std::string tar;
    TarWriter writer([&tar](std::span<const std::byte> bytes) {
      tar.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    });
    LayerSink sink{.entry = [&writer](const LayerItem& item) { writer.entry(item); },
                   .content = [&writer](std::span<const std::byte> bytes) { writer.content(bytes); }};
    write_layer(*image.source, image.tree, plan, whole_part(image, plan), sink);
    writer.finish();
    return {tar};
  }

  /// The paths of one layer, as its tar has them.
  [[nodiscard]] Paths paths(std::size_t layer) const {
    Paths all;
    for (const LayerEntry& entry : parts.layers.at(layer).entries) all.push_back("/" + entry.path);
    return all;
  }

  ImageContents image;
  Plan plan;
  std::vector<std::string> tars;
  ImageContents parts;
  ImageContents squashed;
};

TEST(LayerParts, TheTwoLayersTogetherAreTheSquashedOne) {
  const Split split(
      {{folder("./"), folder("usr/"), folder("usr/bin/"), file("usr/bin/a", "base"),
        file("usr/bin/changed", "old"), link_to("usr/bin/b", "usr/bin/a"), folder("tmp/", 01777),
        folder("gone/"), file("gone/x"), symlink("lib", "usr/lib"), folder("usr/lib/")},
       {folder("usr/", 0755, 1600000000), file("usr/bin/changed", "new"), file(".wh.gone"), file("lib/added"),
        folder("opt/", 0700), file("opt/app"), file("dropped")},
       {folder("gone/", 0711), file("usr/bin/late")}},
      {"/dropped"});
  EXPECT_EQ(split.parts.layers.size(), 2U);
  EXPECT_EQ(described(split.parts.tree), described(split.squashed.tree));
  EXPECT_TRUE(split.parts.tree.hidden().empty()) << "a file is in both layers";
}

TEST(LayerParts, WhatTheApplicationChangedIsTheApplications) {
  const Split split({{folder("etc/"), file("etc/kept"), file("etc/changed", "old"), file("etc/deleted")},
                     {file("etc/changed", "new"), file("etc/.wh.deleted"), file("etc/new")}});
  EXPECT_EQ(split.paths(0), (Paths{"/etc", "/etc/kept"}));
  EXPECT_EQ(split.paths(1), (Paths{"/etc", "/etc/changed", "/etc/new"}));
}

TEST(LayerParts, EachLayerHasTheFoldersOfItsEntriesWithTheMetadataThatHoldsThere) {
  const Split split(
      {{folder("srv/", 0700, 1000), file("srv/base")},
       {folder("srv/", 0755, 2000), file("srv/app"), folder("srv/own/", 0711), file("srv/own/x")}});
  const LayerEntry& below = split.parts.layers[0].entries.at(0);
  const LayerEntry& above = split.parts.layers[1].entries.at(0);
  EXPECT_EQ(below.path, "srv");
  EXPECT_EQ(below.mode, 0700U);
  EXPECT_EQ(below.mtime, 1000);
  EXPECT_EQ(above.path, "srv");
  EXPECT_EQ(above.mode, 0755U);
  EXPECT_EQ(above.mtime, 2000);
  EXPECT_EQ(split.paths(1), (Paths{"/srv", "/srv/own", "/srv/app", "/srv/own/x"}));
}

TEST(LayerParts, AHardLinkNeverCrossesTheBorder) {
  const Split split(
      {{file("a", "content"), link_to("b", "a"), file("alone", "y"), link_to("alone-too", "alone")},
       {link_to("c", "a")}});
  EXPECT_EQ(split.paths(0), (Paths{"/alone", "/alone-too"}));
  EXPECT_EQ(split.paths(1), (Paths{"/a", "/b", "/c"}));
  EXPECT_EQ(split.parts.tree.inode_of(split.parts.tree.find("/c")).names.size(), 3U);
  EXPECT_EQ(described(split.parts.tree), described(split.squashed.tree));
}

TEST(LayerParts, AHardLinkThatIsDroppedKeepsNothingOutOfTheBase) {
  const Split split({{file("a", "content")}, {link_to("c", "a"), file("d")}}, {"/c"});
  EXPECT_EQ(split.paths(0), (Paths{"/a"}));
}

TEST(LayerParts, ANameThatNowIsAnotherBaseFileIsTheApplications) {
  const Split split({{file("a", "one"), file("b", "two")}, {file(".wh.b"), link_to("b", "a")}});
  EXPECT_EQ(split.parts.layers.size(), 1U) << "nothing of the base is unchanged under all of its names";
  EXPECT_EQ(described(split.parts.tree), described(split.squashed.tree));
}

TEST(LayerParts, WhatSlimAddsIsTheApplicationsWithItsFolders) {
  AddedEntry made;
  made.path = "/var/lib/made/list";
  made.content = "text";
  AddedEntry around;
  around.path = "/var/lib/made";
  around.type = EntryType::directory;
  around.mode = 0755;
  const Split split({{folder("var/"), folder("var/lib/"), file("var/lib/base")}, {file("app")}}, {},
                    {around, made});
  EXPECT_EQ(split.paths(0), (Paths{"/var", "/var/lib", "/var/lib/base"}));
  EXPECT_EQ(split.paths(1), (Paths{"/var", "/var/lib", "/var/lib/made", "/app", "/var/lib/made/list"}));
}

TEST(LayerParts, WithoutAnythingInOneOfThemThereIsOneLayer) {
  const Split only_base({{file("a")}, {file("b")}}, {"/b"});
  EXPECT_EQ(only_base.parts.layers.size(), 1U);
  const Split only_app({{file("a")}, {file("b")}}, {"/a"});
  EXPECT_EQ(only_app.parts.layers.size(), 1U);
  EXPECT_EQ(only_app.paths(0), Paths{"/b"});
}

TEST(LayerParts, TheBaseOfTwoImagesIsTheSameWhereTheyKeepTheSameOfIt) {
  const std::vector<SampleEntry> base{
      folder("./"),   folder("usr/"), folder("usr/lib/"),   file("usr/lib/libc", "c"), file("usr/lib/unused"),
      folder("opt/"), folder("var/"), folder("var/empty/"), folder("root/", 0700),     file("root/.profile")};
  const Split one({base, {folder("usr/", 0755, 1600000000), file("opt/app"), file("usr/lib/extra")}},
                  {"/usr/lib/unused", "/root/.profile"});
  const Split other({base, {file("root/app"), folder("var/", 0755, 1700000000)}, {file("usr/top")}},
                    {"/usr/lib/unused", "/root/.profile"});
  const Split third({base, {file("root/app")}}, {"/root/.profile"});
  EXPECT_EQ(one.tars[0], other.tars[0]);
  EXPECT_NE(one.tars[1], other.tars[1]);
  EXPECT_NE(one.tars[0], third.tars[0]) << "it keeps more of the base";
  EXPECT_EQ(one.paths(0), (Paths{"/", "/opt", "/usr", "/usr/lib", "/var", "/var/empty", "/usr/lib/libc"}));
}

}  // namespace
}  // namespace slim
