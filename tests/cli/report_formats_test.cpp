// Each format of one report against a file in tests/cli/golden. SLIM_RENEW_GOLDEN=1 writes the files anew:
// look at what changed before you commit it.
#include <cstddef>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <ostream>
#include <set>
#include <span>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "analyzer/findings.h"
#include "cli/gate_result.h"
#include "cli/report.h"
#include "cli/version.h"
#include "runner/verdict.h"
#include "tests/cli/report_fixture.h"

namespace slim {
namespace {

using nlohmann::json;
using test::ReportTest;
using ::testing::AllOf;
using ::testing::AnyOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;

using Render = std::function<void(const Report&, std::ostream&)>;

std::span<const Report> one(const Report& report) {
  return {&report, 1};
}

std::string rendered(const Report& report, const Render& render) {
  std::ostringstream out;
  render(report, out);
  return out.str();
}

std::string sarif(const Report& report) {
  return rendered(report, [](const Report& it, std::ostream& out) { render_sarif(one(it), out); });
}

std::string markdown(const Report& report, std::size_t limit = comment_limit) {
  return rendered(report,
                  [limit](const Report& it, std::ostream& out) { render_markdown(one(it), limit, out); });
}

std::string replaced(std::string text, const std::string& what, const std::string& with) {
  for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + with.size()))
    text.replace(at, what.size(), with);
  return text;
}

class FormatsTest : public ReportTest {
 protected:
  FormatsTest() {
    report_.timings.clear();
    report_.findings = {test::finding_of("secret", Severity::high, "/" + test::evil_name,
                                         "holds <b>a token</b> of @team | [x](http://evil.test)"),
                        test::finding_of("setuid", Severity::medium, "/bin/sh",
                                         "runs as uid 0 whoever starts it; remove it or chmod u-s"),
                        test::finding_of("documentation", Severity::info, "/opt/again",
                                         "manuals and documentation are read elsewhere"),
                        test::finding_of("entrypoint-missing", Severity::high, "", "the cmd starts 'a`b'")};
    Finding& many = report_.findings[2];
    many.count = 12;
    many.bytes = 70'000;
    many.paths = {"/opt/again", "/opt/latin-\xe9"};
    report_.findings[3].layer.reset();
    report_.verdict = test::different_verdict();
    GateCheck kept = test::check_of("max_layers", true, "2 layers, and 20 are allowed");
    kept.measured = "2";
    kept.limit = "at most 20";
    GateCheck violated = test::check_of("secret", false, "1 secret, and none is allowed");
    violated.measured = "1";
    violated.limit = "none";
    violated.path = "/" + test::evil_name;
    violated.first = {violated.path};
    report_.gate =
        GateResult{.policy = "policy.yaml", .baseline = "docker://app:0", .checks = {kept, violated}};
  }

  void expect_golden(const std::string& name, const Render& render) {
    std::string text = rendered(report_, render);
    text = replaced(replaced(std::move(text), folder_.path(), "FOLDER"), std::string(version()), "VERSION");
    const std::string path = std::string(SLIM_SOURCE_DIR) + "/tests/cli/golden/" + name;
    if (std::getenv("SLIM_RENEW_GOLDEN") != nullptr) {
      std::ofstream(path, std::ios::binary) << text;
      GTEST_SKIP() << path << " was written anew";
    }
    EXPECT_EQ(text, test::read_file(path)) << path;
  }
};

TEST_F(FormatsTest, MarkdownIsAsItWas) {
  expect_golden("report.md",
                [](const Report& it, std::ostream& out) { render_markdown(one(it), comment_limit, out); });
}

TEST_F(FormatsTest, SarifIsAsItWas) {
  expect_golden("report.sarif", [](const Report& it, std::ostream& out) { render_sarif(one(it), out); });
}

TEST_F(FormatsTest, JUnitIsAsItWas) {
  expect_golden("report.junit.xml", [](const Report& it, std::ostream& out) { render_junit(one(it), out); });
}

TEST_F(FormatsTest, GitLabIsAsItWas) {
  expect_golden("report.gitlab.json",
                [](const Report& it, std::ostream& out) { render_gitlab(one(it), out); });
}

TEST_F(FormatsTest, JsonIsAsItWas) {
  expect_golden("report.json", [](const Report& it, std::ostream& out) { render_json(it, out); });
}

TEST_F(FormatsTest, TextIsAsItWas) {
  report_.gate.reset();
  report_.verdict.reset();
  expect_golden("report.txt", [](const Report& it, std::ostream& out) { render_text(it, TextStyle{}, out); });
}

TEST_F(FormatsTest, TextOfAGateIsAsItWas) {
  report_.findings.clear();
  expect_golden("gate.txt", [](const Report& it, std::ostream& out) { render_text(it, TextStyle{}, out); });
}

TEST_F(FormatsTest, MarkdownOfABuildComparesBothSizes) {
  report_.gate.reset();
  report_.verdict->outcome = Outcome::same;
  report_.output = ReportOutput{.destination = "oci:out", .written = {}};
  report_.output->written.compressed = 1000;
  report_.output->written.layers.resize(1);
  const std::string text = markdown(report_);
  EXPECT_THAT(text, AllOf(HasSubstr("| | original | slimmed | change |"), HasSubstr("**Verdict: same.**"),
                          HasSubstr("| layers | 2 | 1 | |"), Not(HasSubstr("Gate"))));
}

// Whatever the limit, nothing is cut in the middle of a line, and what is left out is named.
TEST_F(FormatsTest, MarkdownKeepsItsLimitAndSaysWhatIsLeftOut) {
  for (std::size_t i = 0; i < 200; ++i)
    report_.packages.push_back(
        {.name = std::string(100, '`'), .version = {}, .type = {}, .bytes = 1, .inside = {}});
  const std::string whole = markdown(report_, 1'000'000);
  EXPECT_THAT(whole, AllOf(Not(HasSubstr("Left out")), HasSubstr("171 more; the JSON report has all.")));
  for (const std::size_t limit : {700U, 1500U, 2500U, 4000U, 8000U}) {
    const std::string text = markdown(report_, limit);
    EXPECT_LE(text.size(), limit);
    EXPECT_LT(text.size(), whole.size());
    EXPECT_TRUE(text.ends_with("\n"));
    EXPECT_THAT(
        text, AnyOf(HasSubstr("Left out for want of room: "), HasSubstr(" more; the JSON report has all.")));
  }
}

TEST_F(FormatsTest, SarifShowsAtMostWhatGitHubShows) {
  report_.gate.reset();
  report_.verdict.reset();
  report_.findings.assign(5100, test::finding_of("headers", Severity::info, "/usr/include/a.h", "headers"));
  report_.findings.back().severity = Severity::high;
  report_.findings.back().id = "secret";
  const json run = json::parse(sarif(report_))["runs"][0];
  EXPECT_EQ(run["results"].size(), 5000U);
  EXPECT_EQ(run["results"][0]["ruleId"], "secret") << "what matters most stays";
  EXPECT_EQ(run["invocations"][0]["toolExecutionNotifications"][0]["message"]["text"],
            "100 results of the lowest levels are left out");
}

TEST_F(FormatsTest, SeveralPlatformsAreRunsSuitesAndPages) {
  std::vector<Report> all{report_, report_};
  all[1].platform = "linux/arm64/v8";
  std::ostringstream text;
  render_sarif(all, text);
  const json runs = json::parse(text.str())["runs"];
  ASSERT_THAT(runs, SizeIs(2U));
  EXPECT_EQ(runs[1]["automationDetails"]["id"], "slim/app/linux/arm64/v8/");
  EXPECT_NE(runs[0]["results"][0]["partialFingerprints"], runs[1]["results"][0]["partialFingerprints"]);
  std::ostringstream pages;
  render_markdown(all, comment_limit, pages);
  EXPECT_THAT(pages.str(), AllOf(HasSubstr("`linux/amd64`\n"), HasSubstr("`linux/arm64/v8`\n")));
  std::ostringstream suites;
  render_junit(all, suites);
  EXPECT_THAT(suites.str(), HasSubstr("name=\"app:1 linux/arm64/v8: findings\""));
  std::ostringstream list;
  render_gitlab(all, list);
  std::set<std::string> prints;
  for (const json& item : json::parse(list.str())) prints.insert(item["fingerprint"]);
  EXPECT_EQ(prints.size(), json::parse(list.str()).size());
}

TEST_F(FormatsTest, TwoVersionsOfAnImageAreKeptApart) {
  const std::vector<Report> all{report_, report_};
  std::ostringstream text;
  render_sarif(all, text);
  const json runs = json::parse(text.str())["runs"];
  EXPECT_NE(runs[0]["automationDetails"]["id"], runs[1]["automationDetails"]["id"]);
  std::ostringstream list;
  render_gitlab(all, list);
  std::set<std::string> prints;
  for (const json& item : json::parse(list.str())) prints.insert(item["fingerprint"]);
  EXPECT_EQ(prints.size(), 12U);
}

TEST(VerdictFormats, AVerdictAloneIsMarkdownAndJUnit) {
  std::ostringstream page;
  render_verdict_markdown(test::different_verdict(), page);
  EXPECT_THAT(page.str(), AllOf(HasSubstr("## slim verify\n"), HasSubstr("**Verdict: different.**"),
                                HasSubstr("```text\n-ok\n+::error::bad\\x1b[2J\n")));
  std::ostringstream suites;
  render_verdict_junit(test::different_verdict(), suites);
  EXPECT_THAT(suites.str(), AllOf(HasSubstr("tests=\"1\" failures=\"1\" errors=\"0\""),
                                  HasSubstr("<failure message=\"standard output\">")));
  std::ostringstream none;
  render_verdict_junit(Verdict{}, none);
  EXPECT_THAT(none.str(), HasSubstr("<skipped message="));
}

}  // namespace
}  // namespace slim
