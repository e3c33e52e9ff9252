// O_TMPFILE (open(2)) makes the file without a name at all; where the file system knows no such thing, the
// name is taken away at once.
#include "analyzer/spool.h"

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <span>
#include <string>
#include <sys/statvfs.h>
#include <unistd.h>
#include <vector>

#include <fmt/format.h>

#include "analyzer/byte_stream.h"
#include "analyzer/error.h"
#include "analyzer/unique_fd.h"

namespace slim {
namespace {

constexpr std::uint64_t largest_spool = std::uint64_t{64} << 30;
constexpr std::size_t block_size = std::size_t{1} << 20;

UniqueFd temporary_file(const std::string& folder) {
  UniqueFd unnamed(::open(folder.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
  if (unnamed) return unnamed;
  std::string name = folder + "/slim-XXXXXX";
  UniqueFd named(::mkostemp(name.data(), O_CLOEXEC));
  if (!named) throw system_error(folder, "making a temporary file", errno);
  ::unlink(name.c_str());
  return named;
}

std::uint64_t free_bytes(int fd, const std::string& folder) {
  struct statvfs status{};
  if (::fstatvfs(fd, &status) != 0) throw system_error(folder, "asking how much room there is", errno);
  return std::uint64_t{status.f_bavail} * status.f_frsize;
}

[[noreturn]] void no_room(const std::string& what, const std::string& folder, const std::string& detail) {
  throw Error(ErrorKind::environment, what,
              fmt::format("no room for a temporary copy of it in {}: {}", folder, detail),
              "set TMPDIR to a folder with more room");
}

/// An errno of write(2); 0: all of it was written.
int write_whole(int fd, std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::write(fd, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return errno;
    bytes = bytes.subspan(static_cast<std::size_t>(count));
  }
  return 0;
}

}  // namespace

std::string temporary_folder() {
  const char* wanted = std::getenv("TMPDIR");
  return wanted != nullptr && *wanted == '/' ? wanted : "/var/tmp";
}

UniqueFd spool(ByteReader stream, const std::string& what, std::uint64_t expected) {
  const std::string folder = temporary_folder();
  UniqueFd file = temporary_file(folder);
  if (expected > 0) {
    const std::uint64_t room = free_bytes(file.get(), folder);
    if (room < expected) no_room(what, folder, fmt::format("{} bytes are free, it needs {}", room, expected));
  }
  std::vector<std::byte> block(block_size);
  std::uint64_t size = 0;
  while (const std::size_t count = stream(block)) {
    if (size + count > largest_spool) {
      throw Error(ErrorKind::input, what, fmt::format("is larger than {} bytes", largest_spool));
    }
    const int failed = write_whole(file.get(), std::span(block).first(count));
    if (failed == ENOSPC || failed == EDQUOT)
      no_room(what, folder, fmt::format("it is full after {} bytes", size));
    if (failed != 0) throw system_error(what, "writing a temporary copy of it in " + folder, failed);
    size += count;
  }
  if (::lseek(file.get(), 0, SEEK_SET) < 0) throw system_error(what, "reading its temporary copy", errno);
  return file;
}

}  // namespace slim
