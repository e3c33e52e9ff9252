#include "analyzer/rules.h"

#include <fstream>
#include <iterator>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/analyzer/error_matcher.h"
#include "tests/analyzer/temporary_folder.h"

namespace slim {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

constexpr std::string_view good =
    R"({"id": "a", "why": "w", "source": "s", "when": {"kept": "/bin/a"}, "keep": "/etc/a"})";

/// The good rule with `from` replaced by `to`.
std::string changed(std::string_view from, std::string_view to) {
  std::string text(good);
  const auto at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return "[" + text.replace(at, from.size(), to) + "]";
}

void expect_refused(const std::string& text, const std::string& message) {
  test::expect_input_error([&] { parse_rules(text, "my.json"); }, message);
}

TEST(Rules, EveryKeyIsRead) {
  const auto rules = parse_rules(R"([
    // A comment.
    {"id": "full", "why": "because", "source": "x 5", "strength": "likely", "flag": "cannot-tell", "whole": "Ruby",
     "when": {"kept": ["/bin/*", "/sbin/*"], "imports": "getpwnam", "contains": ["abc"], "static": false,
              "imports_except": [{"file": "/lib/x", "why": "only a wrapper"}],
              "exists": "/etc/x", "package": "lib*", "env": ["A", "B=c*"]},
     /* and another */
     "keep": ["/etc/passwd", "{dir}/x/**", "{env:HOME}/.x"], "drop": "/usr/share/doc/**"}])",
                                 "f.json");
  ASSERT_THAT(rules, SizeIs(1));
  const Rule& rule = rules[0];
  EXPECT_EQ(rule.id, "full");
  EXPECT_EQ(rule.why, "because");
  EXPECT_EQ(rule.source, "x 5");
  EXPECT_EQ(rule.strength, Strength::likely);
  EXPECT_EQ(rule.flag, "cannot-tell");
  EXPECT_EQ(rule.whole, "Ruby");
  EXPECT_EQ(rule.file, "f.json");
  EXPECT_THAT(rule.when.kept, ElementsAre("/bin/*", "/sbin/*"));
  EXPECT_THAT(rule.when.imports, ElementsAre("getpwnam"));
  EXPECT_THAT(rule.when.contains, ElementsAre("abc"));
  ASSERT_THAT(rule.when.imports_except, SizeIs(1));
  EXPECT_EQ(rule.when.imports_except[0].file, "/lib/x");
  EXPECT_EQ(rule.when.imports_except[0].why, "only a wrapper");
  EXPECT_EQ(rule.when.is_static, false);
  EXPECT_THAT(rule.when.exists, ElementsAre("/etc/x"));
  EXPECT_THAT(rule.when.package, ElementsAre("lib*"));
  EXPECT_THAT(rule.when.env, ElementsAre("A", "B=c*"));
  EXPECT_THAT(rule.keep, ElementsAre("/etc/passwd", "{dir}/x/**", "{env:HOME}/.x"));
  EXPECT_THAT(rule.drop, ElementsAre("/usr/share/doc/**"));
}

TEST(Rules, WhatIsLeftOutHasItsDefault) {
  const auto rules = parse_rules("[" + std::string(good) + "]", "f");
  ASSERT_THAT(rules, SizeIs(1));
  EXPECT_EQ(rules[0].strength, Strength::required);
  EXPECT_EQ(rules[0].when.is_static, std::nullopt);
  EXPECT_THAT(rules[0].drop, IsEmpty());
  EXPECT_THAT(parse_rules("[]", "f"), IsEmpty());
}

TEST(Rules, MissingKeysAreNamed) {
  expect_refused(changed(R"("id": "a", )", ""), "my.json: line 1: rule 1: 'id' is missing");
  expect_refused(changed(R"("why": "w", )", ""), "my.json: line 1: rule 1 ('a'): 'why' is missing");
  expect_refused(changed(R"("source": "s", )", ""), "my.json: line 1: rule 1 ('a'): 'source' is missing");
  expect_refused(changed(R"("when": {"kept": "/bin/a"}, )", ""),
                 "my.json: line 1: rule 1 ('a'): 'when' is missing");
  expect_refused(changed(R"(, "keep": "/etc/a")", ""),
                 "my.json: line 1: rule 1 ('a'): expected at least one of 'keep', 'drop' and 'flag'");
  expect_refused(changed(R"("kept": "/bin/a")", R"("kept": "/b", "imports_except": [{"file": "/x"}])"),
                 "my.json: line 1: rule 1 ('a'): when: imports_except: 'why' is missing");
}

TEST(Rules, WholeIsOfWhatIsKept) {
  expect_refused(changed(R"("keep": "/etc/a")", R"("drop": "/etc/a", "whole": "Ruby")"),
                 "my.json: line 1: rule 1 ('a'): 'whole' says what 'keep' is: there is none");
}

TEST(Rules, UnknownKeysAreNamed) {
  expect_refused(changed(R"("keep")", R"("keeps": 1, "keep")"),
                 "my.json: line 1: rule 1 ('a'): unknown key 'keeps'; did you mean 'keep'? known are");
  expect_refused(changed(R"("kept": "/bin/a")", R"("keept": "/bin/a")"),
                 "my.json: line 1: rule 1 ('a'): when: unknown key 'keept'; did you mean 'kept'? known are");
  expect_refused(changed(R"("kept": "/bin/a")",
                         R"("kept": "/b", "imports_except": [{"file": "/x", "why": "w", "x": 1}])"),
                 "my.json: line 1: rule 1 ('a'): when: imports_except: unknown key 'x'");
}

TEST(Rules, WrongTypesAreNamed) {
  expect_refused(changed(R"("why": "w")", R"("why": 1)"),
                 "my.json: line 1: rule 1 ('a'): 'why' must be a string");
  expect_refused(changed(R"("id": "a")", R"("id": null)"), "my.json: line 1: rule 1: 'id' must be a string");
  expect_refused(changed(R"("keep": "/etc/a")", R"("keep": ["/etc/a", 1])"),
                 "my.json: line 1: rule 1 ('a'): 'keep' must be a string or a list of strings");
  expect_refused(changed(R"({"kept": "/bin/a"})", R"([])"),
                 "my.json: line 1: rule 1 ('a'): when: expected an object");
  expect_refused(changed(R"("kept": "/bin/a")", R"("static": "yes")"),
                 "my.json: line 1: rule 1 ('a'): when: 'static' must be true or false");
  expect_refused(changed(R"("kept": "/bin/a")", R"("kept": {})"),
                 "my.json: line 1: rule 1 ('a'): when: 'kept' must be a string or a list of strings");
  expect_refused(changed(R"("kept": "/bin/a")", R"("imports_except": {})"),
                 "my.json: line 1: rule 1 ('a'): when: 'imports_except' must be a list");
  expect_refused(
      changed(R"("keep")", R"("strength": "strong", "keep")"),
      "my.json: line 1: rule 1 ('a'): 'strength' must be required, likely or possible, not 'strong'");
  expect_refused("[1]", "my.json: line 1: rule 1: expected an object");
  expect_refused("{}", "my.json: expected a list of rules at the top");
}

TEST(Rules, AConditionIsNeeded) {
  expect_refused(changed(R"({"kept": "/bin/a"})", "{}"),
                 "my.json: line 1: rule 1 ('a'): when: expected at least one condition");
  expect_refused(changed(R"("kept": "/bin/a")", R"("kept": [])"),
                 "my.json: line 1: rule 1 ('a'): when: 'kept' is an empty list");
  expect_refused(changed(R"("kept": "/bin/a")", R"("exists": ["/a", ""])"),
                 "my.json: line 1: rule 1 ('a'): when: 'exists' has an empty string");
  // Exceptions to a condition that is not there are none.
  expect_refused(changed(R"("kept": "/bin/a")", R"("imports_except": [{"file": "/x", "why": "w"}])"),
                 "my.json: line 1: rule 1 ('a'): when: 'imports_except' needs 'imports'");
}

TEST(Rules, PatternsSayWhereTheyStart) {
  expect_refused(changed(R"("/etc/a")", R"("etc/a")"),
                 "my.json: line 1: rule 1 ('a'): the pattern 'etc/a' must start with /, {dir} or {env:NAME}");
  expect_refused(changed(R"("keep": "/etc/a")", R"("drop": ["/x", "*.h"])"),
                 "the pattern '*.h' must start with");
  expect_refused(changed(R"({"kept": "/bin/a"}, "keep": "/etc/a")", R"({"exists": "/a"}, "keep": "{dir}/x")"),
                 "my.json: line 1: rule 1 ('a'): the pattern '{dir}/x' uses {dir}, which needs 'when.kept'");
  expect_refused(changed(R"("/etc/a")", R"("{env:HOME/x")"), "the pattern '{env:HOME/x'");
}

TEST(Rules, AnIdIsUsedOnce) {
  expect_refused("[" + std::string(good) + "," + std::string(good) + "]",
                 "my.json: line 1: the rule id 'a' is used already, in my.json, line 1");
  const test::TemporaryFolder folder;
  const std::string mine = folder.path() + "/mine.json";
  const std::string id = embedded_rules().front().id;
  std::ofstream(mine) << changed(R"("id": "a")", R"("id": ")" + id + '"');
  test::expect_input_error([&] { load_rules({mine}); },
                           mine + ": line 1: the rule id '" + id + "' is used already, in rules/");
}

TEST(Rules, MistakesNameTheirLine) {
  const std::string text =
      "[ // rules\n"
      "  {\n"
      "    \"id\": \"a\", \"why\": \"w\",\n"
      "    /* on\n       two lines */ \"source\": \"s\",\n"
      "    \"when\": {\n"
      "      \"exsits\": \"/a\"\n"
      "    },\n"
      "    \"keep\": [ \"/a\",\n"
      "              \"b\" ]\n"
      "  }\n]";
  expect_refused(text, "my.json: line 7: rule 1 ('a'): when: unknown key 'exsits'; did you mean 'exists'?");
  std::string other = text;
  other.replace(other.find("exsits"), 6, "exists");
  expect_refused(other, "my.json: line 10: rule 1 ('a'): the pattern 'b' must start with");
  other.replace(other.find("\"why\": \"w\","), 11, "");
  expect_refused(other, "my.json: line 2: rule 1 ('a'): 'why' is missing");
}

TEST(Rules, LinksAreThoseToWhatIsKept) {
  EXPECT_THAT(parse_rules(changed(R"("keep": "/etc/a")", R"("keep": "{links}")"), "f"), SizeIs(1));
  expect_refused(
      changed(R"({"kept": "/bin/a"}, "keep": "/etc/a")", R"({"exists": "/a"}, "keep": "{links}")"),
      "my.json: line 1: rule 1 ('a'): the pattern '{links}' uses {links}, which needs 'when.kept'");
}

TEST(Rules, TheSecondRuleIsNumberTwo) {
  expect_refused("[" + std::string(good) + R"(, {"id": "b"}])",
                 "my.json: line 1: rule 2 ('b'): 'why' is missing");
}

TEST(Rules, SyntaxErrorsNameThePlace) {
  expect_refused("[\n {,}]", "my.json: line 2, column 3: not valid JSON");
}

TEST(Rules, FilesOfTheUserComeBehindTheEmbeddedOnes) {
  const test::TemporaryFolder folder;
  const std::string mine = folder.path() + "/mine.json";
  std::ofstream(mine) << changed(R"("id": "a")", R"("id": "of-the-user")");
  const auto embedded = embedded_rules();
  const auto rules = load_rules({mine});
  ASSERT_EQ(rules.size(), embedded.size() + 1);
  EXPECT_EQ(rules.back().id, "of-the-user");
  EXPECT_EQ(rules.back().file, mine);
  test::expect_input_error([] { load_rules({"/no/such/file"}); },
                           "/no/such/file: cannot open this rule file");
  test::expect_input_error([&] { load_rules({folder.path()}); },
                           folder.path() + ": cannot read this rule file");
}

TEST(Rules, TheEmbeddedOnesAreWhole) {
  const auto rules = embedded_rules();
  EXPECT_FALSE(rules.empty());
  std::set<std::string> ids;
  for (const Rule& rule : rules) {
    EXPECT_TRUE(ids.insert(rule.id).second) << rule.id;
    EXPECT_FALSE(rule.why.empty()) << rule.id;
    EXPECT_FALSE(rule.source.empty()) << rule.id;
    EXPECT_TRUE(rule.file.starts_with("rules/")) << rule.id;
    EXPECT_EQ(rule.id.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-."), std::string::npos)
        << rule.id;
  }
}

TEST(Rules, EveryRuleFileIsEmbedded) {
  const std::string folder = std::string(SLIM_SOURCE_DIR) + "/rules/";
  EXPECT_THAT(embedded_rule_files(), testing::Not(IsEmpty()));
  for (const auto& [name, text] : embedded_rule_files()) {
    std::ifstream stream(folder + std::string(name), std::ios::binary);
    const std::string content{std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
    EXPECT_EQ(text, content) << name;
  }
}

TEST(Rules, StrengthsHaveNames) {
  EXPECT_EQ(to_string(Strength::required), "required");
  EXPECT_EQ(to_string(Strength::likely), "likely");
  EXPECT_EQ(to_string(Strength::possible), "possible");
}

}  // namespace
}  // namespace slim
