// A container has more than its image: /proc, /dev, what is mounted, what it makes. A path that the image
// does not have may exist there all the same, but only if the image has the links that lead to it.
#include "analyzer/dangling_links.h"

#include <algorithm>
#include <string>
#include <vector>

#include "analyzer/file_tree.h"

namespace slim {

std::vector<NodeId> dangling_links(const FileTree& tree, const Resolution& found) {
  std::vector<NodeId> links;
  for (const NodeId link : found.symlinks) {
    const bool known = std::ranges::find(links, link) != links.end();  // of a loop they come again and again
    if (!known && tree.resolve(tree.path(link)).node == no_node) links.push_back(link);
  }
  return links;
}

bool lacks_path(const FileTree& tree, const FileTree& original, const std::string& path) {
  const Resolution found = original.resolve(path);
  if (found.node != no_node) return tree.resolve(path).node == no_node;
  const auto links = dangling_links(original, found);
  return std::ranges::any_of(links, [&](NodeId link) {
    return tree.resolve(original.path(link), root_node, false).node == no_node;
  });
}

}  // namespace slim
