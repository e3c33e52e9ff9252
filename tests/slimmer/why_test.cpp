#include "slimmer/why.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "analyzer/rules.h"
#include "tests/analyzer/tar_builder.h"
#include "tests/slimmer/sample_tree.h"

namespace slim {
namespace {

using test::Sample;
using test::TarBuilder;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const std::string libraries = "usr/lib/x86_64-linux-gnu/";

std::unique_ptr<Sample> decided(std::vector<std::string> exclude = {}) {
  TarBuilder tar;
  tar.folder("app").file("app/server",
                         test::dynamic_program({"libouter.so.1"}, {}, {"/usr/share/app/data.txt"}), 0755);
  tar.symlink("app/current", "server");
  tar.folder("lib64").file("lib64/ld-linux-x86-64.so.2", test::library("ld-linux-x86-64.so.2"), 0755);
  tar.folder(libraries).file(libraries + "libouter.so.1", test::library("libouter.so.1", {"libinner.so.1"}));
  tar.file(libraries + "libinner.so.1", test::library("libinner.so.1"));
  tar.folder("etc").file("etc/inner.conf", "x").file("etc/always", "x");
  tar.folder("usr/share/app").file("usr/share/app/data.txt", "x").file("usr/share/app/manual.txt", "x");
  tar.folder("usr/share/unused").file("usr/share/unused/a", "x").file("usr/share/unused/b", "x");
  tar.folder("var/lib/dpkg/info")
      .file("var/lib/dpkg/status", "Package: app\nStatus: install ok installed\nVersion: 1.2-3\n\n")
      .file("var/lib/dpkg/info/app.list",
            "/app/server\n/usr/share/app/data.txt\n/usr/share/app/manual.txt\n");
  const std::string rules = R"([
    {"id":"inner","why":"libinner reads it","source":"manual of inner",
                    "when" : {"kept" : "**/libinner.so.1"}, "keep" : "/etc/inner.conf"
},
    {"id":"always","why":"whatever runs","source":"manual of always","when":{"exists":"/etc"},"keep":"/etc/always"},
    {"id":"no-data","why":"data is for people","source":"manual of data","when":{"exists":"/etc"},
     "drop":"/usr/share/app/data.txt"}])";
  return test::sample_plan(tar, test::config_of({"/app/current"}),
                           test::mark_with(Profile::balanced, {}, std::move(exclude)),
                           parse_rules(rules, "test"));
}

WhyAnswer ask(const Sample& sample, const std::string& path) {
  return why(sample.tree, sample.packages, sample.rules, sample.plan, path);
}

TEST(Why, TheChainEndsAtARoot) {
  const WhyAnswer answer = ask(*decided(), "/" + libraries + "libinner.so.1");
  EXPECT_TRUE(answer.exists);
  EXPECT_TRUE(answer.kept);
  ASSERT_EQ(answer.chain.size(), 3U);
  EXPECT_EQ(answer.chain[0].reason, "needed by");
  EXPECT_EQ(answer.chain[0].path, "/" + libraries + "libouter.so.1");
  EXPECT_THAT(answer.chain[0].detail, HasSubstr("libinner.so.1, found by"));
  EXPECT_EQ(answer.chain[1].reason, "needed by");
  EXPECT_EQ(answer.chain[1].path, "/app/server");
  EXPECT_EQ(answer.chain[2].reason, "entrypoint");
  EXPECT_EQ(answer.chain[2].path, "");
  EXPECT_THAT(answer.notes, IsEmpty());
}

TEST(Why, ARuleSaysItsReasonAndSource) {
  const WhyAnswer answer = ask(*decided(), "/etc/inner.conf");
  ASSERT_EQ(answer.chain.size(), 4U);
  EXPECT_EQ(answer.chain[0].reason, "kept by rule inner because of");
  EXPECT_EQ(answer.chain[0].path, "/" + libraries + "libinner.so.1");
  EXPECT_EQ(answer.chain[0].detail, "libinner reads it [manual of inner]");
}

TEST(Why, ARuleOfTheImageIsARoot) {
  const WhyAnswer answer = ask(*decided(), "/etc/always");
  ASSERT_EQ(answer.chain.size(), 1U);
  EXPECT_EQ(answer.chain[0].reason, "kept by rule always");
  EXPECT_EQ(answer.chain[0].path, "");
}

TEST(Why, TheLinkItselfIsAskedFor) {
  const WhyAnswer answer = ask(*decided(), "/app/current");
  ASSERT_EQ(answer.chain.size(), 1U);
  EXPECT_EQ(answer.chain[0].reason, "entrypoint");
}

TEST(Why, FoldersSayWhatTheyAreKeptFor) {
  const WhyAnswer answer = ask(*decided(), "/lib64");
  ASSERT_EQ(answer.chain.size(), 3U);
  EXPECT_EQ(answer.chain[0].reason, "folder of");
  EXPECT_EQ(answer.chain[0].path, "/lib64/ld-linux-x86-64.so.2");
  EXPECT_EQ(answer.chain[1].reason, "program interpreter of");
  EXPECT_EQ(ask(*decided(), "/var/lib").chain.at(0).reason, "folder for state (/var, /run, /srv, /home)");
}

TEST(Why, ExcludedNamesThePattern) {
  const auto sample = decided({"**/libinner.so.1"});
  const WhyAnswer answer = ask(*sample, "/" + libraries + "libinner.so.1");
  EXPECT_FALSE(answer.kept);
  EXPECT_TRUE(answer.exists);
  EXPECT_THAT(answer.chain, IsEmpty());
  EXPECT_THAT(answer.notes, ElementsAre("left out by --exclude **/libinner.so.1"));
}

TEST(Why, DroppedNamesTheRuleAndItsReason) {
  const WhyAnswer answer = ask(*decided(), "/usr/share/app/data.txt");
  EXPECT_FALSE(answer.kept);
  ASSERT_FALSE(answer.notes.empty());
  EXPECT_EQ(answer.notes[0], "dropped by rule no-data: data is for people");
}

TEST(Why, AWeakerReasonNamesItAndTheWayOut) {
  TarBuilder tar;
  tar.folder("app")
      .file("app/server", test::static_program({"/app/data.txt"}), 0755)
      .file("app/data.txt", "x");
  const auto sample =
      test::sample_plan(tar, test::config_of({"/app/server"}), test::mark_with(Profile::minimal));
  EXPECT_THAT(ask(*sample, "/app/data.txt").notes,
              ElementsAre(AllOf(HasSubstr("/app/server"), HasSubstr("named path (likely)"),
                                HasSubstr("a wider --profile keeps it"))));
}

TEST(Why, UnreachedNamesItsPackage) {
  const WhyAnswer answer = ask(*decided(), "/usr/share/app/manual.txt");
  ASSERT_EQ(answer.notes.size(), 2U);
  EXPECT_THAT(answer.notes[0], HasSubstr("nothing that is kept"));
  EXPECT_EQ(answer.notes[1], "it belongs to the package app 1.2-3, of which 1 of 3 files are kept");
}

TEST(Why, AFolderSaysHowMuchIsBelow) {
  EXPECT_THAT(ask(*decided(), "/usr/share/unused").notes, Contains("none of the 2 paths below it is kept"));
}

TEST(Why, AMissingPathSaysWhereItEnds) {
  const WhyAnswer answer = ask(*decided(), "/app/gone/deeper");
  EXPECT_FALSE(answer.exists);
  EXPECT_FALSE(answer.kept);
  EXPECT_THAT(answer.notes, ElementsAre(HasSubstr("/app/gone")));
  EXPECT_EQ(answer.path, "/app/gone/deeper");
}

TEST(Why, LinksInTheMiddleAreFollowed) {
  TarBuilder tar;
  tar.folder("usr/bin").file("usr/bin/app", test::static_program(), 0755).symlink("bin", "usr/bin");
  const auto sample = test::sample_plan(tar, test::config_of({"/bin/app"}));
  EXPECT_TRUE(ask(*sample, "/bin/app").kept);
  EXPECT_EQ(ask(*sample, "/bin").chain.at(0).reason, "entrypoint") << "the link on the way";
}

}  // namespace
}  // namespace slim
