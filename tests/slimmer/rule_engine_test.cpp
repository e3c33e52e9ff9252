#include "slimmer/rule_engine.h"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "analyzer/image.h"
#include "analyzer/rules.h"
#include "tests/analyzer/tar_builder.h"
#include "tests/slimmer/sample_tree.h"

namespace slim {
namespace {

using test::Sample;
using test::sample_plan;
using test::sample_tree;
using test::TarBuilder;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

/// Two folders of libraries, each with a plug-in beside; programs of several kinds; a package.
TarBuilder tree_of_libraries() {
  return TarBuilder()
      .folder("a")
      .file("a/libx.so.1", test::library("libx.so.1"))
      .file("a/plugin.so", test::library("plugin.so"))
      .folder("b")
      .file("b/libx.so.1", test::library("libx.so.1"))
      .file("b/plugin.so", test::library("plugin.so"))
      .folder("bin")
      .file("bin/importer", test::dynamic_program({}, {"iconv_open", "malloc"}), 0755)
      .file("bin/named", test::dynamic_program({}, {}, {"/etc/hosts"}), 0755)
      .file("bin/static", test::static_program({"/etc/hosts"}), 0755)
      .file("bin/text", "iconv_open /etc/hosts\n", 0755)
      .folder("etc")
      .file("etc/hosts", "127.0.0.1 localhost\n")
      .file("etc/one", "1")
      .file("etc/two", "2")
      .folder("lib")
      .file("lib/libimport.so.1", test::make_elf({.soname = "libimport.so.1",
                                                  .imports = {"iconv_open"},
                                                  .rodata = std::string("/etc/hosts\0", 11)}))
      .folder("var/lib/dpkg")
      .file("var/lib/dpkg/status", "Package: tzdata\nStatus: install ok installed\nVersion: 1\n\n");
}

class Engine {
 public:
  explicit Engine(const std::string& when, const std::string& verbs = R"("keep":["/etc/one"])",
                  std::vector<std::string> env = {}) {
    ImageConfig config;
    config.env = std::move(env);
    sample_ = sample_tree(tree_of_libraries(), config);
    sample_->rules =
        parse_rules(R"([{"id":"r","why":"w","source":"s","when":)" + when + "," + verbs + "}]", "test");
    engine_ = std::make_unique<RuleEngine>(sample_->tree, sample_->config, sample_->packages, sample_->rules);
  }

  std::vector<std::string> at_start() { return paths(engine_->at_start()); }
  /// What the rules keep once `path` is kept.
  std::vector<std::string> kept(const std::string& path) { return paths(engine_->kept(sample_->at(path))); }
  RuleEngine& operator*() { return *engine_; }
  RuleEngine* operator->() { return engine_.get(); }
  [[nodiscard]] const Sample& sample() const { return *sample_; }

 private:
  [[nodiscard]] std::vector<std::string> paths(const std::vector<RuleFiring>& firings) const {
    std::vector<std::string> kept;
    for (const RuleFiring& firing : firings) {
      for (const NodeId node : firing.keep) kept.push_back(sample_->tree.path(node));
    }
    return kept;
  }
  std::unique_ptr<Sample> sample_;
  std::unique_ptr<RuleEngine> engine_;
};

TEST(RuleEngine, KeptFires) {
  Engine engine(R"({"kept":"**/libx.so.*"})");
  EXPECT_THAT(engine.at_start(), IsEmpty());
  EXPECT_THAT(engine.kept("/etc/two"), IsEmpty());
  EXPECT_THAT(engine.kept("/a/libx.so.1"), ElementsAre("/etc/one"));
}

TEST(RuleEngine, KeptFiresForEachFolderOnce) {
  Engine engine(R"({"kept":"**/libx.so.*"})", R"("keep":"{dir}/plugin.so")");
  EXPECT_THAT(engine.kept("/a/libx.so.1"), ElementsAre("/a/plugin.so"));
  EXPECT_THAT(engine.kept("/b/libx.so.1"), ElementsAre("/b/plugin.so"));
  EXPECT_THAT(engine.kept("/etc/one"), IsEmpty());
}

TEST(RuleEngine, TheFiringNamesItsCause) {
  Engine engine(R"({"kept":"**/libx.so.*"})");
  const auto firings = engine->kept(engine.sample().at("/b/libx.so.1"));
  ASSERT_EQ(firings.size(), 1U);
  EXPECT_EQ(firings[0].from, engine.sample().at("/b/libx.so.1"));
  EXPECT_EQ(firings[0].rule->id, "r");
}

TEST(RuleEngine, ImportsFireForProgramsAndLibraries) {
  Engine program(R"({"imports":["iconv_open","other"]})");
  EXPECT_THAT(program.kept("/bin/text"), IsEmpty()) << "text imports nothing";
  EXPECT_THAT(program.kept("/bin/importer"), ElementsAre("/etc/one"));
  EXPECT_THAT(program.kept("/lib/libimport.so.1"), IsEmpty()) << "once is enough";
  Engine library(R"({"imports":"iconv_open"})");
  EXPECT_THAT(library.kept("/lib/libimport.so.1"), ElementsAre("/etc/one"));
}

TEST(RuleEngine, ImportersThatDoNotCount) {
  Engine engine(R"({"imports":"iconv_open","imports_except":[{"file":"**/libimport.so.*","why":"w"}]})");
  EXPECT_THAT(engine.kept("/lib/libimport.so.1"), IsEmpty());
  EXPECT_THAT(engine.kept("/bin/importer"), ElementsAre("/etc/one"));
}

TEST(RuleEngine, KeptAndImportsInEitherOrder) {
  const std::string both = R"({"kept":"**/libx.so.*","imports":"iconv_open"})";
  const std::string verbs = R"("keep":"{dir}/plugin.so")";
  Engine first(both, verbs);
  EXPECT_THAT(first.kept("/a/libx.so.1"), IsEmpty());
  EXPECT_THAT(first.kept("/b/libx.so.1"), IsEmpty());
  EXPECT_THAT(first.kept("/bin/importer"), ElementsAre("/a/plugin.so", "/b/plugin.so"));
  Engine second(both, verbs);
  EXPECT_THAT(second.kept("/bin/importer"), IsEmpty());
  EXPECT_THAT(second.kept("/b/libx.so.1"), ElementsAre("/b/plugin.so"));
  EXPECT_THAT(second.kept("/a/libx.so.1"), ElementsAre("/a/plugin.so"));
}

TEST(RuleEngine, ContainsLooksAtPrograms) {
  Engine engine(R"({"contains":"/etc/host"})");
  EXPECT_THAT(engine.kept("/bin/text"), IsEmpty());
  EXPECT_THAT(engine.kept("/lib/libimport.so.1"), IsEmpty()) << "a library is no program";
  EXPECT_THAT(engine.kept("/bin/importer"), IsEmpty());
  EXPECT_THAT(engine.kept("/bin/named"), ElementsAre("/etc/one"));
}

TEST(RuleEngine, StaticTellsProgramsApart) {
  Engine is(R"({"static":true})");
  EXPECT_THAT(is.kept("/bin/named"), IsEmpty());
  EXPECT_THAT(is.kept("/lib/libimport.so.1"), IsEmpty()) << "a library has no interpreter either";
  EXPECT_THAT(is.kept("/bin/static"), ElementsAre("/etc/one"));
  Engine is_not(R"({"static":false})");
  EXPECT_THAT(is_not.kept("/bin/static"), IsEmpty());
  EXPECT_THAT(is_not.kept("/bin/named"), ElementsAre("/etc/one"));
}

TEST(RuleEngine, ExistsLooksAtTheImage) {
  EXPECT_THAT(Engine(R"({"exists":"/b/*.so"})").at_start(), ElementsAre("/etc/one"));
  EXPECT_THAT(Engine(R"({"exists":["/nowhere","**/plugin.so"]})").at_start(), ElementsAre("/etc/one"));
  EXPECT_THAT(Engine(R"({"exists":"/nowhere"})").at_start(), IsEmpty());
}

TEST(RuleEngine, PackageLooksAtTheInstalledOnes) {
  EXPECT_THAT(Engine(R"({"package":["none","tz*"]})").at_start(), ElementsAre("/etc/one"));
  EXPECT_THAT(Engine(R"({"package":"tz"})").at_start(), IsEmpty());
}

TEST(RuleEngine, EnvLooksAtNameAndValue) {
  const std::string keep = R"("keep":"/etc/one")";
  EXPECT_THAT(Engine(R"({"env":"TZ"})", keep, {"TZ=UTC"}).at_start(), ElementsAre("/etc/one"));
  EXPECT_THAT(Engine(R"({"env":"TZ"})", keep, {"TZX=UTC"}).at_start(), IsEmpty());
  EXPECT_THAT(Engine(R"({"env":"TZ=U*"})", keep, {"TZ=UTC"}).at_start(), ElementsAre("/etc/one"));
  EXPECT_THAT(Engine(R"({"env":"TZ=E*"})", keep, {"TZ=UTC"}).at_start(), IsEmpty());
}

TEST(RuleEngine, ConditionsOnTheImagePutARuleAside) {
  Engine engine(R"({"exists":"/nowhere","kept":"**/libx.so.*"})");
  EXPECT_THAT(engine.kept("/a/libx.so.1"), IsEmpty());
}

TEST(RuleEngine, AllConditionsMustHold) {
  Engine engine(R"({"exists":"/etc","static":true,"contains":"/etc/hosts"})");
  EXPECT_THAT(engine.at_start(), IsEmpty());
  EXPECT_THAT(engine.kept("/bin/importer"), IsEmpty());
  EXPECT_THAT(engine.kept("/bin/static"), ElementsAre("/etc/one"));
}

TEST(RuleEngine, EnvPutsItsValueIntoPatterns) {
  Engine engine(R"({"env":["ONE","TWO"]})", R"("keep":["/etc/{env:ONE}","/etc/{env:TWO}","{env:ONE}"])",
                {"ONE=one"});
  EXPECT_THAT(engine.at_start(), ElementsAre("/etc/one")) << "TWO is not set; one is no absolute path";
  Engine twice(R"({"env":"A"})", R"("keep":"/{env:A}/{env:B}")", {"A=etc", "B=two"});
  EXPECT_THAT(twice.at_start(), ElementsAre("/etc/two"));
}

TEST(RuleEngine, HostileValuesKeepNothing) {
  for (const std::string value : {"", "*", "**", "../etc/one", "x/../../etc", "o?e", "[a-z]*", "{one,two}",
                                  "{env:X}", "{env:", "/", "//", ".", "/./", "\\one"}) {
    Engine engine(R"({"env":"X"})", R"("keep":["/etc/{env:X}","{env:X}","{env:X}/**","/etc/{env:X}/**"])",
                  {"X=" + value});
    EXPECT_THAT(engine.at_start(), IsEmpty()) << "the value '" << value << "'";
  }
}

TEST(RuleEngine, DropsOnlyOnceFired) {
  Engine engine(R"({"kept":"**/libx.so.*"})", R"("drop":"/etc/o*")");
  EXPECT_EQ(engine->drops("/etc/one"), nullptr);
  engine.kept("/a/libx.so.1");
  ASSERT_NE(engine->drops("/etc/one"), nullptr);
  EXPECT_EQ(engine->drops("/etc/one")->id, "r");
  EXPECT_EQ(engine->drops("/etc/two"), nullptr);
}

TEST(RuleEngine, FlagsOnce) {
  Engine engine(R"({"kept":"**/libx.so.*"})", R"("flag":"has-x")");
  EXPECT_THAT(engine->flagged(), IsEmpty());
  engine.kept("/a/libx.so.1");
  engine.kept("/b/libx.so.1");
  ASSERT_EQ(engine->flagged().size(), 1U);
  EXPECT_EQ(engine->flagged()[0].from, engine.sample().at("/a/libx.so.1"));
}

TEST(RuleEngine, RulesFireOneAnotherToAFixedPoint) {
  const std::string rules = R"([
    {"id":"third","why":"w","source":"s","when":{"kept":"/b/plugin.so"},"keep":"/etc/two"},
    {"id":"second","why":"w","source":"s","when":{"kept":"/a/plugin.so"},"keep":"/b/plugin.so"},
    {"id":"first","why":"w","source":"s","when":{"kept":"/bin/static"},"keep":"/a/plugin.so"},
    {"id":"circle","why":"w","source":"s","when":{"kept":"/etc/two"},"keep":"/bin/static"}])";
  const auto sample = sample_plan(tree_of_libraries(), test::config_of({"/bin/static"}),
                                  test::mark_with(Profile::minimal), parse_rules(rules, "test"));
  EXPECT_THAT(sample->kept_files(), ElementsAre("/a/plugin.so", "/b/plugin.so", "/bin/static", "/etc/two"));
  EXPECT_EQ(sample->cause("/etc/two"), "/b/plugin.so");
}

}  // namespace
}  // namespace slim
