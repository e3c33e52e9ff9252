#include "analyzer/findings.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "analyzer/dependency_graph.h"
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
using test::program;
using test::symlink;
using test::whiteout;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

LayerEntry with_mode(LayerEntry made, std::uint32_t mode) {
  made.mode = mode;
  return made;
}

/// "severity id path" of each.
std::vector<std::string> lines(const std::vector<Finding>& findings) {
  std::vector<std::string> result;
  for (const Finding& finding : findings)
    result.push_back(std::string(to_string(finding.severity)) + " " + finding.id + " " + finding.path);
  return result;
}

std::vector<Finding> findings_of(std::vector<LayerIndex> layers,
                                 const std::vector<UnresolvedLibrary>& unresolved = {}) {
  const OwnedTree image(std::move(layers));
  return find_findings(image.tree, unresolved);
}

TEST(Findings, AnOrdinaryImageHasNone) {
  EXPECT_THAT(
      findings_of({layer({folder("app"), program("app/server"), file("etc/passwd"), symlink("x", "app")})}),
      IsEmpty());
}

TEST(Findings, ShellsAndPackageManagersWhereProgramsAre) {
  EXPECT_THAT(
      lines(findings_of({layer({program("usr/bin/bash"), symlink("bin/sh", "/usr/bin/bash"),
                                program("sbin/apk"), program("usr/local/bin/npm"), file("etc/bash"),
                                file("usr/share/doc/dpkg"), program("usr/bin/bash5")})})),
      ElementsAre("low package-manager-present /sbin/apk", "low package-manager-present /usr/local/bin/npm",
                  "info shell-present /bin/sh", "info shell-present /usr/bin/bash"));
}

TEST(Findings, ProgramsThatRunAsSomebodyElse) {
  LayerEntry ping = program("bin/ping");
  ping.xattrs.push_back({.name = "security.capability", .value = "x"});
  LayerEntry noted = program("bin/noted");
  noted.xattrs.push_back({.name = "user.note", .value = "x"});
  LayerEntry su = with_mode(program("bin/su"), 06755);
  su.uid = 7;
  const auto findings = findings_of({layer({}), layer({su, with_mode(program("bin/wall"), 02755), ping, noted,
                                                       with_mode(folder("var/mail"), 02775)})});
  EXPECT_THAT(lines(findings),
              ElementsAre("medium setuid /bin/su", "low file-capability /bin/ping", "low setgid /bin/wall"));
  EXPECT_THAT(findings[0].message, HasSubstr("uid 7"));
  EXPECT_EQ(findings[0].layer, std::optional<std::uint32_t>(1));
}

TEST(Findings, WorldWritableUnlessSticky) {
  EXPECT_THAT(lines(findings_of({layer({with_mode(folder("data"), 0777), with_mode(folder("tmp"), 01777),
                                        with_mode(file("data/open"), 0666), with_mode(file("sticky"), 01666),
                                        with_mode(symlink("link", "data"), 0777),
                                        with_mode(entry(EntryType::char_device, "dev/null"), 0666)})})),
              ElementsAre("medium world-writable /data", "medium world-writable /data/open",
                          "medium world-writable /sticky"));
}

TEST(Findings, AFileWithTwoNamesIsToldOnce) {
  EXPECT_THAT(
      lines(findings_of({layer({with_mode(program("bin/su"), 04755), hardlink("bin/sudo", "bin/su")})})),
      ElementsAre("medium setuid /bin/su"));
}

TEST(Findings, WhatLaterLayersHideIsToldOnceALayer) {
  const auto findings =
      findings_of({layer({file("a", 60'000), file("b", 70'000), file("stays", 1'000'000)}),
                   layer({whiteout("a"), file("c", 65'535)}), layer({file("b", 1), whiteout("c")})});
  EXPECT_THAT(lines(findings), ElementsAre("low deleted-but-shipped /b"));
  EXPECT_EQ(findings[0].layer, std::optional<std::uint32_t>(0));
  EXPECT_THAT(findings[0].message, HasSubstr("2 files with 0.1 MB of layer 1 "));
}

TEST(Findings, MissingLibrariesComeFirst) {
  const auto findings =
      findings_of({layer({program("bin/sh")})},
                  {{.file = "/bin/app", .name = "liba.so", .tried = {"/lib/liba.so", "/usr/lib/liba.so"}}});
  EXPECT_THAT(lines(findings), ElementsAre("high missing-library /bin/app", "info shell-present /bin/sh"));
  EXPECT_THAT(findings[0].message, HasSubstr("liba.so"));
  EXPECT_THAT(findings[0].message, HasSubstr("/lib/liba.so, /usr/lib/liba.so"));
  EXPECT_EQ(findings[0].layer, std::nullopt);
}

}  // namespace
}  // namespace slim
