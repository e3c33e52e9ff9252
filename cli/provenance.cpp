// in-toto Statement v1 (in-toto/attestation, spec/v1/statement.md) with the predicate of SLSA provenance v1
// (slsa.dev/spec/v1.0/provenance). What slim adds to it has the prefix slim_, as the specification asks.
#include "cli/provenance.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <ios>
#include <iterator>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "analyzer/digest.h"
#include "analyzer/error.h"
#include "cli/escape.h"
#include "cli/json_output.h"
#include "cli/version.h"

namespace slim {
namespace {

using json = nlohmann::ordered_json;

/// Where the result goes, how it is told, and what makes it faster.
constexpr auto without_effect = std::to_array<std::string_view>(
    {"help", "output", "report", "format", "quiet", "verbose", "progress", "no-color", "cache", "no-cache",
     "jobs", "provenance", "sbom", "dockerfile", "files", "show-secrets"});
constexpr auto files = std::to_array<std::string_view>({"rules", "probe", "trace"});

std::string told_value(std::string_view flag, const std::string& value, bool show_secrets) {
  if (std::ranges::find(files, flag) != files.end()) return std::filesystem::path(value).filename().string();
  if (show_secrets) return value;
  if (flag != "env") return redacted_words(value);
  const auto equals = value.find('=');
  if (equals == std::string::npos) return value;
  const std::string name = value.substr(0, equals);
  return name + "=" + redacted(name, value.substr(equals + 1));
}

json resource(const ProvenanceItem& item) {
  json entry = {{"name", item.name}};
  if (!item.digest.empty()) entry["digest"] = {{item.digest.algorithm(), item.digest.hex()}};
  if (!item.platform.empty()) entry["annotations"] = {{"platform", item.platform}};
  return entry;
}

}  // namespace

std::vector<std::pair<std::string, std::vector<std::string>>> provenance_flags(const CLI::App& command,
                                                                               bool show_secrets) {
  std::vector<std::pair<std::string, std::vector<std::string>>> flags;
  for (const CLI::Option* option : command.get_options()) {
    const std::vector<std::string>& names = option->get_lnames();
    if (option->count() == 0 || names.empty()) continue;
    if (std::ranges::find(without_effect, names.front()) != without_effect.end()) continue;
    std::vector<std::string> values;
    for (const std::string& value : option->results())
      values.push_back(told_value(names.front(), value, show_secrets));
    flags.emplace_back(names.front(), std::move(values));
  }
  std::ranges::sort(flags);
  return flags;
}

std::vector<ProvenanceItem> provenance_files(const std::vector<std::string>& paths) {
  std::vector<ProvenanceItem> items;
  for (const std::string& path : paths) {
    std::ifstream file(path, std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
    if (!file) throw Error(ErrorKind::input, path, "cannot read it for --provenance");
    items.push_back({.name = std::filesystem::path(path).filename().string(),
                     .digest = Digest::of(text),
                     .platform = {},
                     .verdict = {}});
  }
  return items;
}

std::string provenance_statement(const Provenance& provenance) {
  json flags = json::object();
  for (const auto& [name, values] : provenance.flags) flags[name] = values;
  json dependencies = json::array();
  json verdicts = json::array();
  for (const ProvenanceItem& image : provenance.images) {
    dependencies.push_back(resource(image));
    verdicts.push_back({{"platform", image.platform}, {"verdict", image.verdict}});
  }
  for (const ProvenanceItem& other : provenance.others) dependencies.push_back(resource(other));
  const std::string image = provenance.images.empty() ? std::string() : provenance.images.front().name;
  const json predicate = {
      {"buildDefinition",
       {{"buildType", "https://slim.dev/build/v1"},
        {"externalParameters", {{"image", image}, {"flags", std::move(flags)}}},
        {"resolvedDependencies", std::move(dependencies)}}},
      {"runDetails",
       {{"builder", {{"id", "https://slim.dev/slim"}, {"version", {{"slim", version()}}}}},
        {"slim_verdicts", std::move(verdicts)}}}};
  const json statement = {{"_type", "https://in-toto.io/Statement/v1"},
                          {"subject", json::array({resource(provenance.subject)})},
                          {"predicateType", "https://slsa.dev/provenance/v1"},
                          {"predicate", predicate}};
  return dump(statement, 2) + "\n";
}

}  // namespace slim
