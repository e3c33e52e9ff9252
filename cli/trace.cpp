// slim trace IMAGE -o FILE: what a run of it asks for, for `build --trace FILE`.
#include "slimmer/trace.h"

#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <iostream>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <unordered_set>
#include <utility>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "analyzer/error.h"
#include "analyzer/image.h"
#include "analyzer/image_contents.h"
#include "cli/commands.h"
#include "cli/escape.h"
#include "cli/interrupt.h"
#include "cli/options.h"
#include "cli/probe_options.h"
#include "cli/terminal.h"
#include "runner/observe.h"
#include "runner/probe_images.h"
#include "runner/sandbox.h"
#include "runner/verify.h"

namespace slim {
namespace {

struct Arguments {
  Options options;
  std::string image;
  std::string output;
};

/// Throws where a run tells nothing.
void require_watched(const Observation& run, const std::string& image) {
  if (run.kind == RunKind::not_started) {
    throw Error(ErrorKind::input, image, "it does not start: " + run.message,
                "give its program with --entrypoint");
  }
  if (!run.watched) {
    throw Error(ErrorKind::environment, "trace", "this kernel or container runtime cannot watch a run",
                "it takes Linux 5.9 and runc 1.1 or crun 1.0 with seccomp");
  }
}

Trace trace_of(const Observation& run, const Image& image) {
  Trace trace{.image = image.reference,
              .config_digest = image.config_digest.text(),
              .summary = run.summary,
              .exit = run.kind == RunKind::neither ? std::nullopt : std::optional(run.exit),
              .watched = run.watched.value_or(Watched{}),
              .changes = run.changes,
              .sockets = {},
              .answers = run.answers,
              .time_to_ready = run.time_to_ready,
              .peak_memory = run.peak_memory};
  for (const auto& socket : run.sockets) trace.sockets.push_back(socket.text());
  return trace;
}

/// Each probe has a run of its own; the trace is of all of them.
void add_run(Trace& trace, const Observation& run) {
  std::optional<Watched> all = std::move(trace.watched);
  unite(all, run.watched);
  trace.watched = std::move(*all);
  trace.summary += "; " + run.summary;
  trace.answers.insert(trace.answers.end(), run.answers.begin(), run.answers.end());
  const auto add = [](auto& list, const auto& item) {
    if (std::ranges::find(list, item) == list.end()) list.push_back(item);
  };
  for (const auto& socket : run.sockets) add(trace.sockets, socket.text());
  std::unordered_set<std::string> changed;
  for (const auto& change : trace.changes.files) changed.insert(change.path);
  for (const auto& change : run.changes.files) {
    if (changed.insert(change.path).second) trace.changes.files.push_back(change);
  }
  trace.changes.complete = trace.changes.complete && run.changes.complete;
  trace.peak_memory = std::max(trace.peak_memory, run.peak_memory);
}

/// Passwords are given to programs as arguments, and come back in what they answer.
void redact(Trace& trace) {
  for (auto& process : trace.watched.processes) process.argv = redacted_arguments(process.argv);
  for (auto& answer : trace.answers) {
    answer.answer = redacted_words(answer.answer);
    answer.unmet = redacted_words(answer.unmet);
  }
  trace.summary = redacted_words(trace.summary);
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
  run_options.probes = probes_of(options);
  const ProbeImages service_images(run_options.probes, options.insecure);
  run_options.service_images = service_images.companions();

  ReadOptions read = read_options_of(options, platform);
  read.facts = false;
  progress.step("reading " + arguments.image);
  ImageContents contents = read_image(image_of(arguments.image, options), read);
  Verifier verifier(contents, run_options);
  const auto runs = verifier.observe_original();
  progress.finish();
  for (const Observation* run : runs) {
    require_watched(*run, arguments.image);
    if (!run->unproved.empty()) fmt::print(stderr, "slim: warning: {}\n", terminal_text(run->unproved));
  }
  Trace result = trace_of(*runs.front(), contents.image());
  for (std::size_t i = 1; i < runs.size(); ++i) add_run(result, *runs[i]);
  if (!options.show_secrets) redact(result);
  write_file_whole(arguments.output, [&](std::ostream& out) { write_trace(result, contents.tree, out); });
  if (!result.watched.complete) {
    std::cerr
        << "slim: not all that the run asked for is in the trace: it asked for more than is kept, or by "
           "calls of another architecture\n";
  }
  if (!options.quiet) {
    std::cout << fmt::format("{}: {} paths asked for, {} programs started, {} files changed; {}\n",
                             terminal_text(arguments.output), result.watched.paths.size(),
                             result.watched.processes.size(), result.changes.files.size(),
                             terminal_text(result.summary));
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
  add_probe_options(*command, arguments->options);
  add_progress_options(*command, arguments->options);
  command->add_flag("--show-secrets", arguments->options.show_secrets,
                    "do not redact arguments and answers that look like secrets");
  command->callback([arguments, &exit_code] { exit_code = trace(*arguments); });
}

}  // namespace slim
