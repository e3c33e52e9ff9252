#include "slimmer/package_metadata.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "slimmer/plan.h"
#include "slimmer/why.h"
#include "tests/analyzer/tar_builder.h"
#include "tests/slimmer/sample_tree.h"

namespace slim {
namespace {

using test::config_of;
using test::mark_with;
using test::Sample;
using test::sample_plan;
using test::TarBuilder;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

const std::string status =
    "Package: server\nStatus: install ok installed\nVersion: 2.1\nArchitecture: amd64\n"
    "Conffiles:\n /etc/server.conf 00000000000000000000000000000001\n /etc/gone.conf 02\n"
    "Description: serves\n and more\n\n"
    "Package: unused\nStatus: install ok installed\nVersion: 1\nArchitecture: amd64\n\n";

TarBuilder debian() {
  return TarBuilder()
      .folder("etc")
      .file("etc/server.conf", "port 1\n")
      .folder("usr/bin")
      .file("usr/bin/server", test::dynamic_program({}, {}, {"/etc/server.conf"}), 0755)
      .file("usr/bin/extra", "not used")
      .file("usr/bin/unused", "not used")
      .folder("usr/share/doc/server")
      .file("usr/share/doc/server/copyright", "Copyright")
      .file("usr/share/doc/server/README", "read me")
      .folder("usr/share/doc/unused")
      .file("usr/share/doc/unused/copyright", "Copyright")
      .folder("var/lib/dpkg/info")
      .file("var/lib/dpkg/status", status)
      .file("var/lib/dpkg/info/server.list",
            "/etc/server.conf\n/usr/bin/server\n/usr/bin/extra\n/usr/share/doc/server/copyright\n")
      .file("var/lib/dpkg/info/server.md5sums",
            "0a  usr/bin/server\n0b  usr/bin/extra\n0c  usr/share/doc/server/copyright\n")
      .file("var/lib/dpkg/info/unused.list", "/usr/bin/unused\n/usr/share/doc/unused/copyright\n");
}

std::unique_ptr<Sample> planned(const TarBuilder& tar, const MarkOptions& options = {}) {
  return sample_plan(tar, config_of({"/usr/bin/server"}), options);
}

std::vector<std::string> added_paths(const Sample& sample) {
  std::vector<std::string> paths;
  for (const AddedEntry& entry : sample.plan.added) paths.push_back(entry.path);
  return paths;
}

std::string added_content(const Sample& sample, const std::string& path) {
  for (const AddedEntry& entry : sample.plan.added) {
    if (entry.path == path) return entry.content;
  }
  return "nothing is added at " + path;
}

TEST(PackageMetadata, DebsOfWhichAFileIsKeptGetAStanzaAndTheSumsOfWhatIsKept) {
  const auto sample = planned(debian());
  EXPECT_THAT(added_paths(*sample), ElementsAre("/var/lib/dpkg/status.d", "/var/lib/dpkg/status.d/server",
                                                "/var/lib/dpkg/status.d/server.md5sums"));
  EXPECT_EQ(
      added_content(*sample, "/var/lib/dpkg/status.d/server"),
      "Package: server\nStatus: install ok installed\nVersion: 2.1\nArchitecture: amd64\n"
      "Conffiles:\n /etc/server.conf 00000000000000000000000000000001\nDescription: serves\n and more\n");
  EXPECT_EQ(added_content(*sample, "/var/lib/dpkg/status.d/server.md5sums"),
            "0a  usr/bin/server\n0c  usr/share/doc/server/copyright\n");
  EXPECT_FALSE(sample->keeps("/var/lib/dpkg/status"));
}

TEST(PackageMetadata, WhatIsAddedIsInNoSumOfTheSource) {
  const auto with = planned(debian());
  MarkOptions options;
  options.metadata = false;
  const auto without = planned(debian(), options);
  const Totals added = added_totals(with->plan);
  EXPECT_EQ(added.files, 2U);
  EXPECT_EQ(added.folders, 1U);
  EXPECT_EQ(added.bytes, added_content(*with, "/var/lib/dpkg/status.d/server").size() +
                             added_content(*with, "/var/lib/dpkg/status.d/server.md5sums").size());
  EXPECT_EQ(totals(with->tree, with->plan).kept.bytes,
            totals(without->tree, without->plan).kept.bytes + std::string("Copyright").size());
}

TEST(PackageMetadata, ItsEntriesHaveTheTimeOfTheDatabaseAndAFixedMode) {
  const auto sample = planned(debian());
  for (const AddedEntry& entry : sample->plan.added) {
    EXPECT_EQ(entry.mtime, sample->tree.entry(entry.source).mtime) << entry.path;
    EXPECT_EQ(entry.mode, entry.type == EntryType::directory ? 0755U : 0644U) << entry.path;
  }
}

TEST(PackageMetadata, CopyrightFilesOfKeptPackagesAreKeptAndOthersNot) {
  const auto sample = planned(debian());
  EXPECT_TRUE(sample->keeps("/usr/share/doc/server/copyright"));
  EXPECT_EQ(sample->reason("/usr/share/doc/server/copyright").kind, ReasonKind::metadata);
  EXPECT_TRUE(sample->keeps("/usr/share/doc/server"));
  EXPECT_FALSE(sample->keeps("/usr/share/doc/server/README"));
  EXPECT_FALSE(sample->keeps("/usr/share/doc/unused/copyright"));
}

TEST(PackageMetadata, ACopyrightFileBehindALinkIsKeptWithTheLink) {
  const auto sample =
      planned(debian()
                  .folder("usr/share/doc/base")
                  .file("usr/share/doc/base/copyright", "C")
                  .file("usr/bin/tool", test::dynamic_program({}, {}, {}), 0755)
                  .symlink("usr/share/doc/tool", "base")
                  .file("var/lib/dpkg/info/tool.list", "/usr/bin/tool\n")
                  .file("var/lib/dpkg/status", "Package: tool\nStatus: install ok installed\nVersion: 1\n\n"),
              mark_with(Profile::balanced, {"/usr/bin/tool"}));
  EXPECT_TRUE(sample->keeps("/usr/share/doc/tool"));
  EXPECT_TRUE(sample->keeps("/usr/share/doc/base/copyright"));
}

TEST(PackageMetadata, NothingIsWrittenWithoutIt) {
  MarkOptions options;
  options.metadata = false;
  const auto sample = planned(debian(), options);
  EXPECT_THAT(added_paths(*sample), IsEmpty());
  EXPECT_FALSE(sample->keeps("/usr/share/doc/server/copyright"));
}

TEST(PackageMetadata, AnExcludeHoldsForWhatSlimAddsToo) {
  const auto folder = planned(debian(), mark_with(Profile::balanced, {}, {"/var/lib/dpkg"}));
  EXPECT_THAT(added_paths(*folder), IsEmpty());
  const auto file = planned(debian(), mark_with(Profile::balanced, {}, {"/var/lib/dpkg/**/*.md5sums"}));
  EXPECT_THAT(added_paths(*file), ElementsAre("/var/lib/dpkg/status.d", "/var/lib/dpkg/status.d/server"));
}

TEST(PackageMetadata, ADatabaseThatIsAskedForStaysWhole) {
  const auto sample = planned(debian(), mark_with(Profile::balanced, {"/var/lib/dpkg/status"}));
  EXPECT_TRUE(sample->keeps("/var/lib/dpkg/status"));
  EXPECT_THAT(added_paths(*sample), IsEmpty());
}

TEST(PackageMetadata, ANameThatClimbsOutIsRefusedAndSaid) {
  const auto sample = planned(debian().file(
      "var/lib/dpkg/status", "Package: ../../../etc/evil\nVersion: 1\n\nPackage: server\nVersion: 1\n"));
  EXPECT_THAT(added_paths(*sample), Not(Contains(HasSubstr("evil"))));
  EXPECT_THAT(added_paths(*sample), Contains("/var/lib/dpkg/status.d/server"));
}

TEST(PackageMetadata, ALinkedFolderLeadsNowhereElse) {
  const auto sample = planned(debian().symlink("var/lib/dpkg/status.d", "/etc"));
  EXPECT_THAT(added_paths(*sample), IsEmpty());
}

TEST(PackageMetadata, ADistrolessImagesEntriesAreKeptWhereTheyAreRight) {
  const auto sample =
      planned(TarBuilder()
                  .folder("usr/bin")
                  .file("usr/bin/server", test::dynamic_program({}, {}, {}), 0755)
                  .file("usr/bin/extra", "not used")
                  .folder("var/lib/dpkg/status.d")
                  .file("var/lib/dpkg/status.d/srv", "Package: server\nVersion: 2.1\n")
                  .file("var/lib/dpkg/status.d/srv.md5sums", "0a  usr/bin/server\n0b  usr/bin/extra\n"));
  EXPECT_EQ(sample->reason("/var/lib/dpkg/status.d/srv").kind, ReasonKind::metadata);
  EXPECT_EQ(sample->reason("/var/lib/dpkg/status.d/srv.md5sums").kind, ReasonKind::rewritten);
  EXPECT_EQ(added_content(*sample, "/var/lib/dpkg/status.d/srv.md5sums"), "0a  usr/bin/server\n");
}

TEST(PackageMetadata, ApksRecordsHoldWhatIsKept) {
  const auto sample =
      planned(TarBuilder()
                  .folder("usr/bin")
                  .file("usr/bin/server", test::dynamic_program({}, {}, {}), 0755)
                  .file("usr/bin/extra", "not used")
                  .file("usr/bin/unused", "not used")
                  .folder("usr/share/doc/server")
                  .file("usr/share/doc/server/sample", "not used")
                  .folder("lib/apk/db")
                  .file("lib/apk/db/installed",
                        "C:Q1x\nP:server\nV:2.1-r0\nF:usr\nF:usr/bin\nM:0:0:755\nR:server\na:0:0:755\nZ:Q1a\n"
                        "R:extra\nZ:Q1b\nF:usr/share/doc/server\nR:sample\nZ:Q1c\n\n"
                        "P:unused\nV:1\nF:usr/bin\nR:unused\nZ:Q1d\n\n"));
  EXPECT_EQ(added_content(*sample, "/lib/apk/db/installed"),
            "C:Q1x\nP:server\nV:2.1-r0\nF:usr\nF:usr/bin\nM:0:0:755\nR:server\na:0:0:755\nZ:Q1a\n\n");
  EXPECT_EQ(sample->reason("/lib/apk/db/installed").kind, ReasonKind::rewritten);
  EXPECT_TRUE(sample->keeps("/lib/apk/db"));
}

TEST(PackageMetadata, WhySaysWhatAnAddedPathIsMadeFrom) {
  const auto sample = planned(debian());
  const WhyAnswer answer =
      why(sample->tree, sample->packages, sample->rules, sample->plan, "/var/lib/dpkg/status.d/server");
  EXPECT_FALSE(answer.exists);
  EXPECT_TRUE(answer.kept);
  ASSERT_EQ(answer.chain.size(), 1U);
  EXPECT_EQ(answer.chain[0].reason, "added by slim, made from");
  EXPECT_EQ(answer.chain[0].path, "/var/lib/dpkg/status");
}

}  // namespace
}  // namespace slim
