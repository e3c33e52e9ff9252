// slim build IMAGE -o DEST: analyze, plan, write, verify.
#include "slimmer/build.h"

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "analyzer/compression.h"
#include "analyzer/docker_archive.h"
#include "analyzer/error.h"
#include "analyzer/image_ref.h"
#include "cli/answer_secrets.h"
#include "cli/commands.h"
#include "cli/interrupt.h"
#include "cli/options.h"
#include "cli/probe_options.h"
#include "cli/report.h"
#include "cli/terminal.h"
#include "cli/version.h"
#include "runner/probe_images.h"
#include "runner/verdict.h"
#include "slimmer/analysis.h"
#include "slimmer/destination.h"
#include "slimmer/write_image.h"

namespace slim {
namespace {

struct Arguments {
  Options options;
  std::string image;
  std::string destination;
  std::string tag;
  std::string compression;
  bool no_run = false;
  bool no_observe = false;
  unsigned heal = 5;
  bool keep_going = false;
};

void read_compression(const std::string& text, WriteOptions& write) {
  const auto colon = text.find(':');
  const std::string_view name = std::string_view(text).substr(0, colon);
  const auto expected = [&text] {
    throw Error(ErrorKind::usage, "--compression " + text, "expected gzip[:0-2], zstd[:1-19] or none");
  };
  int highest = 0;
  if (name == "gzip") {
    write.compression = Compression::gzip;
    highest = 2;
  } else if (name == "zstd") {
    write.compression = Compression::zstd;
    write.level = 3;
    highest = 19;
  } else if (name == "none" && colon == std::string::npos) {
    write.compression = Compression::none;
    return;
  } else {
    expected();
  }
  if (colon == std::string::npos) return;
  const std::string_view level = std::string_view(text).substr(colon + 1);
  const auto [end, error] = std::from_chars(level.data(), level.data() + level.size(), write.level);
  const int lowest = name == "zstd" ? 1 : 0;
  if (error != std::errc() || end != level.data() + level.size() || write.level < lowest ||
      write.level > highest)
    expected();
}

/// For the history: what decides the result, without paths of this machine.
std::string history_command(const Options& options) {
  std::string command = "slim build --profile " + options.profile;
  for (const std::string& glob : options.include) command += " --include " + glob;
  for (const std::string& glob : options.exclude) command += " --exclude " + glob;
  if (options.no_metadata) command += " --no-metadata";
  for (const std::string& file : options.rules)
    command += " --rules " + std::filesystem::path(file).filename().string();
  return command;
}

BuildOptions build_options_of(const Arguments& arguments) {
  BuildOptions build;
  build.no_run = arguments.no_run;
  build.observe = !arguments.no_observe;
  build.heal = arguments.heal;
  build.repeat = arguments.options.repeat;
  build.keep_going = arguments.keep_going;
  build.jobs = arguments.options.jobs;
  build.run = run_options_of(arguments.options);
  build.write.jobs = arguments.options.jobs;
  build.write.tag = arguments.tag;
  build.write.tool_version = version();
  build.write.command = history_command(arguments.options);
  if (!arguments.compression.empty()) read_compression(arguments.compression, build.write);
  return build;
}

/// Loud, on standard error, whatever the format: an output that is not proved must not pass unnoticed.
void say_unproved(const BuildResult& result, const Arguments& arguments) {
  if (result.verdict.outcome == Outcome::same || result.verdict.outcome == Outcome::not_run) return;
  fmt::print(stderr, "slim: {}: the slimmed image is not proved to behave the same ({})\n",
             arguments.destination, to_string(result.verdict.outcome));
  fmt::print(stderr, "slim: {}\n",
             result.committed ? "it was KEPT because of --keep-going; do not ship it unseen"
                              : "nothing was written; --keep-going keeps it all the same");
}

/// The input survives: nothing that this command writes may be it, or lie in it.
void refuse_overwriting(const ImageRef& source, const ImageRef& destination, const Arguments& arguments) {
  const Options& options = arguments.options;
  const auto refuse = [](const std::string& what) {
    throw Error(ErrorKind::usage, what, "is the input itself; expected another place");
  };
  const bool adds = source.transport == Transport::oci && destination.transport == Transport::oci;
  if (!adds && same_file(source.path, destination.path)) refuse(destination.text());
  // In a local store a name goes from one image to another. A bare name may be found there, too.
  const bool in_store =
      (destination.transport == Transport::docker_daemon ||
       destination.transport == Transport::containers_storage) &&
      (source.transport == destination.transport || source.transport == Transport::bare_name);
  if (in_store && familiar_name(output_name(destination, arguments.tag, "")) == familiar_name(source.name))
    refuse(destination.text());
  if (source.transport == Transport::rootfs && std::filesystem::is_directory(source.path)) {
    const auto root = std::filesystem::canonical(source.path);
    const auto place = std::filesystem::weakly_canonical(destination.path);
    const auto apart = std::ranges::mismatch(root, place);
    if (apart.in1 == root.end()) refuse(destination.text());
  }
  for (const std::string& request : options.reports) {
    const std::string path = request.substr(request.find('=') + 1);
    if (same_file(path, source.path)) refuse("--report " + request);
    if (same_file(path, destination.path)) {
      throw Error(ErrorKind::usage, "--report " + request, "is the output too; expected another place");
    }
  }
}

int build(const Arguments& arguments) {
  const Options& options = arguments.options;
  format_of(options.format, "--format");
  refuse_host_network(options);
  const auto platform = platform_of(options);
  const AnalysisOptions analysis_options = analysis_options_of(options, platform);
  const ImageRef destination = destination_of(arguments.destination, options);
  Progress progress(progress_of(options));
  BuildOptions build_options = build_options_of(arguments);
  build_options.progress = [&progress](const std::string& text) { progress.step(text); };
  const ImageRef source = image_of(arguments.image, options);
  refuse_overwriting(source, destination, arguments);
  check_destination(destination, build_options.write);
  clean_up_on_signals();
  build_options.probes = probes_of(options);
  const ProbeImages service_images(build_options.probes, options.insecure);
  build_options.service_images = service_images.companions();

  progress.step("reading " + arguments.image);
  const auto analysis = analyze(source, analysis_options);
  require_runnable(*analysis, analysis_options.mark);
  if (source.transport == Transport::rootfs) build_options.write.start = &analysis->config;
  const BuildResult result = build_image(*analysis, destination, build_options);
  progress.finish();

  Report report = make_report(*analysis);
  report.with_files = options.files;
  report.show_secrets = options.show_secrets;
  report.verdict = options.show_secrets ? result.verdict : redacted_verdict(result.verdict);
  report.runs = ReportRuns{.observed = result.observed,
                           .healed = result.healed,
                           .not_healed = result.not_healed,
                           .not_observed = result.not_observed,
                           .observed_whole = result.observed_whole};
  if (result.committed)
    report.output = ReportOutput{.destination = arguments.destination, .written = result.written};
  report.timings["write"] = result.write_seconds;
  report.timings["verify"] = result.verify_seconds;
  deliver(report, options);
  say_unproved(result, arguments);
  const bool yes = result.verdict.outcome == Outcome::same || result.verdict.outcome == Outcome::not_run;
  return yes ? 0 : 1;
}

}  // namespace

void add_build(CLI::App& app, int& exit_code) {
  auto arguments = std::make_shared<Arguments>();
  CLI::App* command = app.add_subcommand("build", "slim it: analyze, plan, write, run both and compare");
  command->add_option("IMAGE", arguments->image, "the image")->required();
  command
      ->add_option("-o,--output", arguments->destination,
                   "docker-archive:FILE[:NAME], oci:DIR, oci-archive:FILE, dir:DIR, docker-daemon:NAME, "
                   "containers-storage:NAME or docker://NAME")
      ->required()
      ->type_name("DEST");
  command
      ->add_option("-t,--tag", arguments->tag,
                   "the name inside the output (the image's own); for docker:// the tag")
      ->type_name("NAME");
  command->add_option("--compression", arguments->compression,
                      "of OCI layers: gzip[:0-2], zstd[:1-19] or none (gzip:1)");
  command->add_flag("--no-run", arguments->no_run,
                    "start nothing: the verdict is not-run, and a label says so");
  command->add_flag("--no-observe", arguments->no_observe,
                    "plan from static analysis alone; both are still run and compared");
  command->add_option("--heal", arguments->heal, "rounds of repair at most; 0: none (5)")->type_name("N");
  command->add_flag("--keep-going", arguments->keep_going,
                    "keep the output although the verdict is not `same`");
  add_image_options(*command, arguments->options);
  add_plan_options(*command, arguments->options);
  add_start_options(*command, arguments->options);
  add_run_options(*command, arguments->options);
  add_probe_options(*command, arguments->options);
  add_repeat_option(*command, arguments->options);
  add_output_options(*command, arguments->options);
  add_report_options(*command, arguments->options);
  command->callback([arguments, &exit_code] { exit_code = build(*arguments); });
}

}  // namespace slim
