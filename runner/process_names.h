// Reading a stopped process of a container: its memory, and what the names that it uses stand for.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <sys/types.h>
#include <vector>

#include "analyzer/unique_fd.h"

namespace slim {

/// A process (or thread) that waits for the answer to a system call. Whatever it reads may be hostile, and
/// another process's where the first one is gone: each is bounded, and to be checked afterwards.
class Caller {
 public:
  /// `changed_root`: it may have a root folder of its own.
  Caller(pid_t pid, bool changed_root);

  /// The string at an address in it, of at most 4,096 bytes.
  [[nodiscard]] std::optional<std::string> string_at(std::uint64_t address) const;
  [[nodiscard]] std::optional<std::uint64_t> number_at(std::uint64_t address) const;
  /// The strings that an array of addresses of 8 (`wide`) or 4 bytes leads to: at most 256, and 32 KiB.
  [[nodiscard]] std::vector<std::string> words_at(std::uint64_t address, bool wide) const;
  /// The path in a Unix socket's address; nullopt where it is none.
  [[nodiscard]] std::optional<std::string> socket_path(std::uint64_t address, std::uint64_t length) const;

  /// `path` as the container sees it, from the folder of a descriptor or AT_FDCWD: without empty components
  /// and ".", with /proc/self replaced where it leads to a folder of its own; ".." stays.
  [[nodiscard]] std::optional<std::string> absolute(const std::string& path, int folder) const;
  /// What a descriptor was opened as.
  [[nodiscard]] std::optional<std::string> descriptor(int fd) const;
  /// The program that it runs; empty where that cannot be told.
  [[nodiscard]] std::string program() const;
  /// Its root folder, as a place to look paths up.
  [[nodiscard]] UniqueFd root_folder() const;

 private:
  [[nodiscard]] std::optional<std::string> link(const std::string& name) const;
  [[nodiscard]] bool read_memory(std::uint64_t address, void* into, std::size_t size) const;

  pid_t pid_;
  std::string folder_;  ///< "/proc/PID/"
  bool changed_root_;
};

}  // namespace slim
