// Reaching into a container's network namespace.
#pragma once

#include <cstdint>
#include <string>
#include <sys/types.h>

#include "analyzer/unique_fd.h"

namespace slim {

/// A TCP connection to `address` (of loopback) and `port` in the network namespace of process `pid` (0: the
/// caller's own); empty where it is refused or takes more than two seconds.
UniqueFd connect_inside(pid_t pid, const std::string& address, std::uint16_t port);

}  // namespace slim
