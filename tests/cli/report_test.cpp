#include "cli/report.h"

#include <cstdint>
#include <set>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "analyzer/findings.h"
#include "runner/verdict.h"
#include "slimmer/analysis.h"
#include "tests/analyzer/image_builder.h"
#include "tests/cli/report_fixture.h"

namespace slim {
namespace {

using nlohmann::json;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;

using test::evil_name;
using test::ReportTest;

std::set<std::string> keys_of(const json& object) {
  std::set<std::string> keys;
  for (const auto& [key, value] : object.items()) keys.insert(key);
  return keys;
}

TEST_F(ReportTest, HasTheDocumentedKeysAndNoOthers) {
  report_.with_files = true;
  report_.verdict = Verdict{};
  report_.output = ReportOutput{.destination = "oci:out", .written = {}};
  report_.runs = ReportRuns{};
  report_.gate =
      GateResult{.policy = "p.yaml", .baseline = {}, .checks = {test::check_of("layers", true, "")}};
  const json schema =
      json::parse(test::read_file(std::string(SLIM_SOURCE_DIR) + "/schema/report.schema.json"));
  const json report = parsed();
  EXPECT_EQ(keys_of(report), keys_of(schema["properties"]));
  for (const json& key : schema["required"]) EXPECT_TRUE(report.contains(key.get<std::string>())) << key;
  EXPECT_EQ(report["schema_version"], 1);
  EXPECT_EQ(report["tool"]["name"], "slim");
}

TEST_F(ReportTest, FindingsOfAKindAreToldTogether) {
  const auto finding = [](std::string path, std::uint64_t bytes, std::string message) {
    return Finding{.id = "secret",
                   .severity = Severity::high,
                   .path = std::move(path),
                   .layer = 1,
                   .bytes = bytes,
                   .paths = {},
                   .message = std::move(message)};
  };
  Finding many = finding("/usr/share/doc/big", 5000, "not told");
  many.id = "documentation";
  many.severity = Severity::info;
  many.count = 12;
  many.paths = {"/usr/share/doc/big", "/usr/share/doc/small"};
  report_.findings = {finding("/a", 0, "holds a key"), finding("/b", 0, "holds a token"),
                      finding("", 0, "the config holds one"), many};
  EXPECT_THAT(text(), HasSubstr("\nFINDINGS\n"
                                "  high   secret                       3            /a, /b\n"
                                "         /a: holds a key\n"
                                "         /b: holds a token\n"
                                "         the config holds one\n"
                                "  info   documentation               12    5.0 kB  /usr/share/doc/big, "
                                "/usr/share/doc/small\n\n"));
  const json findings = parsed()["findings"];
  EXPECT_EQ(findings[3]["count"], 12);
  EXPECT_EQ(findings[3]["bytes"], 5000);
  EXPECT_EQ(findings[3]["paths"].size(), 2U);
}

TEST_F(ReportTest, LayersSayWhatTheyAddChangeAndHide) {
  const json layers = parsed()["layers"];
  EXPECT_EQ(layers[0]["added"]["files"], 8);
  EXPECT_EQ(layers[1]["added"]["files"], 0);
  EXPECT_EQ(layers[1]["hides"]["files"], 1);
  EXPECT_EQ(layers[1]["hides"]["bytes"], 700);
  EXPECT_THAT(text(), HasSubstr("     HIDES    HIDDEN  CREATED BY\n"));
}

TEST_F(ReportTest, TotalsAddUp) {
  const json report = parsed();
  const auto sum = [&report](const std::string& key) {
    return report["needed"][key].get<std::uint64_t>() + report["removable"][key].get<std::uint64_t>();
  };
  std::uint64_t bytes = 0;
  std::uint64_t files = 0;
  std::set<InodeId> seen;
  const FileTree& tree = analysis_->contents.tree;
  for (const NodeId node : tree.walk()) {
    if (tree.is(node, EntryType::directory)) continue;
    ++files;
    if (seen.insert(tree.node(node).inode).second) bytes += tree.entry(node).size;
  }
  EXPECT_EQ(sum("bytes"), bytes);
  EXPECT_EQ(sum("files"), files);
  EXPECT_EQ(report["plan"]["kept"]["bytes"], report["needed"]["bytes"]);
  EXPECT_EQ(report["plan"]["dropped"]["bytes"], report["removable"]["bytes"]);
  EXPECT_GT(report["removable"]["bytes"], 5000);
  EXPECT_LT(report["removable"]["bytes"], 10000) << "a hard link counts once";
}

TEST_F(ReportTest, GroupsAddUpToTheWhole) {
  std::uint64_t bytes = 0;
  std::uint64_t kept = 0;
  for (const ReportGroup& group : report_.folders) {
    bytes += group.bytes;
    kept += group.kept_bytes;
  }
  EXPECT_EQ(bytes, report_.totals.all.bytes);
  EXPECT_EQ(kept, report_.totals.kept.bytes);
}

TEST_F(ReportTest, SaysWhatTheImageIs) {
  const json report = parsed();
  EXPECT_EQ(report["image"]["name"], "app:1");
  EXPECT_EQ(report["image"]["ref"], "oci:" + folder_.path());
  EXPECT_EQ(report["image"]["platform"], "linux/amd64");
  EXPECT_EQ(report["layers"].size(), 2U);
  EXPECT_EQ(report["size"]["hidden"], 700);
  EXPECT_EQ(report["layers"][0]["wasted"], 700);
  EXPECT_EQ(report["entrypoints"][0]["path"], "/app/start");
  EXPECT_EQ(report["packages"][0]["name"], "app");
}

TEST_F(ReportTest, FilesOnlyWhereAskedFor) {
  EXPECT_FALSE(parsed().contains("files"));
  report_.with_files = true;
  const json files = parsed()["files"];
  ASSERT_EQ(files.size(), analysis_->contents.tree.size());
  std::set<std::string> paths;
  for (const json& file : files) {
    paths.insert(file["path"].get<std::string>());
    EXPECT_TRUE(file["decision"] == "keep" || file["decision"] == "drop") << file;
    EXPECT_FALSE(file["reason"]["kind"].get<std::string>().empty()) << file;
  }
  EXPECT_EQ(paths.size(), files.size()) << "each path once";
  EXPECT_THAT(paths, Contains("/" + evil_name));
}

TEST_F(ReportTest, SecretsAreRedactedUnlessAskedFor) {
  const json env = parsed()["image"]["config"]["Env"];
  EXPECT_THAT(env, Contains("DB_PASSWORD=***"));
  EXPECT_THAT(env, Contains("MODE=fast"));
  EXPECT_EQ(parsed()["image"]["config"]["Labels"]["maintainer"], "somebody");
  EXPECT_EQ(parsed()["layers"][1]["created_by"], "RUN |1 TOKEN=*** rm");
  EXPECT_THAT(json_text(), Not(HasSubstr("hunter2")));
  EXPECT_THAT(text(), Not(HasSubstr("hunter2")));
  report_.show_secrets = true;
  EXPECT_THAT(parsed()["image"]["config"]["Env"], Contains("DB_PASSWORD=hunter2"));
}

TEST_F(ReportTest, TextEscapesWhatComesFromTheImage) {
  const std::string shown = text();
  EXPECT_THAT(shown, HasSubstr("/opt/\\x1b[31mevil\\x0a::error::x"));
  EXPECT_THAT(shown, HasSubstr("ADD \\x1b[2Jbase"));
  EXPECT_THAT(shown, Not(HasSubstr("\x1b")));
  EXPECT_THAT(shown, Not(HasSubstr("\n::error")));
}

TEST_F(ReportTest, SaysWhatRunsAdded) {
  report_.verdict = Verdict{};
  report_.runs = ReportRuns{.observed = {"/opt/\x1b[31mseen"},
                            .healed = {{.path = "/opt/healed",
                                        .round = 2,
                                        .probe = "default",
                                        .process = "/bin/cat",
                                        .call = "openat",
                                        .rule = R"({"id": "cat-healed"})"}},
                            .not_healed = {{.path = "/opt/out", .why = "excluded by /opt/out"}},
                            .not_observed = {}};
  const json report = parsed();
  EXPECT_TRUE(report["observed"]["watched"]);
  EXPECT_TRUE(report["observed"]["complete"]);
  EXPECT_EQ(report["healed"][0]["path"], "/opt/healed");
  EXPECT_EQ(report["healed"][0]["round"], 2);
  EXPECT_EQ(report["healed"][0]["process"], "/bin/cat");
  EXPECT_EQ(report["healed"][0]["syscall"], "openat");
  EXPECT_EQ(report["healed"][0]["rule"], R"({"id": "cat-healed"})");
  EXPECT_EQ(report["not_healed"][0]["why"], "excluded by /opt/out");
  const std::string shown = text();
  EXPECT_THAT(shown, HasSubstr("OBSERVED  1 path that"));
  EXPECT_THAT(shown, HasSubstr("/opt/\\x1b[31mseen"));
  EXPECT_THAT(shown, HasSubstr("HEALED  1 path that"));
  report_.runs = ReportRuns{.observed = {}, .healed = {}, .not_healed = {}, .not_observed = "--no-observe"};
  EXPECT_THAT(text(), AllOf(HasSubstr("not observed: --no-observe"), Not(HasSubstr("in part"))));
  report_.runs->observed_whole = false;
  EXPECT_FALSE(parsed()["observed"]["complete"]);
  EXPECT_THAT(text(), HasSubstr("observed in part: a run asked for more than is kept of it"));
}

TEST_F(ReportTest, LanguagesThatAreKeptWholeAreToldWithTheirRules) {
  EXPECT_TRUE(parsed()["kept_whole"].empty());
  EXPECT_THAT(text(), Not(HasSubstr("KEPT WHOLE")));
  for (const char* id : {"ruby", "gems"}) {
    Rule rule;
    rule.id = id;
    rule.why = "names are made at run time";
    rule.whole = "Ruby";
    analysis_->rules.push_back(rule);
  }
  const FileTree& tree = analysis_->contents.tree;
  const auto keep_by = [&](const std::string& path, const std::string& rule) {
    analysis_->plan.decisions[tree.find(path)] = {
        .keep = true, .reason = {.kind = ReasonKind::rule, .from = no_node, .detail = rule}};
  };
  keep_by("/" + evil_name, "ruby");
  keep_by("/opt/again", "ruby");  // the same file
  keep_by("/bin/sh", "gems");
  report_ = make_report(*analysis_);
  const json whole = parsed()["kept_whole"];
  ASSERT_EQ(whole.size(), 1U);
  EXPECT_EQ(whole[0]["language"], "Ruby");
  EXPECT_EQ(whole[0]["rules"], json({"gems", "ruby"}));
  EXPECT_EQ(whole[0]["bytes"], 5006);
  EXPECT_EQ(whole[0]["files"], 2);
  EXPECT_THAT(text(),
              AllOf(HasSubstr("KEPT WHOLE\n  Ruby"), HasSubstr("by rule gems, ruby: names are made")));
}

TEST_F(ReportTest, AJarWithinAnotherSaysWhereItLies) {
  report_.packages.push_back({.name = "g:a", .version = "1", .type = "jar", .inside = "/app/shop.war"});
  const json packages = parsed()["packages"];
  EXPECT_EQ(packages.back()["inside"], "/app/shop.war");
  EXPECT_FALSE(packages.front().contains("inside"));
}

TEST_F(ReportTest, TextSaysTheSums) {
  const std::string shown = text();
  EXPECT_THAT(shown, HasSubstr("app:1"));
  EXPECT_THAT(shown, HasSubstr(human_size(report_.totals.kept.bytes)));
  EXPECT_THAT(shown, HasSubstr(human_size(report_.totals.all.bytes)));
  EXPECT_THAT(shown, HasSubstr("runs /app/start"));
  EXPECT_THAT(shown, HasSubstr("next: slim build oci:" + folder_.path()));
}

TEST_F(ReportTest, ColoursAreOnlyForTerminals) {
  std::ostringstream out;
  render_text(report_, {.colour = true, .width = 100}, out);
  EXPECT_THAT(out.str(), HasSubstr("\x1b[1m"));
}

TEST_F(ReportTest, TheSameTwice) {
  const Report again = make_report(*analysis_);
  std::ostringstream out;
  render_json(again, out);
  EXPECT_EQ(out.str(), json_text());
}

TEST(RenderVerdict, TextShowsEachDifferenceEscaped) {
  std::ostringstream out;
  render_verdict(test::different_verdict(), {.colour = false, .width = 100}, out);
  const std::string shown = out.str();
  EXPECT_THAT(shown, HasSubstr("VERDICT  different  the \\x1b[31mreason\n"));
  EXPECT_THAT(shown, HasSubstr("    +::error::bad\\x1b[2J\n"));
  EXPECT_THAT(shown, HasSubstr("     \\x3a\\x3awarning::same\n")) << "a CI service skips blanks";
  EXPECT_THAT(shown, HasSubstr("likely cause: /usr/lib/x\\x0a"));
}

TEST(RenderVerdict, JsonHasAllOfIt) {
  std::ostringstream out;
  render_verdict_json(test::different_verdict(), out);
  const json verdict = json::parse(out.str());
  EXPECT_EQ(verdict["schema_version"], 1);
  EXPECT_EQ(verdict["verdict"]["result"], "different");
  EXPECT_EQ(verdict["verdict"]["differences"][0]["what"], "standard output");
  EXPECT_EQ(verdict["verdict"]["probes"][0]["note"], "a note");
}

}  // namespace
}  // namespace slim
