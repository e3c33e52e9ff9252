#include "analyzer/exit_status.h"

#include <cstring>
#include <string>

namespace slim {

std::string ExitStatus::text() const {
  if (signal == 0) return "exit " + std::to_string(code);
  const char* name = ::sigabbrev_np(signal);
  return "signal " + std::to_string(signal) + (name != nullptr ? " (SIG" + std::string(name) + ")" : "");
}

}  // namespace slim
