#include "runner/run_files.h"

#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <archive_entry.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "runner/container_spec.h"
#include "runner/sandbox.h"
#include "tests/runner/sandbox_fixture.h"

namespace slim {
namespace {

using namespace fixture;
using Changes = std::vector<std::string>;

class RunFiles : public RealSandbox {
 protected:
  /// "+/new", "~/etc/passwd", "-/gone"
  Changes changes_of(const ContainerStart& container_start) {
    const auto container = start(container_start);
    EXPECT_TRUE(container->wait(steady_clock::now() + seconds(30)).has_value());
    output_ = container->output(OutputStream::standard_output).text;
    const auto changes = container->changes();
    EXPECT_TRUE(changes.complete);
    Changes texts;
    for (const auto& change : changes.files) {
      const char* kind = change.kind == ChangeKind::created   ? "+"
                         : change.kind == ChangeKind::changed ? "~"
                                                              : "-";
      texts.push_back(kind + change.path);
    }
    return texts;
  }
  Changes changes_of(std::vector<std::string> words) { return changes_of(start_of(std::move(words))); }

  std::string output_;
};

TEST_P(RunFiles, WhatARunDidToFilesIsTold) {
  EXPECT_EQ(
      changes_of({"touch",
                  "/new",
                  ",",
                  "append",
                  "/etc/passwd",
                  "more",
                  ",",
                  "do",
                  "unlink",
                  "/state/link",
                  ",",
                  "do",
                  "mkdir",
                  "/state/made",
                  ",",
                  "touch",
                  "/state/made/file",
                  ",",
                  "do",
                  "chmod",
                  "/state",
                  "700"}),
      (Changes{"~/etc/passwd", "+/new", "~/state", "-/state/link", "+/state/made", "+/state/made/file"}));
}

TEST_P(RunFiles, WhatWasOnlyOpenedForWritingOrMadeAndRemovedIsNoChange) {
  EXPECT_EQ(
      changes_of({"do", "rw", "/etc/passwd", ",", "touch", "/tmp/short", ",", "do", "unlink", "/tmp/short"}),
      Changes{});
}

TEST_P(RunFiles, AFolderThatIsReplacedTakesWhatWasInIt) {
  entries_.push_back({.path = "tree", .type = AE_IFDIR, .mode = 0755});
  entries_.push_back({.path = "tree/one", .content = "1"});
  entries_.push_back({.path = "tree/sub", .type = AE_IFDIR, .mode = 0755});
  entries_.push_back({.path = "tree/sub/two", .content = "2"});
  const std::vector<std::string> emptied{
      "do", "unlink", "/tree/one", ",", "do", "unlink", "/tree/sub/two", ",",
      "do", "rmdir",  "/tree/sub", ",", "do", "rmdir",  "/tree",         ","};
  auto again = emptied;
  again.insert(again.end(), {"do", "mkdir", "/tree", ",", "touch", "/tree/one", ",", "touch", "/tree/three"});
  EXPECT_EQ(changes_of(again), (Changes{"~/tree/one", "-/tree/sub", "-/tree/sub/two", "+/tree/three"}));
  auto file = emptied;
  file.insert(file.end(), {"touch", "/tree"});
  EXPECT_EQ(changes_of(file), (Changes{"~/tree", "-/tree/one", "-/tree/sub", "-/tree/sub/two"}));
}

TEST_P(RunFiles, VolumesStartWithWhatTheImageHasAndAreThrownAway) {
  auto with_volumes =
      start_of({"cat", "/state/data", ",", "touch", "/state/new", ",", "stat", "/made/here", ",", "do",
                "link", "/state/new", "/outside", ",", "cat", "/proc/self/mountinfo"});
  with_volumes.config.volumes = {"/state", "made/here", "/etc/passwd", "/"};
  EXPECT_EQ(changes_of(with_volumes), (Changes{"+/state/new"})) << "what docker makes, the run did not";
  EXPECT_THAT(output_, testing::StartsWith("data\ntouch: done\n/made/here 40755 0:0 "));
  EXPECT_THAT(output_, HasSubstr("link: Invalid cross-device link\n")) << "each is a mount of its own";
  EXPECT_THAT(output_, testing::AllOf(HasSubstr(" /state "), HasSubstr(" /made/here ")));
  with_volumes.config.cmd = {"stat", "/state/new"};
  EXPECT_EQ(run(with_volumes), "no /state/new\n");
}

TEST_P(RunFiles, AVolumeThatALinkLeadsToStaysInside) {
  entries_.push_back({.path = "way", .type = AE_IFLNK, .mode = 0777, .content = "/../../../../state"});
  auto with_volume = start_of({"cat", "/proc/self/mountinfo"});
  with_volume.config.volumes = {"/way"};
  EXPECT_THAT(run(with_volume), HasSubstr(" /state "));
}

TEST_P(RunFiles, AMountTakesTheVolumesPlace) {
  auto with_volume = start_of({"stat", "/state/data"});
  with_volume.config.volumes = {"/state"};
  with_volume.tmpfs = {{.target = "/state", .size = 1U << 20}};
  EXPECT_EQ(run(with_volume), "no /state/data\n");
}

TEST_P(RunFiles, AHostileDepthIsBounded) {
  std::vector<std::string> words;
  const std::string name(200, 'd');
  for (int i = 0; i < 40; ++i) {
    words.insert(words.end(), {"do", "mkdir", name, ",", "do", "chdir", name, ","});
  }
  const auto container = start(start_of(words));
  ASSERT_TRUE(container->wait(steady_clock::now() + seconds(30)).has_value());
  const auto changes = container->changes();
  EXPECT_FALSE(changes.complete);
  EXPECT_LE(changes.files.size(), 21U);
}

INSTANTIATE_TEST_SUITE_P(Runtimes, RunFiles, testing::Values("runc", "crun"),
                         [](const auto& test) { return test.param; });

}  // namespace
}  // namespace slim
