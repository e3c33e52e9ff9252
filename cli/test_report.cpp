// JUnit's XML as CI services read it: testsuites, testsuite, testcase, failure.
#include "cli/test_report.h"

#include <algorithm>
#include <cstddef>
#include <ostream>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "analyzer/error.h"
#include "cli/escape.h"
#include "cli/json_output.h"
#include "cli/terminal.h"

namespace slim {
namespace {

void render_text(const TestReport& report, const TextStyle& style, std::ostream& out) {
  for (const auto& result : report.results) {
    const bool passed = result.failure.empty();
    const auto word = passed ? paint(style, Colour::green, "ok  ") : paint(style, Colour::red, "FAIL");
    out << fmt::format("{}  {}\n", word, terminal_text(result.name));
    if (!passed) {
      out << fmt::format("      {}\n      {}\n", terminal_text(result.failure),
                         paint(style, Colour::dim, terminal_text(result.origin.text())));
    }
  }
  const auto failed = report.failed();
  const auto count = report.results.size();
  out << fmt::format("{} test{}: {} passed, {} failed\n", count, count == 1 ? "" : "s", count - failed,
                     failed);
}

void render_json(const TestReport& report, std::ostream& out) {
  using Json = nlohmann::ordered_json;
  Json tests = Json::array();
  for (const auto& result : report.results) {
    Json test = {{"name", result.name},
                 {"file", result.origin.file},
                 {"line", result.origin.line},
                 {"passed", result.failure.empty()}};
    if (!result.failure.empty()) test["failure"] = result.failure;
    if (result.seconds > 0) test["seconds"] = result.seconds;
    tests.push_back(std::move(test));
  }
  const Json document = {{"schema_version", 1},
                         {"tool", tool_json()},
                         {"image", {{"ref", report.image}}},
                         {"passed", report.results.size() - report.failed()},
                         {"failed", report.failed()},
                         {"tests", std::move(tests)}};
  out << dump(document, 2) << '\n';
}

void render_junit(const TestReport& report, std::ostream& out) {
  double seconds = 0;
  for (const auto& result : report.results) seconds += result.seconds;
  const auto counts = fmt::format(R"(tests="{}" failures="{}" time="{:.3f}")", report.results.size(),
                                  report.failed(), seconds);
  out << "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";
  out << fmt::format("<testsuites {}>\n  <testsuite name=\"{}\" {}>\n", counts, xml_text(report.image),
                     counts);
  for (const auto& result : report.results) {
    out << fmt::format(R"(    <testcase classname="{}" name="{}" file="{}" line="{}" time="{:.3f}")",
                       xml_text(report.image), xml_text(result.name), xml_text(result.origin.file),
                       result.origin.line, result.seconds);
    if (result.failure.empty()) {
      out << "/>\n";
    } else {
      out << fmt::format(">\n      <failure message=\"{}\"/>\n    </testcase>\n", xml_text(result.failure));
    }
  }
  out << "  </testsuite>\n</testsuites>\n";
}

}  // namespace

std::size_t TestReport::failed() const {
  return static_cast<std::size_t>(
      std::ranges::count_if(results, [](const TestResult& result) { return !result.failure.empty(); }));
}

TestFormat test_format_of(std::string_view name) {
  if (name == "text") return TestFormat::text;
  if (name == "json") return TestFormat::json;
  if (name == "junit") return TestFormat::junit;
  throw Error(ErrorKind::usage, fmt::format("--format {}", name), "expected text, json or junit");
}

void render_test_report(const TestReport& report, TestFormat format, const TextStyle& style,
                        std::ostream& out) {
  switch (format) {
    case TestFormat::text: {
      render_text(report, style, out);
      return;
    }
    case TestFormat::json: {
      render_json(report, out);
      return;
    }
    case TestFormat::junit: {
      render_junit(report, out);
      return;
    }
  }
}

}  // namespace slim
