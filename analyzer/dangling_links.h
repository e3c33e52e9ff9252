// Links that lead nowhere in an image and somewhere in a container: /etc/mtab to /proc/mounts, a log to
// /dev/stdout, data to a volume that is mounted later.
#pragma once

#include <string>
#include <vector>

#include "analyzer/file_tree.h"

namespace slim {

/// The links on the way of a path that the tree does not have (`found`: what resolve() said of it) that lead
/// nowhere in the tree, each once.
std::vector<NodeId> dangling_links(const FileTree& tree, const Resolution& found);

/// Whether `tree` lacks what `original` has at an absolute path: where that leads to, or a link on the way
/// that may lead further in a container.
bool lacks_path(const FileTree& tree, const FileTree& original, const std::string& path);

}  // namespace slim
