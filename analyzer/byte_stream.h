// Streams of bytes as plain functions, so that a digest check, a decompressor or a counter is one
// function around another.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>

#include "analyzer/digest.h"

namespace slim {

/// Fills `buffer` (never empty) and returns how many bytes it put there; 0 only at the end, and for
/// ever after. Throws Error.
using ByteReader = std::move_only_function<std::size_t(std::span<std::byte> buffer)>;

/// Gives the next bytes of a stream where they lie, valid until the next call; empty only at the end, and for
/// ever after. Throws Error.
using BlockReader = std::move_only_function<std::span<const std::byte>()>;

/// Takes all of `bytes`. Throws Error.
using ByteWriter = std::move_only_function<void(std::span<const std::byte> bytes)>;

/// What a stream turned out to be, known when its end was read.
struct StreamFacts {
  Digest digest;
  std::uint64_t size = 0;
};

/// Reads from `length` bytes of `fd` at `offset`, with pread: readers of one file do not disturb each
/// other. The caller keeps `fd` open. A file shorter than promised is an input Error about `what`.
ByteReader file_range_reader(int fd, std::uint64_t offset, std::uint64_t length, std::string what);

/// A reader over memory that the caller keeps alive.
ByteReader memory_reader(std::span<const std::byte> bytes);

/// The same stream in the other form.
BlockReader in_blocks(ByteReader inner, std::size_t block_size);
ByteReader as_bytes(BlockReader blocks);

/// Passes `inner` through and, at its end, compares digest and size with what was promised; a
/// difference is an input Error about `what`. An empty digest or a size of unknown_size is not checked.
inline constexpr std::uint64_t unknown_size = UINT64_MAX;
ByteReader verified(ByteReader inner, Digest expected, std::uint64_t expected_size, std::string what);

/// Reads to the end, so that a check at the end of the stream happens.
void drain(ByteReader& reader);
void drain(BlockReader& reader);

/// The whole stream in memory; more than `cap` bytes is an input Error about `what`.
std::string read_all(ByteReader reader, std::uint64_t cap, const std::string& what);

}  // namespace slim
