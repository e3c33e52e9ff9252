// rename(2) replaces a name in one step; a new name is on the disk only when its folder was synced too.
// A named temporary file is used rather than an unnamed one (O_TMPFILE): folders need the same care and have
// no such thing, linkat(2) cannot replace what is there, and a name can be read by other processes.
#include "slimmer/staging.h"

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <fcntl.h>
#include <filesystem>
#include <functional>
#include <mutex>
#include <random>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <sys/file.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>
#include <utility>

#include "analyzer/error.h"
#include "analyzer/unique_fd.h"

namespace slim {
namespace {

constexpr std::size_t random_length = 6;

struct Registry {
  std::mutex mutex;
  std::set<std::filesystem::path> staged;
  bool discarded = false;
};

Registry& registry() {
  static Registry instance;
  return instance;
}

void require_open(const Registry& all, const std::string& what) {
  if (all.discarded) throw Error(ErrorKind::environment, what, "interrupted");
}

std::string random_letters() {
  constexpr std::string_view letters = "abcdefghijklmnopqrstuvwxyz0123456789";
  std::random_device random;
  std::uniform_int_distribution<std::size_t> pick(0, letters.size() - 1);
  std::string text;
  for (std::size_t i = 0; i < random_length; ++i) text += letters[pick(random)];
  return text;
}

/// Marks what `fd` has open as being worked on (flock(2): the mark goes with the process). Whether `path` is
/// still that: somebody who looked before it was marked may have taken it for abandoned.
bool mark_in_use(int fd, const std::filesystem::path& path) {
  if (flock(fd, LOCK_EX | LOCK_NB) != 0) return errno != EWOULDBLOCK;  // a file system without such marks
  struct stat opened{};
  struct stat named{};
  return fstat(fd, &opened) == 0 && lstat(path.c_str(), &named) == 0 && opened.st_ino == named.st_ino;
}

/// -1 and errno as the calls leave it.
int create(StagedKind kind, const std::filesystem::path& path) {
  if (kind == StagedKind::file)
    return open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
  if (mkdir(path.c_str(), kind == StagedKind::private_folder ? 0700 : 0777) != 0) return -1;
  const int fd = open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (fd < 0) {
    const int error = errno;
    rmdir(path.c_str());
    errno = error;
  }
  return fd;
}

void remove_staged(const std::filesystem::path& path) {
  // The thread that makes it may still be at work; once the top folder is gone it can make nothing more.
  constexpr int attempts = 100;
  for (int i = 0; i < attempts; ++i) {
    std::error_code error;
    std::filesystem::remove_all(path, error);
    if (!error && !std::filesystem::exists(std::filesystem::symlink_status(path, error))) return;
  }
}

/// Takes away what a killed process has left in `folder` of an output of the same name.
void remove_abandoned(const std::filesystem::path& folder, std::string_view prefix) {
  std::error_code error;
  for (std::filesystem::directory_iterator item(folder, error), end; !error && item != end;
       item.increment(error)) {
    const std::string name = item->path().filename().string();
    if (!name.starts_with(prefix) || name.size() != prefix.size() + random_length || !is_staged_name(name))
      continue;
    const UniqueFd opened(open(item->path().c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
    struct stat status{};
    const bool abandoned = opened && fstat(opened.get(), &status) == 0 && status.st_uid == geteuid() &&
                           (S_ISREG(status.st_mode) || S_ISDIR(status.st_mode)) &&
                           flock(opened.get(), LOCK_EX | LOCK_NB) == 0;
    if (abandoned) remove_staged(item->path());
  }
}

}  // namespace

std::filesystem::path folder_place(const std::string& path, const std::string& what) {
  std::filesystem::path place = std::filesystem::path(path).lexically_normal();
  if (!place.has_filename()) place = place.parent_path();  // a trailing slash
  std::error_code error;
  const auto status = std::filesystem::status(place, error);
  if (std::filesystem::exists(status) && !std::filesystem::is_directory(status))
    throw Error(ErrorKind::environment, what, "exists and is not a folder");
  return place;
}

StagedPath::StagedPath(StagedKind kind, const std::filesystem::path& folder, std::string_view name,
                       std::string what)
    : what_(std::move(what)), owner_(getpid()) {
  constexpr std::size_t longest_name = 255 - 14;  // NAME_MAX less what is put around it
  Registry& all = registry();
  const std::scoped_lock lock(all.mutex);
  require_open(all, what_);
  const std::string prefix = "." + std::string(name.substr(0, longest_name)) + ".slim-";
  remove_abandoned(folder, prefix);
  constexpr int attempts = 100;
  for (int i = 0; i < attempts && fd_ < 0; ++i) {
    path_ = folder / (prefix + random_letters());
    fd_ = create(kind, path_);
    if (fd_ < 0 && errno != EEXIST) break;
    if (fd_ >= 0 && !mark_in_use(fd_, path_)) {
      close(fd_);
      fd_ = -1;
    }
  }
  if (fd_ < 0) throw system_error(what_, "cannot write in " + folder.string(), errno);
  all.staged.insert(path_);
}

StagedPath::~StagedPath() {
  if (fd_ >= 0) close(fd_);
  if (moved_ || owner_ != getpid()) return;
  Registry& all = registry();
  const std::scoped_lock lock(all.mutex);
  all.staged.erase(path_);
  remove_staged(path_);
}

void StagedPath::move_to(const std::filesystem::path& place) {
  if (rename(path_.c_str(), place.c_str()) != 0)
    throw system_error(what_, "cannot rename to " + place.string(), errno);
  moved_ = true;
  registry().staged.erase(path_);
  path_ = place;
  sync_folder(place.parent_path(), what_);
}

bool is_staged_name(std::string_view name) {
  constexpr std::string_view mark = ".slim-";
  constexpr std::size_t tail = mark.size() + random_length;
  return name.size() > tail && name.front() == '.' && name.substr(name.size() - tail, mark.size()) == mark;
}

void discard_all_staged() {
  Registry& all = registry();
  const std::scoped_lock lock(all.mutex);
  all.discarded = true;
  for (const std::filesystem::path& path : std::exchange(all.staged, {})) remove_staged(path);
}

void commit_staged(const std::function<void()>& renames) {
  Registry& all = registry();
  const std::scoped_lock lock(all.mutex);
  require_open(all, "output");
  renames();
}

void write_at(int fd, std::span<const std::byte> bytes, std::uint64_t offset, const std::string& what) {
  while (!bytes.empty()) {
    const ssize_t count = pwrite(fd, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) throw system_error(what, "cannot write", errno);
    bytes = bytes.subspan(static_cast<std::size_t>(count));
    offset += static_cast<std::uint64_t>(count);
  }
}

void sync_file(int fd, const std::string& what) {
  if (fsync(fd) != 0) throw system_error(what, "cannot write to disk", errno);
}

void sync_folder(const std::filesystem::path& folder, const std::string& what) {
  const int fd = open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0 && errno == EACCES) return;  // may be written in but not read: there is no way to sync it
  if (fd < 0) throw system_error(what, "cannot open " + folder.string(), errno);
  const int result = fsync(fd);
  const int error = errno;
  close(fd);
  // Some network file systems have no fsync of folders.
  if (result != 0 && error != EINVAL)
    throw system_error(what, "cannot write " + folder.string() + " to disk", error);
}

void sync_file_system(int fd, const std::string& what) {
  if (syncfs(fd) != 0) throw system_error(what, "cannot write to disk", errno);
}

}  // namespace slim
