// One page that needs nothing else: the JSON report as it is, the table of files, and the program that shows
// them. Its content security policy (CSP Level 3) allows the two scripts and the style by their digests and
// nothing more, so that no text of an image could run or fetch anything even if it became markup, which no
// text does: the script sets texts alone.
#include <cstddef>
#include <ostream>
#include <set>
#include <span>
#include <sstream>
#include <string>
#include <string_view>

#include <fmt/format.h>
#include <fmt/ostream.h>
#include <nlohmann/json.hpp>

#include "analyzer/digest.h"
#include "analyzer/file_tree.h"
#include "analyzer/packages.h"
#include "analyzer/registry_credentials.h"
#include "analyzer/rules.h"
#include "cli/html_escape.h"
#include "cli/html_page.h"
#include "cli/json_output.h"
#include "cli/report.h"
#include "cli/report_html_files.h"
#include "cli/report_results.h"
#include "slimmer/analysis.h"
#include "slimmer/plan.h"
#include "slimmer/why.h"

namespace slim {
namespace {

using json = nlohmann::ordered_json;

/// A source of a content security policy: the inline script or style with exactly this text.
std::string source_of(std::string_view text) {
  Hasher hasher;
  hasher.update(std::as_bytes(std::span(text)));
  const ContentHash hash = hasher.finish_raw();
  return fmt::format("'sha256-{}'", to_base64({reinterpret_cast<const char*>(hash.data()), hash.size()}));
}

/// What the table of files refers to by number, and what its reasons are called.
json names_json(const Report& report) {
  const Analysis& analysis = *report.analysis;
  json reasons = json::array();
  for (std::size_t i = 0; i <= static_cast<std::size_t>(ReasonKind::unreached); ++i) {
    const auto kind = static_cast<ReasonKind>(i);
    reasons.push_back({{"kind", to_string(kind)}, {"phrase", phrase(kind)}});
  }
  std::set<std::string_view> used;
  for (const Decision& decision : analysis.plan.decisions) {
    const ReasonKind kind = decision.reason.kind;
    if (kind == ReasonKind::rule || kind == ReasonKind::rule_drop) used.insert(decision.reason.detail);
  }
  json rules = json::object();
  for (const Rule& rule : analysis.rules) {
    if (used.contains(rule.id)) rules[rule.id] = {{"why", rule.why}, {"source", rule.source}};
  }
  json packages = json::array();
  for (const Package& package : analysis.packages.list) {
    packages.push_back({{"name", package.name}, {"version", package.version}, {"type", package.type}});
    if (package.inside != no_node) packages.back()["inside"] = analysis.contents.tree.path(package.inside);
  }
  const WeakReasonWords weak;
  return {{"reasons", reasons},
          {"weak", {weak.before, weak.between, weak.behind}},
          {"rules", rules},
          {"packages", packages}};
}

void write_data(const Report& report, std::size_t place, std::ostream& out) {
  Report without_files = report;
  without_files.with_files = false;  // the table has them
  std::ostringstream text;
  render_json(without_files, text);
  fmt::print(out, "<script type=\"application/json\" id=\"report-{}\">{}</script>\n", place,
             script_json(text.view()));
  fmt::print(out, "<script type=\"application/json\" id=\"names-{}\">{}</script>\n", place,
             script_json(dump(names_json(report), -1)));
  fmt::print(out, R"(<script type="application/gzip;base64" id="files-{}">)", place);
  write_compressed_file_table(report, out);
  out << "</script>\n";
}

void write_page(const std::string& title, std::span<const Report> reports, std::ostream& out) {
  out << "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n";
  fmt::print(out,
             "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; script-src {} {}; "
             "style-src {}; base-uri 'none'; form-action 'none'\">\n",
             source_of(html_library()), source_of(html_script()), source_of(html_style()));
  out << "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
         "<meta name=\"color-scheme\" content=\"light dark\">\n<meta name=\"referrer\" "
         "content=\"no-referrer\">\n";
  fmt::print(out, "<title>{} - slim</title>\n<style>{}</style>\n</head>\n<body>\n", html_text(title),
             html_style());
  out << html_body();
  for (std::size_t i = 0; i < reports.size(); ++i) write_data(reports[i], i, out);
  fmt::print(out, "<!--\n{}-->\n<script>{}</script>\n<script>{}</script>\n</body>\n</html>\n", html_licence(),
             html_library(), html_script());
}

}  // namespace

void render_html(std::span<const Report> reports, std::ostream& out) {
  if (reports.empty()) return;
  std::string title = image_label(reports.front());
  if (image_label(reports.back()) != title) title += fmt::format(" and {} more", reports.size() - 1);
  write_page(title, reports, out);
}

}  // namespace slim
