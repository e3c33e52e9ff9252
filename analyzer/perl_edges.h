// How Perl finds what code names, on the tree of an image.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "analyzer/edge.h"
#include "analyzer/file_tree.h"
#include "analyzer/image.h"
#include "analyzer/layer_index.h"
#include "analyzer/script_names.h"

namespace slim {

class PerlEdges {
 public:
  /// Keeps references to `tree` and `unresolved`, which modules join that are not found.
  PerlEdges(const FileTree& tree, const ImageConfig& config, std::vector<UnresolvedName>& unresolved);

  void code(std::vector<Edge>& edges, NodeId node, const FileFacts& facts);
  void interpreter(std::vector<Edge>& edges, NodeId program);
  void arguments(std::vector<Edge>& edges, NodeId from, NodeId program,
                 std::span<const std::string> arguments, const std::string& where);

 private:
  void find_folders();
  void add_folder(const Resolution& folder, bool first);
  /// What one name leads to. `where` goes into the detail of the edges; false: nothing was found.
  bool name(std::vector<Edge>& edges, NodeId from, const CodeName& name, const std::string& where);
  bool module(std::vector<Edge>& edges, NodeId from, std::string_view name, const std::string& detail);
  bool loaded_parts(std::vector<Edge>& edges, NodeId from, const std::string& path, NodeId home,
                    const std::string& detail) const;
  [[nodiscard]] std::vector<std::pair<std::string, NodeId>> tree_below(NodeId top,
                                                                       const std::string& path) const;
  void below(std::vector<Edge>& edges, NodeId from, std::string_view prefix, const std::string& detail);
  bool file(std::vector<Edge>& edges, NodeId from, std::string_view path, const std::string& detail);
  void library(NodeId from, std::string_view folder);
  void command(std::vector<Edge>& edges, NodeId from, std::string_view text, const std::string& detail);
  void add(std::vector<Edge>& edges, NodeId from, const Resolution& target, const std::string& detail) const;

  const FileTree* tree_;
  const ImageConfig* config_;
  ScriptPlaces places_;
  std::vector<UnresolvedName>* unresolved_;
  bool found_folders_ = false;
  std::vector<Resolution> folders_;  ///< of @INC, with the links on the way to each
};

}  // namespace slim
