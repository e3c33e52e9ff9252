// What is done to a container that runs: processes started in it, files read and written, sockets,
// companions.
#include "runner/keeper.h"

#include <chrono>
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <signal.h>
#include <string>
#include <utility>
#include <vector>

#include <archive_entry.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "analyzer/error.h"
#include "runner/oci_sandbox.h"
#include "runner/sandbox.h"
#include "tests/runner/sandbox_fixture.h"

namespace slim {
namespace {

using namespace fixture;

class KeptContainer : public RealSandbox {
 protected:
  std::expected<ExecResult, StartFailure> exec(Container& container, std::vector<std::string> words,
                                               seconds limit = seconds(30)) {
    ExecStart start{.argv = {"/bin/inside"}, .env = {}, .user = {}, .workdir = {}};
    start.argv.insert(start.argv.end(), words.begin(), words.end());
    return container.exec(start, steady_clock::now() + limit);
  }

  static std::vector<std::string> texts(const std::vector<ListeningSocket>& sockets) {
    std::vector<std::string> all;
    for (const auto& socket : sockets) all.push_back(socket.text());
    return all;
  }
};

TEST_P(KeptContainer, AProcessIsStartedInIt) {
  const auto container = start(start_of({"sleep"}));
  auto result = exec(*container, {"print", "out", ",", "error", "err", ",", "exit", "7"});
  ASSERT_TRUE(result.has_value()) << result.error().message;
  EXPECT_EQ(result->status, (ExitStatus{.code = 7, .signal = 0}));
  EXPECT_EQ(result->output.text, "out\n");
  EXPECT_EQ(result->error.text, "err\n");
  result = exec(*container, {"kill", "9"});
  ASSERT_TRUE(result.has_value()) << result.error().message;
  EXPECT_EQ(result->status, (ExitStatus{.code = 0, .signal = 9}));
  result = exec(*container, {"touch", "/left", ",", "processes"});
  EXPECT_THAT(result->output.text, testing::StartsWith("touch: done\nprocesses 2, own "));
  EXPECT_EQ(container->read_file("/left", 10), "");
}

TEST_P(KeptContainer, TheProcessHasTheContainersSettingsButForItsOwn) {
  auto user = start_of({"sleep"});
  user.config.user = "app";
  user.config.env = {"A=1", "B=2"};
  user.config.working_dir = "/tmp";
  const auto container = start(user);
  auto result = exec(*container, {"id", ",", "cwd", ",", "env"});
  ASSERT_TRUE(result.has_value()) << result.error().message;
  EXPECT_THAT(result->output.text, testing::StartsWith("id 1000:1001\n/tmp\n"));
  EXPECT_THAT(result->output.text, testing::AllOf(HasSubstr("A=1\nB=2\n"), HasSubstr("HOME=/home/app\n")));
  result = container->exec({.argv = {"inside", "id", ",", "cwd", ",", "env"},
                            .env = {"B=3", "C=4"},
                            .user = "root",
                            .workdir = "/etc"},
                           steady_clock::now() + seconds(30));
  ASSERT_TRUE(result.has_value()) << result.error().message;
  EXPECT_THAT(result->output.text, testing::StartsWith("id 0:0\n/etc\n"));
  EXPECT_THAT(result->output.text, HasSubstr("A=1\nB=3\nC=4\n"));
}

TEST_P(KeptContainer, AProcessIsAsConfinedAsTheContainer) {
  const auto container = start(start_of({"sleep"}));
  const auto result = exec(*container, {"mount", ",", "unshare", ",", "mknod", ",", "do", "io_uring"});
  ASSERT_TRUE(result.has_value()) << result.error().message;
  EXPECT_EQ(
      result->output.text,
      "mount: Operation not permitted\nunshare: Operation not permitted\nmknod: Operation not permitted\n"
      "io_uring: Operation not permitted\n");
}

TEST_P(KeptContainer, AProcessThatCannotBeStartedIsAStartFailure) {
  const auto container = start(start_of({"sleep"}));
  const auto code = [&](const std::string& program) {
    const auto result = container->exec({.argv = {program}, .env = {}, .user = {}, .workdir = {}},
                                        steady_clock::now() + seconds(30));
    return result ? 0 : result.error().exit_code;
  };
  EXPECT_EQ(code("/missing"), 127);
  EXPECT_EQ(code("missing"), 127);
  EXPECT_EQ(code("/etc/passwd"), 126);
  container->signal(SIGKILL);
  ASSERT_TRUE(container->wait(steady_clock::now() + seconds(30)).has_value());
  EXPECT_EQ(code("/bin/inside"), 126);
}

TEST_P(KeptContainer, AProcessIsKilledAtItsDeadlineAndDaemonsAreNotWaitedFor) {
  const auto container = start(start_of({"sleep"}));
  auto result = exec(*container, {"print", "begun", ",", "sleep"}, seconds(1));
  ASSERT_TRUE(result.has_value()) << result.error().message;
  EXPECT_EQ(result->status, std::nullopt);
  EXPECT_EQ(result->output.text, "begun\n");
  result = exec(*container, {"print", "x", ",", "daemon", "/x", "loud", ",", "print", "left"});
  ASSERT_TRUE(result.has_value()) << result.error().message;
  EXPECT_EQ(result->status, ExitStatus{});
  EXPECT_EQ(result->output.text, "x\nleft\n");
}

TEST_P(KeptContainer, FilesAreReadAndWrittenAsItsRootSeesThem) {
  entries_.push_back(
      {.path = "out", .type = AE_IFLNK, .mode = 0777, .content = "/../../../../../etc/passwd"});
  entries_.push_back({.path = "loop", .type = AE_IFLNK, .mode = 0777, .content = "loop"});
  auto mounted = start_of({"sleep"});
  mounted.tmpfs = {{.target = "/cache", .size = 1U << 20}};
  const auto container = start(mounted);
  EXPECT_EQ(container->read_file("/state/data", 100), "data\n");
  EXPECT_EQ(container->read_file("/state/data", 2), "da");
  EXPECT_THAT(container->read_file("/out", 100).value_or(""), testing::StartsWith("root:x:0:0::"));
  for (const auto* path : {"/state/fifo", "/state", "/lost", "/loop", "/proc/self/exe"}) {
    EXPECT_EQ(container->read_file(path, 100), std::nullopt) << path;
  }
  EXPECT_TRUE(container->write_file("/cache/new", "written"));
  EXPECT_TRUE(container->write_file("/state/data", "other"));
  EXPECT_FALSE(container->write_file("/lost/folder/x", "x"));
  EXPECT_FALSE(container->write_file("/state", "x"));
  const auto result = exec(*container, {"cat", "/cache/new", ",", "cat", "/state/data"});
  EXPECT_EQ(result->output.text, "writtenother");
}

TEST_P(KeptContainer, SocketsOfEveryKindAreSeen) {
  const auto container =
      start(start_of({"do", "listen", "/tmp/stream", ",", "do", "log", "/tmp/datagram", ",", "do", "listen",
                      "@name", ",", "do", "udp", "53", ",", "serve", "80", "x"}));
  ASSERT_TRUE(wait_until([&] { return !container->listening_ports().empty(); }));
  EXPECT_THAT(texts(container->listening_sockets()),
              testing::UnorderedElementsAre("tcp 0.0.0.0:80", "udp 0.0.0.0:53", "unix /tmp/stream",
                                            "unix /tmp/datagram", "unix @name"));
}

TEST_P(KeptContainer, MemoryIsMeasured) {
  const auto container = start(start_of({"memory", "40", ",", "sleep"}));
  ASSERT_TRUE(wait_until([&] { return !container->output(OutputStream::standard_output).text.empty(); }));
  EXPECT_GE(container->peak_memory(), 40U << 20);
  EXPECT_LT(container->peak_memory(), 80U << 20);
}

TEST_P(KeptContainer, ACompanionServesInTheSameNetworkUnderItsName) {
  auto image = read(entries_);
  auto other_entries = image_entries();
  other_entries.push_back({.path = "etc/companion", .content = "its own file\n"});
  auto other = read(other_entries, "other.tar");
  sandbox_ = make_oci_sandbox(image, options_, {&other});
  auto serves = start_of({"serve", "5432", "hello"});
  serves.image = 1;
  serves.hostname = "database";
  const auto service = start(serves);
  ASSERT_TRUE(wait_until([&] { return !service->listening_ports().empty(); }));
  EXPECT_EQ(service->read_file("/etc/companion", 100), "its own file\n");

  auto joins = start_of({"reach", "127.0.0.1", "5432", ",", "cat", "/etc/hosts", ",", "cat", "/etc/companion",
                         ",", "processes", ",", "serve", "80", "x"});
  joins.network_of = service.get();
  joins.host_names = {"db", "database"};
  const auto container = start(joins);
  ASSERT_TRUE(wait_until([&] { return !container->listening_ports().empty(); }));
  const auto output = container->output(OutputStream::standard_output).text;
  EXPECT_THAT(output, testing::StartsWith("connect: done\n"));
  EXPECT_THAT(output, HasSubstr("127.0.0.1\tcontainer db database\n"));
  EXPECT_THAT(output, HasSubstr("cannot open /etc/companion: "));
  EXPECT_THAT(output, HasSubstr("processes 1, own 1\n"));
  EXPECT_EQ(texts(container->listening_sockets()), std::vector<std::string>{"tcp 0.0.0.0:80"})
      << "its own alone";
  EXPECT_EQ(texts(service->listening_sockets()), std::vector<std::string>{"tcp 0.0.0.0:5432"});
}

TEST_P(KeptContainer, ANetworkThatHasEndedIsNotJoined) {
  const auto service = start(start_of({"exit", "0"}));
  ASSERT_TRUE(service->wait(steady_clock::now() + seconds(30)).has_value());
  auto joins = start_of({"print", "x"});
  joins.network_of = service.get();
  EXPECT_THROW(start(joins), Error);
}

TEST_P(KeptContainer, ARunHasMountsOfItsOwn) {
  std::filesystem::create_directory(folder_ + "/shared");
  std::ofstream(folder_ + "/shared/file") << "from the host\n";
  options_.mount_sources = {folder_ + "/shared"};
  auto mounted = start_of({"cat", "/data/file"});
  mounted.mounts = {{.source = folder_ + "/shared", .target = "/data", .read_only = true}};
  EXPECT_EQ(run(mounted), "from the host\n");
  EXPECT_THAT(run_words({"cat", "/data/file"}), HasSubstr("cannot open"));
  mounted.mounts = {{.source = folder_ + "/other", .target = "/data"}};
  EXPECT_THROW(start(mounted), Error);
}

INSTANTIATE_TEST_SUITE_P(Runtimes, KeptContainer, testing::Values("runc", "crun"),
                         [](const auto& test) { return test.param; });

}  // namespace
}  // namespace slim
