#include "analyzer/script_names.h"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "analyzer/image.h"
#include "analyzer/layer_index.h"
#include "tests/analyzer/tree_fixture.h"

namespace slim {
namespace {

using test::file;
using test::folder;
using test::OwnedTree;
using test::program;
using test::symlink;
using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;

/// What a script at /opt/app/bin/run names: "PATH ARGUMENT..." for a program, "=PATH" for anything else,
/// "!WORD" for what is not there.
std::vector<std::string> named(std::vector<LayerEntry> entries, std::string_view text,
                               const ImageConfig& config = {}) {
  entries.push_back(program("opt/app/bin/run"));
  const OwnedTree image(std::move(entries));
  const NodeId script = image.tree.find("/opt/app/bin/run");
  std::vector<std::string> found;
  for (const ScriptName& name : script_names(image.tree, script_places(image.tree, config), text, script)) {
    if (name.target.node == no_node) {
      found.push_back((name.missed ? "!" : "?") + name.word);
      continue;
    }
    std::string line = (name.runs ? "" : "=") + image.tree.path(name.target.node);
    for (const std::string& argument : name.arguments) line += " " + (argument.empty() ? "?" : argument);
    found.push_back(line);
  }
  return found;
}

TEST(ScriptNames, CommandsAreLookedUpWhereTheScriptLooks) {
  EXPECT_THAT(named({program("usr/bin/ls"), program("opt/x/tool")}, "PATH=/opt/x:$PATH; tool a; ls; gone"),
              ElementsAre("/opt/x/tool a", "/usr/bin/ls", "!gone"));
  EXPECT_THAT(named({program("srv/tool")}, "cd /srv && ./tool"), ElementsAre("/srv/tool"));
  EXPECT_THAT(named({program("usr/bin/busybox"), symlink("usr/bin/awk", "busybox")}, "awk x"),
              ElementsAre("/usr/bin/busybox x"));
}

TEST(ScriptNames, TheScriptKnowsItsOwnFolder) {
  EXPECT_THAT(
      named({file("opt/app/lib/x.sh")}, "here=$(cd \"$(dirname \"$0\")\" && pwd); . \"$here/../lib/x.sh\""),
      Contains("=/opt/app/lib/x.sh"));
  EXPECT_THAT(named({}, "exec \"$BASH_SOURCE\" again"), Contains("/opt/app/bin/run again"));
}

TEST(ScriptNames, PatternsNameTheFilesThatTheyMatch) {
  const std::vector<LayerEntry> entries = {file("docker.d/a.sh"), file("docker.d/b.txt"),
                                           file("etc/profile.d/p.sh"), program("usr/bin/x"),
                                           program("opt/app/plugins/one")};
  EXPECT_THAT(named(entries, "for f in /docker.d/*.sh; do . \"$f\"; done"),
              ElementsAre("=/docker.d/a.sh", "=/docker.d/a.sh"));
  EXPECT_THAT(named(entries, "for f in /etc/profile.d/*.sh; do . $f; done"),
              ElementsAre("=/etc/profile.d/p.sh"));
  EXPECT_THAT(named(entries, "/opt/app/plugins/$1 x"), Contains("/opt/app/plugins/one x"));
  // Which of the system's programs is meant cannot be told.
  EXPECT_THAT(named(entries, "/usr/bin/$1; /usr/bin/*"), IsEmpty());
}

TEST(ScriptNames, ArgumentsThatAreFilesAreNamed) {
  ImageConfig config;
  config.working_dir = "/app";
  const std::vector<LayerEntry> entries = {program("usr/bin/node"), file("app/server"), file("app/conf.d/x"),
                                           folder("app/data"), file("srv/c.ini")};
  EXPECT_THAT(named(entries, "node server data conf.d/x --config=/srv/c.ini", config),
              ElementsAre("/usr/bin/node server data conf.d/x --config=/srv/c.ini", "=/app/server",
                          "=/app/conf.d/x", "=/srv/c.ini"));
}

TEST(ScriptNames, FoldersOfScriptsAreRunWhole) {
  EXPECT_THAT(named({program("bin/run-parts"), program("etc/cron.daily/x")}, "run-parts /etc/cron.daily"),
              Contains("=/etc/cron.daily/x"));
}

TEST(ScriptNames, ArgumentsComeInEachWayThatTheyMayRead) {
  EXPECT_THAT(named({program("bin/python3")}, "M=a; M=b; python3 -m $M \"$X\" $Y"),
              ElementsAre("/bin/python3 -m a ?", "/bin/python3 -m b ?"));
  ImageConfig config;
  config.env = {"JAR=/a.jar"};
  EXPECT_THAT(named({program("bin/java")}, "java -jar ${JAR:-/b.jar}", config),
              ElementsAre("/bin/java -jar /a.jar", "/bin/java -jar /b.jar"));
}

TEST(ScriptNames, WhatAnInterpreterReadsFromTheScriptIsItsText) {
  EXPECT_THAT(named({program("bin/python3")}, "python3 - <<'E'\nimport json\nE\n"),
              ElementsAre("/bin/python3 -c import json\n"));
  EXPECT_THAT(named({program("bin/psql")}, "psql <<E\nselect 1\nE\n"), ElementsAre("/bin/psql"));
}

TEST(ScriptNames, AQuestionIsNoCommand) {
  EXPECT_THAT(named({program("bin/curl")}, "if command -v curl; then x=1; fi; command -v wget"),
              ElementsAre("=/bin/curl"));
}

}  // namespace
}  // namespace slim
