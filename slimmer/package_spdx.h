// An SPDX document of packages, for databases that cannot be filtered.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "analyzer/file_tree.h"
#include "analyzer/packages.h"

namespace slim {

/// SPDX 2.3 as JSON, of `packages` in their order. `distribution` is the os-release ID, the name space of
/// package URLs; `created` a time in seconds since 1970. The same input gives the same bytes.
std::string spdx_document(const std::vector<const Package*>& packages, const std::string& distribution,
                          std::int64_t created);

/// ID of /etc/os-release; "linux", its default, where there is none (os-release(5)).
std::string distribution_of(const FileTree& tree);

}  // namespace slim
