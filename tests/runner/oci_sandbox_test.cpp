// The real sandbox, with every runtime that is installed, as whoever runs the test; where that is root, a
// last test runs all the others once more as an ordinary user. The image is a tar made here, around one
// static program.
#include "runner/oci_sandbox.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <functional>
#include <grp.h>
#include <iterator>
#include <memory>
#include <optional>
#include <pwd.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string>
#include <string_view>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <utility>
#include <vector>

#include <archive.h>
#include <archive_entry.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "analyzer/error.h"
#include "analyzer/image_contents.h"
#include "analyzer/spawn.h"
#include "runner/http.h"
#include "runner/id_map.h"
#include "runner/run.h"
#include "runner/verify.h"
#include "tests/runner/sandbox_fixture.h"

namespace slim {
namespace {

using namespace fixture;

class OciSandbox : public RealSandbox {};

TEST_P(OciSandbox, ExitStatusAndBothOutputsComeBack) {
  auto start_it = start_of({"print", "out", ",", "error", "err", ",", "exit", "3"});
  const auto container = start(start_it);
  const auto status = container->wait(steady_clock::now() + seconds(30));
  ASSERT_TRUE(status.has_value());
  EXPECT_EQ(status->code, 3);
  EXPECT_EQ(status->signal, 0);
  EXPECT_EQ(container->output(OutputStream::standard_output).text, "out\n");
  EXPECT_EQ(container->output(OutputStream::standard_error).text, "err\n");
}

TEST_P(OciSandbox, RootInsideIsNotTheHostsRoot) {
  const auto output = run_words({"id", ",", "cat", "/proc/self/uid_map"});
  unsigned inside = 1;
  unsigned outside = 0;
  ASSERT_EQ(std::sscanf(output.c_str(), "id 0:0 %u %u", &inside, &outside), 2) << output;
  EXPECT_EQ(inside, 0U);
  EXPECT_NE(outside, 0U);
}

TEST_P(OciSandbox, NoNetworkNoHostFilesNoOtherProcesses) {
  std::ofstream(folder_ + "/secret") << "x";
  const auto output = run_words({"reach", "10.0.0.1", "80", ",", "stat", folder_ + "/secret", ",", "stat",
                                 "/proc/kcore", ",", "processes"});
  EXPECT_THAT(output, HasSubstr("connect: Network is unreachable\n"));
  EXPECT_THAT(output, HasSubstr("no " + folder_ + "/secret\n"));
  EXPECT_THAT(output, HasSubstr("processes 1, own 1\n"));
}

TEST_P(OciSandbox, WhatDockerDeniesIsDenied) {
  EXPECT_EQ(
      run_words({"mount", ",", "unshare", ",", "mknod"}),
      "mount: Operation not permitted\nunshare: Operation not permitted\nmknod: Operation not permitted\n");
  const auto mounts = run_words({"cat", "/proc/self/mountinfo"});
  EXPECT_THAT(mounts, HasSubstr(" /sys /proc/sys ro,"));
  EXPECT_THAT(mounts, HasSubstr(" /sys ro,"));
  EXPECT_THAT(mounts, HasSubstr(" /sys/firmware ro,"));
}

TEST_P(OciSandbox, WhatIsWrittenIsGoneWithTheRun) {
  EXPECT_EQ(run_words({"touch", "/new", ",", "touch", "/etc/passwd", ",", "append", "/etc/passwd", "more"}),
            "touch: done\ntouch: done\n");
  EXPECT_EQ(run_words({"stat", "/new", ",", "cat", "/etc/passwd"}),
            "no /new\nroot:x:0:0::/root:/bin/sh\napp:x:1000:1001::/home/app:/bin/sh\n");
}

TEST_P(OciSandbox, WritingIsBounded) {
  options_.limits.writable = 8U << 20;
  EXPECT_EQ(run_words({"fill", "/big", "100"}), "filled No space left on device\n");
}

TEST_P(OciSandbox, ProcessesAreBounded) {
  options_.limits.pids = 20;
  EXPECT_EQ(run_words({"fork", "200"}), "forked not all\n");
  options_.limits.pids = 400;
  sandbox_.reset();
  EXPECT_EQ(run_words({"fork", "200"}), "forked all\n");
}

TEST_P(OciSandbox, MemoryIsBounded) {
  options_.limits.memory = 64U << 20;
  const auto container = start(start_of({"memory", "300"}));
  const auto status = container->wait(steady_clock::now() + seconds(60));
  ASSERT_TRUE(status.has_value());
  const auto output = container->output(OutputStream::standard_output).text;
  EXPECT_TRUE(status->signal == SIGKILL || output == "no memory\n") << status->text() << " " << output;
  EXPECT_THAT(sandbox().facts().limits, testing::Contains(HasSubstr("memory 64 MiB")));
}

TEST_P(OciSandbox, ExtractionKeepsOwnersModesTimesAndLinks) {
  const auto output = run_words({"stat", "/state",      ",", "stat",  "/state/data",  ",",
                                 "stat", "/state/same", ",", "stat",  "/state/empty", ",",
                                 "stat", "/state/link", ",", "stat",  "/state/fifo",  ",",
                                 "stat", "/state/null", ",", "stat",  "/tmp",         ",",
                                 "cat",  "/state/same", ",", "xattr", "/state/able",  "security.capability"});
  EXPECT_EQ(output,
            "/state 42750 1000:1001 links 2 size 0 time 1234567890\n"
            "/state/data 104711 1000:44 links 2 size 5 time 1234567890\n"
            "/state/same 104711 1000:44 links 2 size 5 time 1234567890\n"
            "/state/empty 100000 3:0 links 1 size 0 time 1234567890\n"
            "/state/link 120777 1000:0 links 1 size 11 time 1234567890\n"
            "/state/fifo 10622 0:0 links 1 size 0 time 1234567890\n"
            "no /state/null\n"
            "/tmp 41777 0:0 links 2 size 0 time 1234567890\n"
            "data\n"
            "0100000200040000000000000000000000000000\n");
  EXPECT_THAT(sandbox().facts().notes, testing::ElementsAre(HasSubstr("/state/null: left out")));
}

TEST_P(OciSandbox, AnImageThatNeedsTheDiskIsThereAsItStands) {
  // Not every kernel's tmpfs takes user attributes, so that such an image is extracted to the work folder.
  entries_.push_back({.path = "state/noted", .content = "x", .note = "hi"});
  EXPECT_EQ(run_words({"xattr", "/state/noted", "user.note", ",", "stat", "/state", ",", "stat",
                       "/state/same", ",", "touch", "/state/data"}),
            "6869\n/state 42750 1000:1001 links 2 size 0 time 1234567890\n"
            "/state/same 104711 1000:44 links 2 size 5 time 1234567890\ntouch: done\n");
  const std::filesystem::path work = *std::filesystem::directory_iterator(folder_ + "/work");
  EXPECT_TRUE(std::filesystem::exists(work / "space/image0/rootfs/etc/passwd"))
      << "it was not the disk that was tested";
}

TEST_P(OciSandbox, AnImageWithoutAnyFolderOfItsOwnStillRuns) {
  entries_ = {{.path = "inside", .mode = 0755, .content = program_bytes()}};
  ContainerStart bare;
  bare.config.cmd = {"/inside", "cat",  "/etc/hostname", ",", "cat", "/etc/resolv.conf",
                     ",",       "stat", "/dev/null",     ",", "cwd"};
  const auto output = run(bare);
  EXPECT_THAT(output, testing::StartsWith("container\nnameserver 127.0.0.1\n/dev/null 20666"));
  EXPECT_THAT(output, testing::EndsWith("\n/\n"));
}

TEST_P(OciSandbox, UserGroupsHomeAndWorkingFolderAreThoseOfDocker) {
  auto user = start_of({"id", ",", "groups", ",", "cwd", ",", "env", ",", "stat", "/made/here"});
  user.config.user = "app";
  user.config.working_dir = "/made/here";
  EXPECT_THAT(run(user), HasSubstr("id 1000:1001\n44 \n/made/here\n"
                                   "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\n"
                                   "HOSTNAME=container\nHOME=/home/app\n/made/here 40755 0:0"));
}

TEST_P(OciSandbox, TheUserCanOpenItsOwnOutputByName) {
  auto user = start_of({"append", "/dev/stdout", "by name"});
  user.config.user = "app";
  EXPECT_EQ(run(user), "by name\n");
}

TEST_P(OciSandbox, AProgramThatIsMissingOrNoProgramIsAStartFailure) {
  const auto code = [this](const std::string& program) {
    ContainerStart wrong;
    wrong.config.cmd = {program};
    const auto container = sandbox().start(wrong);
    return container ? 0 : container.error().exit_code;
  };
  EXPECT_EQ(code("/missing"), 127);
  EXPECT_EQ(code("missing"), 127);
  EXPECT_EQ(code("/etc/passwd"), 126);
  EXPECT_EQ(code("/etc"), 126);
}

TEST_P(OciSandbox, SignalsArriveAndEndingByOneIsSeen) {
  auto container = start(start_of({"wait"}));
  ASSERT_TRUE(wait_until([&] { return container->output(OutputStream::standard_output).text == "ready\n"; }));
  container->signal(SIGUSR1);
  ASSERT_EQ(container->wait(steady_clock::now() + seconds(30)), ExitStatus{});
  EXPECT_EQ(container->output(OutputStream::standard_output).text, "ready\ngot 10\n");
  container = start(start_of({"sleep"}));
  EXPECT_FALSE(container->wait(steady_clock::now()).has_value());
  container->signal(SIGKILL);
  EXPECT_EQ(container->wait(steady_clock::now() + seconds(30)), (ExitStatus{.code = 0, .signal = SIGKILL}));
}

TEST_P(OciSandbox, PortsAreSeenAndReachedFromOutside) {
  const auto container = start(start_of({"serve", "80", "hello"}));
  ASSERT_TRUE(wait_until([&] { return !container->listening_ports().empty(); }));
  const auto ports = container->listening_ports();
  ASSERT_EQ(ports.size(), 1U);
  EXPECT_EQ(ports[0].port, 80);
  const auto connection = container->connect(ports[0]);
  ASSERT_TRUE(static_cast<bool>(connection));
  const auto answer = exchange(connection.get(), get_request("/"), seconds(10), seconds(10));
  EXPECT_EQ(answer.http.response.body, "hello");
  EXPECT_FALSE(static_cast<bool>(container->connect({.port = 81})));
  container->signal(SIGTERM);
  EXPECT_EQ(container->wait(steady_clock::now() + seconds(30)), ExitStatus{});
}

TEST_P(OciSandbox, AnOrdinaryUserMayOpenLowPorts) {
  auto user = start_of({"serve", "80", "hello"});
  user.config.user = "app";
  const auto container = start(user);
  EXPECT_TRUE(wait_until([&] { return !container->listening_ports().empty(); }));
}

TEST_P(OciSandbox, InputIsPassedOnToItsEnd) {
  auto pipe = make_pipe();
  const std::string text = "typed in\n";
  ASSERT_EQ(::write(pipe.write.get(), text.data(), text.size()), static_cast<ssize_t>(text.size()));
  pipe.write = UniqueFd();
  auto reader = start_of({"cat", "-"});
  reader.stdin_fd = pipe.read.get();
  EXPECT_EQ(run(reader), text);
}

TEST_P(OciSandbox, MountsAreTheUsersAndReadOnlyWhereAsked) {
  std::filesystem::create_directory(folder_ + "/shared");
  std::ofstream(folder_ + "/shared/file") << "from the host\n";
  options_.overrides.mounts = {{.source = folder_ + "/shared", .target = "/data", .read_only = true}};
  options_.overrides.tmpfs = {{.target = "/cache", .size = 1U << 20}};
  EXPECT_EQ(run_words({"cat", "/data/file", ",", "touch", "/data/new", ",", "fill", "/cache/x", "2"}),
            "from the host\ntouch: Read-only file system\nfilled No space left on device\n");
  sandbox_.reset();
  EXPECT_EQ(read_file(folder_ + "/shared/file"), "from the host\n") << "cleaning up touched a mounted folder";
}

TEST_P(OciSandbox, AskedPathsAreWatched) {
  auto watched = start_of({"cat", "/etc/lost", ",", "cat", "etc/../etc/passwd"});
  watched.watch_paths = true;
  const auto container = start(watched);
  ASSERT_TRUE(container->wait(steady_clock::now() + seconds(30)).has_value());
  const auto seen = container->watched();
  if (!seen) GTEST_SKIP() << "this kernel or runtime cannot notify of system calls";
  EXPECT_THAT(asked_names(*seen), testing::IsSupersetOf({"/bin/inside", "/etc/lost", "/etc/../etc/passwd"}))
      << "what .. leads to is for the reader of links to say";
}

TEST_P(OciSandbox, RunContainerEndsAtItsTimeLimit) {
  RunLimits limits;
  limits.timeout = seconds(1);
  testing::internal::CaptureStderr();
  EXPECT_EQ(run_container(sandbox(), start_of({"sleep"}), limits), 124);
  EXPECT_THAT(testing::internal::GetCapturedStderr(), HasSubstr("killed after 1 s"));
}

TEST_P(OciSandbox, ContainersOfOneSandboxRunSideBySide) {
  const auto first = start(start_of({"sleep"}));
  EXPECT_EQ(run_words({"processes"}), "processes 1, own 1\n");
  EXPECT_FALSE(first->wait(steady_clock::now()).has_value());
}

TEST_P(OciSandbox, NothingIsLeftBySlimThatIsKilled) {
  auto image = read(entries_);
  auto ready = make_pipe();
  const pid_t pid = ::fork();
  if (pid == 0) {
    const auto doomed = make_oci_sandbox(image, options_);
    const auto container = doomed->start(start_of({"sleep"}));
    if (::write(ready.write.get(), "r", 1) == 1) ::pause();
    ::_exit(container ? 0 : 1);
  }
  ready.write = UniqueFd();
  char byte = 0;
  ASSERT_EQ(::read(ready.read.get(), &byte, 1), 1);
  EXPECT_FALSE(std::filesystem::is_empty(folder_ + "/work"));
  ::kill(pid, SIGKILL);
  ASSERT_EQ(::waitpid(pid, nullptr, 0), pid);
  EXPECT_TRUE(wait_until([&] { return std::filesystem::is_empty(folder_ + "/work"); }));
}

TEST_P(OciSandbox, ARunThatWasKilledWholeIsCleanedUpByTheNext) {
  const auto stale = folder_ + "/work/slim-run.abcdef";
  std::filesystem::create_directories(stale + "/space/rootfs/deep");
  std::ofstream(stale + "/space/rootfs/deep/file") << "x";
  std::ofstream(stale + "/lock") << "";
  run_words({"print", "x"});
  EXPECT_FALSE(std::filesystem::exists(stale));
}

TEST_P(OciSandbox, VerifySaysSameOrDifferentWithTheCause) {
  auto image = [&](bool whole) {
    auto entries = image_entries();
    if (!whole)
      std::erase_if(entries, [](const TarEntry& entry) {
        return entry.path == "state/data" || entry.path == "state/same";
      });
    return read(entries, whole ? "whole.tar" : "part.tar");
  };
  auto original = image(true);
  auto copy = image(true);
  auto part = image(false);
  VerifyOptions options;
  options.run = options_;
  options.run.overrides.entrypoint = std::vector<std::string>{"/bin/inside", "cat", "/state/data"};
  auto verdict = verify_images(original, copy, options);
  EXPECT_EQ(verdict.outcome, Outcome::same) << verdict.reason;
  EXPECT_EQ(verdict.rootless, ::geteuid() != 0);
  verdict = verify_images(original, part, options);
  EXPECT_EQ(verdict.outcome, Outcome::different);
  ASSERT_EQ(verdict.differences.size(), 1U);
  EXPECT_EQ(verdict.differences[0].what, "stdout");
  EXPECT_THAT(verdict.differences[0].causes, testing::Contains("/state/data"));
  options.run.overrides.entrypoint = std::vector<std::string>{"/bin/inside", "serve", "8080", "hello"};
  verdict = verify_images(original, part, options);
  EXPECT_EQ(verdict.outcome, Outcome::same) << verdict.reason;
  EXPECT_EQ(verdict.probes.at(0).summary, "port 8080: GET / 200, exit 0 after the stop signal");
}

INSTANTIATE_TEST_SUITE_P(Runtimes, OciSandbox, testing::Values("runc", "crun"),
                         [](const auto& test) { return test.param; });

/// A user with subordinate ids, beside root.
const passwd* user_with_subordinate_ids() {
  ::setpwent();
  while (const passwd* user = ::getpwent()) {
    if (user->pw_uid == 0) continue;
    const auto ranges = parse_subordinate_ids(read_file("/etc/subuid"), user->pw_name, user->pw_uid);
    if (!ranges.empty() && ranges.front().count >= 65536) return user;
  }
  return nullptr;
}

TEST(OciSandboxRootless, EverythingHoldsForAnOrdinaryUserToo) {
  if (::geteuid() != 0) GTEST_SKIP() << "this is an ordinary user already";
  const passwd* user = user_with_subordinate_ids();
  if (user == nullptr) GTEST_SKIP() << "no user here has subordinate ids in /etc/subuid";
  const UniqueFd self(::open("/proc/self/exe", O_RDONLY));
  ASSERT_TRUE(static_cast<bool>(self));
  std::filesystem::copy_file(SLIM_TEST_PROGRAM, reachable_copy,
                             std::filesystem::copy_options::overwrite_existing);
  const pid_t pid = ::fork();
  if (pid == 0) {
    const bool dropped = ::initgroups(user->pw_name, user->pw_gid) == 0 &&
                         ::setresgid(user->pw_gid, user->pw_gid, user->pw_gid) == 0 &&
                         ::setresuid(user->pw_uid, user->pw_uid, user->pw_uid) == 0 && ::chdir("/") == 0;
    const std::array<const char*, 3> arguments{"runner_test", "--gtest_filter=Runtimes/*", nullptr};
    if (dropped) ::fexecve(self.get(), const_cast<char* const*>(arguments.data()), environ);
    ::_exit(1);
  }
  int status = 1;
  ASSERT_EQ(::waitpid(pid, &status, 0), pid);
  EXPECT_EQ(status, 0);
  std::filesystem::remove(reachable_copy);
}

}  // namespace
}  // namespace slim
