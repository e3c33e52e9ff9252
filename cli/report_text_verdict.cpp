// Answers for people: of a verdict one line a probe, each difference with its diff and what it is likely to
// come from; of a gate one line a limit.
#include <algorithm>
#include <ostream>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "cli/escape.h"
#include "cli/report.h"
#include "cli/terminal.h"
#include "runner/verdict.h"

namespace slim {
namespace {

std::string outcome_text(const TextStyle& style, Outcome outcome) {
  Colour colour = Colour::yellow;
  if (outcome == Outcome::same) colour = Colour::green;
  if (outcome == Outcome::different) colour = Colour::red;
  return paint(style, colour, to_string(outcome));
}

/// Who asked for a path that is gone: "was asked for by /bin/cat (openat)".
std::string asker_of(const Verdict& verdict, const std::string& path) {
  const auto missed = std::ranges::find(verdict.missed, path, &MissedPath::path);
  if (missed == verdict.missed.end()) return "was asked for";
  const std::string what = missed->by_original ? "was read in the original" : "was asked for";
  if (missed->call.empty()) return missed->program.empty() ? "is named in what it wrote" : what;
  return fmt::format("{} by {} ({})", what, missed->program.empty() ? "a program" : missed->program,
                     missed->call);
}

}  // namespace

void render_verdict(const Verdict& verdict, const TextStyle& style, std::ostream& out) {
  out << paint(style, Colour::bold, "VERDICT") << "  " << outcome_text(style, verdict.outcome);
  if (!verdict.reason.empty()) out << "  " << terminal_text(verdict.reason);
  out << '\n';
  // One probe without a remark is what the reason just said.
  const bool told =
      verdict.probes.size() == 1 && verdict.probes.front().note.empty() && verdict.outcome == Outcome::same;
  for (const ProbeResult& probe : verdict.probes) {
    if (told) break;
    out << "  " << outcome_text(style, probe.outcome) << "  " << terminal_text(probe.name) << ": "
        << terminal_text(probe.summary) << '\n';
    if (!probe.note.empty()) out << "    " << terminal_text(probe.note) << '\n';
  }
  std::vector<std::string> causes;  // each once: one missing file shows in many places
  for (const Difference& difference : verdict.differences) {
    out << "  " << paint(style, Colour::red, "differs") << "  " << terminal_text(difference.probe) << ": "
        << terminal_text(difference.what) << "  "
        << paint(style, Colour::dim, fmt::format("[{}]", to_string(difference.failure))) << '\n';
    if (!difference.diff.empty()) {
      out << terminal_lines(difference.diff, "    ");
    } else {
      out << "    original: " << terminal_text(difference.original, 300) << '\n';
      out << "    slimmed:  " << terminal_text(difference.slimmed, 300) << '\n';
    }
    for (const std::string& cause : difference.causes) {
      if (std::ranges::find(causes, cause) == causes.end()) causes.push_back(cause);
    }
  }
  for (const std::string& cause : causes) {
    out << "  " << paint(style, Colour::yellow, "likely cause: ") << terminal_text(cause) << ' '
        << terminal_text(asker_of(verdict, cause)) << ", and is in the original only\n";
  }
  if (!verdict.runtime.empty()) {
    out << paint(style, Colour::dim,
                 fmt::format("  ran with {}{}; limits: {}", terminal_text(verdict.runtime),
                             verdict.rootless ? ", rootless" : "",
                             terminal_text(fmt::format("{}", fmt::join(verdict.limits, ", ")))))
        << '\n';
  }
  for (const std::string& limit : verdict.not_enforced) {
    out << paint(style, Colour::yellow, "  not enforced here: ") << terminal_text(limit) << '\n';
  }
  if (!verdict.hint.empty()) out << "  hint: " << terminal_text(verdict.hint) << '\n';
}

}  // namespace slim
