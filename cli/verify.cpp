// slim verify ORIGINAL SLIMMED: run both in real containers and compare.
#include "runner/verify.h"

#include <memory>
#include <string>
#include <utility>

#include <CLI/CLI.hpp>

#include "analyzer/image_contents.h"
#include "cli/answer_secrets.h"
#include "cli/commands.h"
#include "cli/interrupt.h"
#include "cli/options.h"
#include "cli/probe_options.h"
#include "cli/terminal.h"
#include "runner/probe_images.h"
#include "runner/verdict.h"

namespace slim {
namespace {

struct Arguments {
  Options options;
  std::string original;
  std::string slimmed;
};

int verify(const Arguments& arguments) {
  const Options& options = arguments.options;
  check_verdict_report(options);
  refuse_host_network(options);
  const auto platform = platform_of(options);
  VerifyOptions verify_options;
  verify_options.run = run_options_of(options);
  verify_options.repeat = options.repeat;
  Progress progress(progress_of(options));
  verify_options.progress = [&progress](const std::string& text) { progress.step(text); };
  clean_up_on_signals();
  verify_options.probes = probes_of(options);
  const ProbeImages service_images(verify_options.probes, options.insecure);
  verify_options.service_images = service_images.companions();

  ReadOptions read = read_options_of(options, platform);
  read.facts = false;
  progress.step("reading " + arguments.original);
  ImageContents original = read_image(image_of(arguments.original, options), read);
  progress.step("reading " + arguments.slimmed);
  ImageContents slimmed = read_image(image_of(arguments.slimmed, options), read);
  Verdict verdict = verify_images(original, slimmed, verify_options);
  if (!options.show_secrets) verdict = redacted_verdict(std::move(verdict));
  progress.finish();
  deliver(verdict, options);
  return verdict.outcome == Outcome::same ? 0 : 1;
}

}  // namespace

void add_verify(CLI::App& app, int& exit_code) {
  auto arguments = std::make_shared<Arguments>();
  CLI::App* command = app.add_subcommand("verify", "run both in real containers and compare");
  command->add_option("ORIGINAL", arguments->original, "the image that is right")->required();
  command->add_option("SLIMMED", arguments->slimmed, "the image that should behave the same")->required();
  add_image_options(*command, arguments->options);
  add_start_options(*command, arguments->options);
  add_run_options(*command, arguments->options);
  add_probe_options(*command, arguments->options);
  add_repeat_option(*command, arguments->options);
  add_output_options(*command, arguments->options);
  add_verdict_report_options(*command, arguments->options);
  command->add_flag("--show-secrets", arguments->options.show_secrets,
                    "do not redact what looks like a secret in answers");
  command->callback([arguments, &exit_code] { exit_code = verify(*arguments); });
}

}  // namespace slim
