// slim test IMAGE --config FILE: files of container-structure-test, run in the sandbox.
#include <algorithm>
#include <chrono>
#include <cstddef>
#include <iostream>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "analyzer/image.h"
#include "analyzer/image_contents.h"
#include "cli/answer_secrets.h"
#include "cli/commands.h"
#include "cli/interrupt.h"
#include "cli/options.h"
#include "cli/terminal.h"
#include "cli/test_report.h"
#include "runner/container_spec.h"
#include "runner/observe.h"
#include "runner/oci_sandbox.h"
#include "runner/probe.h"
#include "runner/probe_images.h"
#include "runner/sandbox.h"
#include "runner/structure_test.h"

namespace slim {
namespace {

struct Arguments {
  Options options;
  std::string image;
  std::vector<std::string> files;
};

ProbeSet probes_of(const std::vector<StructureFile>& files) {
  ProbeSet set;
  for (const auto& file : files) set.probes.insert(set.probes.end(), file.probes.begin(), file.probes.end());
  return set;
}

/// Runs the probes of one file, and says of each test what came of it.
void run_file(Sandbox& sandbox, const ImageConfig& config, const StructureFile& file,
              const ObserveOptions& observing, Progress& progress, TestReport& report) {
  for (std::size_t i = 0; i < file.probes.size(); ++i) {
    const auto& probe = file.probes[i];
    const auto has_place = [i](const StructureTest& test) { return test.probe == i; };
    if (std::ranges::none_of(file.tests, has_place)) continue;
    progress.step(probe.name);
    const auto begin = std::chrono::steady_clock::now();
    ContainerStart start;
    start.config = config;
    const auto observed = observe(sandbox, start, probe, observing);
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
    for (const auto& test : file.tests) {
      if (test.probe != i) continue;
      report.results.push_back({.name = test.name,
                                .origin = test.origin,
                                .failure = failure_of(test, probe, observed),
                                .seconds = test.step && probe.steps.size() > 1 ? 0 : took.count()});
    }
  }
}

int test(const Arguments& arguments) {
  const Options& options = arguments.options;
  const auto format = test_format_of(options.format);
  refuse_host_network(options);
  const auto platform = platform_of(options);
  std::vector<StructureFile> files;
  files.reserve(arguments.files.size());
  for (const auto& file : arguments.files) files.push_back(read_structure_file(file));
  Progress progress(progress_of(options));
  clean_up_on_signals();

  ReadOptions read = read_options_of(options, platform);
  read.facts = false;
  progress.step("reading " + arguments.image);
  ImageContents contents = read_image(image_of(arguments.image, options), read);
  for (auto& file : files) add_license_tests(file, contents.tree);
  RunOptions run = run_options_of(options);
  run.mount_sources = mount_sources_of(probes_of(files));
  progress.step("extracting the image");
  const auto sandbox = make_oci_sandbox(contents, run);
  ObserveOptions observing;
  observing.limit = run.limits.timeout;
  TestReport report{.image = contents.image().reference, .results = {}};
  const auto config = with_overrides(contents.image().config, run.overrides);
  for (const auto& file : files) run_file(*sandbox, config, file, observing, progress, report);
  progress.finish();
  if (!options.show_secrets) {
    for (auto& result : report.results) result.failure = redacted_answer(result.failure);
  }
  if (!options.quiet) render_test_report(report, format, style_of_stdout(options.no_color), std::cout);
  return report.failed() == 0 ? 0 : 1;
}

}  // namespace

void add_test(CLI::App& app, int& exit_code) {
  auto arguments = std::make_shared<Arguments>();
  CLI::App* command = app.add_subcommand("test", "run files of container-structure-test in the sandbox");
  command->add_option("IMAGE", arguments->image, "the image")->required();
  command
      ->add_option(
          "-c,--config", arguments->files,
          "a file of container-structure-test, schemaVersion 1.0.0 or 2.0.0, YAML or JSON; repeatable")
      ->required()
      ->type_name("FILE")
      ->allow_extra_args(false);
  add_image_options(*command, arguments->options);
  add_start_options(*command, arguments->options);
  add_run_options(*command, arguments->options);
  add_output_options(*command, arguments->options);
  command->add_flag("--show-secrets", arguments->options.show_secrets,
                    "do not redact what looks like a secret in answers");
  command->get_option("--format")->description("what standard output gets: text, json or junit");
  command->callback([arguments, &exit_code] { exit_code = test(*arguments); });
}

}  // namespace slim
