// The report for people: what it is, what is needed and what is not, where the bytes are, what to know, and
// the next command to type. No more than a screen: in a window it is laid out again, each time with less of
// every list, until it fits.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <numeric>
#include <optional>
#include <ostream>
#include <span>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "analyzer/distroless.h"
#include "analyzer/error.h"
#include "analyzer/file_tree.h"
#include "analyzer/findings.h"
#include "analyzer/image.h"
#include "analyzer/layer_index.h"
#include "cli/escape.h"
#include "cli/gate_report.h"
#include "cli/report.h"
#include "cli/report_tree.h"
#include "cli/terminal.h"
#include "slimmer/analysis.h"
#include "slimmer/heal.h"
#include "slimmer/layer_parts.h"
#include "slimmer/plan.h"
#include "slimmer/roots.h"
#include "slimmer/write_image.h"

namespace slim {
namespace {

/// How many lines of each list are shown, and which parts.
struct Amount {
  std::size_t groups;  ///< folders, packages
  std::size_t layers;
  std::size_t removable;
  std::size_t findings;  ///< kinds
  std::size_t names;     ///< that are not in the image
  bool advice;           ///< below findings
  bool obstacles;        ///< below the score
};

constexpr std::array<Amount, 7> amounts{{
    {8, 12, 6, 12, 5, true, true},
    {6, 8, 5, 8, 3, true, true},
    {5, 6, 4, 6, 2, false, true},
    {4, 5, 3, 6, 0, false, false},
    {3, 4, 2, 5, 0, false, false},
    {2, 3, 0, 4, 0, false, false},
    {0, 0, 0, 3, 0, false, false},
}};

constexpr std::size_t no_end = 1'000'000'000;
constexpr std::size_t name_width = 43;  ///< of folders and packages, at 100 columns
constexpr std::size_t widest_name = 80;
constexpr std::size_t advice_indent = 9;    ///< below the id
constexpr std::size_t finding_indent = 51;  ///< the column at which a finding's paths begin

class TextReport {
 public:
  TextReport(const Report& report, const TextStyle& style, const TextDetail& detail, const Amount& amount,
             std::ostream& out)
      : report_(&report),
        style_(style),
        detail_(detail),
        amount_(amount),
        out_(&out),
        width_(detail.wide ? no_end : std::clamp<std::size_t>(style.width, 60, 140)),
        names_(name_columns()) {}

  void render() {
    head();
    bar();
    if (report_->verdict) {  // of a build: what came out, and whether it holds; `slim analyze` has the rest
      output();
      runs();
      kept_whole();
      distroless();
      warnings();
      line("");
      render_verdict(*report_->verdict, style_, *out_);
    } else {
      layers();
      if (detail_.tree == 0) groups("BY FOLDER", report_->folders);
      tree();
      groups("BY PACKAGE", report_->packages);
      removable();
      findings();
      kept_whole();
      distroless();
      unresolved();
      warnings();
    }
    gate();
    next();
  }

 private:
  /// Of folders and packages: in a wide window more, and as long as the longest where nothing is cut.
  [[nodiscard]] std::size_t name_columns() const {
    constexpr std::size_t usual = 100;
    constexpr std::size_t numbers = 33;
    if (!detail_.wide) {
      return width_ > usual ? std::min(widest_name, name_width + width_ - usual)
                            : std::min(name_width, width_ - numbers);
    }
    std::size_t longest = name_width;
    for (const auto* list : {&report_->folders, &report_->packages}) {
      for (const ReportGroup& group : *list)
        longest = std::max(longest, terminal_text(title_of(group)).size() + 1);
    }
    return longest;
  }

  void line(const std::string& text) { *out_ << text << '\n'; }
  [[nodiscard]] std::string bold(std::string_view text) const { return paint(style_, Colour::bold, text); }
  [[nodiscard]] std::string dim(std::string_view text) const { return paint(style_, Colour::dim, text); }

  void head() {
    const Image& image = report_->analysis->contents.image();
    const ImageConfig& config = report_->analysis->config;
    const std::string name = image.name.empty() ? image.reference : image.name;
    line(fmt::format("{}  {}  {}", bold(terminal_text(name, width_ / 2)),
                     terminal_text(report_->platform, 40),
                     dim(terminal_text(image.digest.text().substr(0, 19)))));
    if (!image.name.empty()) line(dim("from " + terminal_text(image.reference, width_ - 5)));
    const std::vector<std::string> argv = start_command(config);
    const std::string runs =
        argv.empty() ? "nothing: neither entrypoint nor cmd" : fmt::format("{}", fmt::join(argv, " "));
    line(fmt::format("runs {}{}", terminal_text(runs, width_ - 20),
                     config.user.empty() ? "" : " as " + terminal_text(config.user, 30)));
  }

  void bar() {
    const PlanTotals& totals = report_->totals;
    const std::size_t cells = 40;
    std::size_t filled = 0;
    if (totals.all.bytes != 0) {
      const double share = static_cast<double>(totals.kept.bytes) / static_cast<double>(totals.all.bytes);
      filled = static_cast<std::size_t>(std::lround(static_cast<double>(cells) * share));
    }
    std::string needed;
    std::string rest;
    for (std::size_t i = 0; i < cells; ++i) (i < filled ? needed : rest) += i < filled ? "█" : "░";
    line("");
    line(fmt::format("  {}{}  {} of {} needed", paint(style_, Colour::green, needed),
                     paint(style_, Colour::dim, rest), bold(human_size(totals.kept.bytes)),
                     human_size(totals.all.bytes)));
    line(fmt::format("  needed    {:>10}  {:>5}  {:>8} files", human_size(totals.kept.bytes),
                     percent(totals.kept.bytes, totals.all.bytes), human_count(totals.kept.files)));
    line(fmt::format("  removable {:>10}  {:>5}  {:>8} files", human_size(totals.dropped.bytes),
                     percent(totals.dropped.bytes, totals.all.bytes), human_count(totals.dropped.files)));
    added();
    const std::string numbers =
        fmt::format("efficiency {:.1f} %, wasted {}", 100.0 * report_->efficiency.efficiency,
                    human_size(report_->efficiency.wasted));
    line(fmt::format("  hidden    {:>10}  {}", human_size(report_->efficiency.hidden),
                     dim(fitting({"shipped, but replaced or deleted by a later layer; " + numbers,
                                  "replaced or deleted by later layers; " + numbers, numbers},
                                 24))));
    line(fmt::format("  stored as {:>10}  {}", human_size(report_->compressed),
                     dim(human_size(report_->uncompressed) + " as uncompressed layers")));
  }

  void gate() {
    if (!report_->gate) return;
    line("");
    *out_ << bold("GATE") << "  ";
    render_gate(*report_->gate, report_->analysis->contents.image().reference, style_, *out_);
  }

  /// What slim makes itself is no part of what it keeps.
  void added() {
    const Totals sums = added_totals(report_->analysis->plan);
    if (sums.files == 0) return;
    line(fmt::format("  added     {:>10}         {:>8} files  {}", human_size(sums.bytes),
                     human_count(sums.files),
                     dim(fitting({"what scanners read of the packages that are kept", "for scanners"}, 46))));
  }

  /// The first of the texts that has room behind `used` columns, else the last.
  [[nodiscard]] std::string fitting(std::initializer_list<std::string> texts, std::size_t used) const {
    const auto* const fits = std::ranges::find_if(
        texts, [this, used](const std::string& text) { return used + text.size() <= width_; });
    return fits == texts.end() ? *(texts.end() - 1) : *fits;
  }

  /// Languages that are not resolved module by module.
  void kept_whole() {
    if (report_->whole.empty()) return;
    line("");
    line(bold("KEPT WHOLE"));
    for (const ReportWhole& whole : report_->whole) {
      line(fmt::format(
          "  {:<8}{:>10}  {:>8} files  {}", terminal_text(whole.language, 20), human_size(whole.bytes),
          human_count(whole.files),
          dim(terminal_text(fmt::format("by rule {}: {}", fmt::join(whole.rules, ", "), whole.why),
                            width_ > 50 ? width_ - 38 : 12))));
    }
  }

  void tree() {
    if (detail_.tree == 0) return;
    line("");
    render_tree(*report_, detail_.tree,
                detail_.top == 0 && !detail_.wide ? amounts.front().groups : amount_.groups, names_, style_,
                *out_);
  }

  /// By number, the biggest where there are more than are shown.
  [[nodiscard]] std::vector<std::size_t> shown_layers() const {
    std::vector<std::size_t> numbers(report_->layers.size());
    std::iota(numbers.begin(), numbers.end(), 0);
    if (numbers.size() <= amount_.layers) return numbers;
    std::ranges::stable_sort(numbers, std::greater(),
                             [this](std::size_t i) { return report_->layers[i].size; });
    numbers.resize(amount_.layers);
    std::ranges::sort(numbers);
    return numbers;
  }

  void layers() {
    if (amount_.layers == 0) return;
    line("");
    line(bold(fmt::format("{:<6}{:>9}{:>10}{:>10}{:>10}{:>10}  CREATED BY", "LAYER", "STORED", "ADDS",
                          "CHANGES", "HIDES", "HIDDEN")));
    const std::vector<std::size_t> shown = shown_layers();
    for (const std::size_t number : shown) {
      const ReportLayer& layer = report_->layers[number];
      line(fmt::format(
          "{:<6}{:>9}{:>10}{:>10}{:>10}{}  {}", number + 1, human_size(layer.size),
          size_or_dash(layer.change.added.bytes), size_or_dash(layer.change.changed.bytes),
          size_or_dash(layer.change.hides.bytes), column(Colour::red, 10, layer.wasted),
          terminal_text(report_->show_secrets ? layer.created_by : redacted_words(layer.created_by),
                        width_ - 57)));
    }
    if (shown.size() < report_->layers.size())
      line(dim(fmt::format("{} more, smaller", report_->layers.size() - shown.size())));
    if (report_->efficiency.hidden > 0 && amount_.advice) {
      line(dim("HIDES: what it replaces or deletes of the layers below; HIDDEN: what later layers do of it"));
    }
  }

  static std::string size_or_dash(std::uint64_t bytes) { return bytes == 0 ? "-" : human_size(bytes); }

  /// Right-aligned and coloured; of nothing a plain dash.
  [[nodiscard]] std::string column(Colour colour, std::size_t columns, std::uint64_t bytes) const {
    const std::string text = fmt::format("{:>{}}", size_or_dash(bytes), columns);
    return bytes == 0 ? text : paint(style_, colour, text);
  }

  static std::string title_of(const ReportGroup& group) {
    return group.version.empty() ? group.name : group.name + " " + group.version;
  }

  void groups(const char* title, const std::vector<ReportGroup>& all) {
    if (all.empty() || all.front().bytes == 0 || amount_.groups == 0) return;
    line("");
    line(bold(fmt::format("{}{:>10}{:>10}{:>11}", padded(title, names_ + 1), "SIZE", "NEEDED", "REMOVABLE")));
    const std::size_t count = std::min(all.size(), amount_.groups);
    for (std::size_t i = 0; i < count; ++i) {
      const ReportGroup& group = all[i];
      line(fmt::format("{} {:>10}{}{}", padded(terminal_text(title_of(group), names_ - 1), names_),
                       human_size(group.bytes), column(Colour::green, 10, group.kept_bytes),
                       column(Colour::yellow, 11, group.bytes - group.kept_bytes)));
    }
    std::uint64_t rest = 0;
    for (std::size_t i = count; i < all.size(); ++i) rest += all[i].bytes;
    if (rest > 0) {
      line(dim(fmt::format("{} {:>10}", padded(fmt::format("{} more", all.size() - count), names_),
                           human_size(rest))));
    }
  }

  void removable() {
    const FileTree& tree = report_->analysis->contents.tree;
    const std::size_t count = std::min(report_->biggest_removable.size(), amount_.removable);
    if (count == 0) return;
    line("");
    line(bold("BIGGEST REMOVABLE"));
    for (std::size_t i = 0; i < count; ++i) {
      const NodeId node = report_->biggest_removable[i];
      line(fmt::format("{}  {}", column(Colour::yellow, 10, tree.entry(node).size),
                       terminal_text(tree.path(node), width_ - 12)));
    }
  }

  /// One entry for each kind: how many, their bytes, the first paths; and what to do, for what is worth it.
  void findings() {
    const std::vector<Finding>& all = report_->findings;
    if (all.empty()) return;
    line("");
    line(bold("FINDINGS"));
    std::size_t kinds = 0;
    for (auto from = all.begin(); from != all.end();) {
      if (kinds++ == amount_.findings) {
        line(dim(fmt::format("  {} more, less severe",
                             human_count(static_cast<std::uint64_t>(all.end() - from)))));
        return;
      }
      const auto to = std::find_if(from, all.end(), [&from](const Finding& finding) {
        return finding.id != from->id || finding.severity != from->severity;
      });
      finding_group({from, to});
      from = to;
    }
  }

  void finding_group(std::span<const Finding> group) {
    const Finding& first = group.front();
    Colour colour = Colour::dim;
    if (first.severity == Severity::high) colour = Colour::red;
    if (first.severity == Severity::medium) colour = Colour::yellow;
    std::uint64_t count = 0;
    std::uint64_t bytes = 0;
    for (const Finding& finding : group) {
      count += finding.count;
      bytes += finding.bytes;
    }
    std::string text = fmt::format(
        "  {} {:<24}{:>6}{:>10}  {}", paint(style_, colour, fmt::format("{:<6}", to_string(first.severity))),
        first.id, human_count(count), bytes == 0 ? "" : human_size(bytes), finding_paths(group));
    text.erase(text.find_last_not_of(' ') + 1);
    line(text);
    // What slim build drops anyway needs no advice.
    if (first.severity != Severity::info && amount_.advice) advice(group);
  }

  /// As many as one line takes.
  [[nodiscard]] std::string finding_paths(std::span<const Finding> group) const {
    std::vector<std::string_view> paths;
    for (const Finding& finding : group) {
      if (finding.paths.empty() && !finding.path.empty()) paths.push_back(finding.path);
      paths.insert(paths.end(), finding.paths.begin(), finding.paths.end());
    }
    return joined({paths.begin(), paths.end()}, finding_indent);
  }

  /// As many as fit behind `indent`.
  [[nodiscard]] std::string joined(const std::vector<std::string>& paths, std::size_t indent) const {
    std::string text;
    for (const std::string& path : paths) {
      const std::string safe = terminal_text(path, width_ - indent - 5);
      if (!text.empty() && text.size() + safe.size() + 7 > width_ - indent) return text + ", ...";
      text += (text.empty() ? "" : ", ") + safe;
    }
    return text;
  }

  /// The messages of a group, each once, the first three; where they differ, with the path that each is
  /// about.
  void advice(std::span<const Finding> group) {
    const bool one = std::ranges::all_of(
        group, [&group](const Finding& finding) { return finding.message == group.front().message; });
    std::vector<std::string_view> told;
    for (const Finding& finding : group) {
      if (std::ranges::find(told, finding.message) != told.end()) continue;
      if (told.size() == 3 && !detail_.wide) {
        line(std::string(advice_indent, ' ') + dim("...; --format json has all"));
        return;
      }
      told.push_back(finding.message);
      wrapped(one || finding.path.empty() ? finding.message : finding.path + ": " + finding.message,
              advice_indent);
    }
  }

  /// Broken at blanks.
  void wrapped(std::string_view text, std::size_t indent) {
    const std::size_t columns = std::max(style_.width, indent + 40) - indent;
    while (!text.empty()) {
      std::size_t end = text.size();
      if (end > columns) {
        end = text.rfind(' ', columns);
        if (end == std::string_view::npos || end == 0) end = columns;
      }
      line(std::string(indent, ' ') + dim(terminal_text(text.substr(0, end))));
      text.remove_prefix(std::min(text.size(), end + 1));
    }
  }

  /// Of the source what stands in the way, of the result what still does and what it is kept for.
  void distroless() {
    const Distroless& after = report_->slimmed_distroless;
    const bool built = report_->verdict.has_value();
    line("");
    line(
        fmt::format("{}  {} of 100; slimmed {}", bold("DISTROLESS"), report_->distroless.score, after.score));
    if (!amount_.obstacles) return;
    for (const Obstacle& obstacle : (built ? after : report_->distroless).obstacles) {
      line(fmt::format("  {:<16} -{:<3}{:>7}  {}", obstacle.id, obstacle.points, human_count(obstacle.count),
                       joined(obstacle.paths, 31)));
    }
    for (const Obstacle& obstacle : after.obstacles) {
      const bool told = obstacle.id == "shell" || obstacle.id == "package-manager";
      if (!told || obstacle.because.empty()) continue;
      line(dim("  kept: ") + terminal_text(obstacle.because.front(), width_ - 8));
    }
  }

  void unresolved() {
    const auto& names = report_->analysis->graph->unresolved_names();
    const std::size_t count = std::min(names.size(), amount_.names);
    if (count == 0) return;
    line("");
    line(bold("NAMED, BUT NOT IN THE IMAGE"));
    for (std::size_t i = 0; i < count; ++i) {
      line("  " + terminal_text(fmt::format("{}, line {}: {}", names[i].file, names[i].line, names[i].name),
                                width_ - 2));
    }
    if (count < names.size())
      line(dim(fmt::format("  {} more; --format json has all", names.size() - count)));
  }

  void warnings() {
    for (const std::string& warning : report_->analysis->plan.warnings) {
      line(paint(style_, Colour::yellow, "warning: ") + terminal_text(warning));
    }
    for (const LayerIndex& layer : report_->analysis->contents.layers) diagnostics(layer.diagnostics);
    diagnostics(report_->analysis->contents.tree.diagnostics());
    diagnostics(report_->analysis->graph->loader().diagnostics());
  }

  void diagnostics(const std::vector<Diagnostic>& all) {
    const std::size_t shown = detail_.wide ? no_end : 5;
    for (std::size_t i = 0; i < std::min(all.size(), shown); ++i) {
      line(paint(style_, Colour::yellow, "note: ") + terminal_text(all[i].path + ": " + all[i].message));
    }
    if (all.size() > shown)
      line(dim(fmt::format("note: {} more like these; --format json has all", all.size() - shown)));
  }

  void output() {
    if (!report_->output) return;
    const ReportOutput& output = *report_->output;
    const PlanTotals& totals = report_->totals;
    line("");
    line(bold("SLIMMED"));
    line(fmt::format("  {:<8} {:>10}  {:>8} files  {}", "before", human_size(totals.all.bytes),
                     human_count(totals.all.files),
                     terminal_text(report_->analysis->contents.image().reference, width_ - 40)));
    line(fmt::format("  {:<8} {}  {:>8} files  {}", "after",
                     bold(fmt::format("{:>10}", human_size(totals.kept.bytes))),
                     human_count(totals.kept.files), terminal_text(output.destination, width_ - 40)));
    line(fmt::format("  {} smaller; {}", percent(totals.dropped.bytes, totals.all.bytes),
                     output.written.digest.text()));
    stored("before", report_->compressed, report_->uncompressed, report_->layers.size());
    stored("after", output.written.compressed, output.written.uncompressed, output.written.layers.size());
    written_layers(output.written);
  }

  /// What a registry or a disk holds of an image, and what that is without compression.
  void stored(std::string_view when, std::uint64_t compressed, std::uint64_t uncompressed,
              std::size_t count) {
    line(fmt::format("  stored {:<6} {:>10}, {:>10} uncompressed, {} layer{}", when, human_size(compressed),
                     human_size(uncompressed), count, count == 1 ? "" : "s"));
  }

  void written_layers(const WrittenImage& written) {
    if (written.base_because.empty()) return;
    for (const WrittenLayer& layer : written.layers) {
      line(fmt::format("  {:<13} {:>10}, {:>10} uncompressed, of {} layer{}", to_string(layer.role),
                       human_size(layer.stored.blob.size), human_size(layer.stored.tar.size), layer.sources,
                       layer.sources == 1 ? "" : "s"));
    }
    line(dim("  the base's layers: " + written.base_because));
  }

  void runs() {
    if (!report_->runs) return;
    const ReportRuns& runs = *report_->runs;
    if (!runs.not_observed.empty()) line(dim("  not observed: ") + terminal_text(runs.not_observed));
    if (!runs.observed_whole) {
      line(paint(style_, Colour::yellow, "observed in part: ") +
           "a run asked for more than is kept of it, or by calls of another architecture");
    }
    if (!runs.emulator.empty()) line(dim("  emulated: ") + "programs ran in " + terminal_text(runs.emulator));
    observed(runs.observed);
    healed(runs.healed);
    for (const NotHealed& left : runs.not_healed) {
      line(paint(style_, Colour::yellow, "not healed: ") + terminal_text(left.path) + ", " +
           terminal_text(left.why));
    }
  }

  void title_of(std::string_view title, std::size_t count, std::string_view what) {
    line("");
    line(fmt::format("{}  {} {} {}", bold(title), human_count(count), count == 1 ? "path" : "paths", what));
  }

  void observed(const std::vector<std::string>& paths) {
    const std::size_t shown = detail_.top == 0 ? (detail_.wide ? no_end : 8) : detail_.top;
    if (paths.empty()) return;
    title_of("OBSERVED", paths.size(),
             "that static analysis did not find, and a run of the original asked for");
    for (std::size_t i = 0; i < std::min(shown, paths.size()); ++i) line("  " + terminal_text(paths[i]));
    if (paths.size() > shown) line(dim(fmt::format("  and {} more", human_count(paths.size() - shown))));
  }

  void healed(const std::vector<HealedPath>& paths) {
    const std::size_t shown = detail_.top == 0 ? (detail_.wide ? no_end : 20) : detail_.top;
    if (paths.empty()) return;
    title_of("HEALED", paths.size(),
             "that a run of the slimmed image missed; a rule would keep each without a run");
    for (std::size_t i = 0; i < std::min(shown, paths.size()); ++i) {
      const HealedPath& path = paths[i];
      line(fmt::format("  {}  {}", terminal_text(path.path),
                       dim(terminal_text(fmt::format("round {}, probe {}, {}, {}", path.round, path.probe,
                                                     path.process.empty() ? "unknown" : path.process,
                                                     path.call.empty() ? "a message" : path.call)))));
      line("    " + terminal_text(path.rule));
    }
    if (paths.size() > shown)
      line(dim(fmt::format("  and {} more; --format json has all", human_count(paths.size() - shown))));
  }

  void next() {
    if (report_->verdict && !report_->output) return;  // the verdict's hint says what to do
    line("");
    if (report_->output) {
      line(dim("next: ") + "slim why " + terminal_text(report_->analysis->contents.image().reference) +
           " PATH");
      return;
    }
    const std::string reference = terminal_text(report_->analysis->contents.image().reference);
    const std::vector<Entrypoint>& starts = report_->analysis->roots.entrypoints;
    const bool missing = std::ranges::any_of(starts, [](const Entrypoint& start) {
      return start.path.empty() && start.from != "healthcheck";  // slim build refuses what cannot start
    });
    if (missing) {
      line(dim("next: ") + "slim analyze " + reference + " --entrypoint PROGRAM, since its own is not in it");
    } else if (starts.empty()) {
      line(dim("next: ") + "slim analyze " + reference + " --entrypoint PROGRAM, since the image names none");
    } else {
      line(dim("next: ") + "slim build " + reference + " -o docker-archive:slim.tar");
    }
  }

  const Report* report_;
  TextStyle style_;
  TextDetail detail_;
  Amount amount_;
  std::ostream* out_;
  std::size_t width_;
  std::size_t names_;
};

/// What was asked for; nothing where the window decides.
std::optional<Amount> amount_of(const TextDetail& detail, const TextStyle& style) {
  const std::size_t lines = detail.top != 0 ? detail.top : no_end;
  if (detail.top != 0 || detail.wide) return Amount{lines, lines, lines, lines, lines, true, true};
  if (style.lines == 0 || detail.tree != 0) return amounts.front();
  return std::nullopt;
}

}  // namespace

void render_text(const Report& report, const TextStyle& style, std::ostream& out, const TextDetail& detail) {
  if (const auto amount = amount_of(detail, style)) {
    TextReport(report, style, detail, *amount, out).render();
    return;
  }
  std::string text;
  for (const Amount& amount : amounts) {
    std::ostringstream screen;
    TextReport(report, style, detail, amount, screen).render();
    text = std::move(screen).str();
    if (rows_of(text, style.width) < style.lines) break;  // the prompt takes one
  }
  out << text;
}

void render_text(const PlatformReports& all, const TextStyle& style, std::ostream& out,
                 const TextDetail& detail) {
  for (const Report& report : all.reports) {
    out << paint(style, Colour::bold, "PLATFORM") << "  " << terminal_text(report.platform) << "\n\n";
    render_text(report, style, out, detail);
    out << '\n';
  }
  if (all.digest.empty()) return;
  out << paint(style, Colour::bold, "INDEX") << "  " << all.reports.size()
      << (all.reports.size() == 1 ? " platform" : " platforms") << "  " << all.digest.text() << "  "
      << terminal_text(all.destination) << '\n';
}

void render_text(const ImageReports& all, const TextStyle& style, std::ostream& out,
                 const TextDetail& detail) {
  for (const Report& report : all.reports) {
    render_text(report, style, out, detail);
    out << '\n';
  }
}

}  // namespace slim
