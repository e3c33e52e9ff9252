// Findings, checks of a policy and differences brought into one form.
//
// A fingerprint must outlive a rebuild: GitHub and GitLab tell by it whether a problem is new. So it holds
// nothing that a rebuild changes (digests, layer numbers, lines, sizes), and of several that are alike in
// what is left, their number in the order of the report.
#include "cli/report_results.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "analyzer/digest.h"
#include "analyzer/findings.h"
#include "analyzer/image.h"
#include "cli/gate_result.h"
#include "cli/report.h"
#include "cli/terminal.h"
#include "runner/verdict.h"

namespace slim {
namespace {

struct KnownRule {
  std::string_view id;
  ResultLevel level;
  bool security;
  std::string_view title;
  std::string_view help;
};

// README.md has the same ids; a test compares this list with analyzer/findings.cpp.
constexpr auto known_rules = std::to_array<KnownRule>({
    {"private-key", ResultLevel::error, true, "A private key is in the image",
     "Give keys at run time (a mount, a secret of the orchestrator), and replace a key that was shipped."},
    {"secret", ResultLevel::error, true, "A token or login is in the image",
     "Give secrets at run time, and replace one that was shipped: whoever has the image has it."},
    {"hidden-secret", ResultLevel::error, true, "A secret is in a layer that a later one only hides",
     "Build without it (RUN --mount=type=secret), and replace it: a deletion hides it, and it is still "
     "shipped."},
    {"empty-password", ResultLevel::error, true, "An account has no password", "Lock it: passwd -l ACCOUNT."},
    {"password-hash", ResultLevel::warning, true, "The hash of a password is in the image",
     "Lock the account (passwd -l ACCOUNT), and change the password wherever else it is used."},
    {"entrypoint-missing", ResultLevel::error, false, "What the config starts is not in the image",
     "Correct the entrypoint, the command or the healthcheck."},
    {"missing-library", ResultLevel::warning, false, "A program needs a library that is not in the image",
     "Install the library, or leave the program out."},
    {"setuid", ResultLevel::warning, true, "A program runs with the rights of its owner",
     "Remove it, or take the bit away: chmod u-s."},
    {"setgid", ResultLevel::note, true, "A program runs with the rights of its group",
     "Remove it, or take the bit away: chmod g-s."},
    {"file-capability", ResultLevel::note, true, "A program gets capabilities when it is started",
     "Take them away (setcap -r) where the container needs none."},
    {"world-writable", ResultLevel::warning, true, "Every user may write to it",
     "chmod o-w, or set the sticky bit of a folder."},
    {"core-dump", ResultLevel::warning, true, "The memory of a crashed process is in the image",
     "Delete it in the step that makes it; it holds what the process held."},
    {"version-control", ResultLevel::warning, true, "The history of a source tree is in the image",
     "Name it in .dockerignore."},
    {"deleted-but-shipped", ResultLevel::note, false, "Files are shipped that later layers replace or delete",
     "Remove them in the step that makes them."},
    {"metadata-only-change", ResultLevel::note, false,
     "Files are stored again for a change of mode, owner or time",
     "Set these where the files come in: COPY --chown --chmod."},
    {"duplicate", ResultLevel::note, false, "Files are stored more than once with the same content",
     "A link stores them once."},
    {"package-cache", ResultLevel::note, false, "A package manager's cache is in the image",
     "Remove it in the step that fills it, or build with RUN --mount=type=cache."},
    {"compiler-present", ResultLevel::note, false, "Programs that build programs are in the image",
     "Build in a stage of its own, and copy the result."},
    {"headers", ResultLevel::note, false, "Headers and static libraries are in the image",
     "Only compilers read them: build in a stage of its own."},
    {"documentation", ResultLevel::note, false, "Documentation is in the image",
     "Nobody reads it in a container; slim build drops it."},
    {"locales", ResultLevel::note, false, "Translations and locales are in the image",
     "A service uses one at most; slim build drops what nothing needs."},
    {"shell-present", ResultLevel::note, true, "A shell is in the image",
     "Whoever breaks in can use it; slim build drops it where nothing needs it."},
    {"package-manager-present", ResultLevel::note, true, "A package manager is in the image",
     "A finished image needs none; slim build drops it."},
    {"verdict/does-not-start", ResultLevel::error, false, "The slimmed image does not start",
     "Keep what it asked for: slim build --include PATH."},
    {"verdict/ends-differently", ResultLevel::error, false, "The slimmed image ends differently",
     "Keep what it asked for: slim build --include PATH."},
    {"verdict/answers-differently", ResultLevel::error, false, "The slimmed image answers differently",
     "Keep what it asked for: slim build --include PATH."},
    {"verdict/touches-missing-path", ResultLevel::error, false,
     "The slimmed image lacks a path that a run asked for", "Keep it: slim build --include PATH."},
    {"verdict/inconclusive", ResultLevel::error, false, "Nothing was proved",
     "Give the image what it needs to run: --env, --probe, --entrypoint."},
});

ResultLevel level_of(Severity severity) {
  if (severity == Severity::high) return ResultLevel::error;
  return severity == Severity::medium ? ResultLevel::warning : ResultLevel::note;
}

ReportResult result_of(const Finding& finding) {
  ReportResult result{.rule = finding.id,
                      .level = level_of(finding.severity),
                      .severity = std::string(to_string(finding.severity)),
                      .message = finding.message,
                      .path = finding.path,
                      .layer = finding.layer,
                      .fingerprint = {}};
  if (finding.count > 1) {
    result.message = fmt::format("{} files{}: {}", human_count(finding.count),
                                 finding.bytes == 0 ? "" : ", " + human_size(finding.bytes), finding.message);
  }
  return result;
}

ReportResult result_of(const GateCheck& check) {
  ReportResult result{.rule = "gate/" + check.rule,
                      .level = ResultLevel::error,
                      .severity = "high",
                      .message = check.message,
                      .path = check.path,
                      .layer = {},
                      .fingerprint = {}};
  if (!check.first.empty()) {
    result.message += "; first:";
    const char* separator = " ";
    for (const std::string& first : check.first) {
      result.message += separator + first;
      separator = ", ";
    }
  }
  return result;
}

void add_verdict(const Verdict& verdict, std::vector<ReportResult>& results) {
  const auto add = [&results](std::string rule, std::string message, std::string path) {
    results.push_back({.rule = "verdict/" + std::move(rule),
                       .level = ResultLevel::error,
                       .severity = "high",
                       .message = std::move(message),
                       .path = std::move(path),
                       .layer = {},
                       .fingerprint = {}});
  };
  if (verdict.outcome == Outcome::inconclusive) add("inconclusive", verdict.reason, "");
  if (verdict.outcome != Outcome::different) return;
  for (const Difference& difference : verdict.differences) {
    add(std::string(to_string(difference.failure)), difference.probe + ": " + sentence_of(difference),
        difference.causes.empty() ? "" : difference.causes.front());
  }
}

}  // namespace

std::string lasting_name(const Report& report) {
  std::string name = report.analysis->contents.image().name;
  name.resize(std::min(name.find('@'), name.size()));
  const auto colon = name.rfind(':');
  if (colon != std::string::npos && name.find('/', colon) == std::string::npos) name.resize(colon);
  return name;
}

std::string image_label(const Report& report) {
  const Image& image = report.analysis->contents.image();
  return image.name.empty() ? image.reference : image.name;
}

std::string sentence_of(const Difference& difference) {
  constexpr std::size_t longest = 300;
  if (!difference.diff.empty()) return difference.what + " differs";
  return fmt::format("{}: {} in the original, {} in the slimmed image", difference.what,
                     difference.original.empty() ? "nothing" : difference.original.substr(0, longest),
                     difference.slimmed.empty() ? "nothing" : difference.slimmed.substr(0, longest));
}

std::string fingerprint_of(std::string_view key) {
  return Digest::of(key).text().substr(std::string_view("sha256:").size());
}

std::vector<ReportResult> results_of(const Report& report) {
  std::vector<ReportResult> results;
  if (report.gate) {
    for (const GateCheck& check : report.gate->checks) {
      if (!check.passed) results.push_back(result_of(check));
    }
  }
  if (report.verdict) add_verdict(*report.verdict, results);
  for (const Finding& finding : report.findings) results.push_back(result_of(finding));
  std::map<std::string, std::size_t> alike;
  for (ReportResult& result : results) {
    std::string key = result.rule + '\0' + lasting_name(report) + '\0' + report.platform + '\0' + result.path;
    const std::size_t number = alike[key]++;
    key += '\0' + std::to_string(number);
    result.fingerprint = fingerprint_of(key);
  }
  return results;
}

ResultRule rule_of(std::string_view id) {
  const auto* known = std::ranges::find(known_rules, id, &KnownRule::id);
  if (known != known_rules.end()) {
    return {.id = std::string(id),
            .level = known->level,
            .title = std::string(known->title),
            .help = std::string(known->help),
            .security = known->security};
  }
  if (id.starts_with("gate/")) {
    return {.id = std::string(id),
            .level = ResultLevel::error,
            .title = fmt::format("The policy's limit {} is not kept", id.substr(5)),
            .help = "Bring the image under the limit; what to do first stands in the message.",
            .security = false};
  }
  return {.id = std::string(id),
          .level = ResultLevel::warning,
          .title = fmt::format("Finding {}", id),
          .help = "See the message.",
          .security = false};
}

}  // namespace slim
