// How a process ended, as wait(2) tells it.
#pragma once

#include <string>

namespace slim {

struct ExitStatus {
  int code = 0;    ///< 0 to 255, where it exited by itself
  int signal = 0;  ///< the signal that ended it; 0: none did

  bool operator==(const ExitStatus&) const = default;
  /// As a shell and `docker run` count: the code, or 128 + signal.
  [[nodiscard]] int shell_code() const { return signal != 0 ? 128 + signal : code; }
  [[nodiscard]] bool success() const { return signal == 0 && code == 0; }
  [[nodiscard]] std::string text() const;  ///< "exit 3", "signal 9 (SIGKILL)"
};

}  // namespace slim
