// Files of container-structure-test in both versions, and what is wrong with others.
#include "runner/structure_test.h"

#include <string>
#include <variant>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "analyzer/error.h"
#include "analyzer/image.h"
#include "runner/file_expect.h"
#include "runner/observe.h"
#include "runner/probe.h"
#include "runner/probe_file.h"
#include "runner/sandbox.h"
#include "runner/yaml_node.h"
#include "tests/runner/play_sandbox.h"

namespace slim {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

StructureFile parse(const std::string& text, const std::string& version = "2.0.0") {
  return parse_structure_file(YamlNode::parse("schemaVersion: " + version + "\n" + text, "t.yaml"));
}

std::string error_of(const std::string& text, const std::string& version = "2.0.0") {
  try {
    parse(text, version);
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::input);
    return error.what();
  }
  return "no error";
}

/// What the tests of a file say of a container that plays so, each "" or its failure.
std::vector<std::string> failures(const StructureFile& file, const Play& play,
                                  const ImageConfig& config = {}) {
  PlaySandbox sandbox([&](const ContainerStart&) { return play; });
  std::vector<std::string> result;
  ContainerStart start;
  start.config = config;
  for (const auto& test : file.tests) {
    const auto& probe = file.probes.at(test.probe);
    result.push_back(failure_of(test, probe, observe(sandbox, start, probe, {})));
  }
  return result;
}

TEST(StructureTest, ACommandIsTheProgramOfAContainer) {
  const auto file = parse(R"(globalEnvVars: [ { key: A, value: 1 } ]
containerRunOptions: { user: nobody }
commandTests:
  - { name: version, command: nginx, args: [ -v ], envVars: [ { key: B, value: 2 } ], expectedOutput: [ '1\.2' ],
      excludedOutput: [ beta ], expectedError: [ ok ], exitCode: 4 })");
  ASSERT_EQ(file.tests.size(), 1U);
  EXPECT_EQ(file.tests[0].name, "Command Test: version");
  EXPECT_EQ(file.tests[0].origin.text(), "t.yaml:5");
  EXPECT_FALSE(file.tests[0].step);
  const auto& probe = file.probes.at(file.tests[0].probe);
  EXPECT_THAT(*probe.overrides.entrypoint, ElementsAre("nginx"));
  EXPECT_THAT(*probe.overrides.cmd, ElementsAre("-v"));
  EXPECT_THAT(probe.overrides.env, ElementsAre("A=1", "B=2"));
  EXPECT_EQ(probe.overrides.user, "nobody");
  EXPECT_TRUE(probe.until_exit);
  Play play;
  play.exits = ExitStatus{.code = 4};
  play.output = "1.2\n";
  play.error = "ok\n";
  EXPECT_THAT(failures(file, play), ElementsAre(""));
  play.output = "1.2 beta\n";
  EXPECT_THAT(failures(file, play), ElementsAre(HasSubstr("stdout: expected not to match 'beta'")));
  play.exits = ExitStatus{};
  EXPECT_THAT(failures(file, play), ElementsAre(HasSubstr("expected exit 4, found exit 0")));
}

TEST(StructureTest, TheFirstVersionHasCommandsAsLists) {
  const auto file = parse("commandTests: [ { name: a, command: [ sh, -c, exit ] } ]", "1.0.0");
  const auto& probe = file.probes.at(file.tests.at(0).probe);
  EXPECT_THAT(*probe.overrides.entrypoint, ElementsAre("sh"));
  EXPECT_THAT(*probe.overrides.cmd, ElementsAre("-c", "exit"));
  EXPECT_THAT(error_of("commandTests: [ { name: a, command: sh } ]", "1.0.0"),
              HasSubstr("expected a list of words"));
  EXPECT_THAT(error_of("commandTests: [ { name: a, command: [ sh ] } ]"),
              HasSubstr("its arguments are args"));
}

TEST(StructureTest, SetupAndTeardownShareAContainerAndAreNotJudged) {
  const auto file = parse(R"(commandTests:
  - { name: a, setup: [ [ before ] ], teardown: [ [ after, x ] ], command: check, expectedOutput: [ fine ] })");
  const auto& test = file.tests.at(0);
  const auto& probe = file.probes.at(test.probe);
  EXPECT_TRUE(probe.hold);
  EXPECT_EQ(test.step, 1U);
  EXPECT_EQ(probe.steps.size(), 3U);
  Play play;
  play.execs["before"] = {.status = ExitStatus{.code = 1}, .output = {}, .error = {}};
  play.execs["check"] = {.status = ExitStatus{}, .output = {.text = "fine"}, .error = {}};
  EXPECT_THAT(failures(file, play), ElementsAre(""));
  play.execs["check"].output.text = "bad";
  EXPECT_THAT(failures(file, play), ElementsAre(HasSubstr("stdout: expected to match 'fine', found 'bad'")));
}

TEST(StructureTest, FilesAreLookedAtInAContainerThatIsNotStarted) {
  const auto file = parse(R"(fileExistenceTests:
  - { name: is, path: /f, permissions: -rw-r--r--, uid: 0, gid: 3 }
  - { name: is not, path: /gone, shouldExist: false }
  - { name: missing, path: /gone }
  - { name: runs, path: /f, isExecutableBy: owner }
  - { name: whoever, path: /f, uid: -1, gid: 4 }
  - { name: other mode, path: /f, permissions: -rwxr-xr-x }
fileContentTests:
  - { name: content, path: /f, expectedContents: [ '^a' ], excludedContents: [ z ] }
  - { name: no content, path: /gone, expectedContents: [ a ] })");
  EXPECT_TRUE(file.probes.at(0).hold);
  Play play;
  play.files["/f"] = "abc";
  EXPECT_THAT(
      failures(file, play),
      ElementsAre("", "", "there is no such file", "expected to be executable by owner, found -rw-r--r--",
                  "group: expected 4, found 3", "permissions: expected -rwxr-xr-x, found -rw-r--r--", "",
                  "there is no such file"));
}

TEST(StructureTest, MetadataIsThatOfTheConfig) {
  const auto file = parse(R"(metadataTest:
  envVars: [ { key: PATH, value: '/bin' }, { key: V, value: '^1\.', isRegex: true } ]
  labels: [ { key: l, value: x } ]
  exposedPorts: [ '80', 53/udp ]
  unexposedPorts: [ '8080' ]
  volumes: [ /data ]
  unmountedVolumes: [ /other ]
  entrypoint: [ a ]
  cmd: []
  workdir: /w
  user: u)");
  ImageConfig config;
  config.env = {"PATH=/bin", "V=1.4"};
  config.labels = {{"l", "x"}};
  config.exposed_ports = {"80/tcp", "53/udp"};
  config.volumes = {"/data"};
  config.entrypoint = {"a"};
  config.working_dir = "/w";
  config.user = "u";
  EXPECT_THAT(failures(file, {}, config), ElementsAre(""));
  const auto without = [&](auto change) {
    auto other = config;
    change(other);
    return failures(file, {}, other).at(0);
  };
  EXPECT_EQ(without([](ImageConfig& c) { c.env.pop_back(); }), "the environment has no V");
  EXPECT_THAT(without([](ImageConfig& c) { c.env[0] = "PATH=/"; }),
              HasSubstr("environment PATH: expected to be"));
  EXPECT_EQ(without([](ImageConfig& c) { c.labels.clear(); }), "there is no label l");
  EXPECT_EQ(without([](ImageConfig& c) { c.exposed_ports = {"80/tcp"}; }), "port 53/udp is not exposed");
  EXPECT_EQ(without([](ImageConfig& c) { c.exposed_ports.emplace_back("8080"); }),
            "port 8080 is exposed, and should not be");
  EXPECT_EQ(without([](ImageConfig& c) { c.volumes.clear(); }), "/data is no volume");
  EXPECT_EQ(without([](ImageConfig& c) { c.volumes.emplace_back("/other"); }),
            "/other is a volume, and should not be");
  EXPECT_EQ(without([](ImageConfig& c) { c.entrypoint = {"b"}; }), "entrypoint: expected [a], found [b]");
  EXPECT_EQ(without([](ImageConfig& c) { c.cmd = {"b"}; }), "cmd: expected [], found [b]");
  EXPECT_EQ(without([](ImageConfig& c) { c.working_dir = "/"; }), "workdir: expected '/w', found '/'");
  EXPECT_EQ(without([](ImageConfig& c) { c.user = "0"; }), "user: expected 'u', found '0'");
}

TEST(StructureTest, LicensesOfFiles) {
  const auto file = parse("licenseTests: [ { files: [ /good, /bad ] } ]");
  Play play;
  play.files["/good"] = "MIT";
  play.files["/bad"] = "GNU AGPL";
  EXPECT_THAT(failures(file, play), ElementsAre("", HasSubstr("expected not to match 'AGPL'")));
  EXPECT_TRUE(parse("licenseTests: [ { debian: true } ]").debian_licenses);
}

TEST(StructureTest, AreProbesToo) {
  const auto set =
      parse_probes("schemaVersion: 2.0.0\ncommandTests: [ { name: a, command: b } ]\n", "t.yaml");
  EXPECT_EQ(set.probes.back().name, "Command Test: a");
}

TEST(StructureTest, WhatIsWrongIsNamedWithItsPlace) {
  EXPECT_EQ(error_of("commandTests: []\n"), "t.yaml: line 1: expected a test, and there is none");
  EXPECT_THAT(error_of("a: 1", "3.0.0"),
              HasSubstr("schemaVersion: expected one of 1.0.0, 2.0.0, found '3.0.0'"));
  EXPECT_THAT(error_of("commandTest: []"), HasSubstr("did you mean commandTests?"));
  EXPECT_THAT(error_of("commandTests:\n  - { name: a, comand: b }"),
              HasSubstr("t.yaml: line 3: commandTests[0].comand: unknown key"));
  EXPECT_THAT(error_of("commandTests: [ { command: b } ]"),
              HasSubstr("expected the key name, which is missing"));
  EXPECT_THAT(error_of("commandTests: [ { name: a, command: b, expectedOutput: [ '(' ] } ]"),
              HasSubstr("not a regular expression"));
  EXPECT_THAT(error_of("fileExistenceTests: [ { name: a, path: b } ]"),
              HasSubstr("expected an absolute path"));
  EXPECT_THAT(error_of("fileExistenceTests: [ { name: a, path: /b, isExecutableBy: me } ]"),
              HasSubstr("expected one of owner, group, other, any"));
  EXPECT_THAT(error_of("containerRunOptions: { privileged: true }"),
              HasSubstr("the sandbox does not give this"));
  EXPECT_THAT(error_of("containerRunOptions: { capabilities: [ NET_ADMIN ] }"),
              HasSubstr("no further capabilities"));
}

TEST(GoModeText, IsWhatGoPrints) {
  EXPECT_EQ(go_mode_text(S_IFREG | 0644U), "-rw-r--r--");
  EXPECT_EQ(go_mode_text(S_IFDIR | 0755U), "drwxr-xr-x");
  EXPECT_EQ(go_mode_text(S_IFDIR | 01777U), "dtrwxrwxrwx");
  EXPECT_EQ(go_mode_text(S_IFLNK | 0777U), "Lrwxrwxrwx");
  EXPECT_EQ(go_mode_text(S_IFREG | 04755U), "urwxr-xr-x");
  EXPECT_EQ(go_mode_text(S_IFREG | 02755U), "grwxr-xr-x");
  EXPECT_EQ(go_mode_text(S_IFCHR | 0666U), "Dcrw-rw-rw-");
}

}  // namespace
}  // namespace slim
