#include "cli/provenance.h"

#include <string>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "analyzer/digest.h"
#include "analyzer/error.h"

namespace slim {
namespace {

using Flags = std::vector<std::pair<std::string, std::vector<std::string>>>;

Flags flags_of(const std::vector<std::string>& words, bool show_secrets = false) {
  CLI::App app;
  std::vector<std::string> env;
  std::vector<std::string> rules;
  std::vector<std::string> exec;
  std::string output;
  bool no_run = false;
  app.add_option("--env,-e", env)->allow_extra_args(false);
  app.add_option("--rules", rules)->allow_extra_args(false);
  app.add_option("--exec", exec)->allow_extra_args(false);
  app.add_option("-o,--output", output);
  app.add_flag("--no-run", no_run);
  app.parse(std::vector<std::string>(words.rbegin(), words.rend()));
  return provenance_flags(app, show_secrets);
}

TEST(ProvenanceFlags, AreThoseThatDecideTheResult) {
  EXPECT_EQ(flags_of({"-o", "oci:/home/x", "--no-run", "-e", "A=1", "-e", "B=2"}),
            (Flags{{"env", {"A=1", "B=2"}}, {"no-run", {"true"}}}));
  EXPECT_EQ(flags_of({}), Flags{});
}

TEST(ProvenanceFlags, NameNoFolderOfThisMachine) {
  EXPECT_EQ(flags_of({"--rules", "/home/someone/rules.json"}), (Flags{{"rules", {"rules.json"}}}));
}

TEST(ProvenanceFlags, RedactSecrets) {
  const std::vector<std::string> words{"-e", "DB_PASSWORD=hunter2", "--exec", "login --password hunter2"};
  const Flags redacted = flags_of(words);
  EXPECT_EQ(redacted[0].second, std::vector<std::string>{"DB_PASSWORD=***"});
  EXPECT_EQ(redacted[1].second.at(0).find("hunter2"), std::string::npos);
  EXPECT_EQ(flags_of(words, true)[0].second, std::vector<std::string>{"DB_PASSWORD=hunter2"});
}

TEST(ProvenanceFiles, OneThatIsGoneIsAnInputError) {
  try {
    provenance_files({"/nonexistent/rules.json"});
    ADD_FAILURE() << "read it";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::input);
  }
}

TEST(ProvenanceStatement, IsAnInTotoStatementWithSlsaProvenance) {
  Provenance all;
  all.subject = {.name = "app:slim", .digest = Digest::of("out"), .platform = {}, .verdict = {}};
  all.images = {{.name = "app:1", .digest = Digest::of("in"), .platform = "linux/amd64", .verdict = "same"}};
  all.others = {{.name = "rules.json", .digest = Digest::of("rules"), .platform = {}, .verdict = {}}};
  all.flags = {{"profile", {"minimal"}}};
  const std::string text = provenance_statement(all);
  EXPECT_EQ(text, provenance_statement(all));
  const auto statement = nlohmann::json::parse(text);
  EXPECT_EQ(statement["_type"], "https://in-toto.io/Statement/v1");
  EXPECT_EQ(statement["predicateType"], "https://slsa.dev/provenance/v1");
  EXPECT_EQ(statement["subject"][0]["digest"]["sha256"], std::string(Digest::of("out").hex()));
  const auto& definition = statement["predicate"]["buildDefinition"];
  EXPECT_EQ(definition["externalParameters"]["image"], "app:1");
  EXPECT_EQ(definition["externalParameters"]["flags"]["profile"][0], "minimal");
  ASSERT_EQ(definition["resolvedDependencies"].size(), 2U);
  EXPECT_EQ(definition["resolvedDependencies"][0]["digest"]["sha256"], std::string(Digest::of("in").hex()));
  EXPECT_EQ(definition["resolvedDependencies"][0]["annotations"]["platform"], "linux/amd64");
  EXPECT_EQ(definition["resolvedDependencies"][1]["name"], "rules.json");
  EXPECT_EQ(statement["predicate"]["runDetails"]["slim_verdicts"][0]["verdict"], "same");
}

}  // namespace
}  // namespace slim
