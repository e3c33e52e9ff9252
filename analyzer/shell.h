// The commands that a shell script names, with their arguments, found by reading its words and never by
// running it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace slim {

/// Stands, at the start of a word, for the path of the script ($0, $BASH_SOURCE) and for the folder that it
/// lies in ($(dirname "$0")): only who knows where the script lies can put them in.
inline constexpr char script_mark = '\1';
inline constexpr char script_folder_mark = '\2';

/// A word behind a command.
struct ShellArgument {
  std::vector<std::string> values;  ///< what it may be, by the variables in it; empty: cannot be told
  bool quoted = false;              ///< is one word whatever it holds
  bool glob = false;                ///< the values are patterns
  bool forwards = false;            ///< "$@": what the script or the function was given
};

enum class ShellUse : std::uint8_t {
  run,
  sourced,  ///< behind `.` or `source`, or given to a shell: a file that is read, not run
  asked,    ///< command -v: whether it is there
};

struct ShellCommand {
  std::string word;      ///< the command as it stands: a name, or a path with slashes; may start with a mark
  std::size_t line = 1;  ///< 1-based
  ShellUse use = ShellUse::run;
  bool certain = true;  ///< false: comes out of a variable of several values, or is a word that may be run
  bool glob = false;    ///< a pattern: each file that it matches may be run
  std::vector<ShellArgument> arguments;
  std::string input;  ///< the here-document that it reads

  [[nodiscard]] bool sourced() const { return use == ShellUse::sourced; }
};

/// A word with a value in it that looks like a path: what the text alone does not show.
struct ShellPath {
  std::string text;
  std::size_t line = 1;
  bool glob = false;
};

struct ShellFacts {
  std::vector<ShellCommand> commands;
  std::vector<ShellPath> paths;
  std::vector<std::string> search_path;  ///< folders that the script puts into PATH
  std::vector<std::string> folders;      ///< where it goes by cd
};

using ShellVariables = std::map<std::string, std::string, std::less<>>;

/// Words in command position, also behind exec, env, xargs, find -exec and the like, inside $(...), backticks
/// and pipelines, in here-documents that a shell reads and in texts for eval, trap and sh -c. A variable has
/// every constant value that the script or `environment` gives it anywhere; what else is expanded matches any
/// text, and a word that begins so is left out. Builtins and keywords are not commands.
ShellFacts read_shell(std::string_view script, const ShellVariables& environment = {});

/// Whether a file without a #! line is one that shells read with `.`: by its name (.sh, .bash), or because a
/// line of it is one that only shells have (fi, esac, name() {, export NAME=).
bool is_shell_library(std::string_view path, std::string_view text);

/// read_shell(script).commands
std::vector<ShellCommand> shell_commands(std::string_view script);

}  // namespace slim
