// What a command found out, as data. Every format is rendered from this; the JSON form is documented in
// schema/report.schema.json.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <ostream>
#include <span>
#include <string>
#include <vector>

#include "analyzer/digest.h"
#include "analyzer/distroless.h"
#include "analyzer/efficiency.h"
#include "analyzer/findings.h"
#include "cli/gate_result.h"
#include "cli/terminal.h"
#include "runner/verdict.h"
#include "slimmer/analysis.h"
#include "slimmer/build.h"
#include "slimmer/heal.h"
#include "slimmer/plan.h"
#include "slimmer/write_image.h"

namespace slim {

struct ReportLayer {
  std::string digest;
  std::string diff_id;
  std::string media_type;
  std::uint64_t size = 0;          ///< bytes as stored
  std::uint64_t uncompressed = 0;  ///< bytes of the tar
  std::uint64_t entries = 0;
  std::uint64_t wasted = 0;  ///< bytes that later layers hide
  LayerChange change;
  std::string created_by;
};

/// Bytes and files of one folder or one package.
struct ReportGroup {
  std::string name;
  std::string version;
  std::string type;  ///< deb, apk, pypi, ...; empty for folders
  std::uint64_t bytes = 0;
  std::uint64_t kept_bytes = 0;
  std::uint64_t files = 0;
  std::string inside;  ///< of a jar within another: the path of that
};

/// The runtime of a language that is kept as a whole, since what its programs load cannot be told.
struct ReportWhole {
  std::string language;
  std::vector<std::string> rules;  ///< the ids of those that keep it, sorted
  std::string why;                 ///< of the first rule
  std::uint64_t bytes = 0;
  std::uint64_t files = 0;
};

struct ReportOutput {
  std::string destination;
  WrittenImage written;
};

/// What runs added to what static analysis had found.
struct ReportRuns {
  std::vector<std::string> observed;
  std::vector<HealedPath> healed;
  std::vector<NotHealed> not_healed;
  std::string not_observed;    ///< why no run was watched; empty where one was
  bool observed_whole = true;  ///< false: a watched run asked for more than was seen of it
  std::string emulator{};      ///< what ran the image's programs; empty where the processor did
};

struct Report {
  const Analysis* analysis = nullptr;  ///< must outlive the report
  std::string platform;                ///< as it was asked for, else as the config has it
  PlanTotals totals;
  std::uint64_t compressed = 0;    ///< bytes of all layers as stored
  std::uint64_t uncompressed = 0;  ///< bytes of all layers' tars
  Efficiency efficiency;
  std::vector<ReportLayer> layers;
  std::vector<ReportGroup> folders;   ///< biggest first
  std::vector<ReportGroup> packages;  ///< biggest first
  std::vector<ReportWhole> whole;     ///< by language
  std::vector<NodeId> biggest_removable;
  std::vector<Finding> findings;
  Distroless distroless;          ///< of the source
  Distroless slimmed_distroless;  ///< of what the plan keeps
  bool show_secrets = false;
  bool with_files = false;
  std::optional<Verdict> verdict;
  std::optional<ReportOutput> output;
  std::optional<ReportRuns> runs;
  std::optional<GateResult> gate;         ///< what a policy says of the image
  std::map<std::string, double> timings;  ///< seconds by step
};

/// Of `slim build --platform all`: one report for each platform, and what all of them became.
struct PlatformReports {
  std::string image;  ///< as the user wrote it
  std::vector<Report> reports;
  std::string destination;
  Digest digest;  ///< of the index that was written; empty where nothing was
};

/// Of `slim gate` on several images: one report each.
struct ImageReports {
  std::vector<Report> reports;
};

Report make_report(const Analysis& analysis);

/// How much of a report the text shows.
struct TextDetail {
  bool wide = false;     ///< nothing is cut, neither names nor lists
  std::size_t top = 0;   ///< lines of each list; 0: as many as look well, and as the window has room for
  std::size_t tree = 0;  ///< depth of the tree of folders; 0: none
};

void render_text(const Report& report, const TextStyle& style, std::ostream& out,
                 const TextDetail& detail = {});
void render_json(const Report& report, std::ostream& out);
void render_text(const PlatformReports& all, const TextStyle& style, std::ostream& out,
                 const TextDetail& detail = {});
void render_json(const PlatformReports& all, std::ostream& out);
void render_text(const ImageReports& all, const TextStyle& style, std::ostream& out,
                 const TextDetail& detail = {});
void render_json(const ImageReports& all, std::ostream& out);

/// For pull requests and job summaries, in GitHub Flavored Markdown: at most `limit` bytes; what has no room
/// is named in the last line.
void render_markdown(std::span<const Report> reports, std::size_t limit, std::ostream& out);
inline constexpr std::size_t comment_limit = 65'536;  ///< characters of a comment on GitHub
/// SARIF 2.1.0: a run for each report.
void render_sarif(std::span<const Report> reports, std::ostream& out);
/// JUnit's XML: a suite each for gate, verdict and findings.
void render_junit(std::span<const Report> reports, std::ostream& out);
/// GitLab's code quality.
void render_gitlab(std::span<const Report> reports, std::ostream& out);
/// A page of its own, with every file whatever `with_files` says.
void render_html(std::span<const Report> reports, std::ostream& out);

/// A verdict for people: one line a probe, each difference with its diff and causes.
void render_verdict(const Verdict& verdict, const TextStyle& style, std::ostream& out);
/// A verdict of `slim verify` as JSON: {schema_version, tool, verdict}.
void render_verdict_json(const Verdict& verdict, std::ostream& out);
void render_verdict_markdown(const Verdict& verdict, std::ostream& out);
void render_verdict_junit(const Verdict& verdict, std::ostream& out);

}  // namespace slim
