#include "slimmer/staging.h"

#include <csignal>
#include <cstddef>
#include <filesystem>
#include <span>
#include <string>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

#include <gtest/gtest.h>

#include "analyzer/error.h"
#include "tests/slimmer/temporary_folder.h"

namespace slim {
namespace {

using Names = std::vector<std::string>;

void write_text(const StagedPath& staged, const std::string& text) {
  write_at(staged.fd(), std::as_bytes(std::span(text)), 0, "test");
}

TEST(StagedPath, IsHiddenUntilItIsMoved) {
  const TemporaryFolder folder;
  StagedPath staged(StagedKind::file, folder.path(), "out.tar", "out.tar");
  ASSERT_EQ(folder.names().size(), 1U);
  EXPECT_TRUE(folder.names()[0].starts_with(".out.tar.slim-")) << folder.names()[0];
  EXPECT_TRUE(is_staged_name(folder.names()[0]));
  write_text(staged, "whole");
  commit_staged([&] { staged.move_to(folder.path() / "out.tar"); });
  EXPECT_EQ(folder.names(), Names{"out.tar"});
  EXPECT_EQ(read_file(folder / "out.tar"), "whole");
}

TEST(StagedPath, LeavesNothingWithoutMove) {
  const TemporaryFolder folder;
  {
    const StagedPath file(StagedKind::file, folder.path(), "a", "a");
    const StagedPath tree(StagedKind::folder, folder.path(), "b", "b");
    std::filesystem::create_directories(tree.path() / "x/y");
    std::filesystem::create_symlink("/", tree.path() / "x/link");
    EXPECT_EQ(folder.names().size(), 2U);
  }
  EXPECT_EQ(folder.names(), Names{});
}

TEST(StagedPath, ReplacesAFileInOneStep) {
  const TemporaryFolder folder;
  const std::string place = folder.write("out", "old");
  StagedPath staged(StagedKind::file, folder.path(), "out", "out");
  write_text(staged, "new");
  EXPECT_EQ(read_file(place), "old");
  commit_staged([&] { staged.move_to(place); });
  EXPECT_EQ(read_file(place), "new");
}

TEST(StagedPath, HasTheModeThatTheUmaskLeaves) {
  const TemporaryFolder folder;
  const mode_t before = umask(027);
  const StagedPath staged(StagedKind::file, folder.path(), "a", "a");
  umask(before);
  EXPECT_EQ(std::filesystem::status(staged.path()).permissions(), std::filesystem::perms(0640));
}

TEST(StagedPath, AMissingFolderIsAnEnvironmentError) {
  const TemporaryFolder folder;
  try {
    const StagedPath staged(StagedKind::file, folder / "none", "a", "oci:none/a");
    ADD_FAILURE() << "was made";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::environment);
    EXPECT_EQ(std::string(error.what()),
              "oci:none/a: cannot write in " + (folder / "none") + ": No such file or directory");
  }
}

TEST(StagedPath, SurvivesAForkedChildThatUnwinds) {
  const TemporaryFolder folder;
  const StagedPath staged(StagedKind::file, folder.path(), "a", "a");
  const pid_t child = fork();
  if (child == 0) {
    staged.~StagedPath();
    _exit(0);
  }
  ASSERT_EQ(waitpid(child, nullptr, 0), child);
  EXPECT_EQ(folder.names().size(), 1U);
}

TEST(StagedPath, TakesAwayWhatAKilledProcessLeftAndNothingElse) {
  const TemporaryFolder folder;
  const auto notes = folder.write(".out.slim-notes", "not of this form: five letters");
  const StagedPath in_use(StagedKind::file, folder.path(), "out", "out");
  const StagedPath of_another_name(StagedKind::file, folder.path(), "other", "other");
  for (const auto kind : {StagedKind::file, StagedKind::folder}) {
    const pid_t child = fork();
    if (child == 0) {
      const StagedPath left(kind, folder.path(), "out", "out");
      raise(SIGKILL);
    }
    ASSERT_EQ(waitpid(child, nullptr, 0), child);
    ASSERT_EQ(folder.names().size(), 4U);
    const StagedPath next(StagedKind::file, folder.path(), "out", "out");
    EXPECT_EQ(folder.names().size(), 4U);  // the abandoned one has gone, the new one has come
    EXPECT_TRUE(std::filesystem::exists(next.path()));
  }
  EXPECT_TRUE(std::filesystem::exists(in_use.path()));
  EXPECT_TRUE(std::filesystem::exists(of_another_name.path()));
  EXPECT_TRUE(std::filesystem::exists(notes));
}

TEST(StagedName, IsToldFromOthers) {
  EXPECT_TRUE(is_staged_name(".x.slim-abc123"));
  EXPECT_FALSE(is_staged_name("x.slim-abc123"));
  EXPECT_FALSE(is_staged_name(".x.slim-abc"));
  EXPECT_FALSE(is_staged_name(".slim-abc123"));
  EXPECT_FALSE(is_staged_name("index.json"));
}

// In a child, because it ends staging for the whole process: as a thread would that got a signal.
TEST(DiscardAllStaged, TakesEverythingAwayAndAllowsNoMore) {
  const TemporaryFolder folder;
  const pid_t child = fork();
  if (child == 0) {
    StagedPath file(StagedKind::file, folder.path(), "a", "a");
    const StagedPath tree(StagedKind::folder, folder.path(), "b", "b");
    std::filesystem::create_directories(tree.path() / "x/y");
    discard_all_staged();
    bool refused = false;
    try {
      commit_staged([&] { file.move_to(folder.path() / "a"); });
    } catch (const Error&) {
      refused = true;
    }
    bool closed = false;
    try {
      const StagedPath late(StagedKind::file, folder.path(), "c", "c");
    } catch (const Error&) {
      closed = true;
    }
    _exit(refused && closed ? 0 : 1);
  }
  int status = -1;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  EXPECT_EQ(folder.names(), Names{});
}

}  // namespace
}  // namespace slim
