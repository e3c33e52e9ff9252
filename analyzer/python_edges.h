// How Python finds what code imports, on the tree of an image.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "analyzer/edge.h"
#include "analyzer/file_tree.h"
#include "analyzer/image.h"
#include "analyzer/layer_index.h"
#include "analyzer/loader.h"

namespace slim {

class PythonEdges {
 public:
  /// Keeps references to all of them; names that are not found join `unresolved`.
  PythonEdges(const FileTree& tree, const ImageConfig& config, const Loader& loader,
              std::vector<UnresolvedName>& unresolved);

  void code(std::vector<Edge>& edges, NodeId node, const FileFacts& facts);
  void interpreter(std::vector<Edge>& edges, NodeId program);
  void arguments(std::vector<Edge>& edges, NodeId from, NodeId program,
                 std::span<const std::string> arguments, const std::string& where);

 private:
  const FileTree* tree_;
  const Loader* loader_;
  std::vector<UnresolvedName>* unresolved_;
};

}  // namespace slim
