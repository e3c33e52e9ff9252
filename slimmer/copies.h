// The same tree as a slimmed image's, made by docker build: what COPY copies out of the source image, and a
// tar of what it cannot.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "analyzer/byte_stream.h"
#include "analyzer/file_tree.h"
#include "analyzer/image_contents.h"
#include "slimmer/layer_parts.h"
#include "slimmer/plan.h"

namespace slim {

/// One COPY: files of one folder, or a folder with all that is in it.
struct CopyGroup {
  NodeId folder = no_node;
  bool whole = false;         ///< the folder itself; every path below it is kept
  std::vector<NodeId> files;  ///< the files that are copied, by name; of a whole folder all below it
};

struct Copies {
  std::vector<CopyGroup> groups;  ///< in the order of their folders; no file is in two
  LayerPart rest;                 ///< what the tar has with its content
  /// Further names of files that are copied, each with the name that it is a hard link to.
  std::vector<std::pair<NodeId, NodeId>> hard_links;
};

/// Whether COPY can name a path so that it means this path alone, in every builder: no wildcards, quotes,
/// variables, control characters or bytes beyond ASCII.
bool is_copyable_name(std::string_view path);

/// Divides what `plan` keeps. COPY gives files with their content, owner, mode and time in seconds. All else
/// is the tar's: folders with their metadata, links, devices, what slim adds, files with extended attributes
/// (the classic builder drops them) and files that COPY cannot name.
Copies plan_copies(const FileTree& tree, const Plan& plan);

/// The tar, to be extracted over what was copied. The same input gives the same bytes.
void write_rest(ImageContents& original, const Plan& plan, const Copies& copies, ByteWriter out);

}  // namespace slim
