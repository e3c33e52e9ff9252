// slim sbom IMAGE: what is inside, as CycloneDX or SPDX.
#include "slimmer/sbom.h"

#include <iostream>
#include <memory>
#include <string>

#include <CLI/CLI.hpp>

#include "analyzer/image_contents.h"
#include "analyzer/image_ref.h"
#include "cli/commands.h"
#include "cli/options.h"
#include "cli/sbom_files.h"
#include "cli/terminal.h"
#include "slimmer/analysis.h"
#include "slimmer/plan.h"

namespace slim {
namespace {

struct Arguments {
  Options options;
  std::string image;
  std::string format = "cyclonedx";
  std::string output;
  bool slimmed = false;
};

void deliver_bill(Sbom& sbom, const Arguments& arguments, ImageContents& contents, const Plan* plan) {
  const SbomFormat format = sbom_format_of(arguments.format, "--format");
  if (!arguments.output.empty()) {
    write_bill(sbom, {.format = format, .path = arguments.output}, contents, plan);
  } else if (!arguments.options.quiet) {
    write_bill(sbom, format, contents, plan, std::cout);
  }
}

void sbom_command(const Arguments& arguments) {
  const Options& options = arguments.options;
  sbom_format_of(arguments.format, "--format");
  const auto platform = platform_of(options);
  const ImageRef image = image_of(arguments.image, options);
  if (!arguments.output.empty()) check_file_place(arguments.output);
  Progress progress(progress_of(options));
  progress.step("reading " + arguments.image);
  if (!arguments.slimmed) {
    ImageContents contents = read_image(image, read_options_of(options, platform));
    Sbom sbom = image_bill(contents, image);
    progress.finish();
    deliver_bill(sbom, arguments, contents, nullptr);
    return;
  }
  const AnalysisOptions analysis_options = analysis_options_of(options, platform);
  const auto analysis = analyze(image, analysis_options);
  require_runnable(*analysis, analysis_options.mark);
  Sbom sbom = slimmed_bill(*analysis, image);
  sbom.subject = SbomSubject{.name = public_name(analysis->contents.image().name, image),
                             .digest = {},
                             .platform = analysis->config.platform.text()};
  progress.finish();
  deliver_bill(sbom, arguments, analysis->contents, &analysis->plan);
}

}  // namespace

void add_sbom(CLI::App& app, int& exit_code) {
  auto arguments = std::make_shared<Arguments>();
  CLI::App* command = app.add_subcommand("sbom", "the packages and files inside, as CycloneDX or SPDX");
  command->add_option("IMAGE", arguments->image, "the image")->required();
  command->add_option("--format", arguments->format, "CycloneDX 1.5 or SPDX 2.3, as JSON (cyclonedx)")
      ->type_name("cyclonedx|spdx");
  command->add_option("-o,--output", arguments->output, "instead of standard output")->type_name("FILE");
  CLI::Option* slimmed = command->add_flag(
      "--slimmed", arguments->slimmed, "of what static analysis alone would keep, with what it would remove");
  add_image_options(*command, arguments->options);
  add_plan_options(*command, arguments->options);
  add_start_options(*command, arguments->options);
  add_progress_options(*command, arguments->options);
  for (const char* of_plans : {"--profile", "--include", "--exclude", "--rules", "--no-metadata", "--trace",
                               "--entrypoint", "--cmd", "--env", "--user", "--workdir"})
    command->get_option(of_plans)->needs(slimmed);
  command->callback([arguments, &exit_code] {
    sbom_command(*arguments);
    exit_code = 0;
  });
}

}  // namespace slim
