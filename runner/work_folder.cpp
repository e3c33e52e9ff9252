// The lock is a flock(2) on a file inside: it belongs to the open file, which every process of the run
// inherits, so that it is free exactly when the last of them is gone, however that came.
#include "runner/work_folder.h"

#include <cerrno>
#include <cstdlib>
#include <dirent.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <memory>
#include <string>
#include <string_view>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <system_error>
#include <unistd.h>
#include <utility>
#include <vector>

#include "analyzer/error.h"
#include "analyzer/spool.h"
#include "analyzer/unique_fd.h"

namespace slim {
namespace {

constexpr std::string_view name_prefix = "slim-run.";

bool try_lock(int fd) {
  return ::flock(fd, LOCK_EX | LOCK_NB) == 0;
}

struct CloseDirectory {
  void operator()(DIR* directory) const { ::closedir(directory); }
};
using Directory = std::unique_ptr<DIR, CloseDirectory>;

std::vector<std::string> names_in(int folder) {
  std::vector<std::string> names;
  const Directory directory(::fdopendir(::fcntl(folder, F_DUPFD_CLOEXEC, 3)));
  if (!directory) return names;
  ::rewinddir(directory.get());
  while (const dirent* entry = ::readdir(directory.get())) {
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") names.emplace_back(name);
  }
  return names;
}

/// As deep as paths in the extraction may be; the caller has raised its limit of open files.
// NOLINTNEXTLINE(misc-no-recursion): a folder is a tree, and its depth is bounded by PATH_MAX
bool remove_at(int parent, const std::string& name) {
  if (::unlinkat(parent, name.c_str(), 0) == 0 || errno == ENOENT) return true;
  open_how how{};
  how.flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
  how.resolve = RESOLVE_NO_XDEV | RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS;  // a mount below is never entered
  const UniqueFd folder(static_cast<int>(::syscall(SYS_openat2, parent, name.c_str(), &how, sizeof how)));
  struct stat status{};
  if (!folder || ::fstat(folder.get(), &status) != 0) return false;
  if ((status.st_mode & S_IRWXU) != S_IRWXU) ::fchmod(folder.get(), S_IRWXU);
  bool whole = true;
  for (const auto& child : names_in(folder.get())) whole = remove_at(folder.get(), child) && whole;
  return whole && ::unlinkat(parent, name.c_str(), AT_REMOVEDIR) == 0;
}

}  // namespace

WorkFolder make_work_folder() {
  const auto parent = temporary_folder();
  for (int attempt = 0;; ++attempt) {
    WorkFolder folder;
    folder.path = parent + "/" + std::string(name_prefix) + "XXXXXX";
    if (::mkdtemp(folder.path.data()) == nullptr) {
      throw Error(ErrorKind::environment, "work folder",
                  "making one in " + parent + ": " + std::generic_category().message(errno),
                  "set TMPDIR to a folder that you may write to");
    }
    folder.space = folder.path + "/space";
    folder.lock =
        UniqueFd(::open((folder.path + "/lock").c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    // Another run may have taken the folder for a stale one before it was locked: then take another name.
    if (folder.lock && try_lock(folder.lock.get()) && ::mkdir(folder.space.c_str(), 0700) == 0) return folder;
    const int failed = errno;
    remove_tree(folder.path);
    if (attempt == 8) throw system_error("work folder", "locking " + folder.path, failed);
  }
}

std::vector<WorkFolder> stale_work_folders() {
  std::vector<WorkFolder> stale;
  const auto parent = temporary_folder();
  const UniqueFd parent_fd(::open(parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!parent_fd) return stale;
  for (const auto& name : names_in(parent_fd.get())) {
    if (!name.starts_with(name_prefix)) continue;
    const UniqueFd own(
        ::openat(parent_fd.get(), name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    struct stat status{};
    if (!own || ::fstat(own.get(), &status) != 0 || status.st_uid != ::geteuid()) continue;
    WorkFolder folder;
    folder.path = parent + "/";
    folder.path += name;
    folder.space = folder.path + "/space";
    folder.lock = UniqueFd(::openat(own.get(), "lock", O_RDWR | O_NOFOLLOW | O_CLOEXEC));
    if (folder.lock && try_lock(folder.lock.get())) stale.push_back(std::move(folder));
  }
  return stale;
}

bool remove_tree(const std::string& path) {
  const auto slash = path.rfind('/');
  if (slash == std::string::npos || slash + 1 == path.size()) return false;
  const auto parent_path = slash == 0 ? std::string("/") : path.substr(0, slash);
  const UniqueFd parent(::open(parent_path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  return parent && remove_at(parent.get(), path.substr(slash + 1));
}

}  // namespace slim
