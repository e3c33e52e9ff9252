// slim man. groff_man(7): .TH, .SH, .SS, .TP, .PP, .EX; a backslash is \e, a hyphen that is typed is \-, and
// a line that begins with a dot or a quote is guarded by \&.
#include "cli/manual.h"

#include <iostream>
#include <string>
#include <string_view>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "cli/command_tree.h"
#include "cli/version.h"

namespace slim {
namespace {

std::string roff(std::string_view text) {
  std::string out;
  if (text.starts_with('.') || text.starts_with('\'')) out += "\\&";
  for (const char c : text) {
    if (c == '\\') {
      out += "\\e";
    } else if (c == '-') {
      out += "\\-";
    } else {
      out += c;
    }
  }
  return out;
}

std::string bold(std::string_view text) {
  return "\\fB" + roff(text) + "\\fR";
}

std::string synopsis(const CommandWords& command, const std::string& path) {
  std::string text = bold("slim " + path);
  if (!command.options.empty()) text += " [\\fIoptions\\fR]";
  for (const ArgumentWords& argument : command.arguments) {
    const std::string name = "\\fI" + roff(argument.name) + "\\fR" + (argument.many ? "..." : "");
    text += argument.required ? " " + name : " [" + name + "]";
  }
  return text;
}

std::string option_entry(const OptionWords& option) {
  std::string names;
  for (const std::string& name : option.names) {
    if (!names.empty()) names += ", ";
    names += bold(name);
  }
  if (!option.value.empty()) names += " \\fI" + roff(option.value) + "\\fR";
  return ".TP\n" + names + "\n" + roff(option.description) + "\n";
}

std::string command_section(const CommandWords& command, const std::string& path) {
  std::string text = ".SS " + synopsis(command, path) + "\n" + roff(command.description) + ".\n";
  for (const ArgumentWords& argument : command.arguments) {
    if (!argument.description.empty())
      text += ".TP\n\\fI" + roff(argument.name) + "\\fR\n" + roff(argument.description) + "\n";
  }
  for (const OptionWords& option : command.options) {
    if (option.names.back() != "--help") text += option_entry(option);
  }
  for (const CommandWords& below : command.commands) text += command_section(below, path + " " + below.name);
  return text;
}

/// One section of the prose.
class Prose {
 public:
  void line(std::string_view text) {
    const bool code = text.starts_with("    ");
    if (code != in_code_) {
      out_ += code ? ".PP\n.EX\n" : ".EE\n";
      in_code_ = code;
      open_ = code;
    }
    if (code) {
      out_ += roff(text.substr(4)) + "\n";
    } else if (text.starts_with("# ")) {
      out_ += ".SH " + std::string(text.substr(2)) + "\n";
      open_ = true;
    } else if (text.starts_with("= ")) {
      out_ += ".TP\n" + bold(text.substr(2)) + "\n";
      open_ = true;
    } else if (text.empty()) {
      open_ = false;
    } else {
      if (!open_) out_ += ".PP\n";
      out_ += roff(text) + "\n";
      open_ = true;
    }
  }

  std::string finish() {
    if (in_code_) out_ += ".EE\n";
    return out_;
  }

 private:
  std::string out_;
  bool in_code_ = false;
  bool open_ = true;  ///< within a paragraph, or behind what begins one
};

std::string formatted(std::string_view prose) {
  Prose out;
  while (!prose.empty()) {
    const auto end = prose.find('\n');
    out.line(prose.substr(0, end));
    prose = end == std::string_view::npos ? std::string_view() : prose.substr(end + 1);
  }
  return out.finish();
}

}  // namespace

std::string manual_page(const CommandWords& program, std::string_view prose, std::string_view version) {
  const auto second = prose.find("\n# ");
  const auto cut = second == std::string_view::npos ? prose.size() : second + 1;
  std::string text = fmt::format(".TH SLIM 1 \"\" \"slim {}\" \"User Commands\"\n.SH NAME\n", version);
  text += "slim \\- make container images minimal, and prove that they behave the same\n.SH SYNOPSIS\n";
  text += bold("slim") + " \\fIcommand\\fR [\\fIoptions\\fR] [\\fIarguments\\fR]\n";
  text += formatted(prose.substr(0, cut));
  text += ".SH COMMANDS\n";
  for (const CommandWords& command : program.commands) text += command_section(command, command.name);
  return text + formatted(prose.substr(cut));
}

void add_man(CLI::App& app, int& exit_code) {
  CLI::App* command = app.add_subcommand("man", "the manual page, for man(1)");
  command->group("");  // for whoever packages slim
  command->callback([&app, &exit_code] {
    std::cout << manual_page(command_tree(app), embedded_manual(), version());
    exit_code = 0;
  });
}

}  // namespace slim
