// How well the layers use their bytes.
#pragma once

#include <cstdint>
#include <vector>

#include "analyzer/file_tree.h"
#include "analyzer/layer_index.h"

namespace slim {

struct Efficiency {
  double efficiency = 1.0;  ///< by dive's definition: smallest size of every path / all sizes of every path
  std::uint64_t wasted =
      0;  ///< by dive's definition: bytes of all copies of paths that are stored more than once
  std::uint64_t hidden = 0;  ///< bytes that later layers replace or delete: shipped, and never seen
  std::vector<std::uint64_t> hidden_by_layer;  ///< by layer: how many of its own bytes are hidden
};

/// dive looks at the leaves of each layer: files, links and empty folders. Every copy of a path counts, the
/// surviving one too; a deletion is a copy of no bytes or, of a folder, of all that lies in it then.
Efficiency measure_efficiency(const std::vector<LayerIndex>& layers, const FileTree& tree);

}  // namespace slim
