#include "analyzer/blob_place.h"

#include <cerrno>
#include <cstdint>
#include <ctime>
#include <string>
#include <sys/stat.h>

#include "analyzer/error.h"

namespace slim {
namespace {

std::int64_t nanoseconds(const timespec& time) {
  return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

}  // namespace

BlobPlace BlobPlace::of(int fd, std::uint64_t offset, std::uint64_t length, const std::string& path) {
  struct stat status{};
  if (::fstat(fd, &status) != 0) throw system_error(path, "reading its metadata", errno);
  return {.device = status.st_dev,
          .inode = status.st_ino,
          .file_size = static_cast<std::uint64_t>(status.st_size),
          .modified = nanoseconds(status.st_mtim),
          .changed = nanoseconds(status.st_ctim),
          .offset = offset,
          .length = length};
}

}  // namespace slim
