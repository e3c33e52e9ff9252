// A child process that is root of a user namespace and a mount namespace of its own, and of nothing else.
#pragma once

#include <functional>
#include <sys/types.h>

#include "runner/id_map.h"

namespace slim {

struct NamespaceSteps {
  /// Mounts that need the caller's rights to reach what they mount; the mount namespace is private already.
  std::function<void()> mount;
  /// The child's work, as root of the namespaces; the exit code of the process.
  std::function<int()> work;
};

/// Forks the child and returns once it is root inside (it is a child of the caller, which reaps it). Throws
/// Error environment where namespaces cannot be made here, or where `mount` threw.
pid_t fork_into_namespaces(const IdPlan& ids, const NamespaceSteps& steps);

}  // namespace slim
