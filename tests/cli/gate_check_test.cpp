#include "cli/gate_check.h"

#include <chrono>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "analyzer/findings.h"
#include "cli/gate_facts.h"
#include "cli/gate_result.h"
#include "cli/policy.h"

namespace slim {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr std::chrono::year_month_day today{std::chrono::year(2026), std::chrono::month(11),
                                            std::chrono::day(25)};

Finding finding(std::string id, Severity severity, std::string path) {
  return {.id = std::move(id),
          .severity = severity,
          .path = std::move(path),
          .layer = 0,
          .paths = {},
          .message = "what to do"};
}

/// 100 MB in three layers; 40 MB of it are removable, 20 MB wasted, of 50 MB above the base.
GateFacts sample() {
  GateFacts facts;
  facts.image = "app:1";
  facts.compressed = 50'000'000;
  facts.uncompressed = 100'000'000;
  facts.bytes = 80'000'000;
  facts.removable = 40'000'000;
  facts.user_bytes = 50'000'000;
  facts.efficiency.smallest = 90'000'000;
  facts.efficiency.stored = 100'000'000;
  facts.efficiency.efficiency = 0.9;
  facts.efficiency.wasted = 20'000'000;
  facts.efficiency.most_wasted = {{.path = "/a", .bytes = 12'000'000, .smallest = 6'000'000, .copies = 2},
                                  {.path = "/b", .bytes = 8'000'000, .smallest = 4'000'000, .copies = 2}};
  facts.layers = {{.name = "layer 1 (base)",
                   .diff_id = "1",
                   .stored = 25'000'000,
                   .uncompressed = 50'000'000,
                   .hidden = 10'000'000},
                  {.name = "layer 2 (apt)",
                   .diff_id = "2",
                   .stored = 24'000'000,
                   .uncompressed = 49'000'000,
                   .hidden = 0},
                  {.name = "layer 3 (chmod)",
                   .diff_id = "3",
                   .stored = 1'000'000,
                   .uncompressed = 1'000'000,
                   .hidden = 0}};
  facts.removable_files = {{.what = "/usr/lib/big", .bytes = 25'000'000},
                           {.what = "/usr/bin/less", .bytes = 9'000'000},
                           {.what = "/usr/bin/more", .bytes = 5'000'000},
                           {.what = "/usr/bin/tiny", .bytes = 1'000'000}};
  facts.packages = {{.name = "deb:big", .version = "1", .bytes = 3'000'000},
                    {.name = "deb:small", .version = "2", .bytes = 1000}};
  facts.findings = {finding("secret", Severity::high, "/app/.env"),
                    finding("setuid", Severity::medium, "/usr/bin/su"),
                    finding("setuid", Severity::medium, "/usr/bin/mount"),
                    finding("shell-present", Severity::info, "/bin/sh")};
  facts.unproved = "slim did not build it";
  return facts;
}

GateBaseline sample_baseline() {
  GateBaseline baseline{
      .facts = sample(),
      .grown = {{.what = "/opt/new", .bytes = 7'000'000}, {.what = "/opt/other", .bytes = 3'000'000}}};
  baseline.facts.image = "app:0";
  baseline.facts.uncompressed = 90'000'000;
  baseline.facts.packages.erase(baseline.facts.packages.begin());
  baseline.facts.findings.erase(baseline.facts.findings.begin());
  return baseline;
}

std::vector<GateCheck> checks(const std::string& policy, const GateFacts& facts = sample(),
                              const GateBaseline* baseline = nullptr) {
  return check_policy(parse_policy(policy, "p.yaml"), facts, baseline, today).checks;
}

GateCheck only(const std::string& policy, const GateFacts& facts = sample(),
               const GateBaseline* baseline = nullptr) {
  const auto all = checks(policy, facts, baseline);
  EXPECT_EQ(all.size(), 1U) << policy;
  return all.empty() ? GateCheck{} : all.front();
}

/// Exactly at the limit passes; a limit below does not. Returns the check that is violated.
GateCheck violated(const std::string& passing, const std::string& failing,
                   const GateBaseline* baseline = nullptr) {
  const GateCheck good = only(passing, sample(), baseline);
  EXPECT_TRUE(good.passed) << passing;
  EXPECT_THAT(good.first, IsEmpty());
  const GateCheck bad = only(failing, sample(), baseline);
  EXPECT_FALSE(bad.passed) << failing;
  EXPECT_EQ(good.rule, bad.rule);
  EXPECT_FALSE(bad.first.empty());
  EXPECT_LE(bad.first.size(), 3U);
  return bad;
}

TEST(GateCheck, CompressedSize) {
  const GateCheck check = violated("max_compressed: 50MB", "max_compressed: 40MB");
  EXPECT_EQ(check.rule, "max_compressed");
  EXPECT_EQ(check.measured, "50.0 MB");
  EXPECT_EQ(check.limit, "at most 40.0 MB");
  // 10 MB stored are 20 MB of files
  EXPECT_THAT(check.first, ElementsAre("/usr/lib/big (25.0 MB)"));
  EXPECT_THAT(check.message, AllOf(HasSubstr("10.0 MB more than the 40.0 MB"),
                                   HasSubstr("removing what comes first is enough")));
}

TEST(GateCheck, UncompressedSizeCountsWhatIsHiddenAmongWhatCanGo) {
  const GateCheck check = violated("max_uncompressed: 100MB", "max_uncompressed: 70MB");
  EXPECT_THAT(check.first,
              ElementsAre("/usr/lib/big (25.0 MB)", "what later layers hide of layer 1 (base) (10.0 MB)"));
  EXPECT_THAT(check.message, HasSubstr("removing what comes first is enough"));
  EXPECT_THAT(only("max_uncompressed: 10MB").message,
              HasSubstr("removing what comes first saves 44.0 MB of 90.0 MB"));
}

TEST(GateCheck, WhereThreeFilesAreNotEnoughFoldersAreNamed) {
  GateFacts facts = sample();
  facts.removable_folders = {{.what = "what nothing needs below /usr/lib", .bytes = 30'000'000},
                             {.what = "what nothing needs below /usr/bin", .bytes = 10'000'000}};
  const GateCheck check = only("max_removable: 0", facts);
  EXPECT_THAT(check.first, ElementsAre("what nothing needs below /usr/lib (30.0 MB)",
                                       "what nothing needs below /usr/bin (10.0 MB)"));
  EXPECT_THAT(check.message, HasSubstr("removing what comes first is enough"));
  EXPECT_THAT(only("max_removable: 20MB", facts).first, ElementsAre("/usr/lib/big (25.0 MB)"));
}

TEST(GateCheck, OfAnImageWithNothingToRemoveTheLayersAreNamed) {
  GateFacts facts = sample();
  facts.removable_files.clear();
  facts.layers[0].hidden = 0;
  EXPECT_THAT(only("max_uncompressed: 10MB", facts).first,
              ElementsAre("layer 1 (base) (50.0 MB)", "layer 2 (apt) (49.0 MB)"));
}

TEST(GateCheck, SizesThatLookAlikeAreTold) {
  const GateCheck check = only("max_uncompressed: 99999999");
  EXPECT_EQ(check.measured, "100,000,000 B");
  EXPECT_EQ(check.limit, "at most 99,999,999 B");
}

TEST(GateCheck, WastedBytes) {
  const GateCheck check = violated("max_wasted: 20MB", "max_wasted: 10MB");
  EXPECT_EQ(check.measured, "20.0 MB");
  EXPECT_THAT(check.first, ElementsAre("/a in 2 layers (12.0 MB)"));
}

TEST(GateCheck, WastedPercentIsOfWhatIsAboveTheBaseAndHasAFloor) {
  const GateCheck check = violated("max_wasted_percent: 40", "max_wasted_percent: 39.9");
  EXPECT_EQ(check.measured, "40.0 % (20.0 MB)");
  EXPECT_EQ(check.limit, "at most 39.9 % or 1.0 MB");
  EXPECT_TRUE(only("max_wasted_percent: {percent: 1, floor: 20MB}").passed);
  EXPECT_FALSE(only("max_wasted_percent: {percent: 1, floor: 19MB}").passed);
  GateFacts one_layer = sample();
  one_layer.user_bytes = 0;
  one_layer.efficiency.wasted = 0;
  EXPECT_TRUE(only("max_wasted_percent: {percent: 0, floor: 0}", one_layer).passed);
}

TEST(GateCheck, Efficiency) {
  const GateCheck check = violated("min_efficiency: 0.9", "min_efficiency: 0.95");
  EXPECT_EQ(check.measured, "90.0 %");
  EXPECT_EQ(check.limit, "at least 95 %");
  EXPECT_THAT(check.first, ElementsAre("/a in 2 layers (6.0 MB)"));  // 5.3 MB are too many
  EXPECT_EQ(only("min_efficiency: 0.9001").measured, "90.000 %");
}

TEST(GateCheck, Layers) {
  const GateCheck check = violated("max_layers: 3", "max_layers: 2");
  EXPECT_EQ(check.measured, "3 layers");
  EXPECT_THAT(check.first, ElementsAre("layer 3 (chmod) (1.0 MB)"));
}

TEST(GateCheck, RemovableBytesAndPercent) {
  EXPECT_THAT(violated("max_removable: 40MB", "max_removable: 10MB").first,
              ElementsAre("/usr/lib/big (25.0 MB)", "/usr/bin/less (9.0 MB)"));
  const GateCheck check = violated("max_removable_percent: 50", "max_removable_percent: 49");
  EXPECT_EQ(check.measured, "50.0 % (40.0 MB)");
  // What is removed is missing of the whole too: (40 - x) / (80 - x) = 20 % where x is 30 MB, so 25 MB are
  // not enough.
  EXPECT_THAT(only("max_removable_percent: 20").first,
              ElementsAre("/usr/lib/big (25.0 MB)", "/usr/bin/less (9.0 MB)"));
  EXPECT_TRUE(only("max_removable_percent: {percent: 1, floor: 40MB}").passed);
}

TEST(GateCheck, GrowthAgainstABaseline) {
  const GateBaseline baseline = sample_baseline();
  const GateCheck bytes = violated("max_growth: 10MB", "max_growth: 4MB", &baseline);
  EXPECT_EQ(bytes.measured, "10.0 MB");
  EXPECT_THAT(bytes.first, ElementsAre("/opt/new (7.0 MB)"));
  const GateCheck percent = violated("max_growth_percent: 11.2", "max_growth_percent: 11", &baseline);
  EXPECT_EQ(percent.measured, "11.1 % (10.0 MB)");
  EXPECT_TRUE(only("max_growth_percent: {percent: 1, floor: 10MB}", sample(), &baseline).passed);
  GateFacts smaller = sample();
  smaller.uncompressed = 1;
  EXPECT_TRUE(only("max_growth: 0", smaller, &baseline).passed);
}

TEST(GateCheck, PackagesAdded) {
  const GateBaseline baseline = sample_baseline();
  const GateCheck check = violated("max_packages_added: 1", "max_packages_added: 0", &baseline);
  EXPECT_EQ(check.measured, "1 added");
  EXPECT_THAT(check.first, ElementsAre("deb:big 1 (3.0 MB)"));
}

TEST(GateCheck, AProofIsDemanded) {
  const GateCheck bad = only("require_verified: true");
  EXPECT_FALSE(bad.passed);
  EXPECT_EQ(bad.message, "slim did not build it");
  EXPECT_THAT(bad.first, ElementsAre(HasSubstr("slim build")));
  GateFacts proved = sample();
  proved.unproved.clear();
  EXPECT_TRUE(only("require_verified: true", proved).passed);
}

TEST(GateCheck, FindingsBySeverity) {
  const auto all = checks("findings: {severity: medium}");
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[0].rule, "secret");
  EXPECT_EQ(all[0].measured, "1 (high)");
  EXPECT_EQ(all[0].path, "/app/.env");
  EXPECT_EQ(all[1].rule, "setuid");
  EXPECT_EQ(all[1].measured, "2 (medium)");
  EXPECT_EQ(all[1].path, "");
  EXPECT_THAT(all[1].first, ElementsAre("/usr/bin/su", "/usr/bin/mount"));
  EXPECT_EQ(checks("findings: {severity: info}").size(), 3U);
}

TEST(GateCheck, FindingsById) {
  const GateCheck check = only("findings: {forbid: [shell-present, core-dump]}");
  EXPECT_FALSE(check.passed);
  EXPECT_EQ(check.rule, "shell-present");
  const GateCheck none = only("findings: {forbid: [core-dump]}");
  EXPECT_TRUE(none.passed);
  EXPECT_EQ(none.rule, "findings");
  EXPECT_EQ(none.limit, "none core-dump");
}

TEST(GateCheck, OnlyNewFindingsCountWhereThePolicySaysSo) {
  const GateBaseline baseline = sample_baseline();  // without the secret
  const GateCheck check = only("findings: {severity: medium, new_only: true}", sample(), &baseline);
  EXPECT_EQ(check.rule, "secret");
  EXPECT_EQ(checks("findings: {severity: medium}", sample(), &baseline).size(), 2U);
}

TEST(GateCheck, WhatIsAllowedPasses) {
  const std::string policy = "findings: {severity: medium}\nallow:\n  - {id: secret, reason: a}\n";
  EXPECT_EQ(only(policy + "  - {id: setuid, path: /usr/bin/su, reason: b}\n").measured, "1 (medium)");
  const GateCheck check = only(policy + "  - {id: setuid, path: '/usr/bin/*', reason: b}\n");
  EXPECT_TRUE(check.passed);
  EXPECT_EQ(check.measured, "none, 3 allowed");
  EXPECT_THAT(checks(policy + "  - {id: setgid, path: '/**', reason: another id}\n"),
              ElementsAre(testing::Field(&GateCheck::rule, "setuid")));
}

TEST(GateCheck, AnAllowanceOfThePathOfOneSpeaksNotForAllThatAreToldTogether) {
  GateFacts facts = sample();
  facts.findings = {finding("package-cache", Severity::low, "/var/cache/a")};
  facts.findings[0].count = 2;
  facts.findings[0].paths = {"/var/cache/a", "/opt/b"};
  const std::string policy = "findings: {severity: low}\nallow:\n  - {id: package-cache, reason: x, path: ";
  EXPECT_FALSE(only(policy + "/var/cache/a}", facts).passed);
  EXPECT_FALSE(only(policy + "/var/**}", facts).passed);
  EXPECT_TRUE(only(policy + "'/{var/**,opt/b}'}", facts).passed);
}

TEST(GateCheck, AnEmptyPathAllowsWhatIsAboutTheConfigOnly) {
  GateFacts facts = sample();
  facts.findings = {finding("secret", Severity::high, "")};
  const std::string policy = "findings: {severity: high}\nallow:\n  - {id: secret, path: '', reason: x}\n";
  EXPECT_TRUE(only(policy, facts).passed);
  EXPECT_FALSE(only(policy).passed);
}

TEST(GateCheck, AnAllowanceHoldsOnItsLastDayAndFailsWithItsDateBehindIt) {
  const auto policy = [](const std::string& day) {
    return "findings: {severity: high}\nallow:\n  - {id: secret, path: /app/.env, reason: moved soon, "
           "expires: " +
           day + "}\n";
  };
  EXPECT_TRUE(only(policy("2026-11-25")).passed);
  const auto all = checks(policy("2026-11-24"));
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[0].rule, "secret");
  EXPECT_EQ(all[1].rule, "allow");
  EXPECT_FALSE(all[1].passed);
  EXPECT_EQ(all[1].limit, "until 2026-11-24");
  EXPECT_EQ(all[1].message,
            "secret at /app/.env was allowed until 2026-11-24 (moved soon); mend it, or allow it anew");
  GateFacts clean = sample();
  clean.findings.clear();
  const auto stale = checks(policy("2026-11-24"), clean);
  ASSERT_EQ(stale.size(), 2U);
  EXPECT_TRUE(stale[0].passed);
  EXPECT_THAT(stale[1].message, HasSubstr("remove the entry"));
}

TEST(GateCheck, DivesRulesHaveItsNames) {
  const auto all =
      checks("rules: {highestWastedBytes: 1MB, lowestEfficiency: 0.95, highestUserWastedPercent: 0.1}");
  ASSERT_EQ(all.size(), 3U);
  EXPECT_EQ(all[0].rule, "highestWastedBytes");
  EXPECT_EQ(all[1].rule, "highestUserWastedPercent");
  EXPECT_EQ(all[1].limit, "at most 10 %");
  EXPECT_EQ(all[2].rule, "lowestEfficiency");
  for (const GateCheck& check : all) EXPECT_FALSE(check.passed) << check.rule;
}

TEST(GateCheck, TheResultNamesPolicyAndBaseline) {
  const GateBaseline baseline = sample_baseline();
  const GateResult result = check_policy(parse_policy("max_layers: 3", "p.yaml"), sample(), &baseline, today);
  EXPECT_EQ(result.policy, "p.yaml");
  EXPECT_EQ(result.baseline, "app:0");
  EXPECT_TRUE(result.passed());
  EXPECT_FALSE(check_policy(parse_policy("max_layers: 2", "p.yaml"), sample(), nullptr, today).passed());
}

TEST(GateCheck, AFindingIsKnownByItsPathOrByOneInCommon) {
  const Finding one = finding("setuid", Severity::medium, "/a");
  EXPECT_TRUE(is_known(one, {finding("setuid", Severity::low, "/a")}));
  EXPECT_FALSE(
      is_known(one, {finding("setuid", Severity::medium, "/b"), finding("setgid", Severity::medium, "/a")}));
  Finding many = finding("headers", Severity::info, "/x");
  many.paths = {"/x", "/y"};
  Finding others = finding("headers", Severity::info, "/z");
  others.paths = {"/z", "/y"};
  EXPECT_TRUE(is_known(many, {others}));
  Finding config = finding("secret", Severity::medium, "");
  Finding other = config;
  other.message = "another variable";
  EXPECT_TRUE(is_known(config, {config}));
  EXPECT_FALSE(is_known(config, {other}));
}

}  // namespace
}  // namespace slim
