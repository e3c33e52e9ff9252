// slim analyze IMAGE: what is inside, what it needs, what is waste.
#include <iostream>
#include <memory>
#include <optional>
#include <ostream>
#include <sstream>
#include <string>
#include <utility>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "analyzer/digest.h"
#include "analyzer/error.h"
#include "analyzer/image_ref.h"
#include "analyzer/json.h"
#include "analyzer/platform.h"
#include "analyzer/source.h"
#include "cli/commands.h"
#include "cli/json_output.h"
#include "cli/options.h"
#include "cli/report.h"
#include "cli/terminal.h"
#include "slimmer/analysis.h"
#include "slimmer/referrers.h"

namespace slim {
namespace {

struct Arguments {
  Options options;
  std::string image;
  bool attach = false;
  bool attached = false;
};

/// The report as JSON, to the image in its registry.
void attach(const Report& report, const ImageRef& image) {
  std::ostringstream text;
  render_json(report, text);
  attach_document(image, report.analysis->contents.image().digest, report_type, std::move(text).str());
}

/// What was attached is a stranger's text: it is parsed, and written anew.
void show_attached(const ImageRef& image, const std::optional<Platform>& platform) {
  const Digest subject = open_source(image, platform ? &*platform : nullptr)->image().digest;
  const auto text = attached_document(image, subject, report_type);
  if (!text) {
    throw Error(ErrorKind::input, image.text(), "no report is attached to " + subject.text(),
                "slim analyze --attach " + image.text());
  }
  const auto document = parse_json(*text, image.text() + ": attached report");
  std::cout << dump(nlohmann::ordered_json(document), 2) << '\n' << std::flush;
}

void analyze_command(const Arguments& arguments) {
  const Options& options = arguments.options;
  format_of(options.format, "--format");
  const auto platform = platform_of(options);
  const ImageRef image = image_of(arguments.image, options);
  if ((arguments.attach || arguments.attached) && image.transport != Transport::registry) {
    throw Error(ErrorKind::usage, image.text(),
                "--attach and --attached are for an image in a registry: expected docker://NAME");
  }
  if (arguments.attached) {
    show_attached(image, platform);
    return;
  }
  Progress progress(progress_of(options));
  progress.step("reading " + arguments.image);
  const auto analysis = analyze(image, analysis_options_of(options, platform));
  Report report = make_report(*analysis);
  report.with_files = options.files;
  report.show_secrets = options.show_secrets;
  if (arguments.attach) {
    progress.step("attaching the report");
    attach(report, image);
  }
  progress.finish();
  deliver(report, options);
}

}  // namespace

void add_analyze(CLI::App& app, int& exit_code) {
  auto arguments = std::make_shared<Arguments>();
  CLI::App* command = app.add_subcommand("analyze", "what is inside, what it needs, what is waste");
  command->add_option("IMAGE", arguments->image, "the image")->required();
  add_image_options(*command, arguments->options);
  add_plan_options(*command, arguments->options);
  add_start_options(*command, arguments->options);
  add_output_options(*command, arguments->options);
  add_report_options(*command, arguments->options);
  command->add_flag("--attach", arguments->attach,
                    "attach the report to the image in its registry (docker://), as an OCI referrer");
  command->add_flag("--attached", arguments->attached,
                    "show the report that was attached last, and analyze nothing");
  command->callback([arguments, &exit_code] {
    analyze_command(*arguments);
    exit_code = 0;
  });
}

}  // namespace slim
