// slim analyze IMAGE: what is inside, what it needs, what is waste.
#include <memory>
#include <string>

#include <CLI/CLI.hpp>

#include "analyzer/image_ref.h"
#include "cli/commands.h"
#include "cli/options.h"
#include "cli/report.h"
#include "cli/terminal.h"
#include "slimmer/analysis.h"

namespace slim {

void add_analyze(CLI::App& app, int& exit_code) {
  struct Arguments {
    Options options;
    std::string image;
  };
  auto arguments = std::make_shared<Arguments>();
  CLI::App* command = app.add_subcommand("analyze", "what is inside, what it needs, what is waste");
  command->add_option("IMAGE", arguments->image, "the image")->required();
  add_image_options(*command, arguments->options);
  add_plan_options(*command, arguments->options);
  add_start_options(*command, arguments->options);
  add_output_options(*command, arguments->options);
  add_report_options(*command, arguments->options);
  command->callback([arguments, &exit_code] {
    const Options& options = arguments->options;
    format_of(options.format, "--format");
    const auto platform = platform_of(options);
    Progress progress(progress_of(options));
    progress.step("reading " + arguments->image);
    const auto analysis =
        analyze(image_of(arguments->image, options), analysis_options_of(options, platform));
    Report report = make_report(*analysis);
    progress.finish();
    report.with_files = options.files;
    report.show_secrets = options.show_secrets;
    deliver(report, options);
    exit_code = 0;
  });
}

}  // namespace slim
