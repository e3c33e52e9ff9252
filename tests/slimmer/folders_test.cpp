#include "slimmer/folders.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "analyzer/image.h"
#include "tests/analyzer/tar_builder.h"
#include "tests/slimmer/sample_tree.h"

namespace slim {
namespace {

using test::Sample;
using test::sample_tree;
using test::TarBuilder;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

/// The folders that stay where the plan keeps `kept` and the user left out `excluded`.
std::unique_ptr<Sample> with_folders(const TarBuilder& tar, const std::vector<std::string>& kept = {},
                                     const std::vector<std::string>& excluded = {},
                                     const ImageConfig& config = {}) {
  auto sample = sample_tree(tar, config);
  sample->plan.decisions.resize(sample->tree.size());
  for (const std::string& path : excluded)
    sample->plan.decisions[sample->at(path)].reason.kind = ReasonKind::excluded;
  for (const std::string& path : kept) {
    sample->plan.decisions[sample->at(path)] = {
        .keep = true, .reason = {.kind = ReasonKind::needed, .from = no_node, .detail = {}}};
  }
  keep_folders(sample->tree, sample->config, sample->plan);
  return sample;
}

TarBuilder full_folder() {
  return TarBuilder().folder("opt").folder("opt/app").folder("opt/app/lib").file("opt/app/lib/x", "x");
}

TEST(Folders, TheRootIsAlwaysKept) {
  EXPECT_THAT(with_folders(full_folder())->kept_folders(), ElementsAre("/"));
}

TEST(Folders, ParentsOfWhatIsKept) {
  const auto sample = with_folders(full_folder(), {"/opt/app/lib/x"});
  EXPECT_THAT(sample->kept_folders(), ElementsAre("/", "/opt", "/opt/app", "/opt/app/lib"));
  EXPECT_EQ(sample->reason("/opt/app").kind, ReasonKind::folder_parent);
  EXPECT_EQ(sample->cause("/opt/app"), "/opt/app/lib");
}

TEST(Folders, ParentsThatNoLayerHasAnEntryFor) {
  const auto sample = with_folders(TarBuilder().file("deep/er/x", "x"), {"/deep/er/x"});
  EXPECT_THAT(sample->kept_folders(), ElementsAre("/", "/deep", "/deep/er"));
}

TEST(Folders, ParentsOfAnExcludedFoldersContentStay) {
  const auto sample = with_folders(full_folder(), {"/opt/app/lib/x"}, {"/opt/app", "/opt/app/lib"});
  EXPECT_TRUE(sample->keeps("/opt/app/lib")) << "the file that was included needs them";
  EXPECT_TRUE(sample->keeps("/opt/app"));
}

TEST(Folders, EmptyInTheOriginal) {
  const auto sample = with_folders(full_folder().folder("opt/app/spool"));
  EXPECT_THAT(sample->kept_folders(), ElementsAre("/", "/opt", "/opt/app", "/opt/app/spool"));
  EXPECT_EQ(sample->reason("/opt/app/spool").kind, ReasonKind::folder_empty);
  EXPECT_FALSE(sample->keeps("/opt/app/lib")) << "it is only empty now";
}

TEST(Folders, ThoseOfState) {
  for (const std::string top : {"var", "run", "srv", "home"}) {
    const auto sample = with_folders(TarBuilder().folder(top).folder(top + "/a").file(top + "/a/x", "x"));
    EXPECT_THAT(sample->kept_folders(), ElementsAre("/", "/" + top, "/" + top + "/a"));
    EXPECT_EQ(sample->reason("/" + top + "/a").kind, ReasonKind::folder_state);
    EXPECT_THAT(sample->kept_files(), IsEmpty()) << "the folders, not what is in them";
  }
}

TEST(Folders, NamesThatOnlyBeginAsThoseOfState) {
  const auto sample = with_folders(TarBuilder().folder("variety").file("variety/x", "x"));
  EXPECT_THAT(sample->kept_folders(), ElementsAre("/"));
}

TEST(Folders, NotOwnedByRoot) {
  TarBuilder tar = full_folder();
  test::owned_folder(tar, "opt/data", 999).file("opt/data/x", "x");
  const auto sample = with_folders(tar);
  EXPECT_THAT(sample->kept_folders(), ElementsAre("/", "/opt", "/opt/data"));
  EXPECT_EQ(sample->reason("/opt/data").kind, ReasonKind::folder_owned);
}

TEST(Folders, Volumes) {
  ImageConfig config;
  config.volumes = {"/opt/app", "/not/there"};
  const auto sample = with_folders(full_folder(), {}, {}, config);
  EXPECT_THAT(sample->kept_folders(), ElementsAre("/", "/opt", "/opt/app"));
  EXPECT_EQ(sample->reason("/opt/app").kind, ReasonKind::folder_config);
  EXPECT_EQ(sample->reason("/opt/app").detail, "a volume");
}

TEST(Folders, TheWorkingFolderAndTheLinksToIt) {
  ImageConfig config;
  config.working_dir = "/work";
  const auto sample = with_folders(full_folder().symlink("work", "opt/app"), {}, {}, config);
  EXPECT_TRUE(sample->keeps("/work"));
  EXPECT_TRUE(sample->keeps("/opt/app"));
  EXPECT_EQ(sample->reason("/opt/app").detail, "the working folder");
}

TEST(Folders, HomesOfThePasswdFile) {
  TarBuilder tar = full_folder();
  tar.folder("root").file("root/.bashrc", "x").folder("etc");
  tar.file("etc/passwd",
           "root:x:0:0:root:/root:/bin/sh\nshort:x\napp:x:1:1::/opt/app\nodd:x:2:2::relative:\n");
  const auto sample = with_folders(tar);
  EXPECT_THAT(sample->kept_folders(), ElementsAre("/", "/opt", "/opt/app", "/root"));
  EXPECT_EQ(sample->reason("/root").detail, "a home in /etc/passwd");
}

TEST(Folders, WhatTheUserLeftOutStaysOut) {
  ImageConfig config;
  config.volumes = {"/opt/app"};
  TarBuilder tar = full_folder().folder("var").folder("var/empty").folder("empty");
  test::owned_folder(tar, "owned", 7).file("owned/x", "x");
  const std::vector<std::string> excluded{"/var", "/var/empty", "/empty", "/owned", "/opt/app"};
  EXPECT_THAT(with_folders(tar, {}, excluded, config)->kept_folders(), ElementsAre("/"));
  EXPECT_EQ(with_folders(tar, {}, excluded, config)->reason("/empty").kind, ReasonKind::excluded);
}

TEST(Folders, LinksToFoldersUnderState) {
  TarBuilder tar = full_folder();
  tar.folder("var").symlink("var/app", "second").symlink("var/second", "/opt/third").file("var/x", "x");
  tar.symlink("opt/third", "app").symlink("var/file", "x").symlink("var/gone", "nowhere");
  const auto sample = with_folders(tar);
  EXPECT_THAT(sample->kept_files(), ElementsAre("/opt/third", "/var/app", "/var/second"))
      << "with every link on the way";
  EXPECT_TRUE(sample->keeps("/opt/app"));
  EXPECT_EQ(sample->reason("/var/app").kind, ReasonKind::folder_state);
}

TEST(Folders, LogsThatLeadToTheContainersOutput) {
  TarBuilder tar;
  tar.folder("var").folder("var/log").symlink("var/log/access", "/dev/stdout").folder("dev");
  tar.symlink("var/log/gone", "/no/where");
  const auto sample = with_folders(tar);
  EXPECT_THAT(sample->kept_files(), ElementsAre("/var/log/access"));
  EXPECT_EQ(sample->reason("/var/log/access").detail, "a link to /dev/stdout");
  EXPECT_THAT(with_folders(tar, {}, {"/var/log/access"})->kept_files(), IsEmpty());
}

TEST(Folders, AReasonThatIsThereStays) {
  const auto sample = with_folders(TarBuilder().folder("var"), {"/var"});
  EXPECT_EQ(sample->reason("/var").kind, ReasonKind::needed);
}

}  // namespace
}  // namespace slim
