// The file system of one run: an overlay over the extracted image, with an upper folder of its own, of
// limited size, that is thrown away.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "runner/sandbox.h"

namespace slim {

/// Mounts it at `folder`/rootfs, over the image's extracted `lower` folder, which may take `writable` bytes.
/// Call it as root of a user namespace with a mount namespace. Throws Error environment.
void mount_run_files(const std::string& folder, const std::string& lower, std::uint64_t writable);
void unmount_run_files(const std::string& folder);

/// As docker does: a working folder that the image has not is made. Where that fails (a file in the way) the
/// runtime says so, as it does under docker.
void make_working_folder(const std::string& folder, const std::string& path);

/// As docker does: each declared volume is made where the image has it not, and is a mount of its own that
/// starts with what the image has there. What is written to it is thrown away with the rest. A path that is
/// no folder is left alone.
void mount_volumes(const std::string& folder, const std::vector<std::string>& volumes);

/// What the run did to the image's files: its upper folder against `lower`. At most 100,000 changes.
FileChanges find_changes(const std::string& folder, const std::string& lower);

}  // namespace slim
