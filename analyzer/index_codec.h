// A LayerIndex as bytes, for the index cache (analyzer/index_cache.h). The form, all numbers as LEB128
// varints (signed ones zigzag) unless a width is given:
//
//     "slimidx1"            the format; another form gets another number
//     u64 length, u64 CRC   little-endian: of what follows (CRC-64, ECMA-182, reflected)
//     digest, size          of the tar; a text is its length and its bytes
//     diagnostics           their number, then path and message of each
//     entries               their number, then each as write() in index_codec.cpp has it; of a path only what
//                           differs from the path before is there
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>

#include "analyzer/layer_index.h"

namespace slim {

/// All of `index`: decoding gives its equal.
std::string encode_index(const LayerIndex& index);

/// Nothing where the bytes are not whole, were changed, or say what no layer's index can say: whatever they
/// are, no error, no read outside of them, and no more memory than a layer may cost.
std::optional<LayerIndex> decode_index(std::span<const std::byte> bytes);

}  // namespace slim
