// An image read whole: its source, what each layer holds, and the tree that they make together.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "analyzer/byte_stream.h"
#include "analyzer/file_tree.h"
#include "analyzer/image_ref.h"
#include "analyzer/index_cache.h"
#include "analyzer/layer_index.h"
#include "analyzer/platform.h"
#include "analyzer/source.h"

namespace slim {

struct ImageContents {
  std::unique_ptr<Source> source;
  std::vector<LayerIndex> layers;
  FileTree tree;  ///< points into `layers`

  [[nodiscard]] const Image& image() const { return source->image(); }
};

struct ReadOptions {
  const Platform* platform = nullptr;  ///< of a multi-platform index; null: the host's
  unsigned jobs = 0;                   ///< layers indexed at once; 0: one for each processor
  bool facts = true;                   ///< see IndexOptions
  /// Layers that it knows are not read: their blobs are not looked at, and are checked only where
  /// stream_files() reads them. Null: every layer is read and verified.
  std::shared_ptr<const IndexCache> cache = nullptr;
};

/// Opens, checks and indexes an image. The result does not depend on `jobs`.
ImageContents read_image(const ImageRef& ref, const ReadOptions& options = {});

/// Takes one file's content; it may be left unread. Called in the order of the layers, and in the order of
/// the tar within one, from one thread.
using FileSink = std::function<void(InodeId inode, ByteReader& content)>;

/// Streams the content of the files whose inodes are `wanted` (indexed by InodeId; other types than files
/// are ignored) out of their layers. Layers that hold none are not opened; the others are read to their end,
/// so that their digests are checked again.
void stream_files(Source& source, const FileTree& tree, const std::vector<bool>& wanted,
                  const FileSink& sink);

}  // namespace slim
