#include "cli/report_results.h"

#include <regex>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "analyzer/findings.h"
#include "cli/gate_result.h"
#include "cli/report.h"
#include "runner/verdict.h"
#include "tests/cli/report_fixture.h"

namespace slim {
namespace {

using test::ReportTest;
using ::testing::Each;
using ::testing::Gt;
using ::testing::SizeIs;

Finding finding(std::string id, std::string path, std::string message) {
  return test::finding_of(std::move(id), Severity::medium, std::move(path), std::move(message));
}

std::vector<std::string> fingerprints(const Report& report) {
  std::vector<std::string> all;
  for (const ReportResult& result : results_of(report)) all.push_back(result.fingerprint);
  return all;
}

TEST_F(ReportTest, FingerprintsOutliveARebuild) {
  report_.findings = {finding("secret", "/app/key", "holds a key in line 3"),
                      finding("setuid", "/bin/su", "uid 0")};
  const std::vector<std::string> before = fingerprints(report_);
  ASSERT_EQ(before.size(), 2U);
  EXPECT_THAT(before, Each(SizeIs(64)));
  report_.findings[0].message = "holds a key in line 4";
  report_.findings[0].layer = 7;
  report_.findings[1].bytes = 12;
  EXPECT_EQ(fingerprints(report_), before);
  report_.findings[1].path = "/bin/mount";
  EXPECT_EQ(fingerprints(report_)[0], before[0]);
  EXPECT_NE(fingerprints(report_)[1], before[1]);
}

TEST_F(ReportTest, FingerprintsAreThereOnce) {
  report_.findings = {finding("secret", "/a", "one"), finding("secret", "/a", "two"),
                      finding("secret", "/b", "one"), finding("setuid", "/a", "one")};
  const std::vector<std::string> all = fingerprints(report_);
  EXPECT_EQ(std::set<std::string>(all.begin(), all.end()).size(), all.size());
}

TEST_F(ReportTest, ResultsAreGateThenVerdictThenFindings) {
  report_.findings = {finding("secret", "/a", "holds a key")};
  report_.findings[0].count = 12;
  report_.findings[0].bytes = 5000;
  report_.verdict = test::different_verdict();
  GateCheck violated = test::check_of("max_size", false, "too big");
  violated.first = {"drop /a", "drop /b"};
  report_.gate =
      GateResult{.policy = "p", .baseline = {}, .checks = {test::check_of("layers", true, ""), violated}};
  const std::vector<ReportResult> results = results_of(report_);
  ASSERT_EQ(results.size(), 3U);
  EXPECT_EQ(results[0].rule, "gate/max_size");
  EXPECT_EQ(results[0].message, "too big; first: drop /a, drop /b");
  EXPECT_EQ(results[1].rule, "verdict/answers-differently");
  EXPECT_EQ(results[1].path, "/usr/lib/x\n");
  EXPECT_EQ(results[1].level, ResultLevel::error);
  EXPECT_EQ(results[2].message, "12 files, 5.0 kB: holds a key");
  EXPECT_EQ(results[2].level, ResultLevel::warning);
}

TEST_F(ReportTest, AVerdictThatProvesNothingIsAResult) {
  report_.findings.clear();
  report_.verdict = test::verdict_of(Outcome::inconclusive, "it never got ready");
  ASSERT_EQ(results_of(report_).size(), 1U);
  EXPECT_EQ(results_of(report_)[0].rule, "verdict/inconclusive");
  report_.verdict->outcome = Outcome::not_run;
  EXPECT_TRUE(results_of(report_).empty());
  report_.verdict->outcome = Outcome::same;
  EXPECT_TRUE(results_of(report_).empty());
}

// What analyzer/findings.cpp can find has a title and advice of its own.
TEST(ResultRules, EveryFindingHasOne) {
  const std::string source = test::read_file(std::string(SLIM_SOURCE_DIR) + "/analyzer/findings.cpp");
  std::set<std::string> ids;
  const std::regex pattern(R"re((?:\.id = |add\()"([a-z]+(?:-[a-z]+)*)")re");
  for (std::sregex_iterator at(source.begin(), source.end(), pattern), end; at != end; ++at)
    ids.insert((*at)[1]);
  EXPECT_THAT(ids, SizeIs(Gt(20U)));
  for (const std::string& id : ids) {
    EXPECT_NE(rule_of(id).title, "Finding " + id);
    EXPECT_EQ(rule_of(id).id, id);
  }
}

TEST(ResultRules, LimitsOfAPolicyAreNamed) {
  EXPECT_EQ(rule_of("gate/max_size").title, "The policy's limit max_size is not kept");
  EXPECT_EQ(rule_of("gate/max_size").level, ResultLevel::error);
}

TEST(ResultRules, WhatIsNotKnownIsNamedAllTheSame) {
  EXPECT_EQ(rule_of("new-one").title, "Finding new-one");
}

}  // namespace
}  // namespace slim
