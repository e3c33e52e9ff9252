// The one folder on the host that a sandbox uses: made for the caller alone, locked while it is in use, and
// removed by whoever survives; what a killed run left behind is found and removed by the next one.
#pragma once

#include <string>
#include <vector>

#include "analyzer/unique_fd.h"

namespace slim {

struct WorkFolder {
  std::string path;   ///< slim-run.XXXXXX below $TMPDIR or /var/tmp, mode 0700
  std::string space;  ///< `path`/space: what the container's root sees
  UniqueFd lock;      ///< held as long as any process of this run lives
};

/// Makes one. Throws Error environment.
WorkFolder make_work_folder();

/// Folders of runs that ended without cleaning up (their lock is free), together with the locks.
std::vector<WorkFolder> stale_work_folders();

/// Removes a file or a folder with all that is in it, following no symlink and entering no other file system;
/// what cannot be removed is left. True: nothing is left.
bool remove_tree(const std::string& path);

}  // namespace slim
