// slim build IMAGE -o DEST: analyze, plan, write, verify.
#include "slimmer/build.h"

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <filesystem>
#include <iterator>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "analyzer/compression.h"
#include "analyzer/digest.h"
#include "analyzer/docker_archive.h"
#include "analyzer/error.h"
#include "analyzer/image.h"
#include "analyzer/image_contents.h"
#include "analyzer/image_platforms.h"
#include "analyzer/image_ref.h"
#include "analyzer/platform.h"
#include "analyzer/registry_name.h"
#include "cli/answer_secrets.h"
#include "cli/batch.h"
#include "cli/commands.h"
#include "cli/dockerfile.h"
#include "cli/escape.h"
#include "cli/interrupt.h"
#include "cli/options.h"
#include "cli/probe_options.h"
#include "cli/provenance.h"
#include "cli/report.h"
#include "cli/sbom_files.h"
#include "cli/terminal.h"
#include "cli/version.h"
#include "runner/probe_images.h"
#include "runner/verdict.h"
#include "slimmer/analysis.h"
#include "slimmer/destination.h"
#include "slimmer/platform_images.h"
#include "slimmer/sbom.h"
#include "slimmer/write_image.h"

namespace slim {
namespace {

struct Arguments {
  Options options;
  std::string image;
  std::string destination;
  std::string tag;
  std::string compression;
  std::string layers = "squash";
  std::string provenance;
  std::vector<std::string> sboms;  ///< [FORMAT=]FILE
  std::string dockerfile;
  std::string batch;
  const CLI::App* command = nullptr;
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

Layers layers_of(const std::string& text) {
  if (text == "squash") return Layers::squash;
  if (text == "base+app") return Layers::base_and_app;
  throw Error(ErrorKind::usage, "--layers " + text, "expected squash or base+app");
}

/// For the history: what decides the result, without paths of this machine.
std::string history_command(const Arguments& arguments) {
  const Options& options = arguments.options;
  std::string command = "slim build --profile " + options.profile;
  for (const std::string& glob : options.include) command += " --include " + glob;
  for (const std::string& glob : options.exclude) command += " --exclude " + glob;
  if (arguments.layers != "squash") command += " --layers " + arguments.layers;
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
  build.write.command = history_command(arguments);
  build.write.layers = layers_of(arguments.layers);
  if (!arguments.compression.empty()) read_compression(arguments.compression, build.write);
  return build;
}

bool is_yes(const BuildResult& result) {
  return result.verdict.outcome == Outcome::same || result.verdict.outcome == Outcome::not_run;
}

/// Loud, on standard error, whatever the format: an output that is not proved must not pass unnoticed. `what`
/// was slimmed; `kept` says whether it is in its place.
void say_unproved(const BuildResult& result, const std::string& what, bool kept) {
  if (is_yes(result)) return;
  fmt::print(stderr, "slim: {}: the slimmed image is not proved to behave the same ({})\n", what,
             to_string(result.verdict.outcome));
  fmt::print(stderr, "slim: {}\n",
             kept ? "it was KEPT because of --keep-going; do not ship it unseen"
                  : "nothing was written; --keep-going keeps it all the same");
}

/// The input survives: nothing that this command writes may be it, or lie in it.
void refuse_overwriting(const ImageRef& source, const ImageRef& destination, const Arguments& arguments) {
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
  if (destination.transport == Transport::registry && source.transport == Transport::registry) {
    const RegistryName from = RegistryName::parse(source.name);
    const RegistryName into = RegistryName::parse(output_name(destination, arguments.tag, ""));
    if (from.host == into.host && from.repository == into.repository && from.tag == into.tag)
      refuse(destination.text());
  }
  if (source.transport == Transport::rootfs && std::filesystem::is_directory(source.path)) {
    const auto root = std::filesystem::canonical(source.path);
    const auto place = std::filesystem::weakly_canonical(destination.path);
    const auto apart = std::ranges::mismatch(root, place);
    if (apart.in1 == root.end()) refuse(destination.text());
  }
  const auto check_file = [&](const std::string& option, const std::string& path) {
    if (same_file(path, source.path)) refuse(option);
    std::error_code failed;  // a pipe has no such place, and is no output
    const auto place = std::filesystem::weakly_canonical(path, failed);
    const bool is_output = !failed && !destination.path.empty() &&
                           place == std::filesystem::weakly_canonical(destination.path, failed);
    if (is_output || same_file(path, destination.path))
      throw Error(ErrorKind::usage, option, "is the output too; expected another place");
  };
  for (const std::string& request : arguments.options.reports)
    check_file("--report " + request, request.substr(request.find('=') + 1));
  if (!arguments.provenance.empty()) check_file("--provenance " + arguments.provenance, arguments.provenance);
  for (const SbomRequest& request : sbom_requests(arguments.sboms))
    check_file("--sbom " + request.path, request.path);
  if (arguments.dockerfile.empty()) return;
  check_file("--dockerfile " + arguments.dockerfile, arguments.dockerfile);
  check_file("--dockerfile " + arguments.dockerfile, arguments.dockerfile + ".tar");
}

/// All that the images of one command have in common.
struct Job {
  const Arguments& arguments;
  ImageRef source;
  ImageRef destination;
  AnalysisOptions analysis;
  BuildOptions build;
  Progress& progress;
};

/// One image that was slimmed.
struct Built {
  Platform platform;  ///< as it was asked for: a config may leave the variant out
  std::unique_ptr<Analysis> analysis;
  BuildResult result;
};

Built build_one(Job& job, const ImageRef& destination) {
  job.progress.step("reading " + job.arguments.image);
  Built built{.platform = {}, .analysis = analyze(job.source, job.analysis), .result = {}};
  built.platform =
      job.analysis.read.platform != nullptr ? *job.analysis.read.platform : built.analysis->config.platform;
  require_runnable(*built.analysis, job.analysis.mark);
  if (job.source.transport == Transport::rootfs) job.build.write.start = &built.analysis->config;
  built.result = build_image(*built.analysis, destination, job.build);
  return built;
}

Report report_of(const Built& built, const Arguments& arguments, bool kept) {
  const Options& options = arguments.options;
  const BuildResult& result = built.result;
  Report report = make_report(*built.analysis);
  report.platform = built.platform.text();
  report.with_files = options.files;
  report.show_secrets = options.show_secrets;
  report.verdict = options.show_secrets ? result.verdict : redacted_verdict(result.verdict);
  report.runs = ReportRuns{.observed = result.observed,
                           .healed = result.healed,
                           .not_healed = result.not_healed,
                           .not_observed = result.not_observed,
                           .observed_whole = result.observed_whole,
                           .emulator = result.emulator};
  if (kept) report.output = ReportOutput{.destination = arguments.destination, .written = result.written};
  report.timings["write"] = result.write_seconds;
  report.timings["verify"] = result.verify_seconds;
  return report;
}

void write_provenance(const Job& job, const std::vector<Built>& all, const Digest& written) {
  const Arguments& arguments = job.arguments;
  if (arguments.provenance.empty()) return;
  Provenance provenance;
  const std::string name = arguments.tag.empty() ? job.destination.name : arguments.tag;
  for (const Built& built : all) {
    const Image& image = built.analysis->contents.image();
    provenance.images.push_back({.name = public_name(image.name, job.source),
                                 .digest = image.digest,
                                 .platform = built.platform.text(),
                                 .verdict = std::string(to_string(built.result.verdict.outcome))});
  }
  provenance.subject = {
      .name = public_name(name, job.destination), .digest = written, .platform = {}, .verdict = {}};
  for (const ImageContents* service : job.build.service_images) {
    provenance.others.push_back({.name = service->image().name,
                                 .digest = service->image().digest,
                                 .platform = service->image().config.platform.text(),
                                 .verdict = {}});
  }
  for (const auto* files : {&arguments.options.rules, &arguments.options.probes, &arguments.options.traces})
    std::ranges::move(provenance_files(*files), std::back_inserter(provenance.others));
  provenance.flags = provenance_flags(*arguments.command, arguments.options.show_secrets);
  const std::string statement = provenance_statement(provenance);
  write_file_whole(arguments.provenance, [&statement](std::ostream& out) { out << statement; });
}

void write_sboms(const Job& job, const Built& built) {
  const std::vector<SbomRequest> requests = sbom_requests(job.arguments.sboms);
  if (requests.empty()) return;
  job.progress.step("writing the bill of materials");
  Analysis& analysis = *built.analysis;
  Sbom sbom = slimmed_bill(analysis, job.source);
  const std::string name = output_name(job.destination, job.arguments.tag, analysis.contents.image().name);
  sbom.subject = SbomSubject{.name = public_name(name, job.destination),
                             .digest = built.result.written.digest,
                             .platform = analysis.contents.image().config.platform.text()};
  for (const SbomRequest& request : requests) write_bill(sbom, request, analysis.contents, &analysis.plan);
}

/// The same result as a Dockerfile; what that cannot say is told.
void write_dockerfile(const Job& job, const Built& built) {
  const Arguments& arguments = job.arguments;
  if (arguments.dockerfile.empty()) return;
  const bool in_registry = job.source.transport == Transport::registry;
  const DockerfileOptions options{.file = arguments.dockerfile,
                                  .from = from_reference(built.analysis->contents.image(), in_registry),
                                  .platform = arguments.options.platform,
                                  .verdict = std::string(to_string(built.result.verdict.outcome)),
                                  .show_secrets = arguments.options.show_secrets};
  for (const std::string& warning : write_dockerfile(*built.analysis, options))
    fmt::print(stderr, "slim: warning: {}: {}\n", terminal_text(arguments.dockerfile),
               terminal_text(warning));
}

void check_dockerfile(const Job& job) {
  const Arguments& arguments = job.arguments;
  if (arguments.dockerfile.empty()) return;
  const std::string option = "--dockerfile " + arguments.dockerfile;
  if (arguments.options.platform == "all")
    throw Error(ErrorKind::usage, option, "a Dockerfile is of one platform; expected --platform OS/ARCH");
  if (job.source.transport == Transport::rootfs)
    throw Error(ErrorKind::usage, option, "a root file system is no image that FROM could name");
  check_dockerfile_place(arguments.dockerfile);
}

int build_platform(Job& job) {
  std::vector<Built> built;
  built.push_back(build_one(job, job.destination));
  const BuildResult& result = built.front().result;
  if (result.committed) write_sboms(job, built.front());
  job.progress.finish();
  if (result.committed) write_provenance(job, built, result.written.digest);
  if (result.committed) write_dockerfile(job, built.front());
  deliver(report_of(built.front(), job.arguments, result.committed), job.arguments.options);
  say_unproved(result, job.arguments.destination, result.committed);
  return is_yes(result) ? 0 : 1;
}

/// Every platform of the index, and an index of the results; nothing is written where one of them fails.
int build_all_platforms(Job& job) {
  PlatformImages images(job.destination,
                        std::exchange(job.build.write.tag, ""));  // the index's name, not theirs
  job.build.static_where_foreign = true;
  std::vector<Built> all;
  const PlatformsOfImage source = image_platforms(job.source);
  job.source = source.ref;
  for (const Platform& platform : source.platforms) {
    job.analysis.read.platform = &platform;
    all.push_back(in_context(platform.text(), [&] { return build_one(job, images.next(platform)); }));
  }
  job.progress.finish();
  const bool kept = std::ranges::all_of(all, [](const Built& built) { return built.result.committed; });
  PlatformReports reports{
      .image = job.arguments.image, .reports = {}, .destination = job.arguments.destination, .digest = {}};
  if (kept) {
    const std::string source_name = all.front().analysis->contents.image().name;
    reports.digest = images.commit(source_name);
    write_provenance(job, all, reports.digest);
  }
  for (const Built& built : all) reports.reports.push_back(report_of(built, job.arguments, kept));
  deliver(reports, job.arguments.options);
  for (const Built& built : all) {
    say_unproved(built.result, job.arguments.destination + ": " + built.platform.text(), kept);
  }
  return std::ranges::all_of(all, [](const Built& built) { return is_yes(built.result); }) ? 0 : 1;
}

int build(const Arguments& arguments) {
  const Options& options = arguments.options;
  if (!arguments.batch.empty()) {
    if (!arguments.image.empty() || !arguments.destination.empty())
      throw Error(ErrorKind::usage, "--batch " + arguments.batch,
                  "the file names image and output; expected no others");
    return build_batch(arguments.batch, *arguments.command, options);
  }
  for (const auto& [name, value] :
       {std::pair("IMAGE", &arguments.image), {"--output", &arguments.destination}}) {
    if (value->empty())
      throw Error(ErrorKind::usage, "slim build", fmt::format("{} is required", name),
                  "slim build --help shows what there is");
  }
  format_of(options.format, "--format");
  refuse_host_network(options);
  const bool all_platforms = options.platform == "all";
  if (all_platforms && !arguments.sboms.empty()) {
    throw Error(ErrorKind::usage, "--sbom", "a bill of materials is about one image: expected one --platform",
                "slim sbom IMAGE --platform OS/ARCH describes each image of the result");
  }
  const auto platform = all_platforms ? std::nullopt : platform_of(options);
  Progress progress(progress_of(options));
  Job job{.arguments = arguments,
          .source = {},
          .destination = destination_of(arguments.destination, options),
          .analysis = analysis_options_of(options, platform),
          .build = build_options_of(arguments),
          .progress = progress};
  if (!arguments.provenance.empty()) check_file_place(arguments.provenance);
  for (const SbomRequest& request : sbom_requests(arguments.sboms)) check_file_place(request.path);
  job.build.progress = [&progress](const std::string& text) { progress.step(text); };
  job.source = image_of(arguments.image, options);
  refuse_overwriting(job.source, job.destination, arguments);
  check_dockerfile(job);
  clean_up_on_signals();
  check_destination(job.destination, job.build.write);
  job.build.probes = probes_of(options);
  const ProbeImages service_images(job.build.probes, options.insecure);
  job.build.service_images = service_images.companions();
  return all_platforms ? build_all_platforms(job) : build_platform(job);
}

}  // namespace

void add_build(CLI::App& app, int& exit_code) {
  auto arguments = std::make_shared<Arguments>();
  CLI::App* command = app.add_subcommand("build", "slim it: analyze, plan, write, run both and compare");
  command->add_option("IMAGE", arguments->image, "the image; without --batch it is needed, as is --output");
  command
      ->add_option("-o,--output", arguments->destination,
                   "docker-archive:FILE[:NAME], oci:DIR, oci-archive:FILE, dir:DIR, docker-daemon:NAME, "
                   "containers-storage:NAME or docker://NAME")
      ->type_name("DEST");
  command
      ->add_option("-t,--tag", arguments->tag,
                   "the name inside the output (the image's own); for docker:// the tag")
      ->type_name("NAME");
  command
      ->add_option("--compression", arguments->compression,
                   "of OCI layers; levels of gzip 0-2, of zstd 1-19 (gzip:1)")
      ->type_name("gzip|zstd|none[:LEVEL]");
  command
      ->add_option("--layers", arguments->layers,
                   "one layer, or what the base image gave apart, for images to share (squash)")
      ->type_name("squash|base+app");
  command
      ->add_option("--provenance", arguments->provenance,
                   "an in-toto statement of what was done, with SLSA provenance: inputs, flags, digests")
      ->type_name("FILE");
  command
      ->add_option("--sbom", arguments->sboms,
                   "a bill of materials of the result, with what slimming removed; repeatable")
      ->type_name("[cyclonedx=|spdx=]FILE")
      ->allow_extra_args(false);
  command
      ->add_option("--batch", arguments->batch,
                   "many images: {image, output, further options} each, in YAML or JSON, or lines IMAGE DEST "
                   "[PROBE-FILE...]; --jobs at once (2)")
      ->type_name("FILE");
  command
      ->add_option(
          "--dockerfile", arguments->dockerfile,
          "the same as a Dockerfile that copies what is kept, with reasons; FILE.tar comes beside it")
      ->type_name("FILE");
  command->add_flag("--no-run", arguments->no_run,
                    "start nothing: the verdict is not-run, and a label says so");
  command->add_flag("--no-observe", arguments->no_observe,
                    "plan from static analysis alone; both are still run and compared");
  command->add_option("--heal", arguments->heal, "rounds of repair at most; 0: none (5)")->type_name("N");
  command->add_flag("--keep-going", arguments->keep_going,
                    "keep the output although the verdict is not `same`");
  add_image_options(*command, arguments->options);
  command->get_option("--platform")
      ->description("which image of a multi-platform index; all: every one, as an index again");
  add_plan_options(*command, arguments->options);
  add_start_options(*command, arguments->options);
  add_run_options(*command, arguments->options);
  add_probe_options(*command, arguments->options);
  add_repeat_option(*command, arguments->options);
  add_output_options(*command, arguments->options);
  add_report_options(*command, arguments->options);
  arguments->command = command;
  command->callback([arguments, &exit_code] { exit_code = build(*arguments); });
}

}  // namespace slim
