// slim gate IMAGE...: pass or fail for CI, by a policy.
#include <chrono>
#include <cstddef>
#include <filesystem>
#include <iostream>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "analyzer/error.h"
#include "cli/commands.h"
#include "cli/gate_check.h"
#include "cli/gate_facts.h"
#include "cli/gate_init.h"
#include "cli/gate_report.h"
#include "cli/options.h"
#include "cli/policy.h"
#include "cli/report.h"
#include "cli/terminal.h"
#include "slimmer/analysis.h"

namespace slim {
namespace {

struct Arguments {
  Options options;
  std::vector<std::string> images;
  std::string policy;
  std::string baseline;
  std::string output;
  bool init = false;
  bool force = false;
};

/// The first of the policies that the current folder has.
std::string default_policy() {
  for (const char* name : {".slim-policy.yaml", ".slim-policy.yml", ".slim-policy.json", ".dive-ci"}) {
    if (std::filesystem::exists(name)) return name;
  }
  throw Error(
      ErrorKind::usage, "slim gate",
      "expected --policy FILE, or .slim-policy.yaml, .slim-policy.yml, .slim-policy.json or .dive-ci in this "
      "folder",
      "slim gate IMAGE --init -o .slim-policy.yaml writes one from the image as it is");
}

/// An image with its report, which points at the analysis.
struct Looked {
  std::unique_ptr<Analysis> analysis;
  Report report;
};

Looked look_at(const std::string& image, const Options& options, const AnalysisOptions& how,
               Progress& progress) {
  progress.step("reading " + image);
  Looked looked{.analysis = analyze(image_of(image, options), how), .report = {}};
  looked.report = make_report(*looked.analysis);
  looked.report.with_files = options.files;
  looked.report.show_secrets = options.show_secrets;
  return looked;
}

std::chrono::year_month_day today() {
  return std::chrono::floor<std::chrono::days>(std::chrono::system_clock::now());
}

void refuse_odd_arguments(const Arguments& arguments) {
  const auto refuse = [](const std::string& what, const std::string& why) {
    throw Error(ErrorKind::usage, "slim gate: " + what, why);
  };
  if (!arguments.init) {
    if (!arguments.output.empty())
      refuse("--output", "only --init writes a policy; --report FORMAT=PATH writes a report");
    if (arguments.force) refuse("--force", "is for --init");
    return;
  }
  if (arguments.images.size() > 1) refuse("--init", "expected one image");
  if (!arguments.policy.empty()) refuse("--init", "writes a policy; expected no --policy, but --output FILE");
  if (!arguments.baseline.empty()) refuse("--init", "looks at one image; expected no --baseline");
  if (!arguments.output.empty() && !arguments.force && std::filesystem::exists(arguments.output))
    refuse("--output " + arguments.output, "it exists already; --force replaces it");
}

void init(const Arguments& arguments, const AnalysisOptions& how, Progress& progress) {
  if (!arguments.output.empty()) check_file_place(arguments.output);
  const Looked looked = look_at(arguments.images.front(), arguments.options, how, progress);
  const std::string policy = policy_from(gate_facts(looked.report));
  progress.finish();
  if (arguments.output.empty()) {
    std::cout << policy;
  } else {
    write_file_whole(arguments.output, [&policy](std::ostream& out) { out << policy; });
  }
}

/// Text is about the gate alone; every other format, and every report file, is the whole report.
void tell(const std::vector<Looked>& all, const Arguments& arguments) {
  Options options = arguments.options;
  const bool text = format_of(options.format, "--format") == Format::text;
  if (text && !options.quiet) {
    const TextStyle style = style_of_stdout(options.no_color);
    for (std::size_t i = 0; i < all.size(); ++i) {
      if (i > 0) std::cout << '\n';
      if (const auto& gate = all[i].report.gate) render_gate(*gate, arguments.images[i], style, std::cout);
    }
    std::cout.flush();
  }
  if (text) options.quiet = true;
  if (all.size() == 1) {
    deliver(all.front().report, options);
    return;
  }
  ImageReports reports;
  for (const Looked& looked : all) reports.reports.push_back(looked.report);
  deliver(reports, options);
}

int gate(const Arguments& arguments) {
  const Options& options = arguments.options;
  format_of(options.format, "--format");
  refuse_odd_arguments(arguments);
  const auto platform = platform_of(options);
  const AnalysisOptions how = analysis_options_of(options, platform);
  Progress progress(progress_of(options));
  if (arguments.init) {
    init(arguments, how, progress);
    return 0;
  }
  const Policy policy = read_policy(arguments.policy.empty() ? default_policy() : arguments.policy);
  const auto needy = key_that_needs_baseline(policy);
  if (!needy.empty() && arguments.baseline.empty()) {
    throw Error(ErrorKind::usage, "slim gate",
                fmt::format("{} has {}: expected --baseline IMAGE", policy.file, needy));
  }
  std::optional<Looked> baseline;
  if (!arguments.baseline.empty()) baseline = look_at(arguments.baseline, options, how, progress);
  bool passed = true;
  std::vector<Looked> all;
  for (const std::string& image : arguments.images) {
    Looked& looked = all.emplace_back(look_at(image, options, how, progress));
    std::optional<GateBaseline> against;
    if (baseline) {
      against = GateBaseline{.facts = gate_facts(baseline->report),
                             .grown = grown_files(looked.report, baseline->report)};
      against->facts.image = arguments.baseline;
    }
    looked.report.gate =
        check_policy(policy, gate_facts(looked.report), against ? &*against : nullptr, today());
    passed = passed && looked.report.gate->passed();
  }
  progress.finish();
  tell(all, arguments);
  return passed ? 0 : 1;
}

}  // namespace

void add_gate(CLI::App& app, int& exit_code) {
  auto arguments = std::make_shared<Arguments>();
  CLI::App* command = app.add_subcommand("gate", "pass or fail for CI, by the limits of a policy");
  command->add_option("IMAGE", arguments->images, "the images; each is to pass")->required();
  command
      ->add_option(
          "--policy", arguments->policy,
          "the limits; dive's .dive-ci too (.slim-policy.yaml, .yml or .json, then .dive-ci, in this folder)")
      ->type_name("FILE");
  command
      ->add_option("--baseline", arguments->baseline,
                   "an image to compare with: growth, new findings and packages")
      ->type_name("IMAGE");
  command->add_flag("--init", arguments->init, "write a policy from the image as it is, which it passes");
  command->add_option("-o,--output", arguments->output, "where --init writes it (standard output)")
      ->type_name("FILE");
  command->add_flag("--force", arguments->force, "--init may replace a file");
  add_image_options(*command, arguments->options);
  add_plan_options(*command, arguments->options);
  add_start_options(*command, arguments->options);
  add_output_options(*command, arguments->options);
  add_report_options(*command, arguments->options);
  command->callback([arguments, &exit_code] { exit_code = gate(*arguments); });
}

}  // namespace slim
