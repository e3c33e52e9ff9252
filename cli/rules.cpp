// slim rules list|check: the rule set in force; what is wrong with a user's rule file.
#include "analyzer/rules.h"

#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "cli/commands.h"
#include "cli/escape.h"

namespace slim {
namespace {

void print_rules(const std::vector<Rule>& rules) {
  for (const Rule& rule : rules) {
    std::cout << terminal_text(fmt::format("{:<28} {:<9} {}  [{}]  {}", rule.id, to_string(rule.strength),
                                           rule.why, rule.source, rule.file))
              << '\n';
  }
}

}  // namespace

void add_rules(CLI::App& app, int& exit_code) {
  CLI::App* command = app.add_subcommand("rules", "the rule set in force; check a user's rule file");
  command->require_subcommand(1);
  auto files = std::make_shared<std::vector<std::string>>();
  CLI::App* list = command->add_subcommand("list", "every rule with its reason and its source");
  list->add_option("--rules", *files, "further rules; repeatable")
      ->type_name("FILE")
      ->allow_extra_args(false);
  list->callback([files, &exit_code] {
    print_rules(load_rules(*files));
    exit_code = 0;
  });
  CLI::App* check =
      command->add_subcommand("check", "whether rule files are right; says what is wrong and where");
  check->add_option("FILE", *files, "rule files")->required();
  check->callback([files, &exit_code] {
    const auto own = embedded_rules().size();
    std::cout << fmt::format("{} rules, all right\n", load_rules(*files).size() - own);
    exit_code = 0;
  });
}

}  // namespace slim
