#include "cli/gate_init.h"

#include <chrono>
#include <cstdint>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "analyzer/findings.h"
#include "cli/gate_check.h"
#include "cli/gate_facts.h"
#include "cli/policy.h"

namespace slim {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::chrono::year_month_day today{std::chrono::year(2026), std::chrono::month(11),
                                            std::chrono::day(25)};

GateFacts sized(std::uint64_t bytes) {
  GateFacts facts;
  facts.image = "app:1";
  facts.compressed = bytes / 3;
  facts.uncompressed = bytes;
  facts.bytes = bytes;
  facts.removable = bytes / 2;
  facts.user_bytes = bytes / 4;
  facts.efficiency.efficiency = 0.987;
  facts.efficiency.wasted = bytes / 50;
  facts.layers.resize(3);
  return facts;
}

bool passes(const std::string& policy, const GateFacts& facts) {
  return check_policy(parse_policy(policy, "p.yaml"), facts, nullptr, today).passed();
}

TEST(GateInit, TheImagePassesItsOwnPolicyAndATenthMoreDoesNot) {
  for (const std::uint64_t bytes : {0ULL, 1ULL, 999ULL, 1001ULL, 951'000ULL, 9'514'000ULL, 95'200'001ULL,
                                    123'456'789ULL, 9'999'999'999ULL, 5'000'000'000'000ULL}) {
    SCOPED_TRACE(bytes);
    const std::string policy = policy_from(sized(bytes));
    EXPECT_TRUE(passes(policy, sized(bytes))) << policy;
    if (bytes < 100) continue;  // a tenth of it is less than a byte or so
    GateFacts grown = sized(bytes);
    grown.uncompressed += bytes / 10;
    EXPECT_FALSE(passes(policy, grown)) << policy;
    grown = sized(bytes);
    grown.compressed += grown.compressed / 10;
    EXPECT_FALSE(passes(policy, grown)) << policy;
  }
}

TEST(GateInit, WhatIsFoundNowIsAllowedAndNothingElse) {
  GateFacts facts = sized(1'000'000);
  facts.findings = {
      {.id = "setuid",
       .severity = Severity::medium,
       .path = "/usr/bin/su",
       .layer = 0,
       .paths = {},
       .message = "m"},
      {.id = "secret", .severity = Severity::high, .path = "", .layer = {}, .paths = {}, .message = "m"},
      {.id = "shell-present",
       .severity = Severity::info,
       .path = "/bin/sh",
       .layer = 0,
       .paths = {},
       .message = "m"}};
  const std::string policy = policy_from(facts);
  EXPECT_TRUE(passes(policy, facts)) << policy;
  EXPECT_THAT(policy, HasSubstr("reason: present when the policy was written"));
  EXPECT_THAT(policy, Not(HasSubstr("  - id: shell-present")));
  facts.findings[0].path = "/usr/bin/sudo";
  EXPECT_FALSE(passes(policy, facts));
  facts.findings[0].path = "/usr/bin/su";
  facts.findings[1].path = "/app/.env";
  EXPECT_FALSE(passes(policy, facts));
}

TEST(GateInit, HostileNamesStayOneEntryEach) {
  GateFacts facts = sized(1'000'000);
  facts.image = "evil\n# max: 3\n\x1b[31m";
  for (const char* path : {"/a\nmax_layers: 0", "/q\"uote", "/back\\slash", "/[x]{a,b}*?", "/\xc3\xa9t\xe9",
                           "/\x1b]0;x\x07", "/: #x", "/%s{}"}) {
    facts.findings.push_back({.id = "setuid",
                              .severity = Severity::medium,
                              .path = path,
                              .layer = 0,
                              .paths = {},
                              .message = "m"});
  }
  const std::string policy = policy_from(facts);
  EXPECT_TRUE(passes(policy, facts)) << policy;
  for (const char c : policy) EXPECT_TRUE((c >= ' ' && c <= '~') || c == '\n') << policy;
  EXPECT_THAT(parse_policy(policy, "p").allow, testing::SizeIs(facts.findings.size()));
}

TEST(GateInit, AProofThatIsThereIsDemandedFromNowOn) {
  GateFacts facts = sized(1'000'000);
  EXPECT_TRUE(parse_policy(policy_from(facts), "p").require_verified);
  facts.unproved = "slim did not build it";
  EXPECT_FALSE(parse_policy(policy_from(facts), "p").require_verified);
}

}  // namespace
}  // namespace slim
