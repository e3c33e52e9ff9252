// The process between slim and a sandbox's keeper: it has the caller's rights, makes what the keeper could
// not (id maps, control group, work folder), waits for the keeper's end and removes all of it.
#pragma once

#include <string>
#include <sys/types.h>
#include <vector>

#include "analyzer/file_tree.h"
#include "analyzer/unique_fd.h"
#include "runner/container_spec.h"
#include "runner/id_map.h"
#include "runner/runtime.h"

namespace slim {

struct JanitorInput {
  std::vector<const FileTree*> trees;  ///< of the image, and of its companions
  RunOptions options;
  Runtime runtime;
  IdPlan ids;
  UniqueFd control;
  UniqueFd contents;
};

/// Forks it. It lives until `control`'s other end closes, and speaks on it first: "made", with the folder
/// inside, "memory" and "pids" where a control group limits them; or "error". Then the keeper does.
pid_t fork_janitor(JanitorInput input);

}  // namespace slim
