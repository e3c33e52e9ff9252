// JUnit's XML as CI services read it: testsuites, testsuite, testcase with failure, error or skipped. A suite
// for each of what a policy limits, what was compared, and what was found. Findings of high and medium
// severity fail; the others pass, and say what they are.
#include <algorithm>
#include <cstddef>
#include <ostream>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "cli/escape.h"
#include "cli/gate_result.h"
#include "cli/report.h"
#include "cli/report_results.h"
#include "runner/verdict.h"

namespace slim {
namespace {

/// Texts as they came, hostile; of `detail` each line is escaped already where it is to stay one line.
struct Case {
  std::string name;
  std::string outcome;  ///< failure, error or skipped; empty: it passed
  std::string message;  ///< of the outcome
  std::string detail;   ///< lines; may be empty
};

struct Suite {
  std::string name;
  std::vector<Case> cases;

  [[nodiscard]] std::size_t count(std::string_view outcome) const {
    return static_cast<std::size_t>(std::ranges::count(cases, outcome, &Case::outcome));
  }
};

Suite gate_suite(const GateResult& gate) {
  Suite suite{.name = "gate", .cases = {}};
  for (const GateCheck& check : gate.checks) {
    Case one{.name = check.path.empty() ? check.rule : check.rule + ": " + check.path,
             .outcome = check.passed ? "" : "failure",
             .message = check.message,
             .detail = {}};
    if (!check.measured.empty())
      one.detail =
          fmt::format("measured: {}\nlimit: {}\n", terminal_text(check.measured), terminal_text(check.limit));
    for (const std::string& first : check.first) one.detail += "first: " + terminal_text(first) + "\n";
    suite.cases.push_back(std::move(one));
  }
  return suite;
}

Case probe_case(const Verdict& verdict, const ProbeResult& probe) {
  Case one{.name = probe.name,
           .outcome = {},
           .message = probe.note,
           .detail = terminal_text(probe.summary) + "\n"};
  if (probe.outcome == Outcome::inconclusive) one.outcome = "error";
  if (probe.outcome == Outcome::not_run) one.outcome = "skipped";
  if (probe.outcome != Outcome::different) return one;
  one.outcome = "failure";
  std::vector<std::string> what;
  for (const Difference& difference : verdict.differences) {
    if (difference.probe != probe.name) continue;
    what.push_back(difference.what);
    one.detail +=
        fmt::format("{} [{}]\n", terminal_text(sentence_of(difference)), to_string(difference.failure));
    one.detail += difference.diff;
    if (!difference.causes.empty()) {
      one.detail += fmt::format("\nlikely cause, in the original only: {}\n",
                                terminal_text(fmt::format("{}", fmt::join(difference.causes, ", "))));
    }
  }
  one.message = fmt::format("{}", fmt::join(what, "; "));
  return one;
}

Suite verdict_suite(const Verdict& verdict) {
  Suite suite{.name = "verdict", .cases = {}};
  for (const ProbeResult& probe : verdict.probes) suite.cases.push_back(probe_case(verdict, probe));
  if (suite.cases.empty()) {
    std::string outcome = "error";
    if (verdict.outcome == Outcome::same) outcome.clear();
    if (verdict.outcome == Outcome::not_run) outcome = "skipped";
    if (verdict.outcome == Outcome::different) outcome = "failure";
    suite.cases.push_back({.name = "verdict",
                           .outcome = outcome,
                           .message = verdict.reason,
                           .detail = terminal_text(verdict.hint)});
  }
  return suite;
}

Suite findings_suite(const Report& report) {
  Suite suite{.name = "findings", .cases = {}};
  for (const ReportResult& result : results_of(report)) {
    if (result.rule.starts_with("gate/") || result.rule.starts_with("verdict/")) continue;
    const bool fails = result.level != ResultLevel::note;
    suite.cases.push_back({.name = result.path.empty() ? result.rule : result.rule + ": " + result.path,
                           .outcome = fails ? "failure" : "",
                           .message = fails ? result.message : "",
                           .detail = fails ? "" : terminal_text(result.message) + "\n"});
  }
  return suite;
}

void write_case(const Case& one, const std::string& name, std::ostream& out) {
  out << fmt::format(R"(    <testcase classname="{}" name="{}")", xml_text(name), xml_text(one.name));
  if (one.outcome.empty() && one.detail.empty()) {
    out << "/>\n";
    return;
  }
  out << ">\n";
  if (one.outcome.empty()) {
    out << "      <system-out>" << xml_lines(one.detail) << "</system-out>\n";
  } else {
    out << fmt::format("      <{} message=\"{}\">{}</{}>\n", one.outcome, xml_text(one.message),
                       xml_lines(one.detail), one.outcome);
  }
  out << "    </testcase>\n";
}

void write_suites(const std::vector<std::pair<std::string, Suite>>& suites, std::ostream& out) {
  std::size_t tests = 0;
  std::size_t failures = 0;
  std::size_t errors = 0;
  for (const auto& [label, suite] : suites) {
    tests += suite.cases.size();
    failures += suite.count("failure");
    errors += suite.count("error");
  }
  out << "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
      << fmt::format("<testsuites name=\"slim\" tests=\"{}\" failures=\"{}\" errors=\"{}\">\n", tests,
                     failures, errors);
  for (const auto& [label, suite] : suites) {
    out << fmt::format(
        "  <testsuite name=\"{}\" tests=\"{}\" failures=\"{}\" errors=\"{}\" skipped=\"{}\">\n",
        xml_text(label + ": " + suite.name), suite.cases.size(), suite.count("failure"), suite.count("error"),
        suite.count("skipped"));
    for (const Case& one : suite.cases) write_case(one, label + "." + suite.name, out);
    out << "  </testsuite>\n";
  }
  out << "</testsuites>\n";
}

}  // namespace

void render_junit(std::span<const Report> reports, std::ostream& out) {
  std::vector<std::pair<std::string, Suite>> suites;
  for (const Report& report : reports) {
    std::string label = image_label(report);
    if (reports.size() > 1) label += " " + report.platform;
    if (report.gate) suites.emplace_back(label, gate_suite(*report.gate));
    if (report.verdict) suites.emplace_back(label, verdict_suite(*report.verdict));
    suites.emplace_back(label, findings_suite(report));
  }
  write_suites(suites, out);
}

void render_verdict_junit(const Verdict& verdict, std::ostream& out) {
  write_suites({{"slim verify", verdict_suite(verdict)}}, out);
}

}  // namespace slim
