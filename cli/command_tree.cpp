// CLI11 keeps for each option its names, the name of its value's type and its description; that is all there
// is to say, so completions and manual cannot say anything else than the help.
#include "cli/command_tree.h"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <vector>

#include <CLI/CLI.hpp>

namespace slim {
namespace {

/// "gzip|zstd|none[:LEVEL]" -> gzip, zstd, none; nothing where it names no choice.
std::vector<std::string> choices_of(std::string_view value) {
  value = value.substr(0, value.find('['));
  std::vector<std::string> choices;
  if (value.find('|') == std::string_view::npos) return choices;
  while (true) {
    const auto bar = value.find('|');
    choices.emplace_back(value.substr(0, bar));
    if (bar == std::string_view::npos) return choices;
    value.remove_prefix(bar + 1);
  }
}

bool names_a_file(std::string_view value) {
  constexpr std::array<std::string_view, 5> words{"FILE", "DIR", "PATH", "DEST", "HOST:"};
  return std::ranges::any_of(
      words, [value](std::string_view word) { return value.find(word) != std::string_view::npos; });
}

OptionWords option_words(const CLI::Option& option) {
  OptionWords words;
  for (const std::string& name : option.get_snames()) words.names.push_back("-" + name);
  for (const std::string& name : option.get_lnames()) words.names.push_back("--" + name);
  words.description = option.get_description();
  if (option.get_items_expected_max() == 0) return words;
  words.value = option.get_type_name();
  words.choices = choices_of(words.value);
  words.kind = !words.choices.empty()      ? ValueKind::choice
               : names_a_file(words.value) ? ValueKind::file
                                           : ValueKind::other;
  words.repeatable = option.get_items_expected_max() > 1;
  return words;
}

}  // namespace

CommandWords command_tree(const CLI::App& app) {
  CommandWords words{.name = app.get_name(),
                     .description = app.get_description(),
                     .options = {},
                     .arguments = {},
                     .commands = {}};
  for (const CLI::Option* option : app.get_options()) {
    if (option->get_group().empty()) continue;
    if (option->get_positional()) {
      words.arguments.push_back({.name = option->get_name(true),
                                 .description = option->get_description(),
                                 .required = option->get_required(),
                                 .many = option->get_items_expected_max() > 1});
    } else {
      words.options.push_back(option_words(*option));
    }
  }
  // The depth is that of slim's own commands: two.
  for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; })) {
    if (!command->get_group().empty()) words.commands.push_back(command_tree(*command));
  }
  return words;
}

}  // namespace slim
