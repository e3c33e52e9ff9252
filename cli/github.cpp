// Workflow commands and environment files of GitHub Actions. The runner reads commands from both outputs of a
// step, so they go to standard error, and standard output carries only the result. A summary of more than 1
// MiB is not shown at all: what would not fit any more is cut, and a note says so.
#include "cli/github.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <ios>
#include <ostream>
#include <random>
#include <span>
#include <sstream>
#include <string>
#include <string_view>
#include <system_error>
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

constexpr std::size_t summary_limit = 1024UL * 1024UL;
constexpr std::size_t least_summary = 4096;  ///< less than this is not worth a summary

std::string variable(const char* name) {
  const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): nothing sets it
  return value == nullptr ? "" : value;
}

void warn(std::ostream& log, const std::string& path, std::string_view what) {
  log << "slim: warning: " << terminal_text(path) << ": " << what << '\n';
}

void append(const std::string& path, std::string_view text, std::ostream& log) {
  std::ofstream file(path, std::ios::binary | std::ios::app);
  file << text;
  file.flush();
  if (!file) warn(log, path, "cannot write it: " + std::generic_category().message(errno));
}

/// How much the summary of this step still takes; other commands of the step may have written to it.
std::size_t summary_room(const std::string& path) {
  std::error_code failed;  // what does not exist yet is empty
  const auto size = std::filesystem::file_size(path, failed);
  if (failed) return summary_limit;
  return size >= summary_limit ? 0 : summary_limit - static_cast<std::size_t>(size);
}

template <typename Render>
void add_summary(const std::string& path, std::ostream& log, Render render) {
  const std::size_t room = summary_room(path);
  if (room < least_summary) {
    warn(log, path, "is full (1 MiB a step); the report is not in it");
    return;
  }
  std::ostringstream text;
  render(text, std::min(room - 1, comment_limit));
  append(path, text.str() + "\n", log);
}

/// same before not-run before inconclusive before different.
int badness(Outcome outcome) {
  constexpr std::array<Outcome, 4> order{Outcome::same, Outcome::not_run, Outcome::inconclusive,
                                         Outcome::different};
  return static_cast<int>(std::ranges::find(order, outcome) - order.begin());
}

struct Sums {
  std::uint64_t size = 0;
  std::uint64_t stored = 0;
  std::uint64_t needed = 0;
  std::uint64_t removable = 0;
  std::uint64_t wasted = 0;
  std::uint64_t slimmed = 0;
  std::uint64_t findings = 0;
  double efficiency = 1.0;
  const Verdict* verdict = nullptr;
  bool gated = false;
  bool passed = true;
  bool written = false;
};

Sums sums_of(std::span<const Report> reports) {
  Sums sums;
  for (const Report& report : reports) {
    sums.size += report.totals.all.bytes;
    sums.stored += report.compressed;
    sums.needed += report.totals.kept.bytes;
    sums.removable += report.totals.dropped.bytes;
    sums.wasted += report.efficiency.wasted;
    sums.efficiency = std::min(sums.efficiency, report.efficiency.efficiency);
    sums.findings += report.findings.size();
    if (report.verdict &&
        (sums.verdict == nullptr || badness(report.verdict->outcome) > badness(sums.verdict->outcome)))
      sums.verdict = &*report.verdict;
    if (report.output) {
      sums.written = true;
      sums.slimmed += report.output->written.compressed;
    }
    if (report.gate) {
      sums.gated = true;
      sums.passed = sums.passed && report.gate->passed();
    }
  }
  return sums;
}

std::string outputs_of(std::span<const Report> reports) {
  const Sums sums = sums_of(reports);
  std::vector<std::string> images;
  for (const Report& report : reports) {
    std::string label = terminal_text(image_label(report));
    if (std::ranges::find(images, label) == images.end()) images.push_back(std::move(label));
  }
  std::string text = github_output("image", fmt::format("{}", fmt::join(images, "\n")));
  const auto add = [&text](std::string_view name, std::uint64_t value) {
    text += fmt::format("{}={}\n", name, value);
  };
  add("size", sums.size);
  add("stored", sums.stored);
  add("needed", sums.needed);
  add("removable", sums.removable);
  add("wasted", sums.wasted);
  text += fmt::format("efficiency={:.1f}\n", 100.0 * sums.efficiency);
  add("findings", sums.findings);
  if (sums.verdict != nullptr) text += fmt::format("verdict={}\n", to_string(sums.verdict->outcome));
  if (sums.gated) text += fmt::format("gate={}\n", sums.passed ? "passed" : "failed");
  if (sums.written) add("slimmed", sums.slimmed);
  if (const auto& output = reports.front().output; output && reports.size() == 1)
    text += fmt::format("digest={}\n", output->written.digest.text());
  return text;
}

void annotate(std::ostream& log, std::string_view command, std::string_view title, std::string_view message) {
  log << fmt::format("::{} title={}::{}\n", command, github_property(title), github_message(message));
}

/// A verdict that was not asked for (--no-run) is no news.
void annotate(std::ostream& log, const std::string& image, const Verdict& verdict) {
  if (verdict.outcome == Outcome::same || verdict.outcome == Outcome::not_run) return;
  annotate(log, "error", fmt::format("slim: {}: {}", image, to_string(verdict.outcome)), verdict.reason);
}

}  // namespace

GitHub github_of_environment() {
  return {.summary = variable("GITHUB_STEP_SUMMARY"),
          .output = variable("GITHUB_OUTPUT"),
          .annotates = variable("GITHUB_ACTIONS") == "true"};
}

void tell_github_of_error(const GitHub& github, std::string_view image, std::string_view error,
                          std::ostream& log) {
  if (github.annotates) annotate(log, "error", fmt::format("slim: {}", image), error);
}

std::string github_output(std::string_view name, std::string_view value) {
  std::random_device random;
  std::string delimiter;
  do {
    delimiter = fmt::format("slim-{:08x}{:08x}{:08x}{:08x}", random(), random(), random(), random());
  } while (value.find(delimiter) != std::string_view::npos);
  return fmt::format("{}<<{}\n{}\n{}\n", name, delimiter, value, delimiter);
}

void tell_github(const GitHub& github, std::span<const Report> reports, std::ostream& log) {
  if (reports.empty()) return;
  if (!github.summary.empty()) {
    add_summary(github.summary, log,
                [reports](std::ostream& out, std::size_t limit) { render_markdown(reports, limit, out); });
  }
  if (!github.output.empty()) append(github.output, outputs_of(reports), log);
  if (!github.annotates) return;
  for (const Report& report : reports) {
    std::string image = image_label(report);
    if (reports.size() > 1) image += " " + report.platform;
    if (report.verdict) annotate(log, image, *report.verdict);
    if (!report.gate) continue;
    for (const GateCheck& check : report.gate->checks) {
      if (!check.passed)
        annotate(log, "error", fmt::format("slim gate: {}: {}", image, check.rule), check.message);
    }
  }
}

void tell_github(const GitHub& github, const Verdict& verdict, std::ostream& log) {
  if (!github.summary.empty()) {
    add_summary(github.summary, log,
                [&verdict](std::ostream& out, std::size_t) { render_verdict_markdown(verdict, out); });
  }
  if (!github.output.empty())
    append(github.output, fmt::format("verdict={}\n", to_string(verdict.outcome)), log);
  if (github.annotates) annotate(log, "verify", verdict);
}

}  // namespace slim
