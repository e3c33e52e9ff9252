// Where a sandbox's images lie, extracted: each in a folder of its own, in memory where it is small.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "analyzer/file_tree.h"
#include "runner/id_map.h"

namespace slim {

/// The folder of the n-th image in the sandbox's `space`.
std::string extracted_folder(const std::string& space, std::size_t image);

/// Extracts the images one after the other, with contents from `socket` (see extract_tree); together they
/// take an eighth of `spare_memory` bytes at most, and disk beyond. Returns the notes. Throws Error
/// environment.
std::vector<std::string> extract_images(const std::vector<const FileTree*>& trees, const std::string& space,
                                        std::uint64_t spare_memory, int socket, const IdPlan& ids);

/// Of the first image, what view_first_image left of it.
std::string view_folder(const std::string& space);
/// Makes it anew, with the paths in `kept`; see make_image_view.
void view_first_image(const FileTree& tree, const std::vector<bool>& kept, const std::string& space);

void remove_images(std::size_t count, const std::string& space);

}  // namespace slim
