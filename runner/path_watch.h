// Which paths a container asks for, by seccomp user notification (seccomp_unotify(2)).
#pragma once

#include <string>
#include <sys/types.h>

#include "analyzer/unique_fd.h"

namespace slim {

/// Listens at `socket_path`, where the runtime will connect and pass notification descriptors on (one for the
/// container, one for each process that is started in it later), and forks the process that answers the
/// notifications until the container is gone; it must outlive the container. What it sees goes to `records`
/// (runner/watch_record.h). Call it as root of the container's user namespace, single-threaded. Throws Error
/// environment.
pid_t fork_path_watcher(const std::string& socket_path, UniqueFd records);

}  // namespace slim
