// /etc/profile is there for people who sign in: `sh -c` and a script's #! line never read it, and the
// commands in it (id, tput, dircolors) are needed only where something starts a shell that does. Follows
// INVOCATION in bash(1) and sh(1).
#include "analyzer/login_shell.h"

#include <algorithm>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "analyzer/command_wrapper.h"
#include "analyzer/glob.h"

namespace slim {

bool is_shell_startup_file(std::string_view path) {
  return std::ranges::any_of(shell_startup_files,
                             [path](std::string_view glob) { return glob_match(glob, path); });
}

bool reads_startup_files(std::string_view program, std::span<const std::string> arguments) {
  if (program.substr(program.rfind('/') + 1) == "busybox") {  // busybox sh -l
    if (arguments.empty()) return false;
    program = arguments.front();
    arguments = arguments.subspan(1);
  }
  if (!is_shell(program)) return false;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string_view word = arguments[i];
    if (word == "--login" || word == "--interactive") return true;
    const bool long_option = word.starts_with("--") && word.size() > 2;
    if (long_option && word != "--rcfile" && word != "--init-file") continue;
    if (word.size() < 2 || (word[0] != '-' && word[0] != '+') || word == "--") return false;  // the script
    if (!long_option && word[0] == '-' && word.find_first_of("li") != std::string_view::npos) return true;
    if (long_option || word.back() == 'o' || word.back() == 'O')
      ++i;  // --rcfile FILE, -euo pipefail, +O extglob
  }
  return false;
}

}  // namespace slim
