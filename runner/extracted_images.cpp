#include "runner/extracted_images.h"

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <fcntl.h>
#include <iterator>
#include <string>
#include <sys/mount.h>
#include <sys/stat.h>
#include <vector>

#include "analyzer/error.h"
#include "analyzer/file_tree.h"
#include "analyzer/layer_index.h"
#include "analyzer/unique_fd.h"
#include "runner/extract.h"
#include "runner/id_map.h"
#include "runner/image_view.h"
#include "runner/work_folder.h"

namespace slim {
namespace {

/// An image may take this part of the memory that is free, since two are compared at a time, and run; and
/// never more than the bound, so that memory stays flat as images grow.
constexpr std::uint64_t memory_share = 8;
constexpr std::uint64_t memory_bound = 1ULL << 30;

/// Bytes that a tmpfs needs for the tree, with room to spare; the most there is where a tmpfs cannot hold it:
/// user attributes need Linux 6.6 there.
std::uint64_t size_in_memory(const FileTree& tree) {
  constexpr std::uint64_t block = 4096;
  std::uint64_t bytes = 64U << 20;
  for (InodeId inode = 0; inode < tree.inode_count(); ++inode) {
    const auto* entry = tree.inode(inode).entry;
    if (entry == nullptr || tree.inode(inode).names.empty()) continue;
    bytes += (entry->type == EntryType::file ? entry->size : 0) + (2 * block);
    for (const auto& attribute : entry->xattrs) {
      if (attribute.name.starts_with("user.")) return UINT64_MAX;
    }
  }
  return bytes;
}

/// Where it is small enough: many times faster than most disks, and gone with the namespace.
void mount_in_memory(const FileTree& tree, const std::string& folder, std::uint64_t& left) {
  const auto size = size_in_memory(tree);
  if (size > left) return;
  left -= size;
  const auto options = "mode=0700,size=" + std::to_string(size) + ",nr_inodes=" +
                       std::to_string((2 * tree.size()) + 1024);  // a view has its own folders
  if (::mount("tmpfs", folder.c_str(), "tmpfs", MS_NODEV, options.c_str()) != 0) {
    throw system_error("sandbox", "mounting a tmpfs", errno);
  }
}

/// What holds an image and the view of it: one file system, so that one can link to the other.
std::string image_space(const std::string& space, std::size_t image) {
  return space + "/image" + std::to_string(image);
}

void make_folder(const std::string& path) {
  if (::mkdir(path.c_str(), 0700) != 0) throw system_error("sandbox", "making " + path, errno);
}

UniqueFd open_folder(const std::string& path) {
  UniqueFd folder(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder) throw system_error("sandbox", "opening the root folder", errno);
  return folder;
}

}  // namespace

std::string extracted_folder(const std::string& space, std::size_t image) {
  return image_space(space, image) + "/rootfs";
}

std::string view_folder(const std::string& space) {
  return image_space(space, 0) + "/view";
}

void view_first_image(const FileTree& tree, const std::vector<bool>& kept, const std::string& space) {
  const auto folder = view_folder(space);
  remove_tree(folder);
  make_folder(folder);
  const auto from = open_folder(extracted_folder(space, 0));
  const auto to = open_folder(folder);
  make_image_view(tree, kept, from.get(), to.get());
}

std::vector<std::string> extract_images(const std::vector<const FileTree*>& trees, const std::string& space,
                                        std::uint64_t spare_memory, int socket, const IdPlan& ids) {
  std::vector<std::string> notes;
  std::uint64_t left = std::min(spare_memory / memory_share, memory_bound);
  for (std::size_t i = 0; i < trees.size(); ++i) {
    make_folder(image_space(space, i));
    mount_in_memory(*trees[i], image_space(space, i), left);
    make_folder(extracted_folder(space, i));
    const auto root = open_folder(extracted_folder(space, i));
    auto found = extract_tree(*trees[i], root.get(), socket, ids);
    std::ranges::move(found, std::back_inserter(notes));
  }
  return notes;
}

void remove_images(std::size_t count, const std::string& space) {
  for (std::size_t i = 0; i < count; ++i) {
    const auto folder = image_space(space, i);
    ::umount2(folder.c_str(), MNT_DETACH);  // fails where it is on disk: then it is removed
    remove_tree(folder);
  }
}

}  // namespace slim
