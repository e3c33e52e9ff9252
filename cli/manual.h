// The manual page, from the commands themselves and the text in cli/manual.txt.
#pragma once

#include <string>
#include <string_view>

#include <CLI/App.hpp>

#include "cli/command_tree.h"

namespace slim {

/// cli/manual.txt, made part of the program when it is built.
std::string_view embedded_manual();

/// A page for section 1, in the man macros. `prose` has sections: a line `# TITLE`, then paragraphs; lines
/// that are indented by four stand as they are, and `= TERM` makes the lines below it what is said of TERM.
/// The commands come behind its first section.
std::string manual_page(const CommandWords& program, std::string_view prose, std::string_view version);

/// The command `slim man`.
void add_man(CLI::App& app, int& exit_code);

}  // namespace slim
