// slim diff A B: files, metadata and sizes that differ.
#include <iostream>
#include <memory>
#include <string>

#include <CLI/CLI.hpp>

#include "analyzer/image_contents.h"
#include "analyzer/image_diff.h"
#include "cli/commands.h"
#include "cli/diff_report.h"
#include "cli/options.h"
#include "cli/terminal.h"

namespace slim {
namespace {

struct Arguments {
  Options options;
  std::string a;
  std::string b;
  bool ignore_time = false;
  bool all = false;
};

int diff(const Arguments& arguments) {
  const Options& options = arguments.options;
  const Format format = answer_format_of(options.format, "--format");
  const auto platform = platform_of(options);
  ReadOptions read = read_options_of(options, platform);
  read.facts = false;  // equal hashes are equal files: what is in them does not matter
  Progress progress(progress_of(options));
  progress.step("reading " + arguments.a);
  const ImageContents a = read_image(image_of(arguments.a, options), read);
  progress.step("reading " + arguments.b);
  const ImageContents b = read_image(image_of(arguments.b, options), read);
  DiffReport report{.a = &a,
                    .b = &b,
                    .diff = {},
                    .options = {.ignore_time = arguments.ignore_time},
                    .all = arguments.all,
                    .show_secrets = options.show_secrets};
  report.diff = diff_trees(a.tree, b.tree, report.options);
  report.diff.config = diff_configs(a.image().config, b.image().config);
  progress.finish();
  if (!options.quiet) {
    if (format == Format::json) {
      render_diff_json(report, std::cout);
    } else {
      render_diff(report, style_of_stdout(options.no_color), std::cout);
    }
  }
  return report.diff.same() ? 0 : 1;
}

}  // namespace

void add_diff(CLI::App& app, int& exit_code) {
  auto arguments = std::make_shared<Arguments>();
  CLI::App* command = app.add_subcommand("diff", "files, metadata and sizes that differ");
  command->add_option("A", arguments->a, "an image")->required();
  command->add_option("B", arguments->b, "the image to compare it with")->required();
  command->add_flag("--ignore-time", arguments->ignore_time, "times of modification do not count");
  command->add_flag("--all", arguments->all, "text: every path, also those below folders that one image has");
  command->add_flag("--show-secrets", arguments->options.show_secrets,
                    "do not redact values of the config that look like secrets");
  add_image_options(*command, arguments->options);
  add_output_options(*command, arguments->options);
  command->callback([arguments, &exit_code] { exit_code = diff(*arguments); });
}

}  // namespace slim
