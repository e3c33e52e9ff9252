// Zip archives in memory: their entries, and the content of one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace slim {

struct ZipEntry {
  std::string_view name;  ///< points into the archive
  std::uint16_t method = 0;
  std::uint64_t stored = 0;  ///< bytes in the archive
  std::uint64_t size = 0;    ///< bytes of content, as the directory says
  std::uint64_t offset = 0;  ///< of its local header
};

/// The entries of the central directory in their order; none where it is no zip archive or its directory is
/// damaged, and no more than 1,000,000. What stands before the archive (a script that starts it) is passed
/// over. Follows PKWARE's APPNOTE, with Zip64; archives of several disks are not read.
std::vector<ZipEntry> zip_entries(std::span<const std::byte> archive);

/// The content of an entry: where it lies if it is stored, else inflated into `buffer`. Empty where it is
/// damaged, encrypted, compressed by another method than deflate, or larger than `cap` bytes.
std::span<const std::byte> zip_content(std::span<const std::byte> archive, const ZipEntry& entry,
                                       std::uint64_t cap, std::vector<std::byte>& buffer);

}  // namespace slim
