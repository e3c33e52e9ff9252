// dir: a plain root folder. Every file is made through descriptors below the staged folder, and no symlink is
// followed on the way (openat2(2), RESOLVE_BENEATH and RESOLVE_NO_SYMLINKS), so that no image can write
// outside of it. Owners, devices and capabilities need root; without it the destination is refused rather
// than written otherwise than the image says.
//
// A folder that the image has no entry for gets mode 0755, owner 0 and time 0, since it has to exist.
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <ctime>
#include <fcntl.h>
#include <filesystem>
#include <linux/openat2.h>
#include <memory>
#include <ranges>
#include <span>
#include <stdexcept>
#include <string>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <system_error>
#include <unistd.h>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "analyzer/digest.h"
#include "analyzer/error.h"
#include "analyzer/image_ref.h"
#include "analyzer/layer_index.h"
#include "slimmer/destination.h"
#include "slimmer/layer_blob.h"
#include "slimmer/layer_writer.h"
#include "slimmer/staging.h"
#include "slimmer/tar_writer.h"

namespace slim {
namespace {

namespace fs = std::filesystem;

class OpenFd {
 public:
  OpenFd() = default;
  explicit OpenFd(int fd) : fd_(fd) {}
  ~OpenFd() { reset(); }
  OpenFd(OpenFd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  OpenFd& operator=(OpenFd&& other) noexcept {
    if (this != &other) {
      reset();
      fd_ = std::exchange(other.fd_, -1);
    }
    return *this;
  }
  void reset() {
    if (fd_ >= 0) close(fd_);
    fd_ = -1;
  }
  [[nodiscard]] int get() const { return fd_; }

 private:
  int fd_ = -1;
};

/// A path split at its last slash.
struct Place {
  std::string folder;
  std::string name;
};

Place split(const std::string& path) {
  const auto slash = path.rfind('/');
  if (slash == std::string::npos) return {.folder = "", .name = path};
  return {.folder = path.substr(0, slash), .name = path.substr(slash + 1)};
}

/// Writes entries below one folder.
class FolderWriter {
 public:
  FolderWriter(int root, std::string what) : root_(root), what_(std::move(what)) {}

  void entry(const LayerItem& item) {
    end_file();
    if (item.path.empty()) {
      folders_.emplace_back("", *item.metadata);
      has_root_ = true;
      return;
    }
    path_ = item.path;
    const Place place = split(item.path);
    const int folder = open_folder(place.folder);
    if (item.hard_link.empty()) {
      make(folder, place.name, item);
    } else {
      const Place target = split(item.hard_link);
      const OpenFd from = open_beneath(target.folder);
      check(linkat(from.get(), target.name.c_str(), folder, place.name.c_str(), 0), "link");
    }
  }

  void content(std::span<const std::byte> bytes) {
    write_at(file_.get(), bytes, written_, what_ + ": " + path_);
    written_ += bytes.size();
  }

  /// Folders get their mode and time last: making things in them needs the one and changes the other.
  void finish() {
    end_file();
    if (!has_root_) folders_.emplace_back("", made_up_folder());
    for (const auto& [path, metadata] : std::views::reverse(folders_)) {
      path_ = path;
      const OpenFd fd = open_beneath(path_);
      set_metadata(fd.get(), metadata);
    }
  }

 private:
  static LayerEntry made_up_folder() {
    LayerEntry entry;
    entry.type = EntryType::directory;
    entry.mode = 0755;
    return entry;
  }

  void check(int result, const char* doing) const {
    if (result < 0) throw system_error(what_, fmt::format("cannot {} {}", doing, path_), errno);
  }

  [[nodiscard]] int try_open_beneath(const std::string& path) const {
    open_how how{};
    how.flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC;
    how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
    return static_cast<int>(syscall(SYS_openat2, root_, path.empty() ? "." : path.c_str(), &how, sizeof how));
  }

  [[nodiscard]] OpenFd open_beneath(const std::string& path) const {
    const int fd = try_open_beneath(path);
    check(fd, "open the folder of");
    return OpenFd(fd);
  }

  /// The folder that entries go to, made with its parents where the image has no entry for it.
  int open_folder(const std::string& path) {
    if (folder_.get() >= 0 && path == folder_path_) return folder_.get();
    int fd = try_open_beneath(path);
    if (fd < 0 && errno == ENOENT) {
      const Place place = split(path);
      const int parent = open_folder(place.folder);
      check(mkdirat(parent, place.name.c_str(), 0700), "make the folder of");
      folders_.emplace_back(path, made_up_folder());
      fd = try_open_beneath(path);
    }
    check(fd, "open the folder of");
    folder_ = OpenFd(fd);
    folder_path_ = path;
    return fd;
  }

  void make(int folder, const std::string& name, const LayerItem& item) {
    const LayerEntry& metadata = *item.metadata;
    const char* leaf = name.c_str();
    switch (metadata.type) {
      case EntryType::directory:
        check(mkdirat(folder, leaf, 0700), "make");
        folders_.emplace_back(item.path, metadata);
        return;
      case EntryType::file:
        file_ = OpenFd(openat(folder, leaf, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
        check(file_.get(), "make");
        file_metadata_ = metadata;
        written_ = 0;
        return;
      case EntryType::symlink:
        check(symlinkat(metadata.link.c_str(), folder, leaf), "make");
        break;
      case EntryType::char_device:
        check(mknodat(folder, leaf, S_IFCHR | 0600, device(metadata)), "make");
        break;
      case EntryType::block_device:
        check(mknodat(folder, leaf, S_IFBLK | 0600, device(metadata)), "make");
        break;
      case EntryType::fifo:
        check(mkfifoat(folder, leaf, 0600), "make");
        break;
      default:
        throw std::logic_error(item.path + ": cannot be made in a folder");
    }
    set_metadata(folder, leaf, metadata);
  }

  static dev_t device(const LayerEntry& metadata) {
    return makedev(metadata.device.major, metadata.device.minor);
  }

  static std::array<timespec, 2> times(const LayerEntry& metadata) {
    const timespec mtime{.tv_sec = metadata.mtime, .tv_nsec = metadata.mtime_nsec};
    return {mtime, mtime};
  }

  /// Of what was just made and cannot be opened: a link, a device. The order matters: a change of owner
  /// clears setuid bits and capabilities.
  void set_metadata(int folder, const char* leaf, const LayerEntry& metadata) {
    check(fchownat(folder, leaf, metadata.uid, metadata.gid, AT_SYMLINK_NOFOLLOW), "set the owner of");
    const std::string through = fmt::format("/proc/self/fd/{}/{}", folder, leaf);
    for (const auto& [name, value] : metadata.xattrs) {
      check(lsetxattr(through.c_str(), name.c_str(), value.data(), value.size(), 0),
            "set an extended attribute of");
    }
    if (metadata.type != EntryType::symlink)
      check(fchmodat(folder, leaf, metadata.mode & 07777U, 0), "set the mode of");
    check(utimensat(folder, leaf, times(metadata).data(), AT_SYMLINK_NOFOLLOW), "set the time of");
  }

  void set_metadata(int fd, const LayerEntry& metadata) {
    check(fchown(fd, metadata.uid, metadata.gid), "set the owner of");
    for (const auto& [name, value] : metadata.xattrs) {
      check(fsetxattr(fd, name.c_str(), value.data(), value.size(), 0), "set an extended attribute of");
    }
    check(fchmod(fd, metadata.mode & 07777U), "set the mode of");
    check(futimens(fd, times(metadata).data()), "set the time of");
  }

  void end_file() {
    if (file_.get() < 0) return;
    set_metadata(file_.get(), file_metadata_);
    file_.reset();
  }

  int root_;
  std::string what_;
  std::string path_;  ///< of the entry at work, for messages
  std::string folder_path_;
  OpenFd folder_;
  OpenFd file_;
  LayerEntry file_metadata_;
  std::uint64_t written_ = 0;
  std::vector<std::pair<std::string, LayerEntry>> folders_;
  bool has_root_ = false;
};

class RootFolder : public Destination {
 public:
  explicit RootFolder(const ImageRef& ref)
      : place_(checked_place(ref)),
        stage_(StagedKind::folder, place_.has_parent_path() ? place_.parent_path() : ".",
               place_.filename().string(), ref.text()),
        writer_(stage_.fd(), ref.text()),
        sink_{.entry = [this](const LayerItem& item) { writer_.entry(item); },
              .content = [this](std::span<const std::byte> bytes) { writer_.content(bytes); }} {
    // Until its mode is set the half-made root is nobody else's business.
    if (fchmod(stage_.fd(), 0700) != 0)
      throw system_error(ref.text(), "cannot set the mode of the folder", errno);
  }

  [[nodiscard]] bool compresses() const override { return false; }
  LayerSink* files() override { return &sink_; }
  void layer_bytes(std::span<const std::byte> /*bytes*/) override {}
  void end_layer(const StoredLayer& /*layer*/) override {}

  Digest describe(const OutputImage& image) override {
    if (!std::exchange(finished_, true)) writer_.finish();
    return image.layers.front().tar.digest;
  }

  [[nodiscard]] ImageRef staged() const override {
    return {.transport = Transport::rootfs, .path = stage_.path().string(), .name = ""};
  }

  void commit() override {
    sync_file_system(stage_.fd(), stage_.what());
    commit_staged([this] { stage_.move_to(place_); });
  }

 private:
  static fs::path checked_place(const ImageRef& ref) {
    if (geteuid() != 0) {
      throw Error(
          ErrorKind::environment, ref.text(),
          "a root folder can be written by root only: its files have owners",
          "write oci: or docker-archive: instead, or run this in `unshare --map-auto --map-root-user`");
    }
    fs::path place = folder_place(ref.path, ref.text());
    std::error_code error;
    if (!fs::exists(place, error)) return place;
    if (!fs::is_empty(place, error)) {
      throw Error(ErrorKind::environment, ref.text(), "is a folder with things in it",
                  "name a new folder, or an empty one");
    }
    struct statx facts{};
    const bool known = statx(AT_FDCWD, place.c_str(), 0, STATX_BASIC_STATS, &facts) == 0;
    if (known && (facts.stx_attributes & STATX_ATTR_MOUNT_ROOT) != 0) {
      throw Error(ErrorKind::environment, ref.text(), "is a mount point, which cannot be replaced",
                  "name a folder inside it");
    }
    const auto real = fs::canonical(place, error);
    return error ? place : real;
  }

  fs::path place_;
  StagedPath stage_;
  FolderWriter writer_;
  LayerSink sink_;
  bool finished_ = false;
};

}  // namespace

std::unique_ptr<Destination> open_root_folder(const ImageRef& ref) {
  return std::make_unique<RootFolder>(ref);
}

}  // namespace slim
