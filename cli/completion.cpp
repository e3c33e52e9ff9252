// slim completion SHELL. bash(1), Programmable Completion; zshcompsys(1), _arguments; fish's complete(1). The
// bash script needs nothing but bash: bash cuts words at = and :, so `--profile=x` and `oci:x` come in three
// words.
#include "cli/completion.h"

#include <iostream>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "analyzer/error.h"
#include "cli/command_tree.h"

namespace slim {
namespace {

constexpr std::string_view transports =
    "docker-archive: oci: oci-archive: rootfs: dir: docker-daemon: containers-storage: docker://";

/// Every command that can be given, with the words that lead to it: "build", "rules list".
template <typename Visit>
void visit_commands(const CommandWords& command, const std::string& path, Visit visit) {
  for (const CommandWords& below : command.commands) {
    const std::string name = path.empty() ? below.name : path + " " + below.name;
    visit(below, name);
    visit_commands(below, name, visit);
  }
}

std::vector<std::string> names_of(const std::vector<CommandWords>& commands) {
  std::vector<std::string> names;
  names.reserve(commands.size());
  for (const CommandWords& command : commands) names.push_back(command.name);
  return names;
}

/// `text` within single quotes of a POSIX shell and of zsh.
std::string shell_quoted(std::string_view text) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'') {
      out += "'\\''";
    } else {
      out += c;
    }
  }
  return out + "'";
}

std::string replaced(std::string_view text, std::string_view special) {
  std::string out;
  for (const char c : text) {
    if (special.find(c) != std::string_view::npos) out += '\\';
    out += c;
  }
  return out;
}

// bash

std::string bash_words(const CommandWords& command) {
  std::vector<std::string> words = names_of(command.commands);
  for (const OptionWords& option : command.options)
    words.insert(words.end(), option.names.begin(), option.names.end());
  return fmt::format("{}", fmt::join(words, " "));
}

std::string bash_values(const CommandWords& command, const std::string& path) {
  std::string text;
  for (const OptionWords& option : command.options) {
    if (option.kind == ValueKind::none) continue;
    std::vector<std::string> patterns;
    patterns.reserve(option.names.size());
    for (const std::string& name : option.names) patterns.push_back(fmt::format("'{}:{}'", path, name));
    std::string action = ";";
    if (option.kind == ValueKind::choice)
      action = fmt::format("_slim_words '{}';", fmt::join(option.choices, " "));
    if (option.kind == ValueKind::file) action = "_slim_files;";
    text += fmt::format("    {}) {} return ;;\n", fmt::join(patterns, " | "), action == ";" ? "" : action);
  }
  return text;
}

}  // namespace

std::string bash_completion(const CommandWords& program) {
  std::string steps;
  std::string words = fmt::format("    '') words='{}' ;;\n", bash_words(program));
  std::string values;
  visit_commands(program, "", [&](const CommandWords& command, const std::string& path) {
    const std::string above = path.substr(0, path.size() - command.name.size());
    steps += fmt::format("      '{}{}') command='{}' ;;\n", above.empty() ? "" : above, command.name, path);
    words += fmt::format("    '{}') words='{}' ;;\n", path, bash_words(command));
    values += bash_values(command, path);
  });
  return fmt::format(R"(# shellcheck shell=bash
# Completes slim in bash; made by `slim completion bash`.
_slim_words() {{
  mapfile -t COMPREPLY < <(compgen -W "$1" -- "$cur")
}}

_slim_files() {{
  compopt -o filenames 2>/dev/null
  mapfile -t COMPREPLY < <(compgen -f -- "$cur")
}}

_slim() {{
  local cur=${{COMP_WORDS[COMP_CWORD]}} prev=${{COMP_WORDS[COMP_CWORD - 1]}} command='' words='' i
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; i++)); do
    case "${{command:+$command }}${{COMP_WORDS[i]}}" in
{}    esac
  done
  case $prev:$cur in
    :: | ::* | *:':') # behind docker-archive:, oci: and the like there is a path
      [ "$cur" = ':' ] && cur=''
      _slim_files
      return ;;
  esac
  if [ "$cur" = '=' ]; then
    cur=''
  elif [ "$prev" = '=' ]; then
    prev=${{COMP_WORDS[COMP_CWORD - 2]}}
  fi
  case $command:$prev in
{}  esac
  case $command in
{}  esac
  if [ -z "$command" ] || [[ $cur == -* ]]; then
    _slim_words "$words"
  elif [ "$command" = rules ]; then
    _slim_words "$words"
  else
    _slim_files
    local found
    mapfile -t found < <(compgen -W '{}' -- "$cur")
    [ "${{#found[@]}}" -gt 0 ] && [ -n "$cur" ] && compopt -o nospace 2>/dev/null
    COMPREPLY+=("${{found[@]}}")
  fi
}}

complete -F _slim slim
)",
                     steps, values, words, transports);
}

namespace {

// zsh

std::string zsh_option(const OptionWords& option) {
  const std::string about = "[" + replaced(option.description, "[]:\\") + "]";
  std::string value;
  if (option.kind != ValueKind::none) {
    value = ":" + replaced(option.value, ":\\[]") + ":";
    if (option.kind == ValueKind::choice) value += fmt::format("({})", fmt::join(option.choices, " "));
    if (option.kind == ValueKind::file) value += "_files";
  }
  std::string text;
  for (const std::string& name : option.names) {
    const std::string others = option.repeatable ? "*" : fmt::format("({})", fmt::join(option.names, " "));
    const bool long_with_value = name.starts_with("--") && option.kind != ValueKind::none;
    text += " \\\n        " + shell_quoted(others + name + (long_with_value ? "=" : "") + about + value);
  }
  return text;
}

std::string zsh_arguments(const CommandWords& command) {
  std::string text = "      _arguments -s -S";
  for (const OptionWords& option : command.options) text += zsh_option(option);
  if (!command.commands.empty())
    text += fmt::format(" \\\n        '1:command:({})'", fmt::join(names_of(command.commands), " "));
  if (!command.arguments.empty() || !command.commands.empty()) text += " \\\n        '*:file:_files'";
  return text + "\n";
}

}  // namespace

std::string zsh_completion(const CommandWords& program) {
  std::string commands;
  std::string cases;
  for (const CommandWords& command : program.commands) {
    commands += "    " + shell_quoted(replaced(command.name, ":") + ":" + command.description) + "\n";
    cases += fmt::format("    {})\n{}      ;;\n", command.name, zsh_arguments(command));
  }
  std::string options;
  for (const OptionWords& option : program.options) options += zsh_option(option);
  return fmt::format(R"(#compdef slim
# Completes slim in zsh; made by `slim completion zsh`.
_slim() {{
  local curcontext=$curcontext state line
  typeset -A opt_args
  local -a commands
  commands=(
{}  )
  _arguments -C{} \
        '1: :->command' '*:: :->rest'
  case $state in
  command)
    _describe -t commands command commands
    ;;
  rest)
    case $line[1] in
{}    esac
    ;;
  esac
}}

if [ "$funcstack[1]" = _slim ]; then
  _slim "$@"
else
  compdef _slim slim
fi
)",
                     commands, options, cases);
}

std::string fish_completion(const CommandWords& program) {
  const auto text_of = [](std::string_view text) { return "'" + replaced(text, "\\'") + "'"; };
  const auto option_line = [&](const OptionWords& option, const std::string& condition) {
    std::string line = "complete -c slim -n " + text_of(condition);
    for (const std::string& name : option.names)
      line += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
    if (option.kind == ValueKind::choice)
      line += " -x -a " + text_of(fmt::format("{}", fmt::join(option.choices, " ")));
    if (option.kind == ValueKind::file) line += " -r -F";
    if (option.kind == ValueKind::other) line += " -x";
    return line + " -d " + text_of(option.description) + "\n";
  };
  std::string text = "# Completes slim in fish; made by `slim completion fish`.\n";
  for (const OptionWords& option : program.options) text += option_line(option, "__fish_use_subcommand");
  for (const CommandWords& command : program.commands) {
    text += fmt::format("complete -c slim -n __fish_use_subcommand -f -a {} -d {}\n", command.name,
                        text_of(command.description));
    const std::string here = "__fish_seen_subcommand_from " + command.name;
    for (const OptionWords& option : command.options) text += option_line(option, here);
    const std::string below = fmt::format("{}", fmt::join(names_of(command.commands), " "));
    for (const CommandWords& inner : command.commands) {
      text += fmt::format("complete -c slim -n {} -f -a {} -d {}\n",
                          text_of(here + "; and not __fish_seen_subcommand_from " + below), inner.name,
                          text_of(inner.description));
      for (const OptionWords& option : inner.options)
        text += option_line(option, here + "; and __fish_seen_subcommand_from " + inner.name);
    }
  }
  return text;
}

void add_completion(CLI::App& app, int& exit_code) {
  auto shell = std::make_shared<std::string>();
  CLI::App* command =
      app.add_subcommand("completion", "a script that completes commands and options in a shell");
  command->add_option("SHELL", *shell, "bash, zsh or fish")->required();
  command->callback([&app, &exit_code, shell] {
    const CommandWords program = command_tree(app);
    if (*shell == "bash") {
      std::cout << bash_completion(program);
    } else if (*shell == "zsh") {
      std::cout << zsh_completion(program);
    } else if (*shell == "fish") {
      std::cout << fish_completion(program);
    } else {
      throw Error(ErrorKind::usage, "slim completion " + *shell, "expected bash, zsh or fish");
    }
    exit_code = 0;
  });
}

}  // namespace slim
