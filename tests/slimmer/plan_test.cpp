#include "slimmer/plan.h"

#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "analyzer/file_tree.h"
#include "tests/analyzer/tar_builder.h"
#include "tests/slimmer/sample_tree.h"

namespace slim {
namespace {

using test::Sample;
using test::TarBuilder;

/// Ten bytes under two names, five under one, and two folders beside the root.
std::unique_ptr<Sample> linked() {
  auto sample = test::sample_tree(TarBuilder()
                                      .folder("bin")
                                      .file("bin/first", "0123456789")
                                      .hardlink("bin/second", "bin/first")
                                      .folder("etc")
                                      .file("etc/name", "12345")
                                      .symlink("etc/link", "name"));
  sample->plan.decisions.resize(sample->tree.size());
  return sample;
}

TEST(PlanTotals, CountHardLinksOnce) {
  const auto sample = linked();
  const PlanTotals sums = totals(sample->tree, sample->plan);
  EXPECT_EQ(sums.all.bytes, 15U);
  EXPECT_EQ(sums.all.files, 4U) << "names count, each";
  EXPECT_EQ(sums.all.folders, 3U) << "with the root";
  EXPECT_EQ(sums.dropped.bytes, 15U);
  EXPECT_EQ(sums.kept.bytes, 0U);
}

TEST(PlanTotals, AnInodeIsKeptByAnyOfItsNames) {
  for (const std::string name : {"/bin/first", "/bin/second"}) {
    const auto sample = linked();
    sample->plan.decisions[sample->at(name)].keep = true;
    const PlanTotals sums = totals(sample->tree, sample->plan);
    EXPECT_EQ(sums.kept.bytes, 10U) << name;
    EXPECT_EQ(sums.kept.files, 1U) << "the other name is dropped";
    EXPECT_EQ(sums.dropped.bytes, 5U) << name;
    EXPECT_TRUE(sample->plan.kept_inodes(sample->tree).at(sample->tree.node(sample->at("/bin/first")).inode));
  }
}

TEST(PlanTotals, KeptAndDroppedMakeUpTheWholeForEveryChoice) {
  const auto sample = linked();
  for (unsigned choice = 0; choice < 1U << sample->tree.size(); ++choice) {
    for (NodeId id = 0; id < sample->tree.size(); ++id)
      sample->plan.decisions[id].keep = (choice >> id & 1U) != 0;
    const PlanTotals sums = totals(sample->tree, sample->plan);
    EXPECT_EQ(sums.kept.bytes + sums.dropped.bytes, sums.all.bytes);
    EXPECT_EQ(sums.kept.files + sums.dropped.files, sums.all.files);
    EXPECT_EQ(sums.kept.folders + sums.dropped.folders, sums.all.folders);
    EXPECT_EQ(sums.all.bytes, 15U);
  }
}

TEST(PlanTotals, AMissingDecisionIsAFault) {
  const auto sample = linked();
  sample->plan.decisions.pop_back();
  EXPECT_THROW(totals(sample->tree, sample->plan), std::logic_error);
}

TEST(PlanTotals, ADecisionTooManyIsAFault) {
  const auto sample = linked();
  sample->plan.decisions.emplace_back();
  EXPECT_THROW(totals(sample->tree, sample->plan), std::logic_error);
}

TEST(ReasonNames, EachKindHasOneOfItsOwn) {
  std::vector<std::string> names;
  for (int kind = 0; kind <= static_cast<int>(ReasonKind::unreached); ++kind) {
    const std::string name(to_string(static_cast<ReasonKind>(kind)));
    EXPECT_FALSE(name.empty());
    EXPECT_EQ(std::ranges::find(names, name), names.end()) << name;
    names.push_back(name);
  }
  EXPECT_EQ(to_string(ReasonKind::entrypoint), "entrypoint");
  EXPECT_EQ(to_string(ReasonKind::unreached), "unreached");
  EXPECT_EQ(to_string(ReasonKind::rule), "rule");
}

TEST(ReasonNames, ProfilesAreCalledAsOnTheCommandLine) {
  EXPECT_EQ(to_string(Profile::minimal), "minimal");
  EXPECT_EQ(to_string(Profile::balanced), "balanced");
  EXPECT_EQ(to_string(Profile::safe), "safe");
}

}  // namespace
}  // namespace slim
