// The commands and options as the command line knows them, as data: what completions and the manual are made
// from.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <CLI/App.hpp>

namespace slim {

enum class ValueKind : std::uint8_t { none, choice, file, other };

struct OptionWords {
  std::vector<std::string> names;  ///< with their dashes, short ones first
  std::string value;               ///< how the help writes its value; empty for a flag
  ValueKind kind = ValueKind::none;
  std::vector<std::string> choices;
  bool repeatable = false;
  std::string description;
};

struct ArgumentWords {
  std::string name;
  std::string description;
  bool required = false;
  bool many = false;
};

struct CommandWords {
  std::string name;
  std::string description;
  std::vector<OptionWords> options;
  std::vector<ArgumentWords> arguments;
  std::vector<CommandWords> commands;  ///< without those that the help hides
};

/// Of `app` and all below it. A value that the help writes as a|b is a choice of these; one that it calls
/// FILE, DIR, PATH or DEST is a file.
CommandWords command_tree(const CLI::App& app);

}  // namespace slim
