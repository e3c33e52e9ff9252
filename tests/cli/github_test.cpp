#include "cli/github.h"

#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "analyzer/digest.h"
#include "cli/gate_result.h"
#include "cli/report.h"
#include "runner/verdict.h"
#include "tests/analyzer/temporary_folder.h"
#include "tests/cli/report_fixture.h"

namespace slim {
namespace {

using test::ReportTest;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class GitHubTest : public ReportTest {
 protected:
  std::string tell() {
    std::ostringstream log;
    tell_github(github_, {&report_, 1}, log);
    return log.str();
  }

  test::TemporaryFolder place_;
  GitHub github_{
      .summary = place_.path() + "/summary", .output = place_.path() + "/output", .annotates = true};
};

TEST_F(GitHubTest, ReportsAreAppended) {
  EXPECT_THAT(tell(), IsEmpty());
  const std::string once = test::read_file(github_.summary);
  EXPECT_THAT(once, HasSubstr("## slim: `app:1` `linux/amd64`\n"));
  tell();
  EXPECT_EQ(test::read_file(github_.summary), once + once);
}

TEST_F(GitHubTest, OutputsAreNumbersAndWords) {
  report_.verdict = test::verdict_of(Outcome::same);
  report_.gate = GateResult{.policy = "p", .baseline = {}, .checks = {}};
  tell();
  EXPECT_THAT(test::read_file(github_.output),
              HasSubstr("\nstored=" + std::to_string(report_.compressed) + "\n"));
  const std::string text = test::read_file(github_.output);
  EXPECT_THAT(text,
              AllOf(HasSubstr("image<<slim-"), HasSubstr("\napp:1\nslim-"),
                    HasSubstr("\nsize=" + std::to_string(report_.totals.all.bytes) + "\n"),
                    HasSubstr("\nremovable=" + std::to_string(report_.totals.dropped.bytes) + "\n"),
                    HasSubstr("\nwasted=" + std::to_string(report_.efficiency.wasted) + "\n"),
                    HasSubstr("\nverdict=same\n"), HasSubstr("\ngate=passed\n"), Not(HasSubstr("slimmed="))));
}

TEST_F(GitHubTest, OutputsOfABuildSayWhatCameOut) {
  report_.output = ReportOutput{.destination = "oci:out", .written = {}};
  report_.output->written.compressed = 1234;
  report_.output->written.digest = Digest::of("result");
  tell();
  EXPECT_THAT(
      test::read_file(github_.output),
      AllOf(HasSubstr("\nslimmed=1234\n"), HasSubstr("\ndigest=" + Digest::of("result").text() + "\n")));
}

TEST_F(GitHubTest, OfSeveralReportsTheWorstAnswerCounts) {
  std::vector<Report> all{report_, report_, report_};
  all[0].verdict = test::verdict_of(Outcome::same);
  all[1].verdict = test::verdict_of(Outcome::different);
  all[2].verdict = test::verdict_of(Outcome::inconclusive);
  std::ostringstream log;
  tell_github(github_, all, log);
  EXPECT_THAT(test::read_file(github_.output),
              AllOf(HasSubstr("\nverdict=different\n"), HasSubstr("\napp:1\nslim-"),
                    HasSubstr("\nsize=" + std::to_string(3 * report_.totals.all.bytes) + "\n")));
}

TEST_F(GitHubTest, WhatIsWrongIsAnnotated) {
  report_.verdict = test::different_verdict();
  report_.gate = GateResult{
      .policy = "p",
      .baseline = {},
      .checks = {test::check_of("a:b", false, "50% more\n::error::x"), test::check_of("kept", true, "")}};
  EXPECT_EQ(tell(),
            "::error title=slim%3A app%3A1%3A different::the \\x1b[31mreason\n"
            "::error title=slim gate%3A app%3A1%3A a%3Ab::50%25 more\\x0a::error::x\n");
  github_.annotates = false;
  EXPECT_THAT(tell(), IsEmpty());
}

TEST_F(GitHubTest, AVerdictThatNobodyAskedForIsNoNews) {
  report_.verdict = test::verdict_of(Outcome::not_run);
  EXPECT_THAT(tell(), IsEmpty());
}

TEST_F(GitHubTest, AFileThatCannotBeWrittenIsAWarning) {
  github_.summary = place_.path() + "/no/such/summary";
  github_.output = place_.path();
  EXPECT_THAT(tell(), AllOf(HasSubstr("slim: warning: " + github_.summary + ": cannot write it"),
                            HasSubstr("slim: warning: " + github_.output + ": cannot write it")));
}

// GitHub shows nothing of a summary of more than 1 MiB.
TEST_F(GitHubTest, ASummaryStaysWithinItsLimit) {
  std::ofstream(github_.summary) << std::string(1'048'576 - 5000, 'x');
  EXPECT_THAT(tell(), IsEmpty());
  const std::string text = test::read_file(github_.summary);
  EXPECT_GT(text.size(), 1'048'576U - 5000U);
  EXPECT_LE(text.size(), 1'048'576U);
  EXPECT_THAT(text, HasSubstr("## slim: `app:1`"));
  std::ofstream(github_.summary, std::ios::app) << std::string(4000, 'x');
  const auto full = test::read_file(github_.summary).size();
  EXPECT_THAT(tell(), HasSubstr("is full"));
  EXPECT_EQ(test::read_file(github_.summary).size(), full);
}

TEST_F(GitHubTest, OutsideOfAWorkflowNothingIsTold) {
  github_ = {};
  report_.verdict = test::different_verdict();
  EXPECT_THAT(tell(), IsEmpty());
}

TEST(GitHubOutput, NobodyCanGuessTheDelimiter) {
  const std::string one = github_output("image", "a\nsize=1");
  const std::string two = github_output("image", "a\nsize=1");
  EXPECT_NE(one, two);
  const std::string delimiter = one.substr(7, one.find('\n') - 7);
  EXPECT_EQ(one, "image<<" + delimiter + "\na\nsize=1\n" + delimiter + "\n");
}

TEST(GitHubOfVerdicts, TellsTheAnswer) {
  const test::TemporaryFolder place;
  const GitHub github{.summary = place.path() + "/s", .output = place.path() + "/o", .annotates = true};
  std::ostringstream log;
  tell_github(github, test::different_verdict(), log);
  EXPECT_EQ(test::read_file(github.output), "verdict=different\n");
  EXPECT_THAT(test::read_file(github.summary), HasSubstr("## slim verify"));
  EXPECT_THAT(log.str(), HasSubstr("::error title=slim%3A verify%3A different::"));
}

}  // namespace
}  // namespace slim
