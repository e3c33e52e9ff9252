// What a package brings for its programs: configuration, and data that they open by names made at run time.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "analyzer/file_tree.h"
#include "analyzer/image.h"
#include "analyzer/packages.h"

namespace slim {

struct PackageFile {
  NodeId node = no_node;
  std::string what;  ///< "configuration of nginx-common"
};

/// Of packages of the system (deb, apk). A program is an executable file in a folder of the image's PATH or
/// of the usual one. Its package, and those of the same source called NAME-common, NAME-data or NAME-config,
/// bring
///  - configuration: what is in /etc, less what serves other programs (cron.d, init.d, logrotate.d, ...);
///  - data: what is in /usr/share/X, less documentation, manuals, translations, icons and the like; and what
///  is
///    in a folder of its own below /usr/lib, /usr/libexec or their folder of the machine: one called as the
///    package, its source or the program, or a name that begins so.
/// What lies in a folder called *-available, tests, examples, headers, static libraries and scripts that can
/// be started are no data: the latter are kept where something names them.
class PackageData {
 public:
  PackageData(const FileTree& tree, const ImageConfig& config, const Packages& packages);

  /// What the package of `node` has, if that is a program and nothing was given for that package yet.
  std::vector<PackageFile> of(NodeId node);

 private:
  [[nodiscard]] bool is_program(NodeId node) const;
  void add(const Package& package, const std::string& program, std::vector<PackageFile>& files) const;

  const FileTree* tree_;
  const Packages* packages_;
  std::vector<NodeId> program_folders_;
  std::vector<bool> done_;  ///< by package
  std::unordered_map<std::string_view, std::vector<std::uint32_t>>
      data_of_source_;  ///< NAME-common and the like
};

}  // namespace slim
