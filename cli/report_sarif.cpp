// SARIF 2.1.0 (OASIS, 2020), as code scanning services read it: a run for each image. What is wrong is a
// result with its rule, level, place and fingerprints. Places are paths in the image, relative to its root;
// what is about the image as a whole has the image's name in that place, since GitHub shows no result without
// one.
#include <algorithm>
#include <cstddef>
#include <functional>
#include <map>
#include <ostream>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "analyzer/image.h"
#include "cli/escape.h"
#include "cli/json_output.h"
#include "cli/report.h"
#include "cli/report_results.h"

namespace slim {
namespace {

using json = nlohmann::ordered_json;

constexpr std::size_t most_results = 5000;  ///< GitHub shows no more of a run
constexpr std::string_view root_id = "IMAGE";

std::string_view level_text(ResultLevel level) {
  if (level == ResultLevel::error) return "error";
  return level == ResultLevel::warning ? "warning" : "note";
}

/// As GitHub ranks rules that are about security: a number from 0 to 10.
std::string_view security_severity(ResultLevel level) {
  if (level == ResultLevel::error) return "8.0";
  return level == ResultLevel::warning ? "5.5" : "2.0";
}

json rule_json(const ResultRule& rule) {
  const std::string title = sarif_text(rule.title);
  const std::string help = sarif_text(rule.help);
  json properties = {{"tags", rule.security ? json{"security", "container"} : json{"container"}}};
  if (rule.security) properties["security-severity"] = security_severity(rule.level);
  return {{"id", rule.id},
          {"shortDescription", {{"text", title}}},
          {"fullDescription", {{"text", title + ". " + help}}},
          {"help", {{"text", help}, {"markdown", markdown_text(rule.help)}}},
          {"defaultConfiguration", {{"level", level_text(rule.level)}}},
          {"properties", std::move(properties)}};
}

json location_json(const ReportResult& result, const std::string& label) {
  json artifact;
  if (result.path.empty()) {
    artifact = {{"uri", uri_path(label)}};
  } else {
    artifact = {{"uri", uri_path(result.path)}, {"uriBaseId", root_id}};
  }
  const std::string image = sarif_text(label);
  const std::string place = result.layer ? fmt::format("layer {}", *result.layer + 1) : "image";
  return {
      {"physicalLocation", {{"artifactLocation", std::move(artifact)}, {"region", {{"startLine", 1}}}}},
      {"logicalLocations",
       json::array({{{"name", place}, {"fullyQualifiedName", image + "/" + place}, {"kind", "module"}}})}};
}

json result_json(const ReportResult& result, std::size_t rule, const std::string& label) {
  return {{"ruleId", result.rule},
          {"ruleIndex", rule},
          {"level", level_text(result.level)},
          {"message", {{"text", sarif_text(result.message)}}},
          {"locations", json::array({location_json(result, label)})},
          {"partialFingerprints",
           {{"primaryLocationLineHash", result.fingerprint.substr(0, 16) + ":1"},
            {"slim/v1", result.fingerprint}}},
          {"properties", {{"severity", result.severity}}}};
}

/// GitHub keeps the alerts of runs apart by their category, which is all before the last slash.
std::string category_of(const Report& report, std::set<std::string>& taken) {
  const std::string name = lasting_name(report);
  const std::string plain =
      fmt::format("slim/{}/{}", name.empty() ? image_label(report) : name, report.platform);
  std::string category = plain;
  for (std::size_t number = 2; !taken.insert(category).second; ++number)
    category = fmt::format("{}/{}", plain, number);
  return sarif_text(category) + "/";
}

/// `category` of the run where there are several; else empty.
json run_json(const Report& report, const std::string& category) {
  std::vector<ReportResult> results = results_of(report);
  const std::size_t left_out = results.size() > most_results ? results.size() - most_results : 0;
  if (left_out > 0) {
    std::ranges::stable_sort(results, std::greater(), &ReportResult::level);
    results.resize(most_results);
  }
  const std::string label = image_label(report);
  std::map<std::string, std::size_t> numbers;
  json rules = json::array();
  json list = json::array();
  for (const ReportResult& result : results) {
    const auto [rule, added] = numbers.try_emplace(result.rule, rules.size());
    if (added) rules.push_back(rule_json(rule_of(result.rule)));
    list.push_back(result_json(result, rule->second, label));
  }
  json invocation = {{"executionSuccessful", true}};
  if (left_out > 0) {
    invocation["toolExecutionNotifications"] = json::array(
        {{{"level", "warning"},
          {"message", {{"text", fmt::format("{} results of the lowest levels are left out", left_out)}}}}});
  }
  json tool = tool_json();
  tool["rules"] = std::move(rules);
  json run = {{"tool", {{"driver", std::move(tool)}}}, {"invocations", json::array({std::move(invocation)})}};
  if (!category.empty()) run["automationDetails"] = {{"id", category}};
  run["originalUriBaseIds"] = {
      {root_id,
       {{"uri", "file:///"}, {"description", {{"text", "the root folder of " + sarif_text(label)}}}}}};
  run["results"] = std::move(list);
  run["properties"] = {{"image", terminal_text(label)},
                       {"digest", report.analysis->contents.image().digest.text()},
                       {"platform", terminal_text(report.platform)}};
  return run;
}

}  // namespace

void render_sarif(std::span<const Report> reports, std::ostream& out) {
  json runs = json::array();
  std::set<std::string> taken;
  for (const Report& report : reports)
    runs.push_back(run_json(report, reports.size() > 1 ? category_of(report, taken) : ""));
  out << dump({{"$schema",
                "https://docs.oasis-open.org/sarif/sarif/v2.1.0/os/schemas/sarif-schema-2.1.0.json"},
               {"version", "2.1.0"},
               {"runs", std::move(runs)}},
              2)
      << '\n';
}

}  // namespace slim
