// Every path of an image with its decision and reason, small enough to stand in a page.
#pragma once

#include <cstddef>
#include <functional>
#include <ostream>
#include <span>

#include "cli/report.h"

namespace slim {

/// The table of files as the page's script reads it (cli/html/table.js), uncompressed, in blocks of any size.
/// Numbers are LEB128 (unsigned, least significant group first); a "string" ends with a zero byte, may be no
/// UTF-8, and a zero byte in it has become U+FFFD. Columns follow each other whole:
// clang-format off
///
///     number     N, nodes of the tree, the root included; parents come before children, siblings by name
///     N strings  the last component of each path; "" for the root
///     N numbers  how many nodes before it its parent stands; 0 for the root
///     N numbers  EntryType
///     N numbers  size in bytes
///     N strings  the target of a symlink, else ""
///     N numbers  hard links: 0 where it is the first name of its inode (which carries the bytes), else
///                1 + 2 * how many nodes before it that stands, or 2 + 2 * how many behind
///     N numbers  the layer that its content is of, 0 for the lowest
///     N numbers  2 * ReasonKind, + 1 where it is kept
///     N numbers  1 + the node whose being kept is the cause, or 0
///     number, strings   the details of reasons, each once; the first is ""
///     N numbers  the detail's place among them
///     N numbers  1 + the package's place in Packages::list, or 0
///     number     H, files that later layers hide, by path
///     H numbers  how many components of its path are those of the one before
///     H strings  the rest of the path
///     H numbers  size in bytes
///     H numbers  the layer that has it
///     H numbers  the layer that hides it
// clang-format on
void write_file_table(const Report& report, const std::function<void(std::span<const std::byte>)>& out);

/// The same as gzip in base64, on one line. Needs memory for the distinct details alone.
void write_compressed_file_table(const Report& report, std::ostream& out);

}  // namespace slim
