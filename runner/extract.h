// Puts an image's tree on disk, below a folder of the sandbox, as it stands: owners, modes, times, links and
// extended attributes. Metadata comes from the tree; contents are streamed, in the order of the layers,
// through a socket from the process that has the image to the one that is root of the sandbox's user
// namespace.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "analyzer/file_tree.h"
#include "analyzer/image_contents.h"
#include "runner/id_map.h"

namespace slim {

struct ExtractBounds {
  std::uint64_t bytes = 128ULL << 30;  ///< of file contents
  std::uint64_t entries = 8'000'000;
  std::uint64_t ratio = 1000;             ///< contents against compressed layers...
  std::uint64_t ratio_from = 1ULL << 30;  ///< ...looked at from this many bytes of content on
};

/// Throws an input Error about `name` where the tree is beyond the bounds; `compressed` is the size of the
/// layers' blobs, or unknown_size.
void check_bounds(const FileTree& tree, std::uint64_t compressed, const std::string& name,
                  const ExtractBounds& bounds = {});

/// Streams every file's content into `socket`, for extract_tree at the other end. False: nobody reads any
/// more.
bool send_contents(ImageContents& image, int socket);

/// Makes the tree in the empty folder `root` (an open descriptor), with contents from `socket`. What cannot
/// be had inside a user namespace (device nodes, owners that are not mapped, attributes of the host's
/// administrator) is left out or belongs to nobody, and is noted; the notes are returned. Throws Error
/// environment.
std::vector<std::string> extract_tree(const FileTree& tree, int root, int socket, const IdPlan& ids);

/// Opens a path inside `root` as if that were the root folder: symlinks cannot lead out, magic links are not
/// followed. A descriptor, or -1 with errno.
int open_in_root(int root, const std::string& path, std::uint64_t flags, std::uint64_t mode = 0);

}  // namespace slim
