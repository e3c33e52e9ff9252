// The folders of an image as a tree, each with what is needed of it.
#pragma once

#include <cstddef>
#include <ostream>

#include "cli/report.h"
#include "cli/terminal.h"

namespace slim {

/// Folders down to `depth` below the root, biggest first, at most `top` of each folder; `columns` for the
/// names. An inode counts once, under its first name.
void render_tree(const Report& report, std::size_t depth, std::size_t top, std::size_t columns,
                 const TextStyle& style, std::ostream& out);

}  // namespace slim
