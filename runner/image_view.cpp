// Folders get the metadata that the extraction gave them, deepest first, once nothing is made in them any
// more. The containers above write to an overlay, so that no link is ever written through.
#include "runner/image_view.h"

#include <array>
#include <cerrno>
#include <cstddef>
#include <ctime>
#include <fcntl.h>
#include <ranges>
#include <string>
#include <string_view>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <system_error>
#include <unistd.h>
#include <vector>

#include "analyzer/error.h"
#include "analyzer/file_tree.h"
#include "analyzer/layer_index.h"
#include "analyzer/unique_fd.h"
#include "runner/extract.h"

namespace slim {
namespace {

constexpr std::size_t longest_attribute = 65536;  // XATTR_SIZE_MAX

[[noreturn]] void fail(const std::string& path, const std::string& doing) {
  throw Error(ErrorKind::environment, "view of " + path,
              doing + ": " + std::generic_category().message(errno));
}

std::string relative(const std::string& path) {
  return path == "/" ? "." : path.substr(1);
}

void copy_attributes(const std::string& path, int from, int to) {
  std::vector<char> names(longest_attribute);
  const auto length = ::flistxattr(from, names.data(), names.size());
  if (length <= 0) return;  // a file system without attributes has none to copy
  std::vector<char> value(longest_attribute);
  std::string_view left(names.data(), static_cast<std::size_t>(length));
  while (!left.empty()) {
    const std::string name(left.substr(0, left.find('\0')));
    left.remove_prefix(name.size() + 1);
    const auto size = ::fgetxattr(from, name.c_str(), value.data(), value.size());
    if (size < 0 || ::fsetxattr(to, name.c_str(), value.data(), static_cast<std::size_t>(size), 0) != 0)
      fail(path, "copying the attribute " + name);
  }
}

class View {
 public:
  View(const FileTree& tree, int from, int to) : tree_(tree), from_(from), to_(to) {}

  void make(const std::vector<bool>& kept) {
    for (const NodeId id : tree_.walk()) {
      if (id == root_node) {
        folders_.push_back(id);
      } else if (kept[id]) {
        add(id);
      }
    }
    parent_ = UniqueFd();
    for (const NodeId id : std::views::reverse(folders_)) finish_folder(id);
  }

 private:
  void add(NodeId id) {
    const auto path = relative(tree_.path(id));
    const auto& name = tree_.node(id).name;
    if (tree_.is(id, EntryType::directory)) {
      const int parent = parent_of(id);
      if (parent < 0 || ::faccessat(from_, path.c_str(), F_OK, AT_SYMLINK_NOFOLLOW) != 0) return;
      if (::mkdirat(parent, name.c_str(), 0700) != 0) fail(path, "making the folder");
      folders_.push_back(id);
      return;
    }
    // The name as it was extracted; a link itself, not what it leads to.
    const int parent = parent_of(id);
    if (parent >= 0 && ::linkat(from_, path.c_str(), parent, name.c_str(), 0) != 0 && errno != ENOENT)
      fail(path, "linking it");
  }

  /// The folder that is to hold the node; consecutive nodes mostly share it.
  int parent_of(NodeId id) {
    const NodeId parent = tree_.node(id).parent;
    if (parent != parent_node_ || !parent_) {
      parent_ = UniqueFd(open_in_root(to_, relative(tree_.path(parent)), O_PATH | O_DIRECTORY));
      parent_node_ = parent;
    }
    return parent_.get();  // -1 below a folder that was left out: so is the node
  }

  void finish_folder(NodeId id) const {
    const auto path = relative(tree_.path(id));
    const UniqueFd original(open_in_root(from_, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW));
    const UniqueFd folder(open_in_root(to_, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW));
    struct stat status{};
    if (!original || !folder || ::fstat(original.get(), &status) != 0) fail(path, "opening the folder");
    if (::fchown(folder.get(), status.st_uid, status.st_gid) != 0) fail(path, "setting its owner");
    if (::fchmod(folder.get(), status.st_mode & 07777U) != 0) fail(path, "setting its mode");
    copy_attributes(path, original.get(), folder.get());
    const std::array<timespec, 2> times{status.st_mtim, status.st_mtim};
    if (::futimens(folder.get(), times.data()) != 0) fail(path, "setting its time");
  }

  const FileTree& tree_;
  int from_;
  int to_;
  std::vector<NodeId> folders_;
  NodeId parent_node_ = no_node;
  UniqueFd parent_;
};

}  // namespace

void make_image_view(const FileTree& tree, const std::vector<bool>& kept, int from, int to) {
  View(tree, from, to).make(kept);
}

}  // namespace slim
