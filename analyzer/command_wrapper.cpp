// One table says of each wrapper what comes before the command that it runs: options with a value in a word
// of their own, operands, assignments. After the manual page of each.
#include "analyzer/command_wrapper.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace slim {
namespace {

template <std::size_t N>
bool among(const std::array<std::string_view, N>& words, std::string_view word) {
  return std::ranges::find(words, word) != words.end();
}

/// A program that runs the command that its arguments name.
struct Wrapper {
  std::string_view name;
  unsigned operands = 0;  ///< words before the command that are no options: gosu USER
  // NOLINTNEXTLINE(readability-redundant-string-init): g++ warns of members that are left out and have none
  std::string_view valued = "";  ///< letters of the options whose value may be the next word
  bool assignments = false;      ///< NAME=value words may come before the command
  bool scripts = false;          ///< the command may be one word that a shell reads
};

/// A program that runs a command which stands behind one of its options.
struct OptionOfCommand {
  std::string_view program;
  std::string_view option;
  InnerCommand kind = InnerCommand::program;
};

constexpr auto options_of_commands = std::to_array<OptionOfCommand>({
    {.program = "find", .option = "-exec"},
    {.program = "find", .option = "-execdir"},
    {.program = "find", .option = "-ok"},
    {.program = "find", .option = "-okdir"},
    {.program = "fd", .option = "-x"},
    {.program = "fd", .option = "--exec"},
    {.program = "script", .option = "-c", .kind = InnerCommand::script},
    {.program = "start-stop-daemon", .option = "-a"},
    {.program = "start-stop-daemon", .option = "--startas"},
    {.program = "start-stop-daemon", .option = "-x"},
    {.program = "start-stop-daemon", .option = "--exec"},
    {.program = "su", .option = "-c", .kind = InnerCommand::script},
    {.program = "su", .option = "--command", .kind = InnerCommand::script},
    {.program = "su", .option = "-s"},
    {.program = "su", .option = "--shell"},
});

constexpr auto wrappers = std::to_array<Wrapper>({
    {.name = "bundle", .operands = 1},  // bundle exec COMMAND
    {.name = "busybox"},
    {.name = "catatonit"},
    {.name = "chrt", .operands = 1},
    {.name = "chpst", .valued = "uUbenmdopfcrtl/"},
    {.name = "chroot", .operands = 1},
    {.name = "dbus-run-session"},
    {.name = "doas", .valued = "uC"},
    {.name = "docker-init", .valued = "pe"},
    {.name = "dumb-init", .valued = "r"},
    {.name = "eatmydata"},
    {.name = "entr"},
    {.name = "env", .valued = "uC", .assignments = true},
    {.name = "exec", .valued = "a"},
    {.name = "fakeroot", .valued = "lsib"},
    {.name = "flock", .operands = 1, .valued = "wE", .scripts = true},
    {.name = "gosu", .operands = 1},
    {.name = "ionice", .valued = "cnpPu"},
    {.name = "nice", .valued = "n"},
    {.name = "nohup"},
    {.name = "nsenter", .valued = "tSG"},
    {.name = "numactl", .valued = "iNCm"},
    {.name = "pipenv", .operands = 1},
    {.name = "poetry", .operands = 1},
    {.name = "prlimit"},
    {.name = "runuser", .valued = "ugG", .scripts = true},
    {.name = "s6-envdir", .operands = 1},
    {.name = "s6-setuidgid", .operands = 1},
    {.name = "setpriv"},
    {.name = "setsid"},
    {.name = "setuidgid", .operands = 1},
    {.name = "stdbuf", .valued = "ioe"},
    {.name = "su-exec", .operands = 1},
    {.name = "sudo", .valued = "ugpCDRTUhrt", .assignments = true},
    {.name = "taskset", .operands = 1},
    {.name = "time", .valued = "fo"},
    {.name = "timeout", .operands = 1, .valued = "sk"},
    {.name = "tini", .valued = "pe"},
    {.name = "tini-static", .valued = "pe"},
    {.name = "uv", .operands = 1},
    {.name = "unshare", .valued = "RwSG"},
    {.name = "watch", .valued = "nq", .scripts = true},
    {.name = "with-contenv"},
    {.name = "xargs", .valued = "aEILnPsd"},
});

// Long options of these wrappers whose value may be the next word.
constexpr auto long_valued = std::to_array<std::string_view>(
    {"--adjustment",   "--bounding-set", "--chdir",    "--class",      "--classdata", "--delimiter",
     "--group",        "--groups",       "--inh-caps", "--kill-after", "--max-args",  "--max-procs",
     "--ambient-caps", "--regid",        "--reuid",    "--rewrite",    "--rgid",      "--ruid",
     "--egid",         "--euid",         "--signal",   "--timeout",    "--unset",     "--user",
     "--arg-file",     "--interval",     "--userspec", "--wd",         "--root"});

std::string_view base_name(std::string_view path) {
  const auto slash = path.rfind('/');
  return slash == std::string_view::npos ? path : path.substr(slash + 1);
}

const Wrapper* find_wrapper(std::string_view program) {
  const auto* const found = std::ranges::find(wrappers, base_name(program), &Wrapper::name);
  return found == wrappers.end() ? nullptr : found;
}

/// Whether the option `word` takes the word behind it for its value.
bool takes_next(const Wrapper& wrapper, std::string_view word) {
  if (word.starts_with("--")) return among(long_valued, word);
  const auto letter = word.find_first_of(wrapper.valued, 1);
  return letter != std::string_view::npos && letter + 1 == word.size();
}

}  // namespace

bool is_shell(std::string_view interpreter) {
  return among(std::to_array<std::string_view>({"sh", "bash", "dash", "ash", "ksh", "mksh", "zsh", "rbash"}),
               base_name(interpreter));
}

bool is_command_wrapper(std::string_view program) {
  return find_wrapper(program) != nullptr;
}

bool wraps_scripts(std::string_view program) {
  const Wrapper* wrapper = find_wrapper(program);
  return wrapper != nullptr && wrapper->scripts;
}

std::size_t wrapped_command(std::string_view wrapper, const std::vector<std::string>& arguments) {
  const Wrapper* known = find_wrapper(wrapper);
  const Wrapper shape = known != nullptr ? *known : Wrapper{};
  unsigned operands = shape.operands;
  bool options = true;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string& word = arguments[i];
    if (options && word == "--") {
      options = false;
    } else if (options && word.starts_with('-')) {
      if (takes_next(shape, word)) ++i;
    } else if (!shape.assignments || word.find('=') == std::string::npos) {
      if (operands == 0) return i;
      --operands;
    }
  }
  return arguments.size();
}

bool names_command_in_option(std::string_view program) {
  return std::ranges::find(options_of_commands, base_name(program), &OptionOfCommand::program) !=
         options_of_commands.end();
}

InnerCommand inner_command(std::string_view program, std::string_view option) {
  const std::string_view name = base_name(program);
  const auto* const found = std::ranges::find_if(options_of_commands, [&](const OptionOfCommand& known) {
    return known.program == name && known.option == option;
  });
  return found == options_of_commands.end() ? InnerCommand::none : found->kind;
}

Shebang parse_shebang(std::string_view text) {
  std::vector<std::string> words;
  std::string word;
  for (const char c : text) {
    if (c == ' ' || c == '\t' || c == '\r') {
      if (!word.empty()) words.push_back(std::exchange(word, {}));
    } else {
      word += c;
    }
  }
  if (!word.empty()) words.push_back(word);
  Shebang shebang;
  if (words.empty()) return shebang;
  shebang.program = words[0];
  if (base_name(words[0]) != "env") return shebang;
  std::vector<std::string> arguments;
  for (std::size_t i = 1; i < words.size(); ++i) {
    std::string argument = words[i];
    // -S PROG, -SPROG, -vS PROG, --split-string=PROG: the words are split already.
    if (i == 1 && argument.starts_with("--split-string")) {
      argument.erase(0, 15);
    } else if (const auto letter = argument.find_first_not_of("iv0", 1);
               i == 1 && argument.starts_with('-') && letter != std::string::npos &&
               argument[letter] == 'S') {
      argument.erase(0, letter + 1);
    }
    if (!argument.empty()) arguments.push_back(argument);
  }
  const std::size_t start = wrapped_command("env", arguments);
  if (start < arguments.size()) shebang.command = arguments[start];
  return shebang;
}

}  // namespace slim
