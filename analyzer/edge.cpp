// A path is reached through every symlink on the way: each is an edge of its own.
#include "analyzer/edge.h"

#include <string>
#include <utility>
#include <vector>

#include "analyzer/file_tree.h"
#include "analyzer/layer_index.h"
#include "analyzer/system_folders.h"

namespace slim {

void add_path_edges(const FileTree& tree, std::vector<Edge>& edges, const Resolution& target,
                    const Edge& like) {
  for (const NodeId link : target.symlinks) {
    edges.push_back({.from = like.from,
                     .to = link,
                     .kind = EdgeKind::symlink,
                     .strength = like.strength,
                     .detail = "on the way to " + tree.path(target.node),
                     .with_content = false});
  }
  Edge edge = like;
  edge.to = target.node;
  edges.push_back(std::move(edge));
}

void add_named_edges(const FileTree& tree, std::vector<Edge>& edges, const Resolution& target, Edge edge) {
  if (target.node == no_node && !target.missing.empty() && is_kernel_path(target.missing)) {
    // A log that is a link to /dev/stdout: what it leads to is there only when the container runs.
    edge.kind = EdgeKind::symlink;
    for (const NodeId link : target.symlinks) {
      edge.to = link;
      edges.push_back(edge);
    }
  }
  if (target.node == no_node || target.node == root_node || target.node == edge.from) return;
  const std::string path = tree.path(target.node);
  if (is_kernel_path(path)) return;
  if (tree.is(target.node, EntryType::directory)) edge.with_content = !is_system_folder(path);
  add_path_edges(tree, edges, target, edge);
}

}  // namespace slim
