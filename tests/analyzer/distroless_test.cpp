#include "analyzer/distroless.h"

#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "analyzer/packages.h"
#include "tests/analyzer/tree_fixture.h"

namespace slim {
namespace {

using test::file;
using test::folder;
using test::OwnedTree;
using test::symlink;
using test::text_file;
using testing::ElementsAre;
using testing::IsEmpty;

Distroless check(std::vector<LayerEntry> entries, const std::string& without = "/none") {
  const OwnedTree image(std::move(entries));
  const Packages packages = read_packages(image.tree);
  return check_distroless(image.tree, packages,
                          [&](NodeId node) { return image.tree.path(node) != without; });
}

std::vector<std::string> table(const Distroless& result) {
  std::vector<std::string> lines;
  for (const Obstacle& obstacle : result.obstacles) {
    std::string line =
        obstacle.id + " " + std::to_string(obstacle.count) + " -" + std::to_string(obstacle.points) + ":";
    for (const std::string& path : obstacle.paths) line += " " + path;
    EXPECT_FALSE(obstacle.message.empty());
    lines.push_back(line);
  }
  return lines;
}

LayerEntry sized(LayerEntry entry, std::uint64_t size, std::uint32_t mode = 0644) {
  entry.size = size;
  entry.mode = mode;
  return entry;
}

TEST(Distroless, AnImageOfOneProgramHasNothingInItsWay) {
  const Distroless result = check({sized(file("app/server"), 100, 0755), folder("tmp")});
  EXPECT_EQ(result.score, 100U);
  EXPECT_THAT(result.obstacles, IsEmpty());
}

TEST(Distroless, ShellsAndPackageManagersCountOnceWhateverTheirNumber) {
  const std::vector<LayerEntry> entries{symlink("bin/sh", "dash"), sized(file("bin/dash"), 0),
                                        sized(file("usr/bin/apt"), 0), sized(file("opt/sh"), 0)};
  EXPECT_THAT(table(check(entries)),
              ElementsAre("shell 2 -25: /bin/dash /bin/sh", "package-manager 1 -25: /usr/bin/apt"));
  EXPECT_EQ(check(entries).score, 50U);
  EXPECT_EQ(check(entries, "/usr/bin/apt").score, 75U);
}

TEST(Distroless, PrivilegesAndOpenFoldersCountEach) {
  LayerEntry open = folder("srv/open");
  open.mode = 0777;
  LayerEntry sticky = folder("tmp");
  sticky.mode = 01777;
  const Distroless result =
      check({sized(file("app/su"), 0, 04755), sized(file("app/wall"), 0, 02755), open, sticky});
  EXPECT_THAT(table(result),
              ElementsAre("setuid 2 -10: /app/su /app/wall", "world-writable 1 -5: /srv/open"));
  EXPECT_EQ(result.score, 85U);
}

TEST(Distroless, UnownedFilesOfTheSystemCountByTheirShare) {
  const Distroless result =
      check({text_file("var/lib/dpkg/status", "Package: a\nVersion: 1\n"),
             text_file("var/lib/dpkg/info/a.list", "/usr/lib/a.so\n"), sized(file("usr/lib/a.so"), 300),
             sized(file("usr/local/lib/big"), 80), sized(file("opt/small"), 20), sized(file("app/own"), 900),
             sized(file("usr/lib/__pycache__/a.pyc"), 500)});
  EXPECT_THAT(table(result), ElementsAre("unowned 2 -4: /usr/local/lib/big /opt/small"));
}

}  // namespace
}  // namespace slim
