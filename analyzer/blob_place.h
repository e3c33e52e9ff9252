// Where a blob lies on this machine's disks, and which state of its file that is: what stands in for a digest
// where an archive names none.
#pragma once

#include <cstdint>
#include <string>

namespace slim {

/// Two that are equal have the same bytes, as long as the file had come to rest: a change within one tick of
/// the file system's clock leaves the times as they are.
struct BlobPlace {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  std::uint64_t file_size = 0;  ///< bytes
  std::int64_t modified = 0;    ///< nanoseconds since 1970
  std::int64_t changed = 0;     ///< likewise; no program can set this one
  std::uint64_t offset = 0;     ///< of the blob in the file
  std::uint64_t length = 0;     ///< of the blob

  /// Of `length` bytes at `offset` of the open file `fd`. `path` is for messages.
  static BlobPlace of(int fd, std::uint64_t offset, std::uint64_t length, const std::string& path);

  bool operator==(const BlobPlace&) const = default;
};

}  // namespace slim
