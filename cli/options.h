// The options that commands share: what the command line says, read once and checked.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include <CLI/App.hpp>

#include "analyzer/image_contents.h"
#include "analyzer/image_ref.h"
#include "analyzer/platform.h"
#include "cli/report.h"
#include "cli/terminal.h"
#include "runner/container_spec.h"
#include "runner/verdict.h"
#include "slimmer/analysis.h"

namespace slim {

enum class Format : std::uint8_t { text, json, markdown, sarif, junit, gitlab, html };

/// As the user typed them; every command registers the groups that it takes.
struct Options {
  std::string platform;
  std::string format = "text";
  std::vector<std::string> reports;  ///< FORMAT=PATH
  std::string profile = "balanced";
  std::vector<std::string> include;
  std::vector<std::string> exclude;
  std::vector<std::string> rules;
  std::vector<std::string> traces;
  std::vector<std::string> probes;  ///< files
  std::vector<std::string> http;
  std::vector<std::string> exec;
  std::string entrypoint;
  std::string cmd;
  std::vector<std::string> env;
  std::string user;
  std::string workdir;
  std::vector<std::string> mounts;
  std::vector<std::string> tmpfs;
  std::string network = "none";
  std::string runtime;
  std::string memory;
  std::uint64_t pids = 0;
  std::string timeout;
  unsigned repeat = 2;
  std::string progress = "auto";
  unsigned jobs = 0;
  std::string cache;
  bool no_cache = false;
  bool insecure = false;
  bool no_metadata = false;
  bool quiet = false;
  bool verbose = false;
  bool no_color = false;
  bool files = false;
  bool show_secrets = false;
  bool wide = false;
  unsigned top = 0;   ///< 0: as many as look well
  unsigned tree = 0;  ///< 0: none
};

void add_image_options(CLI::App& command,
                       Options& options);  ///< --platform, --jobs, --cache, --no-cache, --insecure
void add_output_options(CLI::App& command, Options& options);  ///< --format, --no-color and those of progress
void add_progress_options(CLI::App& command, Options& options);  ///< --quiet, --verbose, --progress
/// --report, --files, --show-secrets, --wide, --top, --tree; and the formats of reports for --format.
void add_report_options(CLI::App& command, Options& options);
/// --report, and the formats of verdicts for --format.
void add_verdict_report_options(CLI::App& command, Options& options);
void add_plan_options(CLI::App& command,
                      Options& options);  ///< --profile, --include, --exclude, --rules, --trace,
                                          ///< --no-metadata
void add_start_options(CLI::App& command,
                       Options& options);  ///< --entrypoint, --cmd, --env, --user, --workdir
void add_run_options(CLI::App& command,
                     Options& options);  ///< --mount, --tmpfs, --runtime, --network, limits

void add_repeat_option(CLI::App& command, Options& options);  ///< --repeat

/// As parse_image_ref and parse_destination, with --insecure.
ImageRef image_of(const std::string& text, const Options& options);
ImageRef destination_of(const std::string& text, const Options& options);

/// Each throws an Error of kind usage that names the option and what was expected.
std::optional<Platform> platform_of(const Options& options);
Format format_of(std::string_view name, std::string_view option);         ///< of a report
Format answer_format_of(std::string_view name, std::string_view option);  ///< text or json
RunOverrides overrides_of(const Options& options);
RunOptions run_options_of(const Options& options);
/// For commands that compare: the host's own ports would be taken for the container's.
void refuse_host_network(const Options& options);
/// `platform` must outlive the result, which points at it.
ReadOptions read_options_of(const Options& options, const std::optional<Platform>& platform);
AnalysisOptions analysis_options_of(const Options& options, const std::optional<Platform>& platform);
ProgressMode progress_of(const Options& options);

/// 512m, 1.5g, 100k, 4096: bytes, with docker's binary units.
std::uint64_t parse_size(std::string_view text, std::string_view option);
/// 30, 30s, 2m, 1h.
std::chrono::seconds parse_duration(std::string_view text, std::string_view option);
/// A command as docker's config takes it: a JSON list, or words as a shell would split them.
std::vector<std::string> parse_command(std::string_view text, std::string_view option);

/// Whether both exist and are the same file or folder, by whatever name.
bool same_file(const std::string& one, const std::string& other);

/// Writes the report to standard output in the chosen format, unless --quiet, to every --report file (under a
/// temporary name, synced and renamed), and to GitHub where slim runs in one of its workflows.
void deliver(const Report& report, const Options& options);
/// The same of an image of several platforms.
void deliver(const PlatformReports& reports, const Options& options);
/// The same of several images.
void deliver(const ImageReports& reports, const Options& options);
/// The same of a verdict without an image.
void deliver(const Verdict& verdict, const Options& options);
/// That every --report file can be written. Throws Error: usage (its form), environment.
void check_report_places(const Options& options);
/// The same of the report of a verdict, and its --format.
void check_verdict_report(const Options& options);
/// The same of one file.
void check_file_place(const std::string& path);
/// As deliver, for other results than reports.
/// A path that is no regular file (a pipe, /dev/stdout) is written into instead.
void write_file_whole(const std::string& path, const std::function<void(std::ostream&)>& write);

}  // namespace slim
