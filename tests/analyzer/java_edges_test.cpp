#include "analyzer/java_edges.h"

#include <algorithm>
#include <memory>
#include <optional>
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
#include "analyzer/java.h"
#include "analyzer/loader.h"
#include "tests/analyzer/tree_fixture.h"

namespace slim {
namespace {

using test::elf_file;
using test::file;
using test::program;
using test::text_file;
using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

LayerEntry jar(std::string path, std::vector<std::pair<JavaUse, std::string>> names) {
  LayerEntry made = file(std::move(path));
  auto facts = std::make_shared<FileFacts>();
  facts->code.language = Language::java;
  for (auto& [use, text] : names)
    facts->code.names.push_back({.use = static_cast<std::uint8_t>(use), .line = 0, .text = text});
  made.facts = std::move(facts);
  return made;
}

LayerEntry java_program() {
  test::ElfSpec spec;
  spec.interpreter = "/lib64/ld-linux-x86-64.so.2";
  return elf_file("jvm/bin/java", spec);
}

class JavaEdgesTest : public testing::Test {
 protected:
  void make(std::vector<LayerEntry> entries, ImageConfig config = {}) {
    entries.push_back(java_program());
    config.working_dir = "/app";
    tree_.emplace(std::move(entries));
    loader_.emplace(tree_->tree, LoaderEnvironment{});
    edges_.emplace(
        tree_->tree, config, *loader_,
        [this](std::vector<Edge>&, std::string_view text, const Edge&) { shell_.emplace_back(text); },
        unresolved_);
  }
  std::vector<std::string> run(const std::vector<std::string>& words) {
    std::vector<Edge> found;
    edges_->arguments(found, no_node, tree_->tree.find("jvm/bin/java"), words, "entrypoint");
    return shown(found);
  }
  std::vector<std::string> code(const std::string& path) {
    const NodeId node = tree_->tree.find(path);
    std::vector<Edge> found;
    edges_->code(found, node, *tree_->tree.facts(node));
    return shown(found);
  }
  std::vector<std::string> interpreter() {
    std::vector<Edge> found;
    edges_->interpreter(found, tree_->tree.find("jvm/bin/java"));
    return shown(found);
  }
  std::vector<std::string> shown(const std::vector<Edge>& found) {
    std::vector<std::string> lines;
    for (const Edge& edge : found) {
      std::string line = tree_->tree.path(edge.to);
      if (edge.strength == Strength::likely) line += " likely";
      if (edge.with_content) line += " whole";
      lines.push_back(line);
    }
    return lines;
  }

  std::optional<test::OwnedTree> tree_;
  std::optional<Loader> loader_;
  std::optional<JavaEdges> edges_;
  std::vector<UnresolvedName> unresolved_;
  std::vector<std::string> shell_;
};

TEST_F(JavaEdgesTest, AJarIsRunWithItsAgents) {
  make({file("app/app.jar"), file("app/agent.jar"), file("app/x"), file("etc/log.xml")});
  EXPECT_THAT(
      run({"-Xmx64m", "-javaagent:agent.jar=port=1", "-Dlog=file:/etc/log.xml", "-jar", "app.jar", "x"}),
      ElementsAre("/app/agent.jar", "/etc/log.xml", "/app/app.jar"));
}

TEST_F(JavaEdgesTest, AClassPathHasJarsFoldersAndWildcards) {
  make({file("app/lib/a.jar"), file("app/lib/b.jar"), file("app/lib/c.txt"), file("app/classes/M.class"),
        file("opt/d.jar")});
  EXPECT_THAT(run({"-cp", "lib/*:classes:/opt/d.jar:/gone.jar", "Main", "-cp", "x"}),
              ElementsAre("/app/lib/a.jar", "/app/lib/b.jar", "/app/classes whole", "/opt/d.jar"));
  EXPECT_THAT(run({"--module-path=lib/a.jar", "-m", "x/y", "lib/b.jar"}), ElementsAre("/app/lib/a.jar"));
  EXPECT_THAT(run({"Main"}), ElementsAre("/app whole"));
  EXPECT_THAT(run({"-cp"}), IsEmpty());
}

TEST_F(JavaEdgesTest, ArgumentFilesStandForTheirWords) {
  make({text_file("app/java.args", "# options\n-cp \"lib/a.jar\"\n"), file("app/lib/a.jar"),
        file("app/other")});
  EXPECT_THAT(run({"@java.args", "Main"}), ElementsAre("/app/java.args", "/app/lib/a.jar"));
  EXPECT_THAT(run({"@other", "-cp", "lib/a.jar", "Main"}), Contains("/app/other"));
  ASSERT_EQ(unresolved_.size(), 1U);
  EXPECT_EQ(unresolved_[0].name, "@other: the words in it are not known");
}

TEST_F(JavaEdgesTest, TheEnvironmentHasOptionsToo) {
  ImageConfig config;
  config.env = {"JAVA_TOOL_OPTIONS=-javaagent:/opt/agent.jar", "CLASSPATH=/opt/lib/*"};
  make({file("opt/agent.jar"), file("opt/lib/a.jar"), file("app/x")}, config);
  EXPECT_THAT(interpreter(), ElementsAre("/opt/agent.jar", "/opt/lib/a.jar"));
}

TEST_F(JavaEdgesTest, AnArchiveNamesWhatItNeedsOutsideOfItself) {
  make({jar("app/app.jar", {{JavaUse::class_path, "lib/a.jar"},
                            {JavaUse::path, "/srv/tls/key.pem"},
                            {JavaUse::path, "/gone"},
                            {JavaUse::command, "ls | wc"},
                            {JavaUse::library, "own"}}),
        file("app/lib/a.jar"), file("srv/tls/key.pem"), file("usr/lib/jni/libown.so")});
  EXPECT_THAT(code("app/app.jar"),
              ElementsAre("/app/lib/a.jar", "/srv/tls/key.pem likely", "/usr/lib/jni/libown.so likely"));
  EXPECT_THAT(shell_, ElementsAre("ls | wc"));
}

TEST_F(JavaEdgesTest, GraphicsNeedPartsOfTheRuntimeAndFonts) {
  make({jar("app/app.jar", {{JavaUse::desktop, "java/awt/Font"}}), file("jvm/lib/libawt.so"),
        file("jvm/lib/libjdwp.so"), file("jvm/lib/modules"), file("usr/share/fonts/a.ttf")});
  EXPECT_THAT(code("app/app.jar"), IsEmpty());  // which java runs is not known yet
  EXPECT_THAT(interpreter(),
              UnorderedElementsAre("/jvm/lib/libawt.so likely", "/usr/share/fonts likely whole"));
}

TEST_F(JavaEdgesTest, LibrariesInsideOfAnArchiveNeedOthersOutside) {
  test::ElfSpec library;
  library.soname = "libdep.so.1";
  make({jar("app/app.jar", {{JavaUse::needed, "62:libdep.so.1"}, {JavaUse::needed, "183:libarm.so.1"}}),
        elf_file("lib64/libdep.so.1", library), elf_file("lib64/libarm.so.1", library)});
  interpreter();
  EXPECT_THAT(code("app/app.jar"), ElementsAre("/lib64/libdep.so.1 likely"));
}

TEST_F(JavaEdgesTest, SpringBootReadsConfigurationBesideItself) {
  make({jar("srv/app.jar", {{JavaUse::spring, "BOOT-INF"}}), file("srv/application-prod.yml"),
        file("srv/other.yml"), file("app/config/application.properties")});
  EXPECT_THAT(code("srv/app.jar"),
              ElementsAre("/srv/application-prod.yml likely", "/app/config likely whole"));
}

TEST_F(JavaEdgesTest, WhatWasNotReadIsListed) {
  make({jar("app/app.jar", {{JavaUse::unread, "Huge.class"}})});
  EXPECT_THAT(code("app/app.jar"), IsEmpty());
  ASSERT_EQ(unresolved_.size(), 1U);
  EXPECT_EQ(unresolved_[0].name, "Huge.class: not read, too large");
}

}  // namespace
}  // namespace slim
