// The judgement, over a sandbox that only exists in memory: each run follows a script.
#include "runner/verify.h"

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <signal.h>
#include <string>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "analyzer/unique_fd.h"
#include "runner/observe.h"
#include "runner/probe.h"
#include "runner/run.h"
#include "runner/sandbox.h"

namespace slim {
namespace {

/// What a run of the double does.
struct Script {
  std::optional<StartFailure> failure;
  std::optional<ExitStatus> exits;                   ///< by itself, at once
  std::map<std::uint16_t, std::string> answers;      ///< by port it listens on
  std::optional<ExitStatus> on_stop = ExitStatus{};  ///< nullopt: it does not heed its stop signal
  std::string output;
  std::string error;
  std::optional<std::vector<std::string>> asked;
  std::map<std::string, std::string> files;  ///< that can be read inside
  std::map<std::string, std::string> execs;  ///< by program: what it prints
  FileChanges changes;
  std::vector<std::string> processes = {"program, a child of none"};
};

class ScriptedContainer : public Container {
 public:
  explicit ScriptedContainer(Script script) : script_(std::move(script)), status_(script_.exits) {}

  std::optional<ExitStatus> wait(Deadline) override { return status_; }
  void signal(int number) override {
    if (number == SIGKILL) {
      status_ = ExitStatus{.code = 0, .signal = SIGKILL};
    } else if (script_.on_stop) {
      status_ = script_.on_stop;
    }
  }
  std::vector<ListeningPort> listening_ports() override {
    std::vector<ListeningPort> ports;
    for (const auto& [port, answer] : script_.answers) ports.push_back({.port = port});
    return ports;
  }
  UniqueFd connect(const ListeningPort& port) override {
    std::array<int, 2> ends{};
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) return {};
    UniqueFd client(ends[0]);
    const UniqueFd server(ends[1]);
    const auto& answer = script_.answers[port.port];
    const auto written = ::write(server.get(), answer.data(), answer.size());
    EXPECT_EQ(written, static_cast<ssize_t>(answer.size()));
    return client;
  }
  Captured output(OutputStream stream) override {
    return {.text = stream == OutputStream::standard_output ? script_.output : script_.error, .dropped = 0};
  }
  std::vector<ListeningSocket> listening_sockets() override {
    std::vector<ListeningSocket> sockets;
    for (const auto& [port, answer] : script_.answers) {
      sockets.push_back({.kind = SocketKind::tcp, .port = port, .address = "0.0.0.0"});
    }
    return sockets;
  }
  std::optional<Watched> watched() override {
    if (!script_.asked) return std::nullopt;
    Watched watched;
    for (const auto& path : *script_.asked)
      watched.paths.push_back(
          {.path = path, .uses = PathUse::opened, .program = "/program", .call = "openat"});
    return watched;
  }
  FileChanges changes() override { return script_.changes; }
  std::vector<std::string> processes() override { return script_.processes; }
  std::uint64_t peak_memory() override { return 1U << 20; }
  std::expected<ExecResult, StartFailure> exec(const ExecStart& start, Deadline) override {
    const auto found = script_.execs.find(start.argv.at(0));
    if (found == script_.execs.end())
      return std::unexpected(StartFailure{.exit_code = 127, .message = "not found"});
    return ExecResult{.status = ExitStatus{}, .output = {.text = found->second}, .error = {}};
  }
  std::optional<std::string> read_file(const std::string& path, std::size_t cap) override {
    const auto found = script_.files.find(path);
    if (found == script_.files.end()) return std::nullopt;
    return found->second.substr(0, cap);
  }
  std::optional<FileStatus> file_status(const std::string& path) override {
    if (!script_.files.contains(path)) return std::nullopt;
    return FileStatus{.mode = S_IFREG | 0644U, .uid = 0, .gid = 0};
  }
  std::optional<Activity> activity() override { return std::nullopt; }
  bool write_file(const std::string& path, std::string_view content) override {
    script_.files[path] = content;
    return true;
  }

 private:
  Script script_;
  std::optional<ExitStatus> status_;
};

/// Run number n (from 0) follows what the function says of n.
class ScriptedSandbox : public Sandbox {
 public:
  using Scripts = std::function<Script(int)>;
  explicit ScriptedSandbox(Scripts scripts) : scripts_(std::move(scripts)) {}

  std::expected<std::unique_ptr<Container>, StartFailure> start(const ContainerStart& start) override {
    auto script = scripts_(runs_++);
    if (script.failure) return std::unexpected(*script.failure);
    if (!start.watch_paths) script.asked.reset();
    return std::make_unique<ScriptedContainer>(std::move(script));
  }
  void make_view(const std::vector<bool>& /*kept*/) override {}
  [[nodiscard]] const SandboxFacts& facts() const override { return facts_; }
  [[nodiscard]] int runs() const { return runs_; }

 private:
  Scripts scripts_;
  int runs_ = 0;
  SandboxFacts facts_{
      .runtime = "double 1", .rootless = true, .limits = {"time"}, .not_enforced = {"memory"}, .notes = {}};
};

ImageConfig config_with(std::vector<std::string> exposed = {}) {
  ImageConfig config;
  config.cmd = {"/program"};
  config.exposed_ports = std::move(exposed);
  return config;
}

Verdict compare(const ScriptedSandbox::Scripts& original, const ScriptedSandbox::Scripts& slimmed,
                const ImageConfig& config = config_with(),
                std::chrono::milliseconds quiet = std::chrono::milliseconds(10'000)) {
  ScriptedSandbox first(original);
  ScriptedSandbox second(slimmed);
  Comparison comparison;
  auto& options = comparison.observe;
  options.limit = std::chrono::milliseconds(200);
  options.settle = std::chrono::milliseconds(5);
  options.stop = std::chrono::milliseconds(20);
  options.silence = std::chrono::milliseconds(50);
  options.quiet = quiet;
  comparison.only_in_original = [](const std::string& path) { return path.starts_with("/lost/"); };
  OriginalRuns originals;
  return compare_sides({.sandbox = &first, .config = config}, {.sandbox = &second, .config = config},
                       comparison, originals);
}

ScriptedSandbox::Scripts always(Script script) {
  return [script = std::move(script)](int) { return script; };
}

Script prints(std::string output, int code = 0) {
  Script script;
  script.exits = ExitStatus{.code = code, .signal = 0};
  script.output = std::move(output);
  return script;
}

Script serves(const std::string& body, const std::string& headers = "") {
  Script script;
  script.answers[80] =
      "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" + headers + "\r\n" + body;
  return script;
}

TEST(Verify, ProgramsThatPrintTheSameAreTheSame) {
  const auto verdict = compare(always(prints("hello\n")), always(prints("hello\n")));
  EXPECT_EQ(verdict.outcome, Outcome::same) << verdict.reason;
  EXPECT_TRUE(verdict.differences.empty());
  ASSERT_EQ(verdict.probes.size(), 1U);
  EXPECT_EQ(verdict.probes[0].summary, "exit 0, stdout 6 bytes");
  EXPECT_EQ(verdict.runtime, "double 1");
  EXPECT_TRUE(verdict.rootless);
  EXPECT_EQ(verdict.limits, std::vector<std::string>({"time"}));
  EXPECT_EQ(verdict.not_enforced, std::vector<std::string>({"memory"}));
}

TEST(Verify, AnotherExitStatusIsADifference) {
  const auto verdict = compare(always(prints("")), always(prints("", 2)));
  EXPECT_EQ(verdict.outcome, Outcome::different);
  ASSERT_EQ(verdict.differences.size(), 1U);
  EXPECT_EQ(verdict.differences[0].what, "exit status");
  EXPECT_EQ(verdict.differences[0].failure, FailureClass::ends_differently);
  EXPECT_EQ(verdict.differences[0].original, "exit 0");
  EXPECT_EQ(verdict.differences[0].slimmed, "exit 2");
}

TEST(Verify, OtherOutputIsADifferenceWithADiffAndItsCause) {
  auto slimmed = prints("a\nB\nc\n");
  slimmed.asked = std::vector<std::string>{"/bin/x", "/lost/file", "/lost/file"};
  const auto verdict = compare(always(prints("a\nb\nc\n")), always(slimmed));
  EXPECT_EQ(verdict.outcome, Outcome::different);
  ASSERT_EQ(verdict.differences.size(), 1U);
  EXPECT_EQ(verdict.differences[0].what, "stdout");
  EXPECT_NE(verdict.differences[0].diff.find("-b\n+B\n"), std::string::npos);
  EXPECT_EQ(verdict.differences[0].causes, std::vector<std::string>({"/lost/file"}));
  EXPECT_EQ(verdict.hint, "keep what it asked for: --include /lost/file");
}

TEST(Verify, AnswersThatAgreeByLuckAreADifferenceWhereAPathIsGone) {
  auto slimmed = prints("hello\n");
  slimmed.asked = std::vector<std::string>{"/bin/x", "/lost/one", "/dev/lost", "/lost/two", "/lost/one"};
  const auto verdict = compare(always(prints("hello\n")), always(slimmed));
  EXPECT_EQ(verdict.outcome, Outcome::different);
  ASSERT_EQ(verdict.differences.size(), 1U);
  EXPECT_EQ(verdict.differences[0].what, "asks for a path that is gone");
  EXPECT_EQ(verdict.differences[0].original, "/lost/one, and 1 more such paths");
  EXPECT_EQ(verdict.differences[0].failure, FailureClass::touches_missing_path);
  ASSERT_EQ(verdict.missed.size(), 2U);
  EXPECT_EQ(verdict.missed[0], (MissedPath{.path = "/lost/one",
                                           .probe = "default",
                                           .program = "/program",
                                           .call = "openat",
                                           .by_original = false}));
  EXPECT_EQ(verdict.missed[1].path, "/lost/two");
}

TEST(Verify, APathThatOnlyTheOriginalReadsIsADifference) {
  auto original = prints("hello\n");
  original.asked = std::vector<std::string>{"/bin/x", "/lost/zone"};
  auto slimmed = prints("hello\n");
  slimmed.asked = std::vector<std::string>{"/bin/x"};
  const auto verdict = compare(always(original), always(slimmed));
  EXPECT_EQ(verdict.outcome, Outcome::different);
  ASSERT_EQ(verdict.differences.size(), 1U);
  EXPECT_EQ(verdict.differences[0].failure, FailureClass::touches_missing_path);
  EXPECT_EQ(verdict.differences[0].what, "lacks a path that the original reads");
  EXPECT_TRUE(verdict.missed.at(0).by_original);
}

TEST(Verify, TwoRunsThatAgreeByChanceAreFoundOutByFurtherOnes) {
  // A dice that shows the same twice: only the third run of the original tells that it is one.
  const auto dice = [](int run) { return prints("dice " + std::to_string(run < 2 ? 3 : run) + "\n"); };
  const auto other = [](int run) { return prints("dice " + std::to_string(6 - run) + "\n"); };
  const auto verdict = compare(dice, other);
  EXPECT_EQ(verdict.outcome, Outcome::same) << verdict.reason;
  ASSERT_EQ(verdict.probes.size(), 1U);
  EXPECT_EQ(verdict.probes[0].original_runs, 3U);
  EXPECT_EQ(verdict.probes[0].slimmed_runs, 3U);
  EXPECT_EQ(verdict.probes[0].noise, std::vector<std::string>({"stdout"}));
}

TEST(Verify, ADifferenceIsJudgedOnlyAfterBothRanAgainAndWithinABound) {
  ScriptedSandbox original(always(prints("a\n")));
  ScriptedSandbox slimmed(always(prints("b\n")));
  Comparison comparison;
  comparison.repeat = 3;
  comparison.only_in_original = [](const std::string&) { return false; };
  OriginalRuns originals;
  const auto verdict = compare_sides({.sandbox = &original, .config = config_with()},
                                     {.sandbox = &slimmed, .config = config_with()}, comparison, originals);
  EXPECT_EQ(verdict.outcome, Outcome::different);
  EXPECT_EQ(verdict.differences.at(0).failure, FailureClass::answers_differently);
  EXPECT_EQ(original.runs(), 3 + static_cast<int>(Comparison::extra_runs));
  EXPECT_EQ(slimmed.runs(), 3 + static_cast<int>(Comparison::extra_runs));
}

TEST(Verify, EachProbeHasItsOwnRunsAndTheWorstDecides) {
  ScriptedSandbox original([](int run) { return prints(run == 0 || run == 1 ? "one\n" : "two\n"); });
  ScriptedSandbox slimmed([](int run) { return prints(run < 2 ? "one\n" : "three\n"); });
  Comparison comparison;
  comparison.probes.resize(2);
  comparison.probes[0].name = "first";
  comparison.probes[1].name = "second";
  comparison.only_in_original = [](const std::string&) { return false; };
  OriginalRuns originals;
  const auto verdict = compare_sides({.sandbox = &original, .config = config_with()},
                                     {.sandbox = &slimmed, .config = config_with()}, comparison, originals);
  EXPECT_EQ(verdict.outcome, Outcome::different);
  ASSERT_EQ(verdict.probes.size(), 2U);
  EXPECT_EQ(verdict.probes[0].outcome, Outcome::same);
  EXPECT_EQ(verdict.probes[1].outcome, Outcome::different);
  EXPECT_EQ(verdict.differences.at(0).probe, "second");
  EXPECT_EQ(verdict.reason, "second: the slimmed image differs in: stdout");
}

TEST(Verify, PathsThatAreMountedOverAreNoneOfTheImage) {
  auto slimmed = prints("hello\n");
  slimmed.asked = std::vector<std::string>{"/lost/one"};
  ScriptedSandbox first(always(prints("hello\n")));
  ScriptedSandbox second(always(slimmed));
  Comparison comparison;
  comparison.only_in_original = [](const std::string& path) { return path.starts_with("/lost/"); };
  comparison.probes.front().overrides.tmpfs.push_back({.target = "/lost"});
  OriginalRuns originals;
  EXPECT_EQ(compare_sides({.sandbox = &first, .config = config_with()},
                          {.sandbox = &second, .config = config_with()}, comparison, originals)
                .outcome,
            Outcome::same);
}

TEST(Verify, WhatItSaysIsNoEvidenceWhereTheAnswersAgree) {
  auto original = prints("");
  original.error = "using /lost/data.db\n";
  EXPECT_EQ(compare(always(original), always(original)).outcome, Outcome::same);
}

TEST(Verify, RunsOfTheOriginalThatWereMadeBeforeCount) {
  ScriptedSandbox original(always(prints("hello\n")));
  ScriptedSandbox slimmed(always(prints("hello\n")));
  const Side first{.sandbox = &original, .config = config_with()};
  Comparison comparison;
  comparison.only_in_original = [](const std::string&) { return false; };
  OriginalRuns originals(1);
  ContainerStart start;
  start.config = first.config;
  originals[0].push_back(observe(original, start, Probe{}, comparison.observe));
  const auto verdict =
      compare_sides(first, {.sandbox = &slimmed, .config = config_with()}, comparison, originals);
  EXPECT_EQ(verdict.outcome, Outcome::same);
  EXPECT_EQ(original.runs(), 2);
  EXPECT_EQ(originals[0].size(), 2U);
  EXPECT_EQ(slimmed.runs(), 2);
}

TEST(Verify, WithoutWatchingTheCauseIsReadFromItsComplaint) {
  auto slimmed = prints("", 1);
  slimmed.error = "cannot open '/lost/data.db': No such file\n";
  const auto verdict = compare(always(prints("")), always(slimmed));
  ASSERT_FALSE(verdict.differences.empty());
  EXPECT_EQ(verdict.differences[0].causes, std::vector<std::string>({"/lost/data.db"}));
}

TEST(Verify, AProgramThatIsGoneDoesNotStart) {
  Script slimmed;
  slimmed.failure = StartFailure{.exit_code = 127, .message = "exec: \"/program\": not found"};
  const auto verdict = compare(always(prints("")), always(slimmed));
  EXPECT_EQ(verdict.outcome, Outcome::different);
  ASSERT_EQ(verdict.differences.size(), 1U);
  EXPECT_EQ(verdict.differences[0].what, "does not start");
  EXPECT_EQ(verdict.differences[0].failure, FailureClass::does_not_start);
  EXPECT_EQ(verdict.reason, "the slimmed image does not start");
}

TEST(Verify, AServerThatDiesIsADifference) {
  auto slimmed = prints("", 127);
  slimmed.error = "error while loading shared libraries\n";
  const auto verdict = compare(always(serves("hi")), always(slimmed), config_with({"80/tcp"}));
  EXPECT_EQ(verdict.outcome, Outcome::different);
  EXPECT_EQ(verdict.differences.at(0).what, "exits by itself");
  EXPECT_EQ(verdict.differences.at(0).failure, FailureClass::ends_differently);
  EXPECT_EQ(verdict.differences.at(0).slimmed, "ends with exit 127: error while loading shared libraries");
}

TEST(Verify, ServersThatAnswerAlikeAreTheSame) {
  const auto verdict = compare(always(serves("hi")), always(serves("hi")), config_with({"80/tcp"}));
  EXPECT_EQ(verdict.outcome, Outcome::same) << verdict.reason;
  EXPECT_EQ(verdict.probes[0].summary, "port 80: GET / 200, exit 0 after the stop signal");
}

TEST(Verify, AServerIsFoundByWhatItOpensToo) {
  EXPECT_EQ(compare(always(serves("hi")), always(serves("hi"))).outcome, Outcome::same);
}

TEST(Verify, AnotherBodyOrHeaderIsADifference) {
  auto verdict = compare(always(serves("hi")), always(serves("ho")));
  EXPECT_EQ(verdict.outcome, Outcome::different);
  EXPECT_EQ(verdict.differences.at(0).what, "GET / on port 80: body");
  verdict = compare(always(serves("hi", "X-Mode: a\r\n")), always(serves("hi", "X-Mode: b\r\n")));
  EXPECT_EQ(verdict.outcome, Outcome::different);
  EXPECT_EQ(verdict.differences.at(0).what, "GET / on port 80: header X-Mode");
}

TEST(Verify, HeadersAndLogsThatVaryInTheOriginalAreNoise) {
  const auto noisy = [](int run) {
    auto script = serves("hi", "X-Trace: " + std::string(static_cast<std::size_t>(run) + 3, 'q') + "\r\n");
    script.error = run % 2 == 0 ? "worker one\nworker two\n" : "worker two\n";
    return script;
  };
  EXPECT_EQ(compare(noisy, noisy).outcome, Outcome::same);
}

TEST(Verify, ALogThatIsSteadyOnTheOriginalCounts) {
  auto slimmed = serves("hi");
  slimmed.error = "warning: no locale\n";
  const auto verdict = compare(always(serves("hi")), always(slimmed));
  EXPECT_EQ(verdict.outcome, Outcome::different);
  EXPECT_EQ(verdict.differences.at(0).what, "stderr");
}

TEST(Verify, HealthThatOnlyTheSlimmedSideLosesAtTimesIsNoNoise) {
  auto config = config_with();
  config.healthcheck = HealthCheck{};
  config.healthcheck->test = {"CMD", "check"};
  auto healthy = serves("hi");
  healthy.execs["check"] = "fine";
  const auto moody = [&](int run) { return run % 2 == 0 ? healthy : serves("hi"); };
  EXPECT_EQ(compare(always(healthy), always(healthy), config).outcome, Outcome::same);
  EXPECT_EQ(compare(always(healthy), moody, config).outcome, Outcome::inconclusive);
  EXPECT_EQ(compare(moody, moody, config).outcome, Outcome::same) << "the original does so itself";
}

TEST(Verify, NumbersThatVaryAreMasked) {
  const auto clock = [](int run) { return prints("at 12:00:0" + std::to_string(run) + "\n"); };
  EXPECT_EQ(compare(clock, clock).outcome, Outcome::same);
}

TEST(Verify, OutputThatVariesBeyondMaskingIsInconclusive) {
  const auto moody = [](int run) { return prints(run % 2 == 0 ? "heads\n" : "tails\n"); };
  const auto verdict = compare(moody, always(prints("heads\n")));
  EXPECT_EQ(verdict.outcome, Outcome::inconclusive);
  EXPECT_NE(verdict.reason.find("stdout ('heads' and 'tails')"), std::string::npos) << verdict.reason;
  EXPECT_FALSE(verdict.hint.empty());
}

TEST(Verify, ADifferenceThatDoesNotHoldUpIsInconclusiveAndNeverSame) {
  const auto flaky = [](int run) { return prints(run == 2 ? "hello\n" : "hullo\n"); };
  EXPECT_EQ(compare(always(prints("hello\n")), flaky).outcome, Outcome::inconclusive);
}

TEST(Verify, AnOriginalThatFailsProvesNothingAndTheOtherIsNotRun) {
  ScriptedSandbox original(always(prints("", 3)));
  ScriptedSandbox slimmed(always(prints("", 3)));
  OriginalRuns originals;
  const auto verdict = compare_sides({.sandbox = &original, .config = config_with()},
                                     {.sandbox = &slimmed, .config = config_with()}, Comparison{}, originals);
  EXPECT_EQ(verdict.outcome, Outcome::inconclusive);
  EXPECT_NE(verdict.reason.find("exit 3"), std::string::npos);
  EXPECT_NE(verdict.hint.find("--env"), std::string::npos);
  EXPECT_EQ(slimmed.runs(), 0);
}

TEST(Verify, AnOriginalThatDiesByASignalOrNeverGetsReadyProvesNothing) {
  Script killed;
  killed.exits = ExitStatus{.code = 0, .signal = SIGSEGV};
  EXPECT_NE(compare(always(killed), always(prints(""))).reason.find("SIGSEGV"), std::string::npos);
  const auto verdict = compare(always(Script{}), always(Script{}));
  EXPECT_EQ(verdict.outcome, Outcome::inconclusive);
  EXPECT_NE(verdict.reason.find("neither listens on its ports, nor exits"), std::string::npos);
}

TEST(Verify, AWorkerThatListensNowhereIsStartedSettledAndStopped) {
  constexpr auto quiet = std::chrono::milliseconds(20);
  Script worker;
  worker.output = "ready\n";
  const auto verdict = compare(always(worker), always(worker), config_with(), quiet);
  EXPECT_EQ(verdict.outcome, Outcome::same) << verdict.reason;
  EXPECT_NE(verdict.probes.at(0).note.find("listens nowhere"), std::string::npos);
  auto other = worker;
  other.on_stop = ExitStatus{.code = 3, .signal = 0};
  EXPECT_EQ(compare(always(worker), always(other), config_with(), quiet).outcome, Outcome::different);
  EXPECT_EQ(compare(always(worker), always(prints("ready\n")), config_with(), quiet).outcome,
            Outcome::different);
  EXPECT_EQ(compare(always(worker), always(worker), config_with({"80/tcp"}), quiet).outcome,
            Outcome::inconclusive)
      << "an exposed port is waited for";
}

TEST(Verify, ANothingToRunIsSaid) {
  const auto verdict = compare(always(prints("")), always(prints("")), ImageConfig{});
  EXPECT_EQ(verdict.outcome, Outcome::inconclusive);
  EXPECT_EQ(verdict.reason, "nothing to run: the image has neither entrypoint nor cmd");
}

TEST(Verify, AServerThatDoesNotHeedItsSignalIsKilledOnBothSides) {
  auto deaf = serves("hi");
  deaf.on_stop.reset();
  EXPECT_EQ(compare(always(deaf), always(deaf)).outcome, Outcome::same);
  const auto verdict = compare(always(serves("hi")), always(deaf));
  EXPECT_EQ(verdict.outcome, Outcome::different);
  EXPECT_EQ(verdict.differences.at(0).what, "stop");
}

TEST(Verify, ProcessesThatNobodyWaitsForAreADifferenceWhereTheyAreSteady) {
  auto careless = serves("hi");
  careless.processes.emplace_back("child, defunct, a child of program");
  const auto verdict = compare(always(serves("hi")), always(careless));
  EXPECT_EQ(verdict.outcome, Outcome::different);
  EXPECT_EQ(verdict.differences.at(0).what, "processes before the stop signal");
  EXPECT_EQ(verdict.differences.at(0).failure, FailureClass::ends_differently);
  const auto now_and_then = [&](int run) { return run % 2 == 0 ? careless : serves("hi"); };
  EXPECT_EQ(compare(now_and_then, always(serves("hi"))).outcome, Outcome::same);
}

TEST(Verify, OtherProtocolsAreComparedByWhatTheySay) {
  Script redis;
  redis.answers[6379] = "-ERR unknown\r\n";
  EXPECT_EQ(compare(always(redis), always(redis)).outcome, Outcome::same);
  Script other;
  other.answers[6379] = "-ERR other\r\n";
  EXPECT_EQ(compare(always(redis), always(other)).outcome, Outcome::different);
  Script moved;
  moved.answers[6380] = "-ERR unknown\r\n";
  EXPECT_EQ(compare(always(redis), always(moved)).outcome, Outcome::different);
}

TEST(ExposedPorts, TcpOnlySortedWithRanges) {
  EXPECT_EQ(exposed_tcp_ports({"443/tcp", "53/udp", "80", "8000-8002/tcp", "80/tcp", "x/tcp", "0", "99999"}),
            std::vector<std::uint16_t>({80, 443, 8000, 8001, 8002}));
}

TEST(StopSignal, NamesAndNumbers) {
  EXPECT_EQ(stop_signal_number(""), SIGTERM);
  EXPECT_EQ(stop_signal_number("SIGQUIT"), SIGQUIT);
  EXPECT_EQ(stop_signal_number("INT"), SIGINT);
  EXPECT_EQ(stop_signal_number("9"), SIGKILL);
  EXPECT_EQ(stop_signal_number("SIGRTMIN+3"), SIGRTMIN + 3);
  EXPECT_EQ(stop_signal_number("SIGNONSENSE"), SIGTERM);
  EXPECT_EQ(stop_signal_number("4000"), SIGTERM);
}

TEST(RunContainer, ExitsAsTheContainerDoes) {
  const auto status_of = [](const Script& script) {
    ScriptedSandbox sandbox(always(script));
    ContainerStart start;
    start.on_output = [](OutputStream, std::string_view) {};
    return run_container(sandbox, std::move(start), {});
  };
  EXPECT_EQ(status_of(prints("", 7)), 7);
  Script killed;
  killed.exits = ExitStatus{.code = 0, .signal = SIGKILL};
  EXPECT_EQ(status_of(killed), 137);
  Script missing;
  missing.failure = StartFailure{.exit_code = 126, .message = "permission denied"};
  EXPECT_EQ(status_of(missing), 126);
}

}  // namespace
}  // namespace slim
