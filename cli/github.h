// GitHub Actions, where slim runs in one: its job summary, the step's outputs, and annotations.
#pragma once

#include <ostream>
#include <span>
#include <string>
#include <string_view>

#include "cli/report.h"
#include "runner/verdict.h"

namespace slim {

/// The files and the flag that the environment names; empty and false where slim runs elsewhere.
struct GitHub {
  std::string summary;     ///< $GITHUB_STEP_SUMMARY
  std::string output;      ///< $GITHUB_OUTPUT
  bool annotates = false;  ///< $GITHUB_ACTIONS is true
};

GitHub github_of_environment();

/// Appends the Markdown to the summary, and the outputs to theirs, and writes annotations into `log`: of each
/// limit that is violated and of each verdict that is not `same`. A file that cannot be written is a warning
/// in `log`. Outputs: image, size, stored, needed, removable, wasted (bytes), efficiency (percent), findings,
/// and, where there are any, verdict, gate, slimmed (bytes as stored), digest. Of several reports the sums,
/// the worst answers, and an image a line.
void tell_github(const GitHub& github, std::span<const Report> reports, std::ostream& log);
/// The same of a verdict alone: output `verdict`.
void tell_github(const GitHub& github, const Verdict& verdict, std::ostream& log);

/// An annotation about what gave no report: an image of a batch that could not be slimmed.
void tell_github_of_error(const GitHub& github, std::string_view image, std::string_view error,
                          std::ostream& log);

/// NAME=VALUE as $GITHUB_OUTPUT takes it: between lines of a delimiter that nobody can guess.
std::string github_output(std::string_view name, std::string_view value);

}  // namespace slim
