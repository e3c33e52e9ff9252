// What a person should know about an image, beyond its size.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "analyzer/dependency_graph.h"
#include "analyzer/file_tree.h"

namespace slim {

enum class Severity : std::uint8_t { info, low, medium, high };

std::string_view to_string(Severity severity);

struct Finding {
  std::string id;  ///< stable: shell-present, package-manager-present, setuid, ...
  Severity severity = Severity::info;
  std::string path;                    ///< absolute; may be empty
  std::optional<std::uint32_t> layer;  ///< 0-based
  std::string message;                 ///< what it is, and what to do
};

/// Shells, package managers, setuid and setgid programs, file capabilities, world-writable files and folders,
/// big files that a later layer deletes, and libraries that no search path has. Most severe first, then by
/// path.
std::vector<Finding> find_findings(const FileTree& tree, const std::vector<UnresolvedLibrary>& unresolved);

}  // namespace slim
