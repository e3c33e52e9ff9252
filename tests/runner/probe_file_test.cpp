// What a probe file may say, and what is said where it says something else.
#include "runner/probe_file.h"

#include <chrono>
#include <csignal>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <gtest/gtest.h>

#include "analyzer/error.h"
#include "runner/probe.h"

namespace slim {
namespace {

using std::chrono::milliseconds;

ProbeSet parse(const std::string& text) {
  return parse_probes(text, "probes.yaml");
}

Probe one(const std::string& text) {
  auto set = parse("probes:\n  - " + text + "\n");
  EXPECT_EQ(set.probes.size(), 1U);
  return set.probes.at(0);
}

template <typename Action>
Action step(const std::string& text) {
  const auto probe = one("steps: [ " + text + " ]");
  EXPECT_EQ(probe.steps.size(), 1U);
  return std::get<Action>(probe.steps.at(0).action);
}

std::string error_of(const std::string& text) {
  try {
    parse(text);
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::input);
    return error.what();
  }
  return "no error";
}

std::string step_error(const std::string& text) {
  return error_of("probes:\n  - steps:\n      - " + text + "\n");
}

TEST(ProbeFile, ThatIsNestedTooDeepIsSaidToBeSo) {
  const auto said = error_of("probes: " + std::string(100'000, '['));
  EXPECT_NE(said.find("line 1, column "), std::string::npos) << said;
  EXPECT_NE(said.find("nested deeper"), std::string::npos) << said;
}

TEST(ProbeFile, AMessageDoesNotEndAtAZeroByte) {
  const auto said = error_of("\"a\\0b\": 1");
  EXPECT_NE(said.find("a?b: unknown key"), std::string::npos) << said;
}

TEST(ProbeFile, AWholeProbe) {
  const auto probe = one(R"(name: home page
    entrypoint: [nginx]
    cmd: [-g, daemon off;]
    env: { A: 1, B: }
    user: www-data
    workdir: /srv
    tmpfs: [ /tmp, { target: /run, size: 4096 } ]
    ready: { tcp: 80, log: 'start(ed)?', within: 2m }
    expect: { exit: 3, stderr: { excludes: panic } }
    ignore: [ 'Date: .*' ]
    steps: [ http: / ])");
  EXPECT_EQ(probe.name, "home page");
  EXPECT_EQ(probe.origin.text(), "probes.yaml:2");
  EXPECT_EQ(probe.overrides.entrypoint, std::vector<std::string>({"nginx"}));
  EXPECT_EQ(probe.overrides.cmd, std::vector<std::string>({"-g", "daemon off;"}));
  EXPECT_EQ(probe.overrides.env, std::vector<std::string>({"A=1", "B="}));
  EXPECT_EQ(probe.overrides.user, "www-data");
  EXPECT_EQ(probe.overrides.workdir, "/srv");
  ASSERT_EQ(probe.overrides.tmpfs.size(), 2U);
  EXPECT_EQ(probe.overrides.tmpfs[1].target, "/run");
  EXPECT_EQ(probe.overrides.tmpfs[1].size, 4096U);
  EXPECT_EQ(probe.ready.all.size(), 2U);
  EXPECT_EQ(std::get<ReadyPort>(probe.ready.all[0]).port, 80);
  EXPECT_EQ(std::get<ReadyLog>(probe.ready.all[1]).pattern.text(), "start(ed)?");
  EXPECT_EQ(probe.ready.within, milliseconds(120'000));
  EXPECT_EQ(probe.expect.exit, 3);
  EXPECT_EQ(probe.expect.stderr_text.excludes.size(), 1U);
  ASSERT_EQ(probe.ignore.size(), 1U);
  EXPECT_EQ(probe.ignore[0].text(), "Date: .*");
}

TEST(ProbeFile, JsonIsReadToo) {
  const auto set =
      parse("{\n\t\"probes\": [\n\t\t{\"name\": \"a\\/b\", \"steps\": [{\"exec\": [\"true\"]}]}\n\t]\n}\n");
  ASSERT_EQ(set.probes.size(), 1U);
  EXPECT_EQ(set.probes[0].name, "a/b");
  EXPECT_EQ(std::get<ExecStep>(set.probes[0].steps.at(0).action).argv, std::vector<std::string>({"true"}));
}

TEST(ProbeFile, ProbesWithoutANameAreNumbered) {
  const auto set = parse("probes: [ { steps: [ http: / ] }, { steps: [ http: /a ] } ]");
  EXPECT_EQ(set.probes.at(1).name, "probe 2");
}

TEST(ProbeFile, HttpInAllForms) {
  auto http = std::get<HttpStep>(one("steps:\n      - http: /a?b=c").steps.at(0).action);
  EXPECT_EQ(http.method, "GET");
  EXPECT_EQ(http.path, "/a?b=c");
  EXPECT_EQ(step<HttpStep>("http: 'DELETE:/a'").method, "DELETE");
  http = step<HttpStep>(
      "http: { method: POST, path: /x, port: 8080, headers: { Accept: a/b }, body: '{}', "
      "expect: { status: [ 201, 3xx, 400-404 ], headers: { Location: { matches: '^/' } }, "
      "body: { contains: [ a, b ], equals: ab } } }");
  EXPECT_EQ(http.method, "POST");
  EXPECT_EQ(http.port, 8080);
  EXPECT_EQ(http.body, "{}");
  EXPECT_EQ(http.headers.at(0).first, "Accept");
  const std::vector<std::pair<int, int>> ranges = {{201, 201}, {300, 399}, {400, 404}};
  EXPECT_EQ(http.status, ranges);
  EXPECT_EQ(http.expect_headers.at(0).first, "Location");
  EXPECT_EQ(http.expect_body.contains, std::vector<std::string>({"a", "b"}));
  EXPECT_EQ(http.expect_body.equals, std::vector<std::string>({"ab"}));
  EXPECT_EQ(step<HttpStep>("http: { path: /, expect: 404 }").status.at(0).first, 404);
}

TEST(ProbeFile, ExecInAllForms) {
  EXPECT_EQ(step<ExecStep>("exec: [nginx, -t]").argv, std::vector<std::string>({"nginx", "-t"}));
  EXPECT_EQ(step<ExecStep>("exec: echo $A | cat").argv,
            std::vector<std::string>({"/bin/sh", "-c", "echo $A | cat"}));
  const auto exec = step<ExecStep>(
      "exec: { command: [a], env: [ X=1 ], user: '0', workdir: /w, "
      "expect: { exit: 2, stdout: out, output: both } }");
  EXPECT_EQ(exec.env, std::vector<std::string>({"X=1"}));
  EXPECT_EQ(exec.user, "0");
  EXPECT_EQ(exec.workdir, "/w");
  EXPECT_EQ(exec.expect.exit, 2);
  EXPECT_EQ(exec.expect.stdout_text.contains, std::vector<std::string>({"out"}));
  EXPECT_EQ(exec.expect.output_text.contains, std::vector<std::string>({"both"}));
}

TEST(ProbeFile, TcpWithEscapesInAnyQuotes) {
  EXPECT_EQ(step<TcpStep>(R"(tcp: { port: 6379, send: "PING\r\n", expect: "+PONG" })").send, "PING\r\n");
  const auto tcp = step<TcpStep>(R"(tcp: { port: 1, send: 'a\x00\\\t', expect: 'b\r\n' })");
  EXPECT_EQ(tcp.send, std::string("a\0\\\t", 4));
  EXPECT_EQ(tcp.expect.contains, std::vector<std::string>({"b\r\n"}));
}

TEST(ProbeFile, TheOtherSteps) {
  EXPECT_EQ(step<SignalStep>("signal: HUP").number, SIGHUP);
  EXPECT_EQ(step<SignalStep>("signal: { name: SIGTERM, exit: 143 }").exit, 143);
  EXPECT_EQ(step<SignalStep>("signal: 10").name, "SIGUSR1");
  EXPECT_EQ(step<WriteStep>("write: { path: /a, content: text }").content, "text");
  EXPECT_EQ(step<ReadStep>("read: /a").path, "/a");
  EXPECT_EQ(step<ReadStep>("read: { path: /a, expect: x }").expect.contains.size(), 1U);
  EXPECT_EQ(step<LogStep>("log: reopened").pattern.text(), "reopened");
  EXPECT_EQ(step<WaitStep>("wait: 300ms").time, milliseconds(300));
}

TEST(ProbeFile, AStepHasANameAndALimit) {
  const auto probe = one("steps: [ { http: /, within: 3s }, { exec: [a, b], name: mine } ]");
  EXPECT_EQ(probe.steps.at(0).name, "GET /");
  EXPECT_EQ(probe.steps.at(0).within, milliseconds(3000));
  EXPECT_EQ(probe.steps.at(1).name, "mine");
}

TEST(ProbeFile, Services) {
  const auto set = parse(R"(probes: [ { steps: [ http: / ] } ]
services:
  - { name: db, image: 'docker-archive:postgres.tar', env: { POSTGRES_PASSWORD: x }, ready: { tcp: 5432 } })");
  ASSERT_EQ(set.services.size(), 1U);
  EXPECT_EQ(set.services[0].name, "db");
  EXPECT_EQ(set.services[0].image, "docker-archive:postgres.tar") << "no such file: as it stands";
  EXPECT_EQ(set.services[0].overrides.env.size(), 1U);
  EXPECT_EQ(set.services[0].ready.all.size(), 1U);
}

TEST(ProbeFile, AnUnknownKeyNamesItsPlaceAndTheNearestOne) {
  EXPECT_EQ(error_of("probes:\n  - name: a\n    stepps: []\n"),
            "probes.yaml: line 3: probes[0].stepps: unknown key; expected name, entrypoint, cmd, env, user, "
            "workdir, "
            "mounts, tmpfs, ready, steps, expect, ignore; did you mean steps?");
  EXPECT_NE(step_error("http: { path: /, expect: { stauts: 200 } }").find("did you mean status?"),
            std::string::npos);
  EXPECT_NE(step_error("htp: /").find("line 3: probes[0].steps[0].htp: unknown key"), std::string::npos);
}

TEST(ProbeFile, AWrongTypeSaysWhatWasExpectedAndFound) {
  EXPECT_EQ(error_of("probes: 3"), "probes.yaml: line 1: probes: expected a list, found '3'");
  EXPECT_EQ(error_of("[]"), "probes.yaml: line 1: expected a map with the key probes, found a list");
  EXPECT_NE(step_error("http: [ / ]").find("expected a map, found a list"), std::string::npos);
  EXPECT_NE(step_error("exec: []").find("expected a command"), std::string::npos);
  EXPECT_NE(step_error("tcp: { port: 70000 }").find("expected a whole number from 1 to 65535, found '70000'"),
            std::string::npos);
  EXPECT_NE(step_error("read: a").find("expected an absolute path, found 'a'"), std::string::npos);
  EXPECT_NE(step_error("signal: NONE").find("expected a signal such as HUP or SIGTERM"), std::string::npos);
  EXPECT_NE(step_error("wait: 3 days").find("expected a time such as 500ms, 20s or 2m, found '3 days'"),
            std::string::npos);
  EXPECT_NE(step_error("http: nowhere").find("expected PATH or METHOD:PATH"), std::string::npos);
  EXPECT_NE(step_error("http: { path: /, expect: { status: 20 } }").find("expected a status such as 200"),
            std::string::npos);
  EXPECT_NE(step_error("http: { path: 'a b' }").find("expected a path that starts with /"),
            std::string::npos);
  EXPECT_NE(step_error("http: { method: 'A B' }").find("expected a method"), std::string::npos);
  EXPECT_NE(step_error("http: { headers: { 'A:': b } }").find("not a name of a header"), std::string::npos);
  EXPECT_NE(step_error(R"(http: { headers: { A: "b\r\nC: d" } })").find("a value of one line"),
            std::string::npos);
  EXPECT_NE(step_error(R"(tcp: { port: 1, send: 'a\q' })").find("behind a backslash"), std::string::npos);
}

TEST(ProbeFile, AStepIsOneThing) {
  EXPECT_NE(step_error("{ http: /, exec: [a] }").find("expected one of http, exec"), std::string::npos);
  EXPECT_NE(step_error("{ name: nothing }").find("expected one of http, exec"), std::string::npos);
  EXPECT_NE(step_error("text").find("expected a step"), std::string::npos);
}

TEST(ProbeFile, ABadPatternSaysWhy) {
  EXPECT_NE(step_error("log: 'a(b'").find("not a regular expression: missing ): a(b"), std::string::npos);
  EXPECT_NE(error_of("probes: [ { ignore: [ '*' ] } ]").find("not a regular expression"), std::string::npos);
}

TEST(ProbeFile, WhatIsMissingOrStandsTwiceIsSaid) {
  EXPECT_NE(error_of("services: []").find("expected the key probes, which is missing"), std::string::npos);
  EXPECT_NE(error_of("probes: []").find("expected 1 to 1000 probes"), std::string::npos);
  EXPECT_NE(error_of("probes: [ {name: a}, {name: a} ]").find("two are called 'a'"), std::string::npos);
  EXPECT_NE(error_of("probes:\n  - name: a\n    name: b\n").find("this key stands twice"), std::string::npos);
  EXPECT_NE(
      error_of("probes: [ {mounts: [ '/no-such-folder-here:/a' ]} ]").find("there is no such file or folder"),
      std::string::npos);
  EXPECT_NE(error_of("probes: [ {mounts: [ '/tmp:a' ]} ]").find("an absolute path in the container"),
            std::string::npos);
  EXPECT_NE(error_of("probes: [ {env: [ A ]} ]").find("expected NAME=value"), std::string::npos);
  EXPECT_NE(error_of("probes: [ {} ]\nservices: [ {name: 'a b', image: x} ]").find("a host name"),
            std::string::npos);
}

TEST(ProbeFile, BadYamlNamesItsPlace) {
  EXPECT_EQ(error_of("probes:\n  - [\n").substr(0, 26), "probes.yaml: line 3, colum");
}

TEST(ProbeFile, AliasesThatMultiplyAreBounded) {
  std::string text = "probes:\n  - steps: &s [";
  for (int i = 0; i < 1000; ++i) text += "{http: /},";
  text += "]\n";
  for (int i = 0; i < 900; ++i) text += "  - steps: *s\n";
  EXPECT_NE(error_of(text).find("the file holds more than"), std::string::npos);
}

TEST(ProbeFile, RelativeMountsLieBesideTheFile) {
  const auto set =
      parse_probes("probes: [ {mounts: [ 'usr:/a:ro', {source: usr, target: /b} ]} ]", "/probes.yaml");
  const auto& mounts = set.probes.at(0).overrides.mounts;
  ASSERT_EQ(mounts.size(), 2U);
  EXPECT_EQ(mounts[0].source, "/usr");
  EXPECT_TRUE(mounts[0].read_only);
  EXPECT_EQ(mounts[1].source, "/usr");
  EXPECT_FALSE(mounts[1].read_only);
}

TEST(ProbeFile, OneLinersOfTheCommandLine) {
  EXPECT_EQ(http_step("/a")->name, "GET /a");
  EXPECT_EQ(http_step("POST:/a")->name, "POST /a");
  EXPECT_FALSE(http_step("a"));
  EXPECT_FALSE(http_step("/a b"));
  EXPECT_FALSE(http_step("G T:/"));
  EXPECT_EQ(exec_step({"a", "b"}).name, "exec a b");
}

}  // namespace
}  // namespace slim
