// What watching sees, of real containers: the watcher, the table of calls and the names that it makes.
#include "runner/path_watch.h"

#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>
#include <signal.h>
#include <string>
#include <utility>
#include <vector>

#include <archive_entry.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "runner/sandbox.h"
#include "tests/runner/sandbox_fixture.h"

namespace slim {
namespace {

using namespace fixture;

class PathWatch : public RealSandbox {
 protected:
  /// What was seen of "inside" with these words, once it has ended.
  Watched watch(std::vector<std::string> words, const std::string& folder = "") {
    auto watched = start_of(std::move(words));
    watched.watch_paths = true;
    watched.config.working_dir = folder;
    const auto container = start(watched);
    EXPECT_TRUE(container->wait(steady_clock::now() + seconds(60)).has_value());
    output_ = container->output(OutputStream::standard_output).text;
    const auto seen = container->watched();
    EXPECT_TRUE(seen.has_value()) << "this kernel or runtime cannot notify of system calls";
    return seen.value_or(Watched{});
  }

  static AskedPath find(const Watched& watched, const std::string& path) {
    const auto found = std::ranges::find(watched.paths, path, &AskedPath::path);
    return found == watched.paths.end() ? AskedPath{} : *found;
  }

  std::string output_;
};

TEST_P(PathWatch, EachPathComesWithItsUsesAndWhoAskedFirst) {
  const auto seen = watch({"cat",         "/etc/lost", ",",  "stat",  "/etc/passwd", ",", "cat",
                           "/etc/passwd", ",",         "do", "mkdir", "/state/made", ",", "touch",
                           "/state/new",  ",",         "do", "chdir", "/tmp",        ",", "processes"});
  EXPECT_TRUE(seen.complete);
  const auto lost = find(seen, "/etc/lost");
  EXPECT_EQ(lost.uses, PathUse::opened);
  EXPECT_EQ(lost.program, "/bin/inside");
  EXPECT_THAT(lost.call, testing::AnyOf("open", "openat"));
  EXPECT_EQ(find(seen, "/etc/passwd").uses, PathUse::looked_up | PathUse::opened);
  EXPECT_EQ(find(seen, "/bin/inside").uses & PathUse::executed, PathUse::executed);
  EXPECT_EQ(find(seen, "/state/made").uses, PathUse::changed);
  EXPECT_EQ(find(seen, "/state/new").uses, PathUse::opened | PathUse::changed);
  EXPECT_EQ(find(seen, "/tmp").uses, PathUse::entered);
  EXPECT_EQ(find(seen, "/proc").uses, PathUse::opened | PathUse::listed);
  auto names = asked_names(seen);
  EXPECT_EQ(names.size(), seen.paths.size());
  std::ranges::sort(names);
  EXPECT_EQ(std::ranges::adjacent_find(names), names.end()) << "each path once";
}

TEST_P(PathWatch, RelativeNamesAreThoseOfTheirFolder) {
  const auto seen = watch({"cat", "made/lost", ",", "do", "chdir", "/etc", ",", "cat", "./group", ",", "do",
                           "openat", "/state", "same", ",", "cat", "../bin/lost"},
                          "/tmp");
  EXPECT_THAT(asked_names(seen),
              testing::IsSupersetOf({"/tmp/made/lost", "/etc/group", "/state/same", "/etc/../bin/lost"}));
}

TEST_P(PathWatch, NamesThatAreTextAreNotLookedUpAndBothNamesOfARenameAre) {
  const auto seen = watch({"do", "symlink", "/text/only", "/tmp/link", ",", "do", "link", "/etc/passwd",
                           "/tmp/hard", ",", "do", "rename", "/tmp/hard", "/tmp/soft"});
  EXPECT_THAT(asked_names(seen),
              testing::IsSupersetOf({"/tmp/link", "/etc/passwd", "/tmp/hard", "/tmp/soft"}));
  EXPECT_THAT(asked_names(seen), Not(testing::Contains("/text/only")));
  EXPECT_EQ(find(seen, "/etc/passwd").uses, PathUse::looked_up);
  EXPECT_EQ(find(seen, "/tmp/soft").uses, PathUse::changed);
}

TEST_P(PathWatch, AProcessInAChrootAsksForPathsOfTheContainer) {
  entries_.push_back({.path = "jail", .type = AE_IFDIR, .mode = 0755});
  entries_.push_back({.path = "jail/etc", .type = AE_IFDIR, .mode = 0755});
  const auto seen = watch({"do", "chroot", "/jail", ",", "cat", "/etc/inner", ",", "cat", "/../etc/up", ",",
                           "do", "chdir", "/etc", ",", "cat", "near"});
  EXPECT_THAT(output_, HasSubstr("chroot: done\n"));
  EXPECT_THAT(asked_names(seen), testing::IsSupersetOf({"/jail", "/jail/etc/inner", "/jail/etc/up",
                                                        "/jail/etc", "/jail/etc/near"}));
  EXPECT_EQ(find(seen, "/jail").uses, PathUse::entered);
}

TEST_P(PathWatch, ProcSelfIsReplacedWhereItLeadsToAnotherFolder) {
  const auto seen = watch({"do", "chdir", "/etc", ",", "cat", "/proc/self/cwd/lost", ",", "stat",
                           "/proc/thread-self/root/etc/group", ",", "cat", "/proc/self/status"});
  EXPECT_THAT(asked_names(seen), testing::IsSupersetOf({"/etc/lost", "/etc/group", "/proc/self/status"}));
}

TEST_P(PathWatch, ThreadsForksExecsAndDaemonsAreFollowed) {
  const auto seen =
      watch({"thread", "/of/thread", ",", "spawn", "/bin/inside", "cat", "/of/child", ",", "daemon",
             "/of/daemon", ",", "spawn", "inside", "print", "searched", ",", "spawn", "/bin/lost"});
  EXPECT_THAT(asked_names(seen),
              testing::IsSupersetOf({"/of/thread", "/of/child", "/of/daemon", "/bin/lost"}));
  const std::vector<std::string> with_cat{"/bin/inside", "cat", "/of/child"};
  const std::vector<std::string> searched{"inside", "print", "searched"};
  EXPECT_THAT(seen.processes, testing::Contains(StartedProcess{.program = "/bin/inside", .argv = with_cat}));
  EXPECT_THAT(seen.processes, testing::Contains(StartedProcess{.program = "/bin/inside", .argv = searched}));
  EXPECT_EQ(seen.processes.size(), 3U) << "what a search of PATH tried in vain is no process";
}

TEST_P(PathWatch, SocketsHavePathsToo) {
  const auto seen = watch({"do", "listen", "/tmp/served", ",", "do", "chdir", "/tmp", ",", "do", "connect",
                           "lost", ",", "do", "connect", "@abstract", ",", "reach", "127.0.0.1", "1"});
  EXPECT_EQ(find(seen, "/tmp/served").uses, PathUse::changed);
  EXPECT_EQ(find(seen, "/tmp/lost").uses, PathUse::looked_up);
  EXPECT_THAT(asked_names(seen), Not(testing::Contains(HasSubstr("abstract"))));
}

TEST_P(PathWatch, CallsOfThirtyTwoBitProgramsAreRead) {
  const auto container = start(start_of({"int80", "/etc/passwd"}));
  ASSERT_TRUE(container->wait(steady_clock::now() + seconds(30)).has_value());
  if (container->output(OutputStream::standard_output).text != "int80: done\n") {
    GTEST_SKIP() << "this machine runs no 32-bit calls: "
                 << container->output(OutputStream::standard_output).text;
  }
  const auto seen = watch({"int80", "/etc/narrow"});
  EXPECT_TRUE(seen.complete);
  EXPECT_EQ(find(seen, "/etc/narrow").call, "open");
}

TEST_P(PathWatch, IoUringIsNotThereWhileWatched) {
  watch({"do", "io_uring"});
  EXPECT_EQ(output_, "io_uring: Function not implemented\n");
  EXPECT_EQ(run_words({"do", "io_uring"}), "io_uring: Operation not permitted\n") << "docker's default";
}

TEST_P(PathWatch, DockersListStaysInForce) {
  watch({"mount", ",", "unshare", ",", "mknod"});
  EXPECT_EQ(
      output_,
      "mount: Operation not permitted\nunshare: Operation not permitted\nmknod: Operation not permitted\n");
}

TEST_P(PathWatch, AProgramThatAsksForMoreThanIsKeptMakesItIncomplete) {
  const auto seen = watch({"many", "9000", ",", "print", "done"});
  EXPECT_EQ(output_, "done\n");
  EXPECT_FALSE(seen.complete);
  EXPECT_GT(seen.paths.size(), 8'000U);
  EXPECT_LT(seen.paths.size(), 9'000U);
}

TEST_P(PathWatch, LongArgumentsAreCut) {
  std::vector<std::string> words{"print"};
  words.emplace_back(3000, 'x');
  for (int i = 0; i < 300; ++i) words.emplace_back("word");
  const auto seen = watch(words);
  ASSERT_EQ(seen.processes.size(), 1U);
  EXPECT_EQ(seen.processes[0].argv.size(), 256U);
  EXPECT_EQ(seen.processes[0].argv[2].size(), 3000U);
}

TEST_P(PathWatch, WhatIsStartedInItLaterIsWatchedToo) {
  auto watched = start_of({"sleep"});
  watched.watch_paths = true;
  const auto container = start(watched);
  for (const auto* name : {"/of/first", "/of/second"}) {
    const auto result =
        container->exec({.argv = {"/bin/inside", "cat", name}, .env = {}, .user = {}, .workdir = {}},
                        steady_clock::now() + seconds(30));
    ASSERT_TRUE(result.has_value()) << result.error().message;
    EXPECT_EQ(result->status, ExitStatus{}) << result->error.text;
  }
  container->signal(SIGKILL);
  ASSERT_TRUE(container->wait(steady_clock::now() + seconds(30)).has_value());
  const auto seen = container->watched();
  ASSERT_TRUE(seen.has_value());
  EXPECT_THAT(asked_names(*seen), testing::IsSupersetOf({"/of/first", "/of/second"}));
  EXPECT_EQ(seen->processes.size(), 3U);
}

INSTANTIATE_TEST_SUITE_P(Runtimes, PathWatch, testing::Values("runc", "crun"),
                         [](const auto& test) { return test.param; });

}  // namespace
}  // namespace slim
