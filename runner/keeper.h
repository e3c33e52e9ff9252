// The process that keeps one sandbox: root of its user namespace, single-threaded, it extracts the image,
// mounts and starts containers, and undoes all of it when its socket closes, whatever became of slim.
#pragma once

#include <cstdint>
#include <string>

#include "analyzer/file_tree.h"
#include "analyzer/unique_fd.h"
#include "runner/cgroup.h"
#include "runner/container_spec.h"
#include "runner/id_map.h"
#include "runner/runtime.h"

namespace slim {

struct KeeperInput {
  const FileTree* tree = nullptr;
  const IdPlan* ids = nullptr;
  Cgroup* cgroup = nullptr;
  Runtime runtime;
  std::string space;  ///< the work folder, as it is reached inside
  RunLimits limits;
  std::uint64_t spare_memory = 0;  ///< bytes; an image that is small beside it is extracted into memory
  bool shared_network = false;     ///< containers have the host's network
  UniqueFd control;                ///< messages
  UniqueFd contents;               ///< the socket of send_contents
};

/// The messages that the keeper takes, and what it answers ("error" instead, where that fails):
///   (of itself, once)            ready: notes of the extraction
///   read PATH                    content TEXT | missing
///   start ID CONFIG FOLDER HOSTS HOSTNAME RESOLV STDIN WATCH (the last two "yes" or "")
///                                started, fds: end of the run, stdout, stderr, then stdin and watched paths
///                                as asked | failed CODE MESSAGE
///   signal ID NUMBER             done
///   ports ID                     ports TCP TCP6 (the texts of /proc/PID/net)
///   connect ID ADDRESS PORT      connected, fd | refused
///   finish ID                    done
/// At the end of a run two ints, code and signal, are written to its pipe.
/// Returns the process's exit code.
int keep_sandbox(KeeperInput input);

}  // namespace slim
