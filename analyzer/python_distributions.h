// The distributions of a site-packages folder: which one a module is of, and what else belongs to it. After
// the PyPA's specification of installed projects, and egg-info as setuptools and Debian leave it.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "analyzer/file_tree.h"

namespace slim {

struct PythonDistribution {
  NodeId record = no_node;                ///< the folder NAME-VERSION.dist-info or .egg-info, or the one file
  NodeId site = no_node;                  ///< the folder that it lies in
  std::vector<std::string> tops;          ///< "flask", "google/cloud/storage"
  std::vector<std::string> requirements;  ///< names of projects
  std::vector<std::string> outside;       ///< files elsewhere, as RECORD has them, from `site`
  std::vector<std::pair<std::string, std::string>> entry_points;  ///< group and module
};

class PythonDistributions {
 public:
  /// Keeps a reference.
  explicit PythonDistributions(const FileTree& tree) : tree_(&tree) {}

  /// Reads what is in a folder of the search path; once.
  void add_site(NodeId site);

  /// The distribution that the module at `path` (from `site`, with slashes) is of; null where none says so.
  [[nodiscard]] const PythonDistribution* of_module(NodeId site, std::string_view path) const;
  /// By the name of its project, however it is written: "Foo.Bar" and "foo-bar" are one.
  [[nodiscard]] const PythonDistribution* of_project(std::string_view name) const;
  [[nodiscard]] const std::vector<PythonDistribution>& all() const { return all_; }

 private:
  void add(NodeId site, NodeId record);
  void read(PythonDistribution& distribution, NodeId file, std::string& project) const;

  const FileTree* tree_;
  std::vector<NodeId> sites_;
  std::vector<PythonDistribution> all_;
  std::unordered_map<NodeId, std::map<std::string, std::size_t, std::less<>>> by_top_;
  std::map<std::string, std::size_t, std::less<>> by_project_;
};

}  // namespace slim
