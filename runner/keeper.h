// The process that keeps one sandbox: root of its user namespace, single-threaded, it extracts the image,
// mounts and starts containers, and undoes all of it when its socket closes, whatever became of slim.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "analyzer/file_tree.h"
#include "analyzer/unique_fd.h"
#include "runner/cgroup.h"
#include "runner/container_spec.h"
#include "runner/id_map.h"
#include "runner/runtime.h"

namespace slim {

struct KeeperInput {
  std::vector<const FileTree*> trees;  ///< of the image, and of its companions
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
///   read IMAGE PATH              content TEXT | missing: from an image as it was extracted
///   view KEPT                    done: "view" is from now on an IMAGE, the part of image 0 that KEPT marks
///                                (a character for each node, '1' or '0'); one that was made before is gone
///   start ID CONFIG FOLDER HOSTS HOSTNAME RESOLV STDIN WATCH IMAGE JOIN VOLUME...
///                                (STDIN and WATCH "yes" or "", STDIN "hold": the program is not started,
///                                JOIN the container whose network it shares) started PID, fds: end of the
///                                run, stdout, stderr, then stdin and what is watched as asked | failed CODE
///                                MESSAGE
///   exec ID EXEC PROCESS         started, fds: its end, stdout, stderr | failed CODE MESSAGE
///   signal ID NUMBER             done
///   signal-exec ID EXEC NUMBER   done
///   sockets ID                   sockets TCP TCP6 UDP UDP6 UNIX (the texts of /proc/PID/net) INODES (of the
///                                sockets that are its own; empty: all are)
///   connect ID ADDRESS PORT      connected, fd | refused
///   changes ID                   changes COMPLETE ("yes" or ""), then for each change + (created), ~
///   (changed)
///                                or - (deleted) and the path
///   processes ID                 processes, one field for each: see describe_processes
///   peak ID                      peak BYTES
///   read-file ID PATH CAP        content TEXT | missing
///   file-status ID PATH          status MODE UID GID | missing
///   activity ID                  activity TICKS WAITING ("yes" or "")
///   write-file ID PATH CONTENT   done | missing
///   finish ID                    done
/// At the end of a run, or of a process started in it, two ints, code and signal, are written to its pipe.
/// Returns the process's exit code.
int keep_sandbox(KeeperInput input);

}  // namespace slim
