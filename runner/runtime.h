// The OCI runtime that starts containers: which one, how it is called, and what its complaints mean.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runner/sandbox.h"

namespace slim {

struct Runtime {
  std::string program;  ///< absolute path, or as the user wrote it
  std::string version;  ///< "runc 1.1.5"
  bool crun = false;
};

/// `wanted` by name or path; empty: the first of runc and crun that says its version. Error environment where
/// there is none.
Runtime find_runtime(const std::string& wanted);

/// The command line up to the runtime's own command (create, start).
std::vector<std::string> runtime_call(const Runtime& runtime, const std::string& state_folder,
                                      const std::string& log_file);

/// The last error in a runtime's log (a JSON object on each line), else its last line.
std::string last_complaint(std::string_view log);

/// docker run's reading of a complaint: 127 the program does not exist, 126 it cannot be executed; nullopt
/// where it is not about the image's program.
std::optional<StartFailure> start_failure(const std::string& complaint);

}  // namespace slim
