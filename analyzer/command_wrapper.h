// Programs that run another: wrappers such as env and tini, shells, and the #! line.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace slim {

/// Whether `interpreter` (a path or a name) is one of the shells whose language this is.
bool is_shell(std::string_view interpreter);

/// Programs that run the command that their arguments name: tini, gosu, env, ...
bool is_command_wrapper(std::string_view program);

/// Whether the command may be one word that a shell reads: watch, flock -c, runuser -c.
bool wraps_scripts(std::string_view program);

/// Where, in the arguments behind a wrapper's own name, the command starts; size() where none does.
std::size_t wrapped_command(std::string_view wrapper, const std::vector<std::string>& arguments);

/// What the word behind an option of a program is: find -exec, start-stop-daemon --exec, su -c.
enum class InnerCommand : std::uint8_t { none, program, script };

/// Whether `program` (a path or a name) has options behind which a command stands.
bool names_command_in_option(std::string_view program);
InnerCommand inner_command(std::string_view program, std::string_view option);

/// The program and arguments of a #! line; `env NAME=value prog` and `env -S` are seen through: `program`
/// is then the interpreter's path and `command` what env looks up in PATH.
struct Shebang {
  std::string program;
  std::string command;  ///< empty where program is the interpreter itself
};
Shebang parse_shebang(std::string_view text);

}  // namespace slim
