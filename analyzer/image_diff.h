// How two images differ: in the paths of their trees and in what their configs say.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "analyzer/file_tree.h"
#include "analyzer/image.h"

namespace slim {

enum class Aspect : std::uint8_t { type, content, link, device, mode, owner, xattrs, time };

std::string_view to_string(Aspect aspect);

/// A path that one of the images has alone (its other node is no_node), or that differs.
struct PathDifference {
  std::string path;  ///< absolute
  NodeId a = no_node;
  NodeId b = no_node;
  std::vector<Aspect> aspects;  ///< in the order of the enum; empty where only one image has the path
};

/// A key of the config, as Docker names it (Entrypoint, User, ...), or one entry of Env, Labels, ExposedPorts
/// or Volumes. A value that is a list or an object is its JSON.
struct ConfigDifference {
  std::string key;
  std::string name;  ///< of the variable, label, port or volume; else empty
  std::optional<std::string> a;
  std::optional<std::string> b;
};

/// Bytes of the files of a folder; one with several names counts under the first.
struct FolderDifference {
  std::string folder;
  std::uint64_t a = 0;
  std::uint64_t b = 0;
};

struct TreeSize {
  std::uint64_t files = 0;  ///< paths that are no folders
  std::uint64_t bytes = 0;
};

struct ImageDiff {
  std::vector<PathDifference> paths;      ///< sorted by path
  std::vector<ConfigDifference> config;   ///< sorted by key and name
  std::vector<FolderDifference> folders;  ///< that differ, the largest difference first
  TreeSize a;
  TreeSize b;

  [[nodiscard]] bool same() const { return paths.empty() && config.empty(); }
};

struct DiffOptions {
  bool ignore_time = false;  ///< of modification: no aspect
};

/// Folders that no layer has an entry for have no metadata to differ. How names are joined by hard links is
/// not compared, nor are creation times and the histories: two images that differ in these alone are the
/// same.
ImageDiff diff_trees(const FileTree& a, const FileTree& b, const DiffOptions& options);

/// What is empty (null, "", [], {}, false) is as if it were not there.
std::vector<ConfigDifference> diff_configs(const ImageConfig& a, const ImageConfig& b);

}  // namespace slim
