#include "slimmer/heal.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "analyzer/glob.h"
#include "analyzer/rules.h"
#include "tests/analyzer/tar_builder.h"
#include "tests/slimmer/sample_image.h"

namespace slim {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

MissedPath missed_by(const std::string& program, const std::string& path = "/data/one") {
  return {.path = path, .probe = "default", .program = program, .call = "openat", .by_original = false};
}

TEST(RuleFor, IsARuleThatCanBeAddedToTheRules) {
  for (const std::string program : {"/usr/bin/Cat", ""}) {
    for (const std::string path : {"/data/one", "/data/o[n]e {1}*?"}) {
      const auto rules = parse_rules("[" + rule_for(missed_by(program, path), path) + "]", "healed");
      ASSERT_EQ(rules.size(), 1U);
      ASSERT_EQ(rules[0].keep.size(), 1U);
      EXPECT_TRUE(glob_match(rules[0].keep[0], path)) << rules[0].keep[0];
      EXPECT_FALSE(glob_match(rules[0].keep[0], "/data/one2"));
      const auto& conditions = program.empty() ? rules[0].when.exists : rules[0].when.kept;
      EXPECT_THAT(conditions, ElementsAre(program.empty() ? rules[0].keep[0] : program));
    }
  }
  EXPECT_EQ(parse_rules("[" + rule_for(missed_by("/usr/bin/Cat"), "/data/one") + "]", "healed")[0].id,
            "cat-one");
}

/// A program with data that no reader of files finds.
std::unique_ptr<Analysis> analysis_without(std::vector<std::string> exclude) {
  auto made = std::make_unique<Analysis>();
  Analysis& analysis = *made;
  analysis.contents = sample_contents({test::TarBuilder()
                                           .folder("bin")
                                           .file("bin/program", "\x7f", 0755)
                                           .folder("data")
                                           .file("data/one", "1")
                                           .file("data/two", "2")
                                           .symlink("data/link", "two")
                                           .str()});
  analysis.config.entrypoint = {"/bin/program"};
  analysis.packages = read_packages(analysis.contents.tree);
  analysis.graph = std::make_unique<DependencyGraph>(analysis.contents.tree, analysis.config);
  analysis.roots = find_roots(analysis.contents.tree, analysis.config, *analysis.graph, {});
  analysis.mark.exclude = std::move(exclude);
  analysis.plan = make_plan(analysis.contents.tree, analysis.config, analysis.packages, analysis.roots, {},
                            *analysis.graph, analysis.mark);
  return made;
}

TEST(Heal, WhatIsMissedIsKeptFromNowOnWithItsCause) {
  const auto made = analysis_without({});
  Analysis& analysis = *made;
  const auto healing =
      heal(analysis, {missed_by("/bin/program"), missed_by("/bin/program", "/data/link")}, 2);
  std::vector<std::string> paths;
  for (const auto& healed : healing.healed) paths.push_back(healed.path);
  EXPECT_THAT(paths, ElementsAre("/data/one", "/data/link", "/data/two"));
  EXPECT_EQ(healing.healed[0].round, 2U);
  EXPECT_EQ(healing.healed[0].process, "/bin/program");
  EXPECT_EQ(healing.healed[0].call, "openat");
  const auto node = analysis.contents.tree.resolve("/data/one").node;
  EXPECT_EQ(analysis.plan.decisions[node].reason.kind, ReasonKind::healed);
  EXPECT_EQ(analysis.plan.decisions[node].reason.detail, "probe default, /bin/program, openat");
  EXPECT_THAT(healing.left, IsEmpty());
  EXPECT_THAT(heal(analysis, {missed_by("/bin/program")}, 3).healed, IsEmpty()) << "it is kept already";
}

TEST(Heal, WhatBelongsToAPathThatWasAskedForIsNoCauseOfItsOwn) {
  const auto made = analysis_without({});
  auto read = missed_by("/bin/program", "/data/two");
  read.by_original = true;
  const auto healing = heal(*made, {read, missed_by("/bin/program", "/data/link")}, 1);
  std::vector<std::string> paths;
  for (const auto& healed : healing.healed) paths.push_back(healed.path);
  EXPECT_THAT(paths, ElementsAre("/data/link", "/data/two")) << "the link leads to it";
}

TEST(Heal, WhatIsExcludedStaysOutAndIsTold) {
  const auto made = analysis_without({"/data/one"});
  Analysis& analysis = *made;
  const auto healing = heal(analysis, {missed_by("/bin/program")}, 1);
  EXPECT_THAT(healing.healed, IsEmpty());
  EXPECT_THAT(healing.left, ElementsAre(NotHealed{.path = "/data/one", .why = "excluded by /data/one"}));
}

}  // namespace
}  // namespace slim
