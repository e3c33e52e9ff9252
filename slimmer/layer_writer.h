// A layer of a slimmed image: its entries, in which order.
#pragma once

#include <functional>

#include "analyzer/byte_stream.h"
#include "analyzer/file_tree.h"
#include "analyzer/source.h"
#include "slimmer/layer_parts.h"
#include "slimmer/plan.h"
#include "slimmer/tar_writer.h"

namespace slim {

/// Takes the entries of a layer, each file's content behind its entry.
struct LayerSink {
  std::move_only_function<void(const LayerItem& item)> entry;
  ByteWriter content;
};

/// Gives `sink` all that `part` has of what `plan` keeps, in an order that depends on these alone: first
/// everything without content, parents before children and siblings by name; then the files as their layers
/// have them, so that the layers are read once and forward. An inode's first kept name (by the
/// alphabet) carries it; its
/// further kept names follow right behind as hard links, with the same metadata. Folders that slim adds come
/// behind the other folders, files that it adds last. Folders that the source has
/// no entry for are left out: they have no mode to keep. A file that a layer no longer gives as it was
/// indexed is an input Error; a plan that keeps a path without its folder is a std::logic_error.
void write_layer(Source& source, const FileTree& tree, const Plan& plan, const LayerPart& part,
                 LayerSink& sink);

}  // namespace slim
