// Layer blobs are gzip (RFC 1952, several members allowed, as eStargz has them), zstd (RFC 8878,
// several frames allowed) or plain.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "analyzer/byte_stream.h"

namespace slim {

enum class Compression : std::uint8_t { none, gzip, zstd };

/// By the magic number at the start of the stream.
Compression detect_compression(std::span<const std::byte> head);

/// Decompresses `inner` by what its first bytes say, whatever its media type claims. Corrupt or
/// truncated data is an input Error about `what`. `found`, where given, tells what it was (set by the
/// first read).
ByteReader decompressed(ByteReader inner, std::string what, Compression* found = nullptr);

}  // namespace slim
