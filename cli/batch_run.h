// Runs programs beside each other, a few at once, each in a process of its own.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "analyzer/exit_status.h"

namespace slim {

struct BatchProcess {
  std::size_t number = 0;         ///< which of the caller's
  std::vector<std::string> argv;  ///< argv[0] is a path
  std::string alone;              ///< of two with the same text here (if any) only one runs at a time
};

struct BatchOutput {
  ExitStatus status;
  std::string out;       ///< standard output, as far as it is below the cap
  std::string err;       ///< the same of standard error
  bool cut = false;      ///< there was more than the cap
  bool stopped = false;  ///< a signal to this process ended it
  double seconds = 0;
};

struct BatchCalls {
  /// The next one to run, asked for when there is room; nothing: it is done without (its result is known).
  std::function<std::optional<BatchProcess>(std::size_t number)> prepare;
  std::function<void(std::size_t number, const BatchOutput& output)> ended;
};

/// Runs numbers 0 to `count` - 1, `at_once` at a time, in `folder`. SIGINT, SIGTERM, SIGHUP and SIGQUIT are
/// handed on to what runs, whose end is awaited, and nothing more is started. Returns the signal, or 0. To be
/// called from the main thread before any other one is started: it keeps the signals to itself. A child dies
/// with this process.
int run_batch(std::size_t count, unsigned at_once, const std::string& folder, const BatchCalls& calls);

/// Ends this process by `signal`, as if it had not been caught.
[[noreturn]] void end_by_signal(int signal);

}  // namespace slim
