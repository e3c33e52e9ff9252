// Starting other programs: always by an argument list, never through a shell.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <vector>

#include "analyzer/exit_status.h"
#include "analyzer/unique_fd.h"

namespace slim {

/// The program of that name in PATH, where each .../bin stands for its .../sbin too (runc lies there, and the
/// PATH of an ordinary user does not); a name with a slash is taken as it stands. Empty: there is none.
std::string find_program(std::string_view name);

/// What the child does between fork and exec; where it fails it returns an errno.
using ChildSetup = std::function<int()>;

/// Starts a program with these descriptors as its standard ones (-1: /dev/null) and no other. Throws Error
/// environment, also where the program cannot be executed.
pid_t spawn(const std::vector<std::string>& argv, int input, int output, int error,
            const ChildSetup& setup = {});

/// Waits for a child; nullopt where it still runs after `limit`.
std::optional<ExitStatus> wait_for(pid_t pid, std::chrono::milliseconds limit);

struct ProgramResult {
  ExitStatus status;
  std::string output;  ///< standard output and error, at most 64 KiB
};

/// Runs a program to its end, at most 30 s.
ProgramResult run_and_capture(const std::vector<std::string>& argv);

struct Pipe {
  UniqueFd read;
  UniqueFd write;
};
Pipe make_pipe();

}  // namespace slim
