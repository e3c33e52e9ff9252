// The steps, readiness, services and the default probe, over containers that only exist in memory.
#include "runner/observe.h"

#include <algorithm>
#include <chrono>
#include <csignal>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "analyzer/error.h"
#include "runner/probe.h"
#include "runner/probe_file.h"
#include "runner/sandbox.h"
#include "tests/runner/play_sandbox.h"

namespace slim {
namespace {

using std::chrono::milliseconds;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

ObserveOptions quick() {
  ObserveOptions options;
  options.limit = milliseconds(2000);
  options.settle = milliseconds(5);
  options.stop = milliseconds(50);
  options.silence = milliseconds(200);
  options.quiet = milliseconds(50);
  options.asleep = milliseconds(20);
  return options;
}

PlaySandbox always(const Play& play) {
  return PlaySandbox([play](const ContainerStart&) { return play; });
}

ContainerStart start_of(std::vector<std::string> exposed = {}) {
  ContainerStart start;
  start.config.cmd = {"/program"};
  start.config.exposed_ports = std::move(exposed);
  return start;
}

Probe probe_of(const std::string& text) {
  return parse_probes("probes:\n  - name: p\n" + text, "p.yaml").probes.at(0);
}

/// What steps say of a container that plays so.
Observation observe_steps(const Play& play, const std::string& steps) {
  auto sandbox = always(play);
  return observe(sandbox, start_of(), probe_of("    steps:\n      - " + steps + "\n"), quick());
}

std::string facet(const Observation& observed, const std::string& what) {
  const auto found = std::ranges::find(observed.facets, what, &Facet::what);
  return found == observed.facets.end() ? "(no such facet)" : found->value;
}

Play server() {
  Play play;
  play.ports = {80};
  play.pages["GET /"] = page("home");
  play.execs["check"] = {.status = ExitStatus{}, .output = {.text = "fine\n"}, .error = {}};
  play.execs["fail"] = {.status = ExitStatus{.code = 3}, .output = {}, .error = {.text = "no\n"}};
  play.execs["hang"] = {.status = std::nullopt, .output = {}, .error = {}};
  play.files["/etc/conf"] = "a = 1\n";
  return play;
}

TEST(Steps, HttpIsAskedComparedAndJudged) {
  auto run = observe_steps(server(),
                           "http: { path: /, expect: { status: 200, headers: { Content-Type: html }, "
                           "body: { equals: home } } }");
  EXPECT_EQ(run.kind, RunKind::served);
  EXPECT_EQ(run.unproved, "");
  EXPECT_EQ(facet(run, "GET /: status"), "200 Said");
  EXPECT_EQ(facet(run, "GET /: body"), "home");
  EXPECT_EQ(facet(run, "GET /: header Content-Type"), "text/html");
  EXPECT_EQ(facet(run, "GET /: expected"), "met");
  run = observe_steps(server(), "http: { path: /x, expect: 200 }");
  EXPECT_EQ(run.unproved, "p.yaml:4: GET /x: expected status 200, found 404");
  EXPECT_EQ(run.answers.at(0).answer, "404 Said, 4 bytes");
}

TEST(Steps, HttpToAPortThatIsNotThereFailsInItsTime) {
  const auto run = observe_steps(server(), "{ http: { path: /, port: 81 }, within: 50ms }");
  EXPECT_THAT(run.unproved, HasSubstr("port 81 takes no connection"));
  EXPECT_EQ(facet(run, "GET / on port 81: answer"), "(none: port 81 takes no connection)");
}

TEST(Steps, AHeadHasNoBody) {
  auto play = server();
  play.pages["HEAD /"] = "HTTP/1.1 200 OK\r\nContent-Length: 4000\r\n\r\n";
  EXPECT_EQ(observe_steps(play, "http: 'HEAD:/'").unproved, "");
}

TEST(Steps, AnAnswerThatIsNoHttpIsSaid) {
  auto play = server();
  play.answer = "+OK\r\n";
  EXPECT_THAT(observe_steps(play, "http: /").unproved, HasSubstr("no whole HTTP response: '+OK"));
}

TEST(Steps, ExecHasToSucceedUnlessMoreIsSaid) {
  auto run = observe_steps(server(), "exec: [check, a]");
  EXPECT_EQ(run.unproved, "");
  EXPECT_EQ(facet(run, "exec check a: exit status"), "exit 0");
  EXPECT_EQ(facet(run, "exec check a: stdout"), "fine\n");
  EXPECT_THAT(observe_steps(server(), "exec: [fail]").unproved,
              HasSubstr("expected exit 0, found exit 3; stderr 'no"));
  run = observe_steps(server(), "exec: { command: [fail], expect: { exit: 3, stderr: 'no' } }");
  EXPECT_EQ(run.unproved, "");
  EXPECT_THAT(observe_steps(server(), "exec: [gone]").unproved, HasSubstr("cannot be started: not found"));
  EXPECT_THAT(observe_steps(server(), "exec: [hang]").unproved, HasSubstr("it did not end in time"));
}

TEST(Steps, ExecOfAProgramThatHasEndedGetsAContainerOfItsOwn) {
  PlaySandbox sandbox([](const ContainerStart& start) {
    Play play;
    play.exits = ExitStatus{};
    play.output = start.config.entrypoint.empty() ? "by itself" : start.config.entrypoint.front();
    return play;
  });
  const auto run = observe(sandbox, start_of(), probe_of("    steps: [ exec: [tool, -v] ]\n"), quick());
  ASSERT_EQ(sandbox.starts.size(), 2U);
  EXPECT_THAT(sandbox.starts[1].config.entrypoint, ElementsAre("tool", "-v"));
  EXPECT_THAT(sandbox.starts[1].config.cmd, IsEmpty());
  EXPECT_EQ(facet(run, "exec tool -v: stdout"), "tool");
  EXPECT_EQ(facet(run, "stdout"), "by itself");
}

TEST(Steps, TcpSendsAndReadsUntilWhatIsExpectedCame) {
  auto play = server();
  play.answer = "+PONG\r\n";
  const auto run = observe_steps(play, R"(tcp: { port: 80, send: "PING\r\n", expect: "+PONG" })");
  EXPECT_EQ(run.unproved, "");
  EXPECT_EQ(facet(run, "tcp on port 80: answer"), "+PONG\r\n");
  EXPECT_THAT(observe_steps(play, "{ tcp: { port: 80, expect: other }, within: 50ms }").unproved,
              HasSubstr("answer: expected to contain 'other', found '+PONG"));
}

TEST(Steps, SignalsAndLogs) {
  auto play = server();
  play.on_hangup = "reopened\n";
  play.output = "started\n";
  auto run = observe_steps(play, "log: started\n      - signal: HUP\n      - log: reopened");
  EXPECT_EQ(run.unproved, "");
  EXPECT_EQ(facet(run, "log reopened: log"), "found");
  run = observe_steps(play, "signal: USR2\n      - { log: '^started', within: 50ms }");
  EXPECT_THAT(run.unproved, HasSubstr("expected a line that matches")) << "it was there before the step";
}

TEST(Steps, ASignalMayBeToEndIt) {
  auto play = server();
  play.on_signal = {.code = 7};
  auto run = observe_steps(play, "signal: { name: QUIT, exit: 7 }");
  EXPECT_EQ(run.unproved, "");
  EXPECT_TRUE(run.exit_expected);
  EXPECT_FALSE(run.ended_early);
  EXPECT_EQ(run.exit.code, 7);
  run = observe_steps(play, "signal: { name: QUIT, exit: 0 }");
  EXPECT_THAT(run.unproved, HasSubstr("expected exit 0, found exit 7"));
  EXPECT_THAT(observe_steps(play, "{ signal: { name: HUP, exit: 0 }, within: 50ms }").unproved,
              HasSubstr("it runs on"));
}

TEST(Steps, FilesAreWrittenAndRead) {
  auto run = observe_steps(
      server(), "write: { path: /new, content: text }\n      - read: { path: /new, expect: text }");
  EXPECT_EQ(run.unproved, "");
  EXPECT_EQ(facet(run, "read /new: content"), "text");
  EXPECT_THAT(observe_steps(server(), "read: /gone").unproved, HasSubstr("there is no such file"));
  EXPECT_THAT(observe_steps(server(), "write: { path: /full, content: x }").unproved,
              HasSubstr("it cannot be written"));
}

TEST(Steps, OutputThatIsNotKeptIsComparedAllTheSame) {
  auto play = server();
  play.execs["long"] = {
      .status = ExitStatus{}, .output = {.text = "kept", .dropped = 9, .dropped_checksum = 1}, .error = {}};
  const auto one = observe_steps(play, "exec: [long]");
  play.execs["long"].output.dropped_checksum = 2;
  const auto other = observe_steps(play, "exec: [long]");
  EXPECT_THAT(facet(one, "exec long: stdout"), HasSubstr("9 more bytes"));
  EXPECT_NE(facet(one, "exec long: stdout"), facet(other, "exec long: stdout"));
  EXPECT_EQ(one.unproved, "");
  EXPECT_THAT(
      observe_steps(play, "exec: { command: [long], expect: { stdout: { excludes: bad } } }").unproved,
      HasSubstr("9 of its 13 bytes were not looked at"));
}

TEST(Steps, FilesThatTheyLookAtAreAskedFor) {
  auto play = server();
  const std::string steps =
      "read: /etc/conf\n      - write: { path: /new/x, content: text }\n      - read: /gone";
  EXPECT_FALSE(observe_steps(play, steps).watched);
  play.watched = Watched{};
  const auto run = observe_steps(play, steps);
  ASSERT_TRUE(run.watched);
  EXPECT_THAT(asked_names(*run.watched), ElementsAre("/etc/conf", "/new/x", "/gone"));
  EXPECT_EQ(run.watched->paths[0].uses, PathUse::opened);
}

TEST(Steps, AFileIsReadToItsEndOrItIsSaid) {
  auto play = server();
  play.files["/long"] = std::string(std::size_t{3} << 20U, 'x') + "bad";
  EXPECT_THAT(observe_steps(play, "read: { path: /long, expect: { excludes: bad } }").unproved,
              HasSubstr("not to match 'bad'"));
  auto other = play;
  other.files["/long"].back() = 'D';
  EXPECT_NE(facet(observe_steps(play, "read: /long"), "read /long: content"),
            facet(observe_steps(other, "read: /long"), "read /long: content"));
  play.files["/long"] = std::string(std::size_t{9} << 20U, 'x');
  EXPECT_THAT(observe_steps(play, "read: /long").unproved, HasSubstr("the rest is not looked at"));
}

TEST(Steps, OfOneNameAreToldApart) {
  const auto run = observe_steps(server(), "http: /\n      - http: /");
  EXPECT_EQ(facet(run, "GET / (2): body"), "home");
}

TEST(Steps, WhatIsIgnoredIsInNoFacet) {
  auto sandbox = always(server());
  const auto run =
      observe(sandbox, start_of(),
              probe_of("    steps: [ http: / ]\n    ignore: [ 'Content-Type: .*', 'ho.e' ]\n"), quick());
  EXPECT_EQ(facet(run, "GET /: header Content-Type"), "[ignored]");
  EXPECT_EQ(facet(run, "GET /: body"), "[ignored]");
}

TEST(Probes, ChangeWhatIsStarted) {
  auto sandbox = always(server());
  const auto probe = probe_of("    cmd: [other]\n    env: { A: 1 }\n    tmpfs: [ /t ]\n    user: '5'\n");
  observe(sandbox, start_of(), probe, quick());
  const auto& start = sandbox.starts.at(0);
  EXPECT_THAT(start.config.cmd, ElementsAre("other"));
  EXPECT_THAT(start.config.env, ElementsAre("A=1"));
  EXPECT_EQ(start.config.user, "5");
  EXPECT_EQ(start.tmpfs.at(0).target, "/t");
}

TEST(Probes, ExpectAnEnd) {
  Play play;
  play.exits = ExitStatus{.code = 3};
  play.error = "usage\n";
  auto sandbox = always(play);
  auto run = observe(sandbox, start_of(), probe_of("    expect: { exit: 3, stderr: usage }\n"), quick());
  EXPECT_TRUE(run.exit_expected);
  EXPECT_EQ(run.unproved, "");
  run = observe(sandbox, start_of(), probe_of("    expect: { exit: 0 }\n"), quick());
  EXPECT_FALSE(run.exit_expected);
  EXPECT_EQ(run.unproved, "p.yaml:2: expected exit 0, found exit 3; stderr 'usage\\n'");
}

TEST(Readiness, EachConditionHasToHold) {
  auto play = server();
  play.output = "ready to serve\n";
  auto sandbox = always(play);
  const auto ready = [&](const std::string& text) {
    return observe(sandbox, start_of(), probe_of("    ready: " + text + "\n    steps: [ http: / ]\n"),
                   quick());
  };
  for (const auto* text : {"{ tcp: 80 }", "{ http: / }", "{ log: 'ready to' }", "{ delay: 10ms }",
                           "{ exec: [check] }", "{ tcp: 80, log: serve, within: 1s }"}) {
    const auto run = ready(text);
    EXPECT_EQ(run.kind, RunKind::served) << text;
    EXPECT_TRUE(run.time_to_ready) << text;
  }
  for (const auto& [text, missing] : std::vector<std::pair<std::string, std::string>>{
           {"{ tcp: 81, within: 50ms }", "port 81"},
           {"{ http: { path: /, port: 81 }, within: 50ms }", "an answer to GET /"},
           {"{ log: never, within: 50ms }", "a line that matches 'never'"},
           {"{ exec: [fail], within: 50ms }", "exit 0 of fail"},
           {"{ tcp: 80, log: never, within: 50ms }", "never"}}) {
    const auto run = ready(text);
    EXPECT_EQ(run.kind, RunKind::neither) << text;
    EXPECT_THAT(run.unproved, HasSubstr(missing)) << text;
  }
}

TEST(Readiness, AProgramThatEndsBeforeIsNotReady) {
  Play play;
  play.exits = ExitStatus{};
  auto sandbox = always(play);
  const auto run = observe(sandbox, start_of(), probe_of("    ready: { tcp: 80 }\n"), quick());
  EXPECT_EQ(run.kind, RunKind::exited);
  EXPECT_EQ(run.unproved, "port 80 did not come");
}

TEST(Readiness, AProgramWhoseThreadsAllWaitIsSettledSoon) {
  Play play;
  play.activity = Activity{.cpu_ticks = 4, .waiting = true};
  auto sandbox = always(play);
  auto options = quick();
  options.quiet = milliseconds(60'000);  // longer than the run may take: only its waiting can tell
  EXPECT_EQ(observe(sandbox, start_of(), Probe{}, options).kind, RunKind::settled);
  play.activity->waiting = false;
  options.limit = milliseconds(100);
  auto busy = always(play);
  EXPECT_EQ(observe(busy, start_of(), Probe{}, options).kind, RunKind::neither);
}

TEST(Services, RunBesideAndAreReachedByName) {
  PlaySandbox sandbox([](const ContainerStart& start) {
    Play play;
    play.ports = {static_cast<std::uint16_t>(start.image == 0 ? 80 : 5432)};
    play.pages["GET /"] = page("home");
    return play;
  });
  auto options = quick();
  ServiceStart database;
  database.name = "db";
  database.image = 1;
  database.config.cmd = {"postgres"};
  database.config.exposed_ports = {"5432/tcp"};
  options.services = {database};
  const auto run = observe(sandbox, start_of(), Probe{}, options);
  EXPECT_EQ(run.kind, RunKind::served);
  ASSERT_EQ(sandbox.starts.size(), 2U);
  EXPECT_EQ(sandbox.starts[0].image, 1U);
  EXPECT_EQ(sandbox.starts[0].network_of, nullptr);
  EXPECT_NE(sandbox.starts[1].network_of, nullptr);
  EXPECT_THAT(sandbox.starts[1].host_names, ElementsAre("db"));
}

TEST(Services, OneThatDoesNotGetReadyIsAnErrorThatSaysWhatItWrote) {
  PlaySandbox sandbox([](const ContainerStart&) {
    Play play;
    play.exits = ExitStatus{.code = 1};
    play.error = "no password\n";
    return play;
  });
  auto options = quick();
  ServiceStart database;
  database.name = "db";
  database.ready.all = {ReadyPort{5432}};
  options.services = {database};
  try {
    observe(sandbox, start_of(), Probe{}, options);
    FAIL() << "it is an error";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::input);
    EXPECT_STREQ(error.what(),
                 "service db: it ended before it was ready: port 5432 did not come; it wrote 'no password'");
  }
}

TEST(DefaultProbe, FollowsLinksInOrderAndOnce) {
  auto play = server();
  play.pages["GET /"] =
      page(R"(<a href="/b"><a href="/a?x=1"><img src="/gone.png"><a href="http://elsewhere/">)");
  play.pages["GET /a?x=1"] = page(R"(<a href="/c"><a href="/">)");
  play.pages["GET /b"] = page("b", "text/plain");
  play.pages["GET /c"] = page("c", "text/plain");
  auto sandbox = always(play);
  const auto run = observe(sandbox, start_of(), Probe{}, quick());
  EXPECT_THAT(run.pages.at(80), ElementsAre("/a?x=1", "/b", "/gone.png", "/c"));
  EXPECT_EQ(facet(run, "GET /c on port 80: body"), "c");
  EXPECT_THAT(run.summary, HasSubstr("port 80: GET / 200 and 4 pages more"));
}

TEST(DefaultProbe, LaterRunsAskForWhatTheFirstDid) {
  auto play = server();
  play.pages["GET /"] = page(R"(<a href="/other">)");
  auto sandbox = always(play);
  auto options = quick();
  Observation first;
  first.ports = {{.port = 80}};
  first.pages[80] = {"/known"};
  go_by(first, options);
  const auto run = observe(sandbox, start_of(), Probe{}, options);
  EXPECT_THAT(run.pages.at(80), ElementsAre("/known"));
}

TEST(DefaultProbe, APageThatIsNotAnsweredWholeIsNotCountedAsCompared) {
  Play play;
  play.ports = {80};
  play.pages["GET /"] = page("<a href=/cut><a href=/whole>");
  play.pages["GET /cut"] = "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx";
  play.pages["GET /whole"] = page("text");
  auto sandbox = always(play);
  const auto run = observe(sandbox, start_of(), Probe{}, quick());
  EXPECT_THAT(run.summary, HasSubstr("GET / 200 and 1 page more (1 not answered whole)"));
}

TEST(DefaultProbe, ACrawlIsBounded) {
  auto play = server();
  std::string links;
  for (int i = 0; i < 500; ++i) links += "<a href=/" + std::to_string(i) + ">";
  play.pages["GET /"] = page(links);
  auto sandbox = always(play);
  EXPECT_EQ(observe(sandbox, start_of(), Probe{}, quick()).pages.at(80).size(), 40U);
}

TEST(DefaultProbe, RunsTheHealthcheckInside) {
  auto sandbox = always(server());
  auto start = start_of({"80/tcp"});
  start.config.healthcheck = HealthCheck{.test = {"CMD", "check", "-q"}};
  EXPECT_EQ(facet(observe(sandbox, start, Probe{}, quick()), "healthcheck"), "exit 0");
  EXPECT_THAT(sandbox.log, Contains("exec check"));
  start.config.healthcheck = HealthCheck{.test = {"NONE"}};
  sandbox.log.clear();
  observe(sandbox, start, Probe{}, quick());
  EXPECT_THAT(sandbox.log, ElementsAre("signal " + std::to_string(SIGTERM)));
}

TEST(DefaultProbe, AHealthcheckOfTheShellIsRunByTheShell) {
  auto play = server();
  play.execs["/bin/sh"] = {.status = ExitStatus{}, .output = {}, .error = {}};
  auto sandbox = always(play);
  auto start = start_of({"80/tcp"});
  start.config.healthcheck = HealthCheck{.test = {"CMD-SHELL", "curl -f localhost || exit 1"}};
  observe(sandbox, start, Probe{}, quick());
  EXPECT_THAT(sandbox.log, Contains("exec /bin/sh"));
}

}  // namespace
}  // namespace slim
