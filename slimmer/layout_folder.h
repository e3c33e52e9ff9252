// An OCI image layout as a folder that may be there already: how files get into it, whole or not at all.
#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "analyzer/image_ref.h"

namespace slim {

/// The folder that `ref` means, without a trailing slash: none that is there, an empty one, or a layout whose
/// index can be read. Anything else is an Error of kind environment, or input.
std::filesystem::path checked_layout_place(const ImageRef& ref);

/// The index.json of the layout in `folder`; empty where the folder is. Anything else is an Error about
/// `what`.
std::string existing_index(const std::filesystem::path& folder, const std::string& what);

/// A folder that is to be there.
void make_folder(const std::filesystem::path& path, const std::string& what);
/// rename(2), within one layout or from one to another on the same file system.
void move_file(const std::filesystem::path& from, const std::filesystem::path& to, const std::string& what);

/// A new file, or one that is replaced, and durable.
void write_durable(const std::filesystem::path& path, std::span<const std::byte> bytes,
                   const std::string& what);
void write_durable(const std::filesystem::path& path, const std::string& text, const std::string& what);

/// Moves `blobs` (names within a layout) out of the layout `staged` into the layout `place`, as far as it
/// does not have them, and then replaces its index by what `with_added` makes of it: at every moment `place`
/// is a whole layout. What was moved is taken back where a later step fails. Only within commit_staged(), and
/// both on one file system.
void add_to_layout(const std::filesystem::path& staged, const std::filesystem::path& place,
                   std::vector<std::string> blobs,
                   const std::function<std::string(const std::string& index)>& with_added,
                   const std::string& what);

/// Makes the names in a layout durable.
void sync_layout(const std::filesystem::path& layout, const std::string& what);

}  // namespace slim
