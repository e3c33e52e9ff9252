#include "analyzer/image_diff.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "analyzer/digest.h"
#include "analyzer/image.h"
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

/// "+ path", "- path" or "~ path: aspects" of each.
std::vector<std::string> lines(const ImageDiff& diff) {
  std::vector<std::string> result;
  for (const PathDifference& difference : diff.paths) {
    std::string line = (difference.a == no_node   ? "+ "
                        : difference.b == no_node ? "- "
                                                  : "~ ") +
                       difference.path;
    for (const Aspect aspect : difference.aspects) line += " " + std::string(to_string(aspect));
    result.push_back(line);
  }
  return result;
}

ImageDiff diff_of(std::vector<LayerEntry> a, std::vector<LayerEntry> b, const DiffOptions& options = {}) {
  const OwnedTree left(std::move(a));
  const OwnedTree right(std::move(b));
  return diff_trees(left.tree, right.tree, options);
}

LayerEntry with(LayerEntry made, const std::function<void(LayerEntry&)>& change) {
  change(made);
  return made;
}

LayerEntry with_hash(LayerEntry made, std::uint8_t mark) {
  made.content_hash = ContentHash{std::byte{mark}};
  return made;
}

TEST(ImageDiff, TheSameTreeHasNoDifferences) {
  const auto tree = [] {
    return std::vector<LayerEntry>{folder("d"), with_hash(file("d/a", 5), 1), symlink("l", "d"),
                                   hardlink("h", "d/a"), entry(EntryType::fifo, "p")};
  };
  const ImageDiff diff = diff_of(tree(), tree());
  EXPECT_THAT(lines(diff), IsEmpty());
  EXPECT_TRUE(diff.same());
  EXPECT_EQ(diff.a.files, 4U);
  EXPECT_EQ(diff.a.bytes, 5U) << "an inode counts once";
}

TEST(ImageDiff, EveryAspectByItself) {
  const LayerEntry base = with_hash(file("f", 3), 1);
  const auto aspects = [&base](const std::function<void(LayerEntry&)>& change) {
    return lines(diff_of({base}, {with(base, change)}));
  };
  EXPECT_THAT(aspects([](LayerEntry& f) { f.content_hash = ContentHash{std::byte{2}}; }),
              ElementsAre("~ /f content"));
  EXPECT_THAT(aspects([](LayerEntry& f) { f.size = 4; }), ElementsAre("~ /f content"));
  EXPECT_THAT(aspects([](LayerEntry& f) { f.mode = 0600; }), ElementsAre("~ /f mode"));
  EXPECT_THAT(aspects([](LayerEntry& f) { f.uid = 1; }), ElementsAre("~ /f owner"));
  EXPECT_THAT(aspects([](LayerEntry& f) { f.gid = 1; }), ElementsAre("~ /f owner"));
  EXPECT_THAT(aspects([](LayerEntry& f) { f.mtime = 1; }), ElementsAre("~ /f time"));
  EXPECT_THAT(aspects([](LayerEntry& f) { f.mtime_nsec = 1; }), ElementsAre("~ /f time"));
  EXPECT_THAT(aspects([](LayerEntry& f) { f.xattrs.push_back({.name = "user.a", .value = "b"}); }),
              ElementsAre("~ /f xattrs"));
  EXPECT_THAT(aspects([](LayerEntry& f) {
                f.mode = 0600;
                f.uid = 1;
                f.mtime = 1;
              }),
              ElementsAre("~ /f mode owner time"));
  EXPECT_THAT(lines(diff_of({symlink("l", "a")}, {symlink("l", "b")})), ElementsAre("~ /l link"));
  EXPECT_THAT(lines(diff_of({entry(EntryType::char_device, "n")},
                            {with(entry(EntryType::char_device, "n"),
                                  [](LayerEntry& n) { n.device = {.major = 1, .minor = 3}; })})),
              ElementsAre("~ /n device"));
}

TEST(ImageDiff, TimesCanBeLeftOut) {
  const auto newer = with(file("f"), [](LayerEntry& f) { f.mtime = 9; });
  EXPECT_TRUE(diff_of({file("f")}, {newer}, {.ignore_time = true}).same());
  EXPECT_FALSE(diff_of({file("f")}, {newer}).same());
}

TEST(ImageDiff, ASymlinkHasNoModeOfItsOwn) {
  EXPECT_TRUE(
      diff_of({symlink("l", "a")}, {with(symlink("l", "a"), [](LayerEntry& l) { l.mode = 0777; })}).same());
}

TEST(ImageDiff, AFolderThatNoLayerHasAnEntryForHasNoMetadata) {
  const auto made = with(folder("d"), [](LayerEntry& d) {
    d.mode = 0700;
    d.uid = 7;
    d.mtime = 9;
  });
  EXPECT_TRUE(diff_of({file("d/a")}, {made, file("d/a")}).same());
}

TEST(ImageDiff, WhatOneSideHasAloneIsToldWithAllBelowSorted) {
  EXPECT_THAT(lines(diff_of({folder("b"), file("b/x"), file("same"), file("a")},
                            {folder("c"), folder("c/d"), file("c/d/y"), file("c-1"), file("same")})),
              ElementsAre("- /a", "- /b", "- /b/x", "+ /c", "+ /c-1", "+ /c/d", "+ /c/d/y"));
}

TEST(ImageDiff, AFolderThatBecomesAFileLosesItsContent) {
  const std::vector<LayerEntry> as_folder{folder("x"), file("x/in")};
  const std::vector<LayerEntry> as_file{with(file("x"), [](LayerEntry& x) { x.mode = 0755; })};
  EXPECT_THAT(lines(diff_of(as_folder, as_file)), ElementsAre("~ /x type", "- /x/in"));
  EXPECT_THAT(lines(diff_of(as_file, as_folder)), ElementsAre("~ /x type", "+ /x/in"));
}

TEST(ImageDiff, LayersDoNotMatterWhatTheyMakeDoes) {
  const OwnedTree two({layer({file("gone"), file("kept")}), layer({whiteout("gone")})});
  const OwnedTree one({layer({file("kept")})});
  EXPECT_TRUE(diff_trees(two.tree, one.tree, {}).same());
}

TEST(ImageDiff, FoldersWithTheLargestDifferenceFirst) {
  const ImageDiff diff =
      diff_of({file("usr/share/a/f", 10), file("opt/x/f", 100), file("etc/f", 7)},
              {file("usr/share/a/f", 40), file("opt/x/f", 10), file("etc/f", 7), file("b/f", 30)});
  std::vector<std::string> folders;
  for (const FolderDifference& each : diff.folders) {
    folders.push_back(each.folder + " " + std::to_string(each.a) + " " + std::to_string(each.b));
  }
  EXPECT_THAT(folders, ElementsAre("/opt/x 100 10", "/b 0 30", "/usr/share/a 10 40"));
}

ImageConfig config_of(const std::string& inner, const std::string& architecture = "amd64") {
  return parse_image_config(R"({"os":"linux","architecture":")" + architecture + R"(","config":)" + inner +
                                R"(,"rootfs":{"type":"layers","diff_ids":[]}})",
                            "test");
}

std::vector<std::string> config_lines(const ImageConfig& a, const ImageConfig& b) {
  std::vector<std::string> result;
  for (const ConfigDifference& difference : diff_configs(a, b)) {
    result.push_back(difference.key + " [" + difference.name + "] " + difference.a.value_or("none") + " | " +
                     difference.b.value_or("none"));
  }
  return result;
}

TEST(ConfigDiff, EveryEntryOfMapsAndTheEnvironmentByItself) {
  EXPECT_THAT(
      config_lines(
          config_of(
              R"({"Env":["A=1","B=2","C"],"Labels":{"l":"x"},"ExposedPorts":{"80/tcp":{}},"User":"me"})"),
          config_of(
              R"({"Env":["B=3","A=1","D="],"Labels":{"l":"y","m":"z"},"Volumes":{"/v":{}},"Cmd":["a","b"]})")),
      ElementsAre("Cmd [] none | [\"a\",\"b\"]", "Env [B] 2 | 3", "Env [C]  | none", "Env [D] none | ",
                  "ExposedPorts [80/tcp]  | none", "Labels [l] x | y", "Labels [m] none | z",
                  "User [] me | none", "Volumes [/v] none | "));
}

TEST(ConfigDiff, WhatIsEmptyIsNotThere) {
  EXPECT_THAT(config_lines(config_of(R"({"Cmd":null,"User":"","Labels":{},"Env":[],"ArgsEscaped":false})"),
                           config_of("{}")),
              IsEmpty());
  EXPECT_THAT(config_lines(config_of("null"), config_of("{}")), IsEmpty());
}

TEST(ConfigDiff, PlatformsAndKeysThatNobodyKnows) {
  EXPECT_THAT(
      config_lines(config_of(R"({"Healthcheck":{"Test":["NONE"]},"New":{"k":1}})"), config_of("{}", "arm64")),
      ElementsAre("Healthcheck [] {\"Test\":[\"NONE\"]} | none", "New [] {\"k\":1} | none",
                  "Platform [] linux/amd64 | linux/arm64"));
}

}  // namespace
}  // namespace slim
