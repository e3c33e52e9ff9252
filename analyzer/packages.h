// Which installed package a file belongs to: by the databases of dpkg, apk and rpm, and by the metadata of
// languages' own packages.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "analyzer/file_tree.h"

namespace slim {

struct Package {
  std::string name;
  std::string version;
  std::string type;           ///< deb, apk, rpm, pypi, npm, gem, jar, golang or cargo
  std::vector<NodeId> files;  ///< paths of the tree that it owns, folders not counted, sorted
  std::string source;         ///< deb: the source package, where it is named otherwise
  std::string architecture;   ///< as the database has it
  NodeId database = no_node;  ///< the file that describes it
  std::string_view record;    ///< its stanza or record there, without the empty line behind it; of the tree
  std::string license;        ///< apk, rpm, pypi, npm: as their metadata has it; may be empty
  NodeId inside =
      no_node;            ///< jar, golang, cargo: the file that it lies in, whose bytes are another package's
  NodeId sums = no_node;  ///< deb: the file with the MD5 sums of its files
};

struct Packages {
  static constexpr std::uint32_t none = std::numeric_limits<std::uint32_t>::max();
  std::vector<Package> list;          ///< sorted by name
  std::vector<std::uint32_t> owner;   ///< by NodeId: index into list, or none
  std::vector<std::string> problems;  ///< databases that cannot be read, or not whole
};

/// Reads /var/lib/dpkg/status with info/*.list, /var/lib/dpkg/status.d (distroless images) and apk's
/// installed database, rpm's where it is a SQLite file or what slim left of it, and the packages of
/// languages. Files that a database names and the image does not have are left out. A file that two packages
/// claim is the first one's.
Packages read_packages(const FileTree& tree);

}  // namespace slim
