// The report for pull requests and job summaries, in GitHub Flavored Markdown (0.29): the answer first, then
// what is wrong, then tables that are folded away. GitHub takes 65,536 characters in a comment and 1 MiB in a
// summary: what has no room is left out, table by table and row by row, and named at the end. Names from the
// image stand in code spans, sentences about them behind character references (cli/escape_markup.cpp), so
// that they change nothing but text.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <ostream>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "analyzer/file_tree.h"
#include "analyzer/findings.h"
#include "analyzer/image.h"
#include "cli/escape.h"
#include "cli/gate_result.h"
#include "cli/report.h"
#include "cli/report_results.h"
#include "cli/terminal.h"
#include "runner/verdict.h"
#include "slimmer/heal.h"
#include "slimmer/plan.h"
#include "slimmer/write_image.h"

namespace slim {
namespace {

constexpr std::size_t name_columns = 120;
constexpr std::size_t sentence_columns = 300;
constexpr std::size_t most_rows = 30;
constexpr std::size_t most_diff_bytes = 4000;
constexpr std::size_t end_room = 400;  ///< for what closes a table, and for the last line

std::string name(std::string_view text) {
  return markdown_code(text, name_columns);
}

std::string sentence(std::string_view text) {
  return markdown_text(terminal_text(text, sentence_columns));
}

std::string shrinkage(std::uint64_t before, std::uint64_t after) {
  if (after > before) return "+" + percent(after - before, before);
  return after == before ? "" : "-" + percent(before - after, before);
}

enum class Fold : std::uint8_t { none, closed, open };

/// Markdown up to a limit.
class Page {
 public:
  explicit Page(std::size_t limit) : limit_(limit) {}

  /// A paragraph, heading or list item with its line feeds; false: it had no room.
  bool add(std::string_view block) {
    if (!has_room(block.size())) return false;
    text_ += block;
    return true;
  }

  /// `head` is the table's first two lines; every row is a line. `all`: how many rows there are in truth.
  void table(std::string_view title, Fold fold, std::string_view head, std::span<const std::string> rows,
             std::size_t all) {
    if (rows.empty()) return;
    std::string begin =
        fmt::format("<details{}><summary>{}</summary>\n\n", fold == Fold::open ? " open" : "", title);
    if (fold == Fold::none) begin = fmt::format("### {}\n\n", title);
    begin += head;
    if (!has_room(begin.size() + rows.front().size())) {
      left_out(title);
      return;
    }
    text_ += begin;
    std::size_t written = 0;
    while (written < rows.size() && add(rows[written])) ++written;
    if (written < all)
      text_ += fmt::format("\n{} more; the JSON report has all.\n", human_count(all - written));
    text_ += fold == Fold::none ? "\n" : "\n</details>\n\n";
  }

  void left_out(std::string_view title) { left_out_.emplace_back(title); }

  [[nodiscard]] std::string finished() && {
    if (!left_out_.empty())
      text_ += fmt::format("Left out for want of room: {}.\n", fmt::join(left_out_, ", "));
    return std::move(text_);
  }

 private:
  [[nodiscard]] bool has_room(std::size_t bytes) const { return text_.size() + bytes + end_room <= limit_; }

  std::string text_;
  std::size_t limit_;
  std::vector<std::string> left_out_;
};

std::string head_of(const Report& report) {
  const Image& image = report.analysis->contents.image();
  std::string text = fmt::format("## slim: {} {}\n\n", name(image_label(report)), name(report.platform));
  text += fmt::format("{}\n\n", name(image.digest.text()));
  return text;
}

std::string size_rows(const Report& report) {
  const PlanTotals& totals = report.totals;
  std::string text;
  if (report.output) {
    const WrittenImage& written = report.output->written;
    text = "| | original | slimmed | change |\n|---|---:|---:|---:|\n";
    text += fmt::format("| **size** | {} | **{}** | **{}** |\n", human_size(totals.all.bytes),
                        human_size(totals.kept.bytes), shrinkage(totals.all.bytes, totals.kept.bytes));
    text += fmt::format("| files | {} | {} | {} |\n", human_count(totals.all.files),
                        human_count(totals.kept.files), shrinkage(totals.all.files, totals.kept.files));
    text += fmt::format("| stored | {} | {} | {} |\n", human_size(report.compressed),
                        human_size(written.compressed), shrinkage(report.compressed, written.compressed));
    text += fmt::format("| layers | {} | {} | |\n", report.layers.size(), written.layers.size());
  } else {
    text = "| | all | needed | removable |\n|---|---:|---:|---:|\n";
    text += fmt::format("| **size** | {} | {} | **{} ({})** |\n", human_size(totals.all.bytes),
                        human_size(totals.kept.bytes), human_size(totals.dropped.bytes),
                        percent(totals.dropped.bytes, totals.all.bytes));
    text += fmt::format("| files | {} | {} | {} |\n", human_count(totals.all.files),
                        human_count(totals.kept.files), human_count(totals.dropped.files));
    text += fmt::format("| stored | {} in {} layers | | |\n", human_size(report.compressed),
                        report.layers.size());
  }
  text += fmt::format("\nEfficiency {:.1f} %, wasted {}, hidden by later layers {}.\n\n",
                      100.0 * report.efficiency.efficiency, human_size(report.efficiency.wasted),
                      human_size(report.efficiency.hidden));
  return text;
}

void add_gate(const GateResult& gate, Page& page) {
  page.add(fmt::format("**Gate: {}** by {}{}\n\n", gate.passed() ? "passed" : "failed", name(gate.policy),
                       gate.baseline.empty() ? "" : ", compared with " + name(gate.baseline)));
  std::vector<std::string> rows;
  for (const bool passed : {false, true}) {  // what is violated comes first
    for (const GateCheck& check : gate.checks) {
      if (check.passed != passed) continue;
      std::string first;
      for (const std::string& item : check.first) first += (first.empty() ? "" : ", ") + name(item);
      rows.push_back(fmt::format("| {} | {} | {} | {} | {} | {} |\n", passed ? "ok" : "**violated**",
                                 name(check.rule), sentence(check.measured), sentence(check.limit),
                                 passed ? "" : sentence(check.message), first));
    }
  }
  page.table("Limits", gate.passed() ? Fold::closed : Fold::none,
             "| | limit | measured | allowed | | what to do first |\n|---|---|---:|---:|---|---|\n", rows,
             rows.size());
}

/// Of what differs: one item with its texts below.
std::string difference_text(const Difference& difference) {
  std::string text = fmt::format("- {} ({}): {}\n\n", name(difference.probe), to_string(difference.failure),
                                 sentence(sentence_of(difference)));
  if (!difference.diff.empty()) {
    std::string diff = difference.diff.substr(0, most_diff_bytes);
    if (diff.size() < difference.diff.size()) diff += "\n...";
    text += markdown_block(diff) + "\n";
  }
  return text;
}

void add_verdict(const Verdict& verdict, Page& page) {
  page.add(fmt::format("**Verdict: {}.** {}\n\n", to_string(verdict.outcome), sentence(verdict.reason)));
  if (!verdict.hint.empty()) page.add(fmt::format("Hint: {}\n\n", sentence(verdict.hint)));
  std::vector<std::string> rows;
  for (const ProbeResult& probe : verdict.probes) {
    const std::string note = probe.note.empty() ? "" : "; " + sentence(probe.note);
    rows.push_back(fmt::format("| {} | {} | {}{} |\n", to_string(probe.outcome), name(probe.name),
                               sentence(probe.summary), note));
  }
  const bool same = verdict.outcome == Outcome::same;
  page.table("Probes", same ? Fold::closed : Fold::none,
             "| result | probe | what was compared |\n|---|---|---|\n", rows, rows.size());
  if (verdict.differences.empty()) return;
  page.add("### Differences\n\n");
  for (std::size_t i = 0; i < verdict.differences.size(); ++i) {
    if (page.add(difference_text(verdict.differences[i]))) continue;
    page.left_out(fmt::format("{} differences", verdict.differences.size() - i));
    break;
  }
  std::vector<std::string> missed;
  for (const MissedPath& path : verdict.missed) {
    missed.push_back(
        fmt::format("| {} | {} | {} |\n", name(path.path), name(path.probe), name(path.program)));
    if (missed.size() == most_rows) break;
  }
  page.table("Paths that only the original has, and a run asked for", Fold::closed,
             "| path | probe | asked for by |\n|---|---|---|\n", missed, verdict.missed.size());
}

void add_runs(const ReportRuns& runs, Page& page) {
  std::vector<std::string> rows;
  for (const HealedPath& path : runs.healed) {
    rows.push_back(fmt::format("| {} | {} | {} | {} |\n", name(path.path), name(path.probe),
                               name(path.process), path.round));
    if (rows.size() == most_rows) break;
  }
  page.table("Healed: what a run of the slimmed image missed, and is kept now", Fold::closed,
             "| path | probe | asked for by | round |\n|---|---|---|---:|\n", rows, runs.healed.size());
}

void add_findings(const Report& report, Page& page) {
  std::vector<std::string> rows;
  bool severe = false;
  for (const Finding& finding : report.findings) {
    severe = severe || finding.severity == Severity::high;
    if (rows.size() == most_rows) continue;
    std::string count = finding.count > 1 ? human_count(finding.count) : "";
    if (finding.count > 1 && finding.bytes > 0) count += ", " + human_size(finding.bytes);
    rows.push_back(fmt::format("| {} | {} | {} | {} | {} |\n", to_string(finding.severity), name(finding.id),
                               name(finding.path), count, sentence(finding.message)));
  }
  page.table(
      fmt::format("Findings: {}", human_count(report.findings.size())), severe ? Fold::open : Fold::closed,
      "| severity | finding | path | files | |\n|---|---|---|---:|---|\n", rows, report.findings.size());
}

void add_removable(const Report& report, Page& page) {
  const FileTree& tree = report.analysis->contents.tree;
  std::vector<std::string> rows;
  for (const NodeId node : report.biggest_removable) {
    rows.push_back(fmt::format("| {} | {} |\n", human_size(tree.entry(node).size), name(tree.path(node))));
    if (rows.size() == most_rows) break;
  }
  page.table("Biggest removable files", Fold::closed, "| size | path |\n|---:|---|\n", rows, rows.size());
}

void add_layers(const Report& report, Page& page) {
  std::vector<std::string> rows;
  for (std::size_t i = 0; i < report.layers.size(); ++i) {
    const ReportLayer& layer = report.layers[i];
    const std::string created = report.show_secrets ? layer.created_by : redacted_words(layer.created_by);
    rows.push_back(fmt::format("| {} | {} | {} | {} | {} | {} |\n", i + 1, human_size(layer.size),
                               human_size(layer.change.added.bytes), human_size(layer.change.hides.bytes),
                               human_size(layer.wasted), name(created)));
  }
  page.table("Layers", Fold::closed,
             "| layer | stored | adds | hides | hidden | created by |\n|---:|---:|---:|---:|---:|---|\n",
             rows, rows.size());
}

void add_groups(std::string_view title, const std::vector<ReportGroup>& groups, Page& page) {
  std::vector<std::string> rows;
  for (const ReportGroup& group : groups) {
    if (group.bytes == 0 || rows.size() == most_rows) break;
    const std::string label = group.version.empty() ? group.name : group.name + " " + group.version;
    rows.push_back(fmt::format("| {} | {} | {} | {} |\n", name(label), human_size(group.bytes),
                               human_size(group.kept_bytes), human_size(group.bytes - group.kept_bytes)));
  }
  const auto all = static_cast<std::size_t>(
      std::ranges::count_if(groups, [](const ReportGroup& group) { return group.bytes > 0; }));
  page.table(title, Fold::closed, "| | size | needed | removable |\n|---|---:|---:|---:|\n", rows, all);
}

std::string markdown_of(const Report& report, std::size_t limit) {
  Page page(limit);
  page.add(head_of(report));
  if (report.gate) add_gate(*report.gate, page);
  if (report.verdict) add_verdict(*report.verdict, page);
  page.add(size_rows(report));
  if (report.runs) add_runs(*report.runs, page);
  add_findings(report, page);
  add_removable(report, page);
  add_layers(report, page);
  add_groups("Packages", report.packages, page);
  add_groups("Folders", report.folders, page);
  return std::move(page).finished();
}

}  // namespace

void render_markdown(std::span<const Report> reports, std::size_t limit, std::ostream& out) {
  for (const Report& report : reports) out << markdown_of(report, limit / reports.size());
}

void render_verdict_markdown(const Verdict& verdict, std::ostream& out) {
  Page page(comment_limit);
  page.add("## slim verify\n\n");
  add_verdict(verdict, page);
  out << std::move(page).finished();
}

}  // namespace slim
