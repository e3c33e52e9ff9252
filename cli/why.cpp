// slim why IMAGE PATH...: the chain of reasons that keeps a path, or that nothing reaches it.
#include "slimmer/why.h"

#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "cli/commands.h"
#include "cli/escape.h"
#include "cli/options.h"
#include "cli/terminal.h"
#include "slimmer/analysis.h"

namespace slim {
namespace {

void print_answer(const WhyAnswer& answer, const TextStyle& style) {
  if (!answer.kept) {
    std::cout << paint(style, Colour::yellow, terminal_text(answer.path)) << "  not kept\n";
    for (const std::string& note : answer.notes) std::cout << "  " << terminal_text(note) << '\n';
    return;
  }
  std::cout << paint(style, Colour::green, terminal_text(answer.path)) << '\n';
  for (const WhyStep& step : answer.chain) {
    std::cout << "  <- " << terminal_text(step.reason);
    if (!step.path.empty()) std::cout << ' ' << terminal_text(step.path);
    if (!step.detail.empty()) std::cout << paint(style, Colour::dim, " (" + terminal_text(step.detail) + ")");
    std::cout << '\n';
  }
}

nlohmann::ordered_json answer_json(const WhyAnswer& answer) {
  nlohmann::ordered_json chain = nlohmann::ordered_json::array();
  for (const WhyStep& step : answer.chain) {
    chain.push_back({{"reason", step.reason}, {"path", step.path}, {"detail", step.detail}});
  }
  return {{"path", answer.path},
          {"exists", answer.exists},
          {"kept", answer.kept},
          {"chain", chain},
          {"notes", answer.notes}};
}

}  // namespace

void add_why(CLI::App& app, int& exit_code) {
  struct Arguments {
    Options options;
    std::string image;
    std::vector<std::string> paths;
  };
  auto arguments = std::make_shared<Arguments>();
  CLI::App* command =
      app.add_subcommand("why", "the chain of reasons that keeps a path, or that nothing reaches it");
  command->add_option("IMAGE", arguments->image, "the image")->required();
  command->add_option("PATH", arguments->paths, "paths in the image")->required();
  add_image_options(*command, arguments->options);
  add_plan_options(*command, arguments->options);
  add_start_options(*command, arguments->options);
  add_output_options(*command, arguments->options);
  command->callback([arguments, &exit_code] {
    const Options& options = arguments->options;
    const Format format = answer_format_of(options.format, "--format");
    const auto platform = platform_of(options);
    const auto analysis =
        analyze(image_of(arguments->image, options), analysis_options_of(options, platform));
    const TextStyle style = style_of_stdout(options.no_color);
    nlohmann::ordered_json answers = nlohmann::ordered_json::array();
    exit_code = 0;
    for (const std::string& path : arguments->paths) {
      const WhyAnswer answer =
          why(analysis->contents.tree, analysis->packages, analysis->rules, analysis->plan, path);
      if (!answer.kept) exit_code = 1;
      if (options.quiet) continue;
      if (format == Format::json) {
        answers.push_back(answer_json(answer));
      } else {
        print_answer(answer, style);
      }
    }
    if (format == Format::json && !options.quiet) {
      std::cout << answers.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) << '\n';
    }
  });
}

}  // namespace slim
