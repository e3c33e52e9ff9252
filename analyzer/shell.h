// The commands that a shell script names, found by reading its words and never by running it.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace slim {

struct ShellCommand {
  std::string word;      ///< the command as it stands: a name, or a path with slashes
  std::size_t line = 1;  ///< 1-based
  bool sourced = false;  ///< behind `.` or `source`: a file that is read, not run
};

/// Words in command position, also behind exec, env, xargs and the like, inside $(...), backticks and
/// pipelines. Words that hold an expansion other than a variable with a constant value are left out. Builtins
/// and keywords are not commands.
std::vector<ShellCommand> shell_commands(std::string_view script);

}  // namespace slim
