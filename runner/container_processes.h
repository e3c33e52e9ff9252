// The processes of a running container, from outside.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <sys/types.h>
#include <vector>

#include "runner/sandbox.h"

namespace slim {

/// `first` and all that descends from it, at most 10,000 (proc(5), /proc/PID/task/TID/children).
std::vector<pid_t> processes_below(const std::vector<pid_t>& first);

/// Each of them as "NAME, a child of PARENT", or "NAME, defunct, a child of PARENT"; names as in proc(5),
/// /proc/PID/comm; "none" where the parent is none of them. Sorted.
std::vector<std::string> describe_processes(const std::vector<pid_t>& processes);

/// The inodes of the sockets that they hold open, at most 100,000.
std::set<std::uint64_t> socket_inodes(const std::vector<pid_t>& processes);

/// The sum of each one's own peak, in bytes: what two share is counted twice.
std::uint64_t peak_memory_of(const std::vector<pid_t>& processes);

/// What they do just now.
Activity activity_of(const std::vector<pid_t>& processes);

}  // namespace slim
