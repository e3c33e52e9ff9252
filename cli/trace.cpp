// slim trace IMAGE -o FILE: what a run of it asks for, for `build --trace FILE`.
#include "slimmer/trace.h"

#include <iostream>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "analyzer/error.h"
#include "analyzer/image_contents.h"
#include "analyzer/image_ref.h"
#include "cli/commands.h"
#include "cli/escape.h"
#include "cli/interrupt.h"
#include "cli/options.h"
#include "cli/terminal.h"
#include "runner/observe.h"
#include "runner/sandbox.h"
#include "runner/verify.h"

namespace slim {
namespace {

struct Arguments {
  Options options;
  std::string image;
  std::string output;
};

/// The paths of a run; throws where it tells nothing.
std::vector<std::string> watched_paths(const Observation& run, const std::string& image) {
  if (run.kind == RunKind::not_started) {
    throw Error(ErrorKind::input, image, "it does not start: " + run.message,
                "give its program with --entrypoint");
  }
  if (!run.watched) {
    throw Error(ErrorKind::environment, "trace", "this kernel or container runtime cannot watch a run",
                "it takes Linux 5.9 and runc 1.1 or crun 1.0 with seccomp");
  }
  return asked_names(*run.watched);
}

int trace(const Arguments& arguments) {
  const Options& options = arguments.options;
  const auto platform = platform_of(options);
  VerifyOptions run_options;
  run_options.run = run_options_of(options);
  Progress progress(progress_of(options));
  run_options.progress = [&progress](const std::string& text) { progress.step(text); };
  check_file_place(arguments.output);
  clean_up_on_signals();

  ReadOptions read = read_options_of(options, platform);
  read.facts = false;
  progress.step("reading " + arguments.image);
  ImageContents contents = read_image(parse_image_ref(arguments.image), read);
  Verifier verifier(contents, run_options);
  const Observation& run = *verifier.observe_original().front();
  progress.finish();
  const Trace result{.image = contents.image().reference,
                     .config_digest = contents.image().config_digest.text(),
                     .summary = run.summary,
                     .paths = watched_paths(run, arguments.image)};
  write_file_whole(arguments.output, [&result](std::ostream& out) { write_trace(result, out); });
  if (!options.quiet) {
    std::cout << fmt::format("{}: {} paths asked for; {}\n", terminal_text(arguments.output),
                             result.paths.size(), terminal_text(run.summary));
  }
  return 0;
}

}  // namespace

void add_trace(CLI::App& app, int& exit_code) {
  auto arguments = std::make_shared<Arguments>();
  CLI::App* command = app.add_subcommand("trace", "what a run touches; for build --trace FILE");
  command->add_option("IMAGE", arguments->image, "the image")->required();
  command->add_option("-o,--output", arguments->output, "where the trace goes")
      ->required()
      ->type_name("FILE");
  add_image_options(*command, arguments->options);
  add_start_options(*command, arguments->options);
  add_run_options(*command, arguments->options);
  add_progress_options(*command, arguments->options);
  command->callback([arguments, &exit_code] { exit_code = trace(*arguments); });
}

}  // namespace slim
