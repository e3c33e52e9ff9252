// Folders cost nothing and start scripts rely on them.
#pragma once

#include <optional>

#include "analyzer/file_tree.h"
#include "analyzer/image.h"
#include "slimmer/plan.h"

namespace slim {

/// Keeps, in a plan whose files are decided: parents of what is kept, folders that are empty in the original,
/// all folders (and links to folders) under /var, /run, /srv and /home, folders not owned by root, volumes,
/// the working folder and the homes in /etc/passwd. What the user excluded stays out, but for parents.
void keep_folders(const FileTree& tree, const ImageConfig& config, Plan& plan);

/// Why a folder is kept whatever else is: it is empty, owned by another user than root, or below /var, /run,
/// /srv or /home. It depends on the tree alone.
std::optional<ReasonKind> own_reason(const FileTree& tree, NodeId folder);

}  // namespace slim
