// How well the layers use their bytes.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "analyzer/file_tree.h"
#include "analyzer/layer_index.h"

namespace slim {

/// Files, links and devices, and their bytes; folders are not counted.
struct FileSum {
  std::uint64_t files = 0;
  std::uint64_t bytes = 0;
  bool operator==(const FileSum&) const = default;
};

/// What a layer does to those below it.
struct LayerChange {
  FileSum added;    ///< paths that were not there
  FileSum changed;  ///< paths that were there and are stored again
  FileSum hides;    ///< of the layers below: what it replaces or deletes
};

/// A path that is stored more than once, with all of its copies.
struct WastedPath {
  std::string path;            ///< absolute
  std::uint64_t bytes = 0;     ///< of all copies: what dive counts as wasted
  std::uint64_t smallest = 0;  ///< of the smallest copy
  unsigned copies = 0;
};

struct Efficiency {
  double efficiency = 1.0;  ///< by dive's definition: smallest size of every path / all sizes of every path
  std::uint64_t wasted =
      0;  ///< by dive's definition: bytes of all copies of paths that are stored more than once
  std::uint64_t smallest = 0;  ///< the two sums that make up `efficiency`: the smallest copy of every path,
  std::uint64_t stored = 0;    ///< and all copies of every path
  std::vector<WastedPath> most_wasted;  ///< most bytes first, at most 10
  std::uint64_t hidden = 0;  ///< bytes that later layers replace or delete: shipped, and never seen
  std::vector<std::uint64_t> hidden_by_layer;  ///< by layer: how many of its own bytes are hidden
  std::vector<LayerChange> changes;            ///< by layer
};

/// Efficiency and waste are dive's, so that numbers can be compared: it looks at the leaves of each layer:
/// files, links and empty folders. Every copy of a path counts, the surviving one too; a deletion is a copy
/// of no bytes or, of a folder, of all that lies in it then.
Efficiency measure_efficiency(const std::vector<LayerIndex>& layers, const FileTree& tree);

}  // namespace slim
