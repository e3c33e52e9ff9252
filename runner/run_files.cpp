// The upper folder of an overlay (the kernel's Documentation/filesystems/overlayfs.rst) holds what a run
// made: a file that it wrote, copied there as it was opened for writing; a character device 0:0 where it
// deleted one; a folder for each that something was done in, with the attribute user.overlay.opaque where the
// lower one is hidden. In a user namespace the attributes are those of `userxattr`.
#include "runner/run_files.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <ctime>
#include <dirent.h>
#include <fcntl.h>
#include <memory>
#include <string>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>
#include <utility>
#include <vector>

#include "analyzer/error.h"
#include "analyzer/unique_fd.h"
#include "runner/extract.h"
#include "runner/sandbox.h"

namespace slim {
namespace {

constexpr std::size_t changes_cap = 100'000;
constexpr std::size_t change_bytes_cap = 8U << 20;  // half of what a message carries
constexpr std::size_t looked_at_cap = 4'000'000;
constexpr std::size_t path_cap = 4096;

void make_folder(const std::string& path, mode_t mode) {
  if (::mkdir(path.c_str(), mode) != 0) throw system_error("sandbox", "making " + path, errno);
}

/// The upper layer's own root is what the container sees as "/".
void copy_root(const std::string& lower, const std::string& upper) {
  struct stat root{};
  if (::stat(lower.c_str(), &root) != 0 || ::chown(upper.c_str(), root.st_uid, root.st_gid) != 0 ||
      ::chmod(upper.c_str(), root.st_mode & 07777U) != 0) {
    throw system_error("sandbox", "setting up the root folder", errno);
  }
  const std::array<timespec, 2> times{root.st_atim, root.st_mtim};
  ::utimensat(AT_FDCWD, upper.c_str(), times.data(), 0);
}

UniqueFd open_root(const std::string& folder) {
  return UniqueFd(::open((folder + "/rootfs").c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
}

/// Makes an absolute path's folders below `root` as far as they are missing.
void make_folders(int root, const std::string& path) {
  for (std::size_t end = 0; end != std::string::npos;) {
    end = path.find('/', end + 1);
    const auto part = path.substr(0, end);
    if (part.size() <= 1 || UniqueFd(open_in_root(root, part, O_PATH))) continue;
    const auto slash = part.rfind('/');
    const UniqueFd parent(open_in_root(root, slash == 0 ? "/" : part.substr(0, slash), O_PATH | O_DIRECTORY));
    if (!parent || ::mkdirat(parent.get(), part.substr(slash + 1).c_str(), 0755) != 0) return;
  }
}

bool same_but_content(const struct stat& one, const struct stat& other) {
  return one.st_mode == other.st_mode && one.st_uid == other.st_uid && one.st_gid == other.st_gid;
}

/// A file that is opened for writing is copied with its times: one that differs in none of these was not
/// written.
bool same_file(const struct stat& one, const struct stat& other) {
  return same_but_content(one, other) && one.st_size == other.st_size &&
         one.st_mtim.tv_sec == other.st_mtim.tv_sec && one.st_mtim.tv_nsec == other.st_mtim.tv_nsec;
}

bool is_whiteout(const struct stat& status) {
  return S_ISCHR(status.st_mode) && status.st_rdev == 0;
}

struct CloseFolder {
  void operator()(DIR* folder) const { ::closedir(folder); }
};
using Folder = std::unique_ptr<DIR, CloseFolder>;

Folder open_folder(int root, const std::string& path) {
  const int fd = open_in_root(root, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  Folder folder(fd >= 0 ? ::fdopendir(fd) : nullptr);
  if (fd >= 0 && !folder) ::close(fd);
  return folder;
}

/// Walks the upper folder, and the lower one where it is hidden, with a list of what is to be looked at: a
/// tree may be as deep as it likes.
class ChangeFinder {
 public:
  ChangeFinder(int upper, int lower) : upper_(upper), lower_(lower) {}

  FileChanges find() {
    open_.push_back({.path = "/", .in_lower = true});
    while (!open_.empty() && changes_.complete) {
      const auto next = std::move(open_.back());
      open_.pop_back();
      look_in(next);
    }
    std::ranges::sort(changes_.files, {}, &FileChange::path);
    return std::move(changes_);
  }

 private:
  struct Place {
    std::string path;
    bool in_lower = false;  ///< merged with the lower folder of the same path
  };

  void look_in(const Place& place) {
    const auto folder = open_folder(upper_, place.path);
    if (!folder) {
      changes_.complete = false;  // a path that is longer than the kernel takes
      return;
    }
    const bool hides = place.in_lower && is_opaque(::dirfd(folder.get()));
    while (const dirent* entry = ::readdir(folder.get())) {
      const std::string name = entry->d_name;
      if (name == "." || name == "..") continue;
      look_at(::dirfd(folder.get()), name, place, hides);
      if (!changes_.complete) return;
    }
    if (hides) look_for_hidden(::dirfd(folder.get()), place);
  }

  void look_at(int folder, const std::string& name, const Place& place, bool hides) {
    struct stat status{};
    if (::fstatat(folder, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) return;
    auto path = child(place, name);
    struct stat before{};
    const bool existed = place.in_lower && stat_lower(path, before);
    if (is_whiteout(status)) {
      if (existed && !hides) add_deleted(std::move(path), before);
      return;
    }
    const bool folders = S_ISDIR(status.st_mode) && existed && S_ISDIR(before.st_mode);
    if (!existed) {
      add(path, ChangeKind::created);
    } else if (folders ? !same_but_content(status, before) : !same_file(status, before)) {
      add(path, ChangeKind::changed);
    }
    if (existed && S_ISDIR(before.st_mode) && !folders) add_deleted_below(path);
    if (S_ISDIR(status.st_mode)) open_.push_back({.path = std::move(path), .in_lower = folders});
  }

  /// What an opaque folder hides and does not hold itself is gone.
  void look_for_hidden(int upper, const Place& place) {
    const auto folder = open_folder(lower_, place.path);
    if (!folder) return;
    while (const dirent* entry = ::readdir(folder.get())) {
      const std::string name = entry->d_name;
      struct stat status{};
      if (name == "." || name == "..") continue;
      if (::fstatat(upper, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0 && !is_whiteout(status)) continue;
      if (::fstatat(::dirfd(folder.get()), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) continue;
      add_deleted(child(place, name), status);
      if (!changes_.complete) return;
    }
  }

  void add_deleted(std::string path, const struct stat& status) {
    if (S_ISDIR(status.st_mode)) add_deleted_below(path);
    add(std::move(path), ChangeKind::deleted);
  }

  void add_deleted_below(const std::string& path) {
    std::vector<std::string> open{path};
    while (!open.empty() && changes_.complete) {
      const auto next = std::move(open.back());
      open.pop_back();
      const auto folder = open_folder(lower_, next);
      while (const dirent* entry = folder ? ::readdir(folder.get()) : nullptr) {
        const std::string name = entry->d_name;
        if (name == "." || name == "..") continue;
        auto below = child({.path = next}, name);
        add(below, ChangeKind::deleted);
        if (entry->d_type == DT_DIR) open.push_back(std::move(below));
      }
    }
  }

  void add(std::string path, ChangeKind kind) {
    bytes_ += path.size() + 2;
    if (changes_.files.size() >= changes_cap || bytes_ > change_bytes_cap) {
      changes_.complete = false;
      return;
    }
    changes_.files.push_back({.path = std::move(path), .kind = kind});
  }

  std::string child(const Place& place, const std::string& name) {
    if (++looked_at_ > looked_at_cap || place.path.size() + name.size() >= path_cap)
      changes_.complete = false;
    return place.path == "/" ? "/" + name : place.path + "/" + name;
  }

  [[nodiscard]] bool stat_lower(const std::string& path, struct stat& status) const {
    const UniqueFd file(open_in_root(lower_, path, O_PATH | O_NOFOLLOW));
    return file && ::fstat(file.get(), &status) == 0;
  }

  static bool is_opaque(int folder) {
    char value = 0;
    return ::fgetxattr(folder, "user.overlay.opaque", &value, 1) == 1 && value == 'y';
  }

  int upper_;
  int lower_;
  std::vector<Place> open_;
  FileChanges changes_;
  std::size_t bytes_ = 0;
  std::size_t looked_at_ = 0;
};

}  // namespace

char change_mark(ChangeKind kind) {
  switch (kind) {
    case ChangeKind::created:
      return '+';
    case ChangeKind::changed:
      return '~';
    case ChangeKind::deleted:
      return '-';
  }
  return '?';
}

void mount_run_files(const std::string& folder, const std::string& lower, std::uint64_t writable) {
  const auto scratch = folder + "/scratch";
  make_folder(scratch, 0700);
  make_folder(folder + "/rootfs", 0755);
  const auto inodes = std::clamp<std::uint64_t>(writable / 4096, 4096, 1'000'000);
  const auto options = "mode=0700,size=" + std::to_string(writable) + ",nr_inodes=" + std::to_string(inodes);
  if (::mount("tmpfs", scratch.c_str(), "tmpfs", MS_NODEV, options.c_str()) != 0) {
    throw system_error("sandbox", "mounting a tmpfs", errno);
  }
  const auto upper = scratch + "/upper";
  make_folder(upper, 0755);
  make_folder(scratch + "/work", 0700);
  copy_root(lower, upper);
  const auto layers = "lowerdir=" + lower + ",upperdir=" + upper + ",workdir=" + scratch + "/work,userxattr";
  if (::mount("overlay", (folder + "/rootfs").c_str(), "overlay", MS_NODEV, layers.c_str()) != 0) {
    const int failed = errno;
    throw Error(ErrorKind::environment, "sandbox",
                system_error("overlay", "mounting it in a user namespace", failed).what(),
                "slim needs overlayfs in user namespaces: Linux 5.11 or newer");
  }
}

void unmount_run_files(const std::string& folder) {
  for (const auto* name : {"/rootfs", "/scratch"}) ::umount2((folder + name).c_str(), MNT_DETACH);
}

void make_working_folder(const std::string& folder, const std::string& path) {
  const auto root = open_root(folder);
  make_folders(root.get(), path);
}

void mount_volumes(const std::string& folder, const std::vector<std::string>& volumes) {
  const auto root = open_root(folder);
  for (const auto& volume : volumes) {
    make_folders(root.get(), volume);
    const UniqueFd place(open_in_root(root.get(), volume, O_PATH | O_DIRECTORY));
    if (!place || volume == "/") continue;
    const auto name = "/proc/self/fd/" + std::to_string(place.get());
    if (::mount(name.c_str(), name.c_str(), nullptr, MS_BIND, nullptr) != 0) {
      throw system_error("volume " + volume, "mounting it", errno);
    }
  }
}

FileChanges find_changes(const std::string& folder, const std::string& lower) {
  const UniqueFd above(::open((folder + "/scratch/upper").c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  const UniqueFd below(::open(lower.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!above || !below) return {.files = {}, .complete = false};
  return ChangeFinder(above.get(), below.get()).find();
}

}  // namespace slim
