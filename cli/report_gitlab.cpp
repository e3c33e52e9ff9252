// GitLab's code quality report: a list of {description, check_name, fingerprint, severity, location}, after
// the subset of Code Climate's format that GitLab's manual describes. A fingerprint is there once in a
// report.
#include <ostream>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include <nlohmann/json.hpp>

#include "cli/escape.h"
#include "cli/json_output.h"
#include "cli/report.h"
#include "cli/report_results.h"

namespace slim {
namespace {

using json = nlohmann::ordered_json;

std::string_view severity_of(const ReportResult& result) {
  if (result.rule.starts_with("gate/")) return "blocker";
  if (result.severity == "high") return "critical";
  if (result.severity == "medium") return "major";
  return result.severity == "low" ? "minor" : "info";
}

/// Relative, as GitLab wants it; of the image as a whole its name.
std::string path_of(const ReportResult& result, const Report& report) {
  const std::string& path = result.path.empty() ? image_label(report) : result.path;
  return terminal_text(path.starts_with('/') ? std::string_view(path).substr(1) : std::string_view(path));
}

json result_json(const ReportResult& result, const Report& report, bool one_of_many) {
  std::string message = rule_of(result.rule).title + ": " + result.message;
  if (one_of_many) message = image_label(report) + " " + report.platform + ": " + message;
  return {{"description", terminal_text(message)},
          {"check_name", result.rule},
          {"fingerprint", result.fingerprint},
          {"severity", severity_of(result)},
          {"location", {{"path", path_of(result, report)}, {"lines", {{"begin", 1}}}}}};
}

}  // namespace

void render_gitlab(std::span<const Report> reports, std::ostream& out) {
  json list = json::array();
  std::set<std::string> taken;
  for (const Report& report : reports) {
    for (ReportResult& result : results_of(report)) {
      // Two versions of one image have the same.
      while (!taken.insert(result.fingerprint).second)
        result.fingerprint = fingerprint_of(result.fingerprint);
      list.push_back(result_json(result, report, reports.size() > 1));
    }
  }
  out << dump(list, 2) << '\n';
}

}  // namespace slim
