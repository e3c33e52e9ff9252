// What JavaScript needs of an image: modules and their packages, files beside them, what npm's scripts run.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "analyzer/code_facts.h"
#include "analyzer/edge.h"
#include "analyzer/file_tree.h"
#include "analyzer/image.h"
#include "analyzer/layer_index.h"
#include "analyzer/node_modules.h"

namespace slim {

/// What a file of a package is for, by its path below the package. `installed`: the package lies in
/// node_modules, and is not the application itself.
enum class PackagePart : std::uint8_t {
  needed,   ///< code and data
  spare,    ///< tests, types, source maps, documentation: nothing that runs asks for them
  foreign,  ///< sources of native code, shell scripts for who develops it, what version control and builds
            ///< leave
};
PackagePart package_part(std::string_view path, bool installed);

class JavascriptEdges {
 public:
  /// Keeps references to `tree` and `unresolved`, which names that are not found join.
  JavascriptEdges(const FileTree& tree, const ImageConfig& config, ShellEdges shell,
                  std::vector<UnresolvedName>& unresolved);

  void code(std::vector<Edge>& edges, NodeId node, const FileFacts& facts);
  /// Modules of NODE_OPTIONS (--require, --import) where `program` is a node.
  void interpreter(std::vector<Edge>& edges, NodeId program);
  /// node FILE, node -r MODULE, npm start, npm run NAME, npx NAME, yarn NAME, pnpm NAME.
  void arguments(std::vector<Edge>& edges, NodeId from, NodeId program,
                 std::span<const std::string> arguments, const std::string& where);

 private:
  struct Place {
    NodeId from = no_node;
    NodeId folder = no_node;
    std::string where;  ///< "line 12"
    Strength strength = Strength::required;
  };

  void name(std::vector<Edge>& edges, const CodeName& name, NodeId node, Strength strength);
  bool module(std::vector<Edge>& edges, std::string_view specifier, NodeLoader loader, const Place& place);
  void modules_that_begin(std::vector<Edge>& edges, std::string_view prefix, const Place& place);
  void beside(std::vector<Edge>& edges, const std::string& path, bool whole, const Place& place);
  void files_that_begin(std::vector<Edge>& edges, std::string_view prefix, const Place& place);
  void child_process(std::vector<Edge>& edges, const Place& place);
  [[nodiscard]] bool is_installed(NodeId root) const;
  void reached(std::vector<Edge>& edges, NodeId file, Strength strength);
  void keep_package(std::vector<Edge>& edges, NodeId root, NodeId from, Strength strength);
  void keep_dependencies(std::vector<Edge>& edges, NodeId root, NodeId from, const std::string& why);
  void package_named(std::vector<Edge>& edges, std::string_view name, const Place& place,
                     const std::string& detail);
  [[nodiscard]] bool is_foreign_addon(NodeId file) const;
  void options(std::vector<Edge>& edges, std::span<const std::string> words, const Place& place,
               std::size_t& script);
  void package_script(std::vector<Edge>& edges, NodeId from, std::span<const std::string> arguments,
                      std::string_view tool, const std::string& where);
  void run_script(std::vector<Edge>& edges, const std::string& text, const Place& place);

  const FileTree* tree_;
  ShellEdges shell_;
  std::vector<UnresolvedName>* unresolved_;
  NodeModules modules_;
  NodeId working_folder_ = root_node;
  std::string node_options_;
  std::uint16_t machine_ = 0;  ///< e_machine of the image's platform; 0: unknown
  bool has_musl_ = false;
  bool has_glibc_ = false;
  std::unordered_map<NodeId, Strength> packages_;  ///< done so far, and how sure
  std::unordered_set<NodeId> dependencies_;        ///< packages whose dependencies are kept
};

}  // namespace slim
