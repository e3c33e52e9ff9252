// Writes tar entries, byte for byte the same everywhere.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "analyzer/byte_stream.h"
#include "analyzer/layer_index.h"

namespace slim {

/// One entry of the layer that is being made.
struct LayerItem {
  std::string path;                      ///< as LayerEntry::path; "" is the root folder
  const LayerEntry* metadata = nullptr;  ///< never null; its own path and, for a hard link, type are not used
  std::string hard_link;                 ///< the path of the inode's first name, where this is a further one
};

/// The headers of one entry: a ustar header and, only where that cannot say everything, a pax header
/// before it. A whole number of 512-byte blocks.
std::string tar_header(const LayerItem& item);

/// The header of a plain file of an archive that is wrapped around an image: mode 0644, owner 0, time 0.
/// Always 512 bytes, whatever the size, so that it can be written when the size is known. `name` has at most
/// 100 bytes; one that ends in a slash is a folder.
std::string archive_member_header(std::string_view name, std::uint64_t size);

inline constexpr std::size_t tar_block = 512;
/// Zero bytes behind `size` bytes of content.
std::size_t tar_padding(std::uint64_t size);
/// The end of every tar: two blocks of zeros.
inline constexpr std::size_t tar_end = 2 * tar_block;

/// Entries with their content, in the order of the calls.
class TarWriter {
 public:
  explicit TarWriter(ByteWriter out) : out_(std::move(out)) {}

  /// Ends the entry before, which must have got all of its content (else std::logic_error).
  void entry(const LayerItem& item);
  void content(std::span<const std::byte> bytes);
  void finish();

 private:
  void end_entry();

  ByteWriter out_;
  std::uint64_t open_ = 0;  ///< bytes of content that are still to come
  std::size_t padding_ = 0;
};

}  // namespace slim
