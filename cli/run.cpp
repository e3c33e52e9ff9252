// slim run IMAGE [-- ARG...]: one container in the sandbox. Exits as the container does, and with 125 to 127
// for its own failures, as docker run does.
#include "runner/run.h"

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "analyzer/error.h"
#include "analyzer/image_contents.h"
#include "analyzer/image_ref.h"
#include "cli/commands.h"
#include "cli/escape.h"
#include "cli/options.h"
#include "runner/container_spec.h"

namespace slim {
namespace {

struct Arguments {
  Options options;
  std::string image;
  std::vector<std::string> words;
};

int run(const Arguments& arguments) {
  const Options& options = arguments.options;
  const auto platform = platform_of(options);
  RunOptions run_options = run_options_of(options);
  if (options.timeout.empty()) run_options.limits.timeout = std::chrono::seconds(0);  // until it ends
  if (!arguments.words.empty()) run_options.overrides.cmd = arguments.words;
  const ImageRef reference = image_of(arguments.image, options);
  ReadOptions read = read_options_of(options, platform);
  read.facts = false;
  ImageContents contents = read_image(reference, read);
  return run_image(contents, run_options);
}

}  // namespace

void add_run(CLI::App& app, int& exit_code) {
  auto arguments = std::make_shared<Arguments>();
  CLI::App* command = app.add_subcommand("run", "one container in the sandbox");
  command->add_option("IMAGE", arguments->image, "the image")->required();
  command->add_option("ARG", arguments->words, "instead of the image's cmd; behind --");
  add_image_options(*command, arguments->options);
  add_start_options(*command, arguments->options);
  add_run_options(*command, arguments->options);
  command->callback([arguments, &exit_code] {
    try {
      exit_code = run(*arguments);
    } catch (const Error& error) {
      fmt::print(stderr, "slim: error: {}\n", terminal_text(error.what()));
      if (!error.hint().empty()) fmt::print(stderr, "hint: {}\n", terminal_text(error.hint()));
      exit_code = run_failure;
    }
  });
}

}  // namespace slim
