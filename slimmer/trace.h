// What a run of an image did, kept in a file, so that one image can be built for many of its commands.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "analyzer/exit_status.h"
#include "analyzer/file_tree.h"
#include "runner/observe.h"
#include "runner/sandbox.h"

namespace slim {

struct Trace {
  std::string image;                 ///< as it was named
  std::string config_digest;         ///< of the image that ran
  std::string summary;               ///< what the run did, a line
  std::optional<ExitStatus> exit;    ///< nullopt: it did not end by itself or by its stop signal
  Watched watched;                   ///< its paths are what a plan is made from
  FileChanges changes;               ///< told only: what a run writes is never kept
  std::vector<std::string> sockets;  ///< as ListeningSocket::text()
  std::vector<StepAnswer> answers;   ///< to the steps of a probe
  std::optional<std::chrono::milliseconds> time_to_ready;
  std::uint64_t peak_memory = 0;  ///< bytes; 0: not known
};

/// JSON, see schema/trace.schema.json. Each path is told to be in the image, `tree`, or not.
void write_trace(const Trace& trace, const FileTree& tree, std::ostream& out);

/// Reads such a file, also of version 1, which has the names of paths only; of what is not needed to make a
/// plan only the paths and the processes are read. Throws an input Error that names the file, the place and
/// what was expected.
Trace read_trace(const std::string& file);

}  // namespace slim
