#include "cli/commands.h"

#include <algorithm>
#include <exception>
#include <iostream>
#include <new>
#include <poll.h>
#include <string>
#include <string_view>
#include <unistd.h>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "analyzer/error.h"
#include "cli/completion.h"
#include "cli/docker_plugin.h"
#include "cli/escape.h"
#include "cli/interrupt.h"
#include "cli/manual.h"
#include "cli/version.h"

namespace slim {
namespace {

void complain(std::string_view text, std::string_view hint) {
  fmt::print(stderr, "slim: error: {}\n", terminal_text(text));
  if (!hint.empty()) fmt::print(stderr, "hint: {}\n", terminal_text(hint));
}

/// Whether `fd` is a pipe or socket that nobody reads any more.
bool reader_is_gone(int fd) {
  pollfd item{.fd = fd, .events = POLLOUT, .revents = 0};
  return ::poll(&item, 1, 0) == 1 && (item.revents & (POLLERR | POLLHUP)) != 0;
}

/// 2 for wrong usage, and slim run's own 125; help and version are no errors and go to standard output.
int answer_parse_error(const CLI::App& app, const CLI::ParseError& error) {
  if (error.get_exit_code() == 0) {
    return app.exit(error);
  }
  std::string name = "command line";
  for (const CLI::App* command : app.get_subcommands()) name = "slim " + command->get_name();
  const std::string help = name == "command line" ? "slim --help" : name + " --help";
  complain(name + ": " + error.what(), help + " shows what there is");
  return app.got_subcommand("run") ? run_failure : static_cast<int>(ErrorKind::usage);
}

}  // namespace

int run_command_line(int argc, const char* const* argv) {
  CLI::App app{"slim makes container images minimal, and proves that they still behave the same.", "slim"};
  app.set_version_flag("--version", fmt::format("slim {}", version()));
  app.require_subcommand(0, 1);  // an unknown one is then named as an argument that was not expected
  app.failure_message(CLI::FailureMessage::simple);
  app.footer(
      "An IMAGE is docker-archive:FILE[:NAME], oci:DIR[:NAME], oci-archive:FILE[:NAME], rootfs:PATH,\n"
      "docker-daemon:NAME, containers-storage:NAME (Podman) or docker://[HOST[:PORT]/]NAME[:TAG][@DIGEST] (a "
      "registry);\n"
      "a path that exists needs no prefix, and a NAME alone is looked for in Docker, in Podman and in its "
      "registry.\n"
      "Exit codes: 0 yes, 1 no, 2 usage, 3 bad input, 4 surroundings.");
  int exit_code = 0;
  add_analyze(app, exit_code);
  add_build(app, exit_code);
  add_diff(app, exit_code);
  add_gate(app, exit_code);
  add_verify(app, exit_code);
  add_run(app, exit_code);
  add_trace(app, exit_code);
  add_why(app, exit_code);
  add_deps(app, exit_code);
  add_rules(app, exit_code);
  add_sbom(app, exit_code);
  add_test(app, exit_code);
  add_completion(app, exit_code);
  add_man(app, exit_code);
  try {
    std::vector<std::string> words(argv + 1, argv + argc);
    if (is_docker_plugin(argv[0])) {
      if (words == std::vector<std::string>{"docker-cli-plugin-metadata"}) {
        std::cout << docker_plugin_metadata();
        return 0;
      }
      words = docker_plugin_arguments(words);
    }
    std::ranges::reverse(words);  // as CLI11 takes them
    app.parse(words);
    if (app.get_subcommands().empty())
      throw Error(ErrorKind::usage, "command line", "expected a command", "slim --help shows what there is");
    std::cout.flush();
    if (!std::cout) {
      // who piped it into `head` has read what they wanted: that needs no message
      if (reader_is_gone(STDOUT_FILENO)) return static_cast<int>(ErrorKind::environment);
      throw Error(ErrorKind::environment, "standard output", "cannot be written");
    }
    wait_where_interrupted();
    return exit_code;
  } catch (const CLI::ParseError& error) {
    return answer_parse_error(app, error);
  } catch (const Error& error) {
    wait_where_interrupted();
    complain(error.what(), error.hint());
    return static_cast<int>(error.kind());
  } catch (const std::bad_alloc&) {
    complain("memory: this machine has not enough of it for this image", "");
    return static_cast<int>(ErrorKind::environment);
  } catch (const std::exception& error) {
    wait_where_interrupted();
    complain(fmt::format("internal error: {}", error.what()),
             "this is a fault of slim; please report it with the command");
    return static_cast<int>(ErrorKind::environment);
  }
}

}  // namespace slim
