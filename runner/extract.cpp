// The idea: folders first (for the moment open to their owner alone), then all that has no content, then
// contents as they come, then further names of hard links, and the folders' own metadata last, deepest first,
// so that neither modes nor times are disturbed. The target is empty and only this process writes to it;
// still every step goes through openat2(2) below the root, which cannot follow a symlink that the image
// planted. Layers as in the OCI image-spec, layer.md; capabilities(7) for security.capability in a user
// namespace.
#include "runner/extract.h"

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <ctime>
#include <fcntl.h>
#include <functional>
#include <linux/openat2.h>
#include <ranges>
#include <string>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <system_error>
#include <unistd.h>
#include <utility>
#include <vector>

#include "analyzer/byte_stream.h"
#include "analyzer/error.h"
#include "analyzer/file_tree.h"
#include "analyzer/image_contents.h"
#include "analyzer/layer_index.h"
#include "analyzer/system_folders.h"
#include "analyzer/unique_fd.h"
#include "runner/id_map.h"

namespace slim {
namespace {

/// Before each piece of content in the socket. A piece without bytes ends its file.
struct PieceHeader {
  std::uint32_t inode = 0;
  std::uint32_t length = 0;
};
constexpr std::uint32_t end_of_stream = UINT32_MAX;
constexpr std::size_t piece_size = 256U << 10;
constexpr std::size_t longest_path = 4095;
constexpr std::size_t notes_cap = 100;
constexpr std::uint32_t nobody = 65534;

bool write_all(int fd, const void* data, std::size_t size) {
  const auto* bytes = static_cast<const char*>(data);
  while (size > 0) {
    const auto written = ::write(fd, bytes, size);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    bytes += written;
    size -= static_cast<std::size_t>(written);
  }
  return true;
}

/// Without a SIGPIPE where the other side is gone.
bool send_all(int socket, const void* data, std::size_t size) {
  const auto* bytes = static_cast<const char*>(data);
  while (size > 0) {
    const auto sent = ::send(socket, bytes, size, MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent <= 0) return false;
    bytes += sent;
    size -= static_cast<std::size_t>(sent);
  }
  return true;
}

bool read_exactly(int fd, void* data, std::size_t size) {
  auto* bytes = static_cast<char*>(data);
  while (size > 0) {
    const auto got = ::read(fd, bytes, size);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return false;
    bytes += got;
    size -= static_cast<std::size_t>(got);
  }
  return true;
}

bool has_content(const LayerEntry& entry) {
  return entry.type == EntryType::file && entry.size > 0;
}

std::array<timespec, 2> times_of(const LayerEntry& entry) {
  const timespec time{.tv_sec = entry.mtime, .tv_nsec = static_cast<long>(entry.mtime_nsec)};
  return {time, time};
}

/// One extraction; `root` is the folder that it fills.
class Extraction {
 public:
  Extraction(const FileTree& tree, int root, const IdPlan& ids) : tree_(tree), root_(root), ids_(ids) {}

  void make_folders_and_links();
  void take_contents(int socket);
  void finish();
  std::vector<std::string> notes() && { return std::move(notes_); }

 private:
  [[nodiscard]] std::string relative(NodeId id) const;
  int parent_of(NodeId id);
  void make_node(NodeId id);
  void set_metadata(int fd, const std::string& path, const LayerEntry& entry);
  void set_link_metadata(int parent, const std::string& name, const std::string& path,
                         const LayerEntry& entry);
  using SetAttribute = std::function<int(const Xattr&)>;  ///< as setxattr(2)
  void set_xattrs(const std::string& path, const LayerEntry& entry, const SetAttribute& set);
  [[nodiscard]] std::pair<std::uint32_t, std::uint32_t> owner_of(const std::string& path,
                                                                 const LayerEntry& entry);
  void note(const std::string& text);
  [[noreturn]] static void fail(const std::string& path, const std::string& doing);

  const FileTree& tree_;
  int root_;
  const IdPlan& ids_;
  std::vector<NodeId> order_;                             ///< what is extracted, parents first
  std::vector<NodeId> first_name_;                        ///< by inode; no_node: nothing was made of it
  std::vector<std::pair<NodeId, NodeId>> further_names_;  ///< (first, further)
  NodeId parent_node_ = no_node;                          ///< whose descriptor `parent_` is
  UniqueFd parent_;
  std::size_t awaited_ = 0;  ///< files whose content has not come yet
  std::vector<std::string> notes_;
  std::size_t notes_left_out_ = 0;
};

std::string Extraction::relative(NodeId id) const {
  auto path = tree_.path(id);
  return path == "/" ? "." : path.substr(1);
}

void Extraction::fail(const std::string& path, const std::string& doing) {
  const int failed = errno;
  throw Error(ErrorKind::environment, "extracting " + path,
              doing + ": " + std::generic_category().message(failed),
              failed == ENOSPC ? "set TMPDIR to a folder with more room" : "");
}

void Extraction::note(const std::string& text) {
  if (notes_.size() < notes_cap) {
    notes_.push_back(text);
  } else {
    ++notes_left_out_;
  }
}

/// The folder that holds the node; consecutive nodes mostly share it.
int Extraction::parent_of(NodeId id) {
  const NodeId parent = tree_.node(id).parent;
  if (parent != parent_node_ || !parent_) {
    parent_ = UniqueFd(open_in_root(root_, relative(parent), O_PATH | O_DIRECTORY));
    parent_node_ = parent;
    if (!parent_) fail(tree_.path(parent), "opening the folder");
  }
  return parent_.get();
}

std::pair<std::uint32_t, std::uint32_t> Extraction::owner_of(const std::string& path,
                                                             const LayerEntry& entry) {
  if (ids_.own_id_only) return {0, 0};
  auto uid = entry.uid;
  auto gid = entry.gid;
  if (!ids_.maps_user(uid)) uid = ids_.maps_user(nobody) ? nobody : 0;
  if (!ids_.maps_group(gid)) gid = ids_.maps_group(nobody) ? nobody : 0;
  if (uid != entry.uid || gid != entry.gid) {
    note(path + ": owner " + std::to_string(entry.uid) + ":" + std::to_string(entry.gid) +
         " is not mapped here, it belongs to " + std::to_string(uid) + ":" + std::to_string(gid));
  }
  return {uid, gid};
}

void Extraction::set_xattrs(const std::string& path, const LayerEntry& entry, const SetAttribute& set) {
  for (const auto& attribute : entry.xattrs) {
    // The overlay above takes orders from these; an image may not give them.
    const bool overlay =
        attribute.name.starts_with("user.overlay.") || attribute.name.starts_with("trusted.overlay.");
    if (!overlay && set(attribute) == 0) continue;
    note(path + ": attribute " + attribute.name + " left out: " +
         (overlay ? std::string("it is overlayfs's own") : std::generic_category().message(errno)));
  }
}

/// Owner first: a change of owner clears setuid bits and capabilities.
void Extraction::set_metadata(int fd, const std::string& path, const LayerEntry& entry) {
  const auto [uid, gid] = owner_of(path, entry);
  if (::fchown(fd, uid, gid) != 0) fail(path, "setting its owner");
  if (::fchmod(fd, entry.mode & 07777U) != 0) fail(path, "setting its mode");
  set_xattrs(path, entry, [fd](const Xattr& attribute) {
    return ::fsetxattr(fd, attribute.name.c_str(), attribute.value.data(), attribute.value.size(), 0);
  });
  if (::futimens(fd, times_of(entry).data()) != 0) fail(path, "setting its time");
}

/// Symlinks and fifos, which are not opened.
void Extraction::set_link_metadata(int parent, const std::string& name, const std::string& path,
                                   const LayerEntry& entry) {
  const auto [uid, gid] = owner_of(path, entry);
  if (::fchownat(parent, name.c_str(), uid, gid, AT_SYMLINK_NOFOLLOW) != 0) fail(path, "setting its owner");
  // A fifo that this process made a moment ago in a folder that is its alone: no link to follow.
  if (entry.type == EntryType::fifo && ::fchmodat(parent, name.c_str(), entry.mode & 07777U, 0) != 0) {
    fail(path, "setting its mode");
  }
  const auto magic = "/proc/self/fd/" + std::to_string(parent) + "/" + name;
  set_xattrs(path, entry, [&magic](const Xattr& attribute) {
    return ::lsetxattr(magic.c_str(), attribute.name.c_str(), attribute.value.data(), attribute.value.size(),
                       0);
  });
  if (::utimensat(parent, name.c_str(), times_of(entry).data(), AT_SYMLINK_NOFOLLOW) != 0) {
    fail(path, "setting its time");
  }
}

void Extraction::make_node(NodeId id) {
  const auto& entry = tree_.entry(id);
  const auto path = tree_.path(id);
  const auto& name = tree_.node(id).name;
  auto& first = first_name_.at(tree_.node(id).inode);
  if (first != no_node) {
    further_names_.emplace_back(first, id);
    return;
  }
  const int parent = parent_of(id);
  switch (entry.type) {
    case EntryType::directory:
      if (::mkdirat(parent, name.c_str(), 0700) != 0) fail(path, "making the folder");
      break;
    case EntryType::symlink:
      if (::symlinkat(entry.link.c_str(), parent, name.c_str()) != 0) fail(path, "making the symlink");
      set_link_metadata(parent, name, path, entry);
      break;
    case EntryType::fifo:
      if (::mknodat(parent, name.c_str(), S_IFIFO | 0600, 0) != 0) fail(path, "making the fifo");
      set_link_metadata(parent, name, path, entry);
      break;
    case EntryType::file: {
      const UniqueFd file(
          ::openat(parent, name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
      if (!file) fail(path, "making the file");
      if (has_content(entry)) {
        ++awaited_;
      } else {
        set_metadata(file.get(), path, entry);
      }
      break;
    }
    default:
      if (is_kernel_path(path)) return;  // the runtime brings its own
      note(path + ": left out, a " + std::string(to_string(entry.type)) +
           " cannot be made in a user namespace");
      return;
  }
  first = id;
}

void Extraction::make_folders_and_links() {
  first_name_.assign(tree_.inode_count(), no_node);
  std::vector<bool> skipped(tree_.size(), false);
  for (const NodeId id : tree_.walk()) {
    if (id == root_node) continue;
    const auto& node = tree_.node(id);
    const bool too_long =
        skipped[node.parent] || tree_.path(id).size() > longest_path || node.name.size() > 255;
    if (too_long || node.name.empty() || node.name.find('\0') != std::string::npos) {
      skipped[id] = true;
      if (!skipped[node.parent])
        note("left out: a path of more than 4,095 bytes, or a name of more than 255");
      continue;
    }
    order_.push_back(id);
    make_node(id);
  }
}

void Extraction::take_contents(int socket) {
  std::vector<char> piece(piece_size);
  UniqueFd file;
  std::uint32_t open_inode = end_of_stream;
  std::uint64_t left = 0;
  while (true) {
    PieceHeader header;
    if (!read_exactly(socket, &header, sizeof header) || header.length > piece_size ||
        (header.length > 0 && !read_exactly(socket, piece.data(), header.length))) {
      throw Error(ErrorKind::environment, "extraction", "the contents ended early");
    }
    if (header.inode == end_of_stream) break;
    const NodeId id = first_name_.at(header.inode);
    if (id == no_node) continue;
    const auto& entry = tree_.entry(id);
    if (header.inode != open_inode) {
      file = UniqueFd(open_in_root(root_, relative(id), O_WRONLY | O_NOFOLLOW));
      if (!file) fail(tree_.path(id), "opening it to write");
      open_inode = header.inode;
      left = entry.size;
    }
    if (header.length > left)
      throw Error(ErrorKind::input, tree_.path(id), "its content is longer than its entry says");
    left -= header.length;
    if (!write_all(file.get(), piece.data(), header.length)) fail(tree_.path(id), "writing its content");
    if (header.length == 0) {
      if (left > 0)
        throw Error(ErrorKind::input, tree_.path(id), "its content is shorter than its entry says");
      --awaited_;
      set_metadata(file.get(), tree_.path(id), entry);
      file = UniqueFd();
      open_inode = end_of_stream;
    }
  }
  if (awaited_ > 0) {
    throw Error(ErrorKind::input, "extraction",
                std::to_string(awaited_) + " files came without their content");
  }
}

void Extraction::finish() {
  for (const auto& [first, further] : further_names_) {
    if (::linkat(root_, relative(first).c_str(), parent_of(further), tree_.node(further).name.c_str(), 0) !=
        0) {
      fail(tree_.path(further), "making the hard link");
    }
  }
  parent_ = UniqueFd();
  order_.insert(order_.begin(), root_node);
  for (const NodeId id : std::views::reverse(order_)) {
    if (!tree_.is(id, EntryType::directory)) continue;
    const UniqueFd folder(open_in_root(root_, relative(id), O_RDONLY | O_DIRECTORY | O_NOFOLLOW));
    if (!folder) fail(tree_.path(id), "opening the folder");
    auto entry = tree_.entry(id);
    if (tree_.inode_of(id).implicit) entry.mode = 0755;
    set_metadata(folder.get(), tree_.path(id), entry);
  }
  if (notes_left_out_ > 0) notes_.push_back("and " + std::to_string(notes_left_out_) + " more");
}

}  // namespace

int open_in_root(int root, const std::string& path, std::uint64_t flags, std::uint64_t mode) {
  open_how how{};
  how.flags = flags | O_CLOEXEC;
  how.mode = mode;
  how.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS;
  return static_cast<int>(::syscall(SYS_openat2, root, path.c_str(), &how, sizeof how));
}

void check_bounds(const FileTree& tree, std::uint64_t compressed, const std::string& name,
                  const ExtractBounds& bounds) {
  std::uint64_t bytes = 0;
  if (tree.size() > bounds.entries) {
    throw Error(ErrorKind::input, name, "it has more than " + std::to_string(bounds.entries) + " entries");
  }
  for (InodeId inode = 0; inode < tree.inode_count(); ++inode) {
    const auto* entry = tree.inode(inode).entry;
    if (entry == nullptr || entry->type != EntryType::file || tree.inode(inode).names.empty()) continue;
    if (entry->size > bounds.bytes - bytes) {
      throw Error(ErrorKind::input, name,
                  "its files have more than " + std::to_string(bounds.bytes) + " bytes");
    }
    bytes += entry->size;
  }
  if (compressed != unknown_size && bytes >= bounds.ratio_from && bytes / bounds.ratio > compressed) {
    throw Error(ErrorKind::input, name,
                "its layers of " + std::to_string(compressed) + " bytes expand to " + std::to_string(bytes) +
                    ", more than " + std::to_string(bounds.ratio) + " times as much");
  }
}

bool send_contents(ImageContents& image, int socket) {
  std::vector<bool> wanted(image.tree.inode_count(), false);
  for (const NodeId id : image.tree.walk()) {
    if (has_content(image.tree.entry(id))) wanted[image.tree.node(id).inode] = true;
  }
  std::vector<std::byte> piece(piece_size);
  bool read = true;
  const auto send_piece = [&](InodeId inode, std::size_t length) {
    const PieceHeader header{.inode = inode, .length = static_cast<std::uint32_t>(length)};
    read = read && send_all(socket, &header, sizeof header) && send_all(socket, piece.data(), length);
    return read;
  };
  stream_files(*image.source, image.tree, wanted, [&](InodeId inode, ByteReader& content) {
    while (read) {
      const auto got = content(piece);
      if (!send_piece(inode, got) || got == 0) return;
    }
  });
  return send_piece(end_of_stream, 0);
}

std::vector<std::string> extract_tree(const FileTree& tree, int root, int socket, const IdPlan& ids) {
  Extraction extraction(tree, root, ids);
  extraction.make_folders_and_links();
  extraction.take_contents(socket);
  extraction.finish();
  return std::move(extraction).notes();
}

}  // namespace slim
