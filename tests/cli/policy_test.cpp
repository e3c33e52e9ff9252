#include "cli/policy.h"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <fstream>
#include <iterator>
#include <regex>
#include <set>
#include <string>
#include <string_view>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "analyzer/findings.h"
#include "tests/analyzer/error_matcher.h"

namespace slim {
namespace {

using std::chrono::year_month_day;
using test::expect_input_error;
using ::testing::ElementsAre;

Policy parse(const std::string& text) {
  return parse_policy(text, "policy.yaml");
}

void expect_refused(const std::string& text, const std::string& part) {
  SCOPED_TRACE(text);
  expect_input_error([&text] { parse(text); }, part);
}

TEST(Policy, EveryKeyIsRead) {
  const Policy policy = parse(
      "max_compressed: 80MB\n"
      "max_uncompressed: 200 MiB\n"
      "max_wasted: 1.5GB\n"
      "max_wasted_percent: {percent: 5%, floor: 3kB}\n"
      "min_efficiency: 95%\n"
      "max_layers: 7\n"
      "max_removable: 1000\n"
      "max_removable_percent: 12.5\n"
      "max_growth: 2m\n"
      "max_growth_percent: 150\n"
      "max_packages_added: 0\n"
      "require_verified: true\n"
      "findings:\n  severity: low\n  forbid: [setuid, shell-present]\n  new_only: true\n"
      "allow:\n"
      "  - {id: setuid, path: /usr/bin/su, reason: needed, expires: 2027-02-28}\n"
      "  - {id: secret, path: '', reason: public}\n"
      "  - {id: setgid, reason: all of them}\n");
  EXPECT_FALSE(policy.of_dive);
  EXPECT_EQ(policy.file, "policy.yaml");
  EXPECT_EQ(policy.max_compressed, 80'000'000U);
  EXPECT_EQ(policy.max_uncompressed, 200U * 1024 * 1024);
  EXPECT_EQ(policy.max_wasted, 1'500'000'000U);
  EXPECT_EQ(policy.max_wasted_percent, (PercentLimit{.percent = 5, .floor = 3000}));
  EXPECT_DOUBLE_EQ(policy.min_efficiency.value(), 0.95);
  EXPECT_EQ(policy.max_layers, 7U);
  EXPECT_EQ(policy.max_removable, 1000U);
  EXPECT_EQ(policy.max_removable_percent, (PercentLimit{.percent = 12.5, .floor = default_floor}));
  EXPECT_EQ(policy.max_growth, 2'000'000U);
  EXPECT_EQ(policy.max_growth_percent, (PercentLimit{.percent = 150, .floor = default_floor}));
  EXPECT_EQ(policy.max_packages_added, 0U);
  EXPECT_TRUE(policy.require_verified);
  EXPECT_EQ(policy.findings_severity, Severity::low);
  EXPECT_THAT(policy.forbidden, ElementsAre("setuid", "shell-present"));
  EXPECT_TRUE(policy.new_findings_only);
  ASSERT_EQ(policy.allow.size(), 3U);
  EXPECT_EQ(policy.allow[0].path, "/usr/bin/su");
  EXPECT_EQ(policy.allow[0].reason, "needed");
  EXPECT_EQ(policy.allow[0].expires,
            (year_month_day{std::chrono::year(2027), std::chrono::month(2), std::chrono::day(28)}));
  EXPECT_EQ(policy.allow[1].path, "");
  EXPECT_EQ(policy.allow[2].path, std::nullopt);
  EXPECT_EQ(policy.allow[2].expires, std::nullopt);
}

TEST(Policy, JsonIsReadToo) {
  const Policy policy = parse(R"({"max_layers": 3, "findings": {"severity": "high"}})");
  EXPECT_EQ(policy.max_layers, 3U);
  EXPECT_EQ(policy.findings_severity, Severity::high);
  EXPECT_EQ(policy.max_wasted, std::nullopt);
  EXPECT_EQ(policy.min_efficiency, std::nullopt);
}

TEST(Policy, AnUnknownKeyIsNamedWithItsLineAndTheNearestOne) {
  expect_refused("max_layers: 3\nmax_uncompresed: 3\n", "policy.yaml: line 2: max_uncompresed: unknown key");
  expect_refused("max_layers: 3\nmax_uncompresed: 3\n", "did you mean max_uncompressed?");
  // the line is the key's, not that of the value below it
  expect_refused("max_layers: 3\nfindngs:\n\n  severity: high\n",
                 "policy.yaml: line 2: findngs: unknown key");
  expect_refused("findings:\n  severty: high\n", "line 2: findings.severty: unknown key; expected severity");
  expect_refused(
      "findings: {severity: low}\nallow:\n  - id: setuid\n    reson: x\n",
      "line 4: allow[0].reson: unknown key; expected id, path, reason, expires; did you mean reason?");
  expect_refused("max_growth_percent:\n  procent: 3\n", "did you mean percent?");
}

TEST(Policy, AValueOfAnotherKindIsNamedWithWhatWasExpected) {
  expect_refused("max_compressed: big\n",
                 "line 1: max_compressed: expected a size such as 20MB, 512KiB or 1000000, found 'big'");
  for (const char* size : {"-1", "1XB", "1KKB", "[1]", "1e30", "nan", "inf", "''"}) {
    expect_refused(std::string("max_wasted: ") + size, "expected a size");
  }
  expect_refused("min_efficiency: 95\n", "expected a share from 0 to 1, or with a percent sign");
  expect_refused("min_efficiency: 101%\n", "expected a share from 0 to 1, or with a percent sign");
  expect_refused("max_wasted_percent: -3\n", "expected a percentage such as 10 or 2.5%");
  expect_refused("max_wasted_percent: [3]\n",
                 "expected a percentage, or {percent: 10, floor: 1MB}, found a list");
  expect_refused("max_wasted_percent: {floor: 3MB}\n", "expected the key percent");
  expect_refused("max_layers: 2.5\n", "expected a whole number from 0");
  expect_refused("require_verified: maybe\n", "expected true or false, found 'maybe'");
  expect_refused("findings: {severity: critical}\n",
                 "expected one of info, low, medium, high, found 'critical'");
  expect_refused("- max_layers: 3\n", "expected a map of limits");
  expect_refused("max_layers: 3\nmax_layers: 4\n", "line 2: max_layers: this key stands twice");
  expect_refused("max_layers: [\n", "line 2, column 1: not valid YAML");
}

TEST(Policy, ALimitThatSaysNothingIsRefused) {
  expect_refused("max_compressed:\n", "line 1: max_compressed: expected a value, and there is none");
  expect_refused("{}\n", "expected a limit, and there is none");
  expect_refused("", "expected a map of limits");
  expect_refused("require_verified: false\n", "expected a limit, and there is none");
  expect_refused("findings: {new_only: true}\n", "expected severity or forbid");
  expect_refused("max_layers: 3\nallow:\n  - {id: setuid, reason: x}\n", "there is nothing to allow");
}

TEST(Policy, AnAllowanceDemandsAReasonAndARealDay) {
  const auto with = [](const std::string& entry) {
    return "findings: {severity: low}\nallow:\n  - " + entry + "\n";
  };
  expect_refused(with("{id: setuid}"), "line 3: allow[0]: expected a reason");
  expect_refused(with("{id: setuid, reason: ' '}"), "allow[0].reason: expected a reason, and it is empty");
  expect_refused(with("{reason: x}"), "expected the key id");
  for (const char* day :
       {"2026-02-30", "2026-13-01", "tomorrow", "2026-1-1", "20260101", "2026-01-01T00", "-026-01-01"}) {
    expect_refused(with(std::string("{id: setuid, reason: x, expires: ") + day + "}"),
                   "expected a day of the calendar as YYYY-MM-DD");
  }
  expect_refused(with("{id: setuid, reason: x, path: usr/bin/su}"), "expected an absolute path or a glob");
}

TEST(Policy, AnUnknownFindingIsNamedWithTheNearestOne) {
  expect_refused("findings: {forbid: [setuid, shel-present]}\n",
                 "findings.forbid[1]: no finding has the id 'shel-present'; did you mean shell-present?");
  expect_refused("findings: {severity: low}\nallow:\n- {id: entropy, reason: x}\n",
                 "no finding has the id 'entropy'");
}

// dive takes any case; its older versions want rules: around the keys, its newer ones do not.
TEST(Policy, DivesRulesAreReadInBothSpellings) {
  const auto* const camel =
      "rules:\n  lowestEfficiency: 0.95\n  highestWastedBytes: 20MB\n  highestUserWastedPercent: 0.20\n";
  const auto* const kebab =
      "lowest-efficiency-threshold: '0.95'\nhighest-wasted-bytes: 20 MB\nhighest-user-wasted-percent: 0.20\n";
  const auto* const mixed =
      "rules:\n  lowest-efficiency: 0.95\n  highestwastedbytes: 20mb\n  highest-user-wasted-percent: .2\n";
  for (const char* text : {camel, kebab, mixed}) {
    SCOPED_TRACE(text);
    const Policy policy = parse_policy(text, ".dive-ci");
    EXPECT_TRUE(policy.of_dive);
    EXPECT_DOUBLE_EQ(policy.min_efficiency.value(), 0.95);
    EXPECT_EQ(policy.max_wasted, 20'000'000U);
    EXPECT_EQ(policy.max_wasted_percent, (PercentLimit{.percent = 20, .floor = 0}));
    EXPECT_EQ(policy.max_layers, std::nullopt);
  }
}

TEST(Policy, DivesMissingRulesHaveItsDefaults) {
  for (const char* text : {"rules:\n", "", "rules:\n  highestWastedBytes: disabled\n"}) {
    SCOPED_TRACE(text);
    const Policy policy = parse_policy(text, "ci/.dive-ci");
    EXPECT_DOUBLE_EQ(policy.min_efficiency.value(), 0.9);
    EXPECT_EQ(policy.max_wasted, std::nullopt);
    EXPECT_EQ(policy.max_wasted_percent, (PercentLimit{.percent = 10, .floor = 0}));
  }
}

TEST(Policy, DivesRulesAreTurnedOff) {
  for (const char* off : {"disabled", "Disabled", "off", "false", "''"}) {
    SCOPED_TRACE(off);
    const Policy policy = parse(std::string("rules:\n  lowestEfficiency: ") + off +
                                "\n  highestUserWastedPercent: " + off + "\n");
    EXPECT_EQ(policy.min_efficiency, std::nullopt);
    EXPECT_EQ(policy.max_wasted_percent, std::nullopt);
  }
}

TEST(Policy, DivesMistakesAreNamed) {
  expect_refused("rules:\n  lowestEficiency: 0.9\n", "line 2: rules.lowestEficiency: unknown key");
  expect_refused("rules:\n  lowestEficiency: 0.9\n", "did you mean lowestEfficiency?");
  expect_refused("rules:\n  lowestEfficiency: 95\n",
                 "expected a number from 0 to 1, or disabled, found '95'");
  expect_refused("rules:\n  highestWastedBytes: much\n", "expected a size");
  expect_refused("rules: [1]\n", "expected a map, found a list");
  expect_refused("rules: {lowestEfficiency: 0.9}\nmax_layers: 3\n",
                 "max_layers: unknown key; expected rules");
}

TEST(Policy, WhatNeedsABaselineIsNamed) {
  EXPECT_EQ(key_that_needs_baseline(parse("max_layers: 3\nmax_growth: 3MB\n")), "max_growth");
  EXPECT_EQ(key_that_needs_baseline(parse("max_growth_percent: 3\n")), "max_growth_percent");
  EXPECT_EQ(key_that_needs_baseline(parse("max_packages_added: 3\n")), "max_packages_added");
  EXPECT_EQ(key_that_needs_baseline(parse("findings: {severity: low, new_only: true}\n")),
            "findings.new_only");
  EXPECT_EQ(key_that_needs_baseline(parse("max_layers: 3\n")), "");
}

std::string source_text(const std::string& file) {
  std::ifstream stream(std::string(SLIM_SOURCE_DIR) + "/" + file);
  return {std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
}

// An id that is made and not in the list could be neither forbidden nor allowed.
TEST(Policy, TheListOfFindingsIsWhatTheSourceMakesAndTheReadmeExplains) {
  const std::string source = source_text("analyzer/findings.cpp");
  std::set<std::string> made;
  const std::regex in_source(R"re((?:\.id = |\badd\()"([a-z-]+)")re");
  for (std::sregex_iterator at(source.begin(), source.end(), in_source), end; at != end; ++at)
    made.insert((*at)[1]);
  EXPECT_EQ(made, std::set<std::string>(finding_ids.begin(), finding_ids.end()));
  const std::string readme = source_text("README.md");
  for (const std::string_view id : finding_ids) {
    EXPECT_NE(readme.find("`" + std::string(id) + "`"), std::string::npos) << id;
  }
}

}  // namespace
}  // namespace slim
