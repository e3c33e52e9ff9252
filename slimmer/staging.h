// Files and folders that are made under a hidden temporary name beside their place, and get their name only
// when they are whole.
//
// Whatever ends the work takes them away: the destructor where an Error ends it, and discard_all_staged()
// where a signal does. The temporary name is .NAME.slim-XXXXXX; what a process leaves that is killed outright
// (SIGKILL) goes when the same output is staged again.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <sys/types.h>

namespace slim {

/// A private folder is its owner's alone: for what is staged where others may read and write.
enum class StagedKind : std::uint8_t { file, folder, private_folder };

class StagedPath {
 public:
  /// Makes an empty file or folder `folder`/.`name`.slim-XXXXXX, with the mode that the umask leaves. One
  /// that cannot be made is an Error of kind environment about `what`.
  StagedPath(StagedKind kind, const std::filesystem::path& folder, std::string_view name, std::string what);
  ~StagedPath();
  StagedPath(const StagedPath&) = delete;
  StagedPath& operator=(const StagedPath&) = delete;

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  [[nodiscard]] const std::string& what() const { return what_; }
  [[nodiscard]] int fd() const { return fd_; }  ///< open for reading, and a file for writing

  /// Renames to `place`, over a file or an empty folder that is there, and makes the name durable. The
  /// content must be durable already. Only within commit_staged().
  void move_to(const std::filesystem::path& place);

 private:
  std::filesystem::path path_;
  std::string what_;
  pid_t owner_;  ///< a forked child that unwinds must not take away what its parent still makes
  int fd_ = -1;
  bool moved_ = false;
};

/// Where the folder called `path` is to lie, without the slash at its end. What is there and is no folder is
/// an Error of kind environment about `what`.
std::filesystem::path folder_place(const std::string& path, const std::string& what);

/// Whether `name` is such a temporary name.
bool is_staged_name(std::string_view name);

/// Takes away everything that this process has staged and not committed; later staging and committing is an
/// Error. For whoever ends the process out of order: call it from a thread that waits for signals (sigwait),
/// not from inside a signal handler, and end the process afterwards.
void discard_all_staged();

/// Runs `renames` with discard_all_staged() held off, so that a signal finds either none of it done or all.
void commit_staged(const std::function<void()>& renames);

/// System calls that throw an Error of kind environment about `what`.
void write_at(int fd, std::span<const std::byte> bytes, std::uint64_t offset, const std::string& what);
void sync_file(int fd, const std::string& what);
void sync_folder(const std::filesystem::path& folder, const std::string& what);
/// All that was written to the file system that `fd` is on.
void sync_file_system(int fd, const std::string& what);

}  // namespace slim
