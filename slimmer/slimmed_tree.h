// What reading the slimmed image again would give, without writing it.
#pragma once

#include "analyzer/file_tree.h"
#include "analyzer/layer_index.h"
#include "slimmer/plan.h"

namespace slim {

/// The one layer of the image that `plan` makes of `tree`, as index_layer() would have it: what is kept,
/// under the same names, and what is added. Its facts are shared with the source's.
LayerIndex slimmed_index(const FileTree& tree, const Plan& plan);

}  // namespace slim
