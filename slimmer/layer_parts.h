// Which of the kept paths go to which layer of the slimmed image.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "analyzer/file_tree.h"
#include "analyzer/image_contents.h"
#include "analyzer/layer_index.h"
#include "slimmer/plan.h"

namespace slim {

enum class LayerRole : std::uint8_t { squashed, base, app };

std::string_view to_string(LayerRole role);

/// The content of one layer.
struct LayerPart {
  LayerRole role = LayerRole::squashed;
  std::size_t sources = 0;  ///< the number of the source's layers that it stands for
  std::vector<bool> nodes;  ///< by NodeId: the paths that it has entries for
  /// Metadata that is not the tree's: folders of a base as the base has them.
  std::unordered_map<NodeId, const LayerEntry*> folders;
  bool with_added = true;  ///< whether what slim adds is in it
};

/// All that is kept, as one layer.
LayerPart whole_part(const ImageContents& contents, const Plan& plan);

/// Two layers, base first, that are the same file system as whole_part() when they are extracted one after
/// the other; whole_part() alone where one of the two would be empty. The base has what is kept of the lowest
/// `base_layers` layers and is unchanged, with the base's metadata of folders: it depends on those layers and
/// on what of them is kept alone. The application's has all else, all that slim adds, and the folder of each
/// entry. An inode lies in one layer with all of its kept names: where an overlay store extracts the upper
/// layer into a folder of its own, a hard link to the lower one leads nowhere.
std::vector<LayerPart> base_and_app(const ImageContents& contents, const Plan& plan, std::size_t base_layers);

}  // namespace slim
