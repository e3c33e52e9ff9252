#include "analyzer/javascript_edges.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "analyzer/code_facts.h"
#include "analyzer/edge.h"
#include "analyzer/file_tree.h"
#include "analyzer/image.h"
#include "analyzer/javascript.h"
#include "tests/analyzer/tree_fixture.h"

namespace slim {
namespace {

using test::elf_file;
using test::file;
using test::program;
using test::symlink;
using test::text_file;
using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Not;
using testing::UnorderedElementsAre;

LayerEntry script(std::string path, const std::string& text) {
  LayerEntry made = file(std::move(path), text.size());
  auto facts = std::make_shared<FileFacts>();
  facts->code = {.language = Language::javascript, .names = scan_javascript(text)};
  made.facts = std::move(facts);
  return made;
}

/// Edges are shown as "KIND PATH", with " likely" and " possible" behind, and " whole" for a folder's
/// content.
class JavascriptEdgesTest : public testing::Test {
 protected:
  void make(std::vector<LayerEntry> entries, ImageConfig config = {}) {
    tree_.emplace(std::move(entries));
    edges_.emplace(
        tree_->tree, config,
        [this](std::vector<Edge>&, std::string_view text, const Edge&) { shell_.emplace_back(text); },
        unresolved_);
  }

  std::vector<std::string> code(const std::string& path) {
    const NodeId node = tree_->tree.find(path);
    std::vector<Edge> found;
    edges_->code(found, node, *tree_->tree.facts(node));
    return shown(found);
  }

  std::vector<std::string> arguments(const std::string& path, const std::vector<std::string>& words) {
    std::vector<Edge> found;
    edges_->arguments(found, no_node, tree_->tree.find(path), words, "entrypoint");
    return shown(found);
  }

  std::vector<std::string> shown(const std::vector<Edge>& found) {
    std::vector<std::string> lines;
    for (const Edge& edge : found) {
      const char* kind = edge.kind == EdgeKind::import        ? "import"
                         : edge.kind == EdgeKind::module_data ? "data"
                         : edge.kind == EdgeKind::symlink     ? "link"
                         : edge.kind == EdgeKind::command     ? "command"
                                                              : "names";
      std::string line = std::string(kind) + " " + tree_->tree.path(edge.to);
      if (edge.strength == Strength::likely) line += " likely";
      if (edge.strength == Strength::possible) line += " possible";
      if (edge.with_content) line += " whole";
      if (std::ranges::find(lines, line) == lines.end()) lines.push_back(line);
    }
    return lines;
  }

  std::optional<test::OwnedTree> tree_;
  std::optional<JavascriptEdges> edges_;
  std::vector<UnresolvedName> unresolved_;
  std::vector<std::string> shell_;
};

TEST_F(JavascriptEdgesTest, AModuleReachesWhatItRequiresAndTheWholePackage) {
  make({script("srv/a.js", "require('x'); require('./b')"), script("srv/b.js", ""),
        text_file("srv/node_modules/x/package.json", R"({"name": "x", "main": "lib/main.js"})"),
        script("srv/node_modules/x/lib/main.js", ""), file("srv/node_modules/x/data/t.json"),
        file("srv/node_modules/x/test/t.js"), file("srv/node_modules/x/README.md"),
        file("srv/node_modules/x/x.d.ts"), file("srv/node_modules/x/src/x.cc"),
        file("srv/node_modules/x/node_modules/y/index.js"), file("srv/node_modules/z/index.js")});
  EXPECT_THAT(code("srv/a.js"),
              UnorderedElementsAre(
                  "import /srv/node_modules/x/lib/main.js", "data /srv/node_modules/x/package.json",
                  "data /srv/node_modules/x/lib/main.js", "data /srv/node_modules/x/data/t.json",
                  "data /srv/node_modules/x/test/t.js likely", "data /srv/node_modules/x/README.md likely",
                  "data /srv/node_modules/x/x.d.ts likely", "data /srv/node_modules/x/src/x.cc possible",
                  "import /srv/b.js"));
  EXPECT_THAT(unresolved_, IsEmpty());
}

TEST_F(JavascriptEdgesTest, WhatIsMissingIsListedUnlessItIsOptional) {
  make({script(
      "srv/a.js",
      "\nrequire('gone'); try { require('maybe') } catch {}\nrequire('fs'); import 'https://x/y.js'")});
  EXPECT_THAT(code("srv/a.js"), IsEmpty());
  ASSERT_EQ(unresolved_.size(), 1U);
  EXPECT_EQ(unresolved_[0].file, "/srv/a.js");
  EXPECT_EQ(unresolved_[0].line, 2U);
  EXPECT_EQ(unresolved_[0].name, "gone");
}

TEST_F(JavascriptEdgesTest, TheApplicationsDependenciesMayBeRequiredByAName) {
  make({text_file("app/package.json",
                  R"({"dependencies": {"ejs": "1", "gone": "1"}, "devDependencies": {"dev": "1"}})"),
        script("app/a.js", ""), file("app/views/page.ejs"), file("app/node_modules/ejs/index.js"),
        file("app/node_modules/dev/index.js")});
  EXPECT_THAT(code("app/a.js"),
              UnorderedElementsAre("data /app/package.json", "data /app/a.js", "data /app/views/page.ejs",
                                   "import /app/node_modules/ejs/index.js likely",
                                   "data /app/node_modules/ejs/index.js likely"));
}

TEST_F(JavascriptEdgesTest, AComputedRequireMayMeanAnyDependencyOfThePackage) {
  make({text_file("n/node_modules/x/package.json", R"({"name": "x", "peerDependencies": {"p": "1"}})"),
        script("n/node_modules/x/index.js", "require(name)"), file("n/node_modules/p/index.js")});
  EXPECT_THAT(code("n/node_modules/x/index.js"), Contains("import /n/node_modules/p/index.js likely"));
}

TEST_F(JavascriptEdgesTest, ABeginningKeepsWhatBeginsSo) {
  make({script("srv/a.js",
               "require('./lang/' + x); require(`./p-${y}`); import('@s/' + z); require('plug-' + z)"),
        file("srv/lang/de.js"), file("srv/lang/deep/at.js"), file("srv/p-one.js"), file("srv/q.js"),
        file("srv/node_modules/@s/k/index.js"), file("srv/node_modules/plug-in/index.js"),
        file("srv/node_modules/plain/index.js")});
  EXPECT_THAT(
      code("srv/a.js"),
      UnorderedElementsAre("import /srv/lang/de.js likely", "import /srv/lang/deep/at.js likely",
                           "import /srv/p-one.js likely", "import /srv/node_modules/@s/k/index.js likely",
                           "data /srv/node_modules/@s/k/index.js likely",
                           "import /srv/node_modules/plug-in/index.js likely",
                           "data /srv/node_modules/plug-in/index.js likely"));
}

TEST_F(JavascriptEdgesTest, FilesBesideAModuleAndAbsolutePaths) {
  make({script("srv/app/a.js",
               "join(__dirname, '../shared'); join(__dirname, 'x.sql'); open('/etc/app.conf'); "
               "join(__dirname, '..'); require(join(__dirname, 'b'))"),
        file("srv/shared/t.txt"), file("srv/app/x.sql"), file("etc/app.conf"), file("srv/app/b.js")});
  EXPECT_THAT(code("srv/app/a.js"),
              UnorderedElementsAre("names /srv/shared likely whole", "names /srv/app/x.sql likely",
                                   "names /etc/app.conf likely", "names /srv/app/b.js likely"));
}

TEST_F(JavascriptEdgesTest, ChildProcessesRunByTheShell) {
  make({script("srv/a.js", "const { exec } = require('node:child_process'); exec('sort x | uniq')"),
        program("bin/sh")});
  EXPECT_THAT(code("srv/a.js"), ElementsAre("command /bin/sh likely"));
  EXPECT_THAT(shell_, ElementsAre("sort x | uniq"));
}

TEST_F(JavascriptEdgesTest, AddonsOfOtherPlatformsAreForeign) {
  ImageConfig config;
  config.platform.architecture = "amd64";
  test::ElfSpec arm;
  arm.machine = 183;
  test::ElfSpec glibc;
  glibc.needed = {"libc.so.6"};
  test::ElfSpec musl;
  musl.needed = {"libc.musl-x86_64.so.1"};
  const std::string folder = "n/node_modules/x/prebuilds/";
  make({text_file("n/node_modules/x/package.json", R"({"name": "x"})"),
        script("n/node_modules/x/index.js", ""), elf_file(folder + "linux-x64/x.node", glibc),
        elf_file(folder + "linux-x64/x.musl.node", musl), elf_file(folder + "linux-arm64/x.node", arm),
        file(folder + "darwin-x64/x.node"), file("lib64/ld-linux-x86-64.so.2")},
       config);
  EXPECT_THAT(code("n/node_modules/x/index.js"),
              UnorderedElementsAre("data /n/node_modules/x/package.json", "data /n/node_modules/x/index.js",
                                   "data /" + folder + "linux-x64/x.node",
                                   "data /" + folder + "linux-x64/x.musl.node possible",
                                   "data /" + folder + "linux-arm64/x.node possible",
                                   "data /" + folder + "darwin-x64/x.node possible"));
}

TEST_F(JavascriptEdgesTest, TestsOfAPackageAreNotFollowedFar) {
  make({script("n/node_modules/x/test/a.js",
               "require('mocha'); exec('find .'); require(y); require('../index')"),
        text_file("n/node_modules/x/package.json", R"({"name": "x", "dependencies": {"d": "1"}})"),
        script("n/node_modules/x/index.js", ""), file("n/node_modules/d/index.js")});
  EXPECT_THAT(code("n/node_modules/x/test/a.js"), Not(Contains(testing::HasSubstr("node_modules/d"))));
  EXPECT_THAT(shell_, IsEmpty());
  EXPECT_THAT(unresolved_, IsEmpty());
}

TEST_F(JavascriptEdgesTest, AnApplicationInASystemFolderIsKeptByItsModulesAlone) {
  make({text_file("package.json", R"({"name": "root"})"), script("usr/share/a.js", "require('./b')"),
        script("usr/share/b.js", ""), file("usr/share/other")});
  EXPECT_THAT(code("usr/share/a.js"), UnorderedElementsAre("import /usr/share/b.js", "data /package.json"));
}

TEST_F(JavascriptEdgesTest, NodeIsToldWhichFileToRun) {
  ImageConfig config;
  config.working_dir = "/app";
  make({program("usr/bin/node"), file("app/server.js"), file("app/boot.js"),
        file("app/node_modules/trace/index.js"), file("app/sub/index.js")},
       config);
  EXPECT_THAT(arguments("usr/bin/node", {"server.js", "sub"}), ElementsAre("import /app/server.js"));
  EXPECT_THAT(arguments("usr/bin/node", {"--max-old-space-size=9", "-r", "./boot", "--import=trace", "sub"}),
              ElementsAre("import /app/boot.js", "import /app/node_modules/trace/index.js",
                          "import /app/sub/index.js"));
  EXPECT_THAT(arguments("usr/bin/node", {"-e", "require('./server')", "sub"}),
              ElementsAre("import /app/server.js"));
  EXPECT_THAT(arguments("usr/bin/node", {"-r"}), IsEmpty());
  EXPECT_THAT(arguments("usr/bin/node", {}), IsEmpty());
}

TEST_F(JavascriptEdgesTest, NodesOptionsNameModules) {
  ImageConfig config;
  config.env = {"NODE_OPTIONS=--require /opt/trace.js --enable-source-maps"};
  make({program("usr/bin/node"), file("opt/trace.js")}, config);
  std::vector<Edge> found;
  edges_->interpreter(found, tree_->tree.find("usr/bin/node"));
  EXPECT_THAT(shown(found), ElementsAre("import /opt/trace.js"));
}

TEST_F(JavascriptEdgesTest, NpmRunsTheScriptsOfThePackage) {
  ImageConfig config;
  config.working_dir = "/app";
  make({file("usr/share/nodejs/npm/bin/npm-cli.js"), program("usr/bin/yarn"), file("usr/bin/npx"),
        text_file("app/package.json",
                  R"({"scripts": {"prestart": "mkdir x", "start": "tool server.js", "go": "node a"}})"),
        symlink("app/node_modules/.bin/tool", "../tool/cli.js"), file("app/node_modules/tool/cli.js")},
       config);
  EXPECT_THAT(arguments("usr/share/nodejs/npm/bin/npm-cli.js", {"start"}),
              ElementsAre("names /app/package.json", "link /app/node_modules/.bin/tool",
                          "command /app/node_modules/tool/cli.js"));
  EXPECT_THAT(shell_, ElementsAre("mkdir x", "tool server.js"));
  shell_.clear();
  arguments("usr/bin/yarn", {"run", "go"});
  EXPECT_THAT(shell_, ElementsAre("node a"));
  EXPECT_THAT(arguments("usr/bin/npx", {"tool"}), Contains("command /app/node_modules/tool/cli.js"));
}

TEST(PackagePart, CodeAndDataAreNeeded) {
  for (const char* path :
       {"index.js", "lib/a.json", "LICENSE", "test-helper.js", "docs/index.js", "bin/x", "a.node"}) {
    EXPECT_EQ(package_part(path, true), PackagePart::needed) << path;
  }
  for (const char* path :
       {"test/a.js", "lib/__tests__/a.js", "a.d.ts", "a.js.map", "README.md", "docs/a.html", "a.test.js"}) {
    EXPECT_EQ(package_part(path, true), PackagePart::spare) << path;
  }
  for (const char* path :
       {"src/a.cc", "binding.gyp", "build/Makefile", ".git/HEAD", "build/Release/obj.target/a.bin"}) {
    EXPECT_EQ(package_part(path, true), PackagePart::foreign) << path;
  }
  EXPECT_EQ(package_part("bin/run.sh", true), PackagePart::foreign);
  EXPECT_EQ(package_part("bin/run.sh", false), PackagePart::needed);
}

}  // namespace
}  // namespace slim
