// A tar read in order, with libarchive. Names come as the raw bytes that they are, whatever the locale.
#pragma once

#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "analyzer/byte_stream.h"

struct archive;
struct archive_entry;

namespace slim {

class TarReader {
 public:
  /// Reads an uncompressed tar from a stream. Errors are about `what`.
  TarReader(ByteReader input, std::string what);
  /// The same without a copy: content that lies whole in one block is given where it lies.
  TarReader(BlockReader input, std::string what);
  /// Reads an uncompressed tar file; content that nobody asks for is skipped over. Moves the offset of `fd`.
  TarReader(int fd, std::string what);
  ~TarReader();
  TarReader(const TarReader&) = delete;
  TarReader& operator=(const TarReader&) = delete;

  /// Goes to the next entry; false at the end, when the stream was drained too. A tar that is corrupt,
  /// truncated or none at all is an input Error.
  bool next();
  /// The entry that next() found.
  [[nodiscard]] ::archive_entry* entry() const { return entry_; }
  /// What libarchive has to say about the entry although it read it; empty if nothing.
  [[nodiscard]] const std::string& warning() const { return warning_; }
  /// Where the header of the entry begins (after the end: where the end of the archive is), in bytes.
  [[nodiscard]] std::uint64_t header_offset() const;

  /// A part of the content: `hole` zero bytes that the tar does not store, and then `bytes`.
  struct Block {
    std::uint64_t hole = 0;
    std::span<const std::byte> bytes;  ///< valid until the next call
  };
  /// The next part of the entry's content; nullopt at its end.
  std::optional<Block> block();

 private:
  struct Feed;
  [[noreturn]] void fail();

  std::string what_;
  std::unique_ptr<Feed> feed_;  ///< null where a file is read
  std::unique_ptr<::archive, int (*)(::archive*)> archive_;
  ::archive_entry* entry_ = nullptr;
  std::string warning_;
  std::uint64_t position_ = 0;  ///< in the content of the entry
  bool content_ended_ = false;
};

}  // namespace slim
