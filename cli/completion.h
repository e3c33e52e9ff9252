// Scripts that complete slim's commands and options in a shell.
#pragma once

#include <string>

#include <CLI/App.hpp>

#include "cli/command_tree.h"

namespace slim {

std::string bash_completion(const CommandWords& program);
std::string zsh_completion(const CommandWords& program);
std::string fish_completion(const CommandWords& program);

/// The command `slim completion`.
void add_completion(CLI::App& app, int& exit_code);

}  // namespace slim
