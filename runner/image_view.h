// A part of an extracted image, as an image of its own that takes no room.
#pragma once

#include <vector>

#include "analyzer/file_tree.h"

namespace slim {

/// Makes in the empty folder `to` what extract_tree would have made there of a tree that has only the paths
/// marked in `kept` (by NodeId, one for every node): folders are made anew, everything else is a hard link to
/// what lies in `from`, the whole tree as extract_tree made it. Both are open descriptors, on one file
/// system. What the extraction left out is left out. Throws Error environment.
void make_image_view(const FileTree& tree, const std::vector<bool>& kept, int from, int to);

}  // namespace slim
