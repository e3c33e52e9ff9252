// Which paths a container asks for, by seccomp user notification (seccomp_unotify(2)).
#pragma once

#include <string>
#include <sys/types.h>

#include "analyzer/unique_fd.h"

namespace slim {

/// Listens at `socket_path`, where the runtime will connect and pass the notification descriptor on, and
/// forks the process that answers the notifications until the container is gone; it must outlive the
/// container. Each absolute path is written to `paths` once, ended by a NUL byte. Call it as root of the
/// container's user namespace, single-threaded. Throws Error environment.
pid_t fork_path_watcher(const std::string& socket_path, UniqueFd paths);

}  // namespace slim
