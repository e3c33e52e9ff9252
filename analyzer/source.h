// Where the bytes of an image come from: one of the three interfaces at the edge of the world.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>

#include "analyzer/blob_place.h"
#include "analyzer/byte_stream.h"
#include "analyzer/image.h"
#include "analyzer/image_ref.h"
#include "analyzer/platform.h"

namespace slim {

class Source {
 public:
  Source() = default;
  Source(const Source&) = delete;
  Source& operator=(const Source&) = delete;
  virtual ~Source() = default;

  /// The image, its manifest and config read and their digests checked.
  [[nodiscard]] virtual const Image& image() const = 0;

  /// The bytes of layer `index` as they are stored (maybe compressed), unchecked. May be called from
  /// several threads, and more than once for a layer.
  virtual ByteReader open_blob(std::size_t index) = 0;

  /// Where layer `index` lies on disk now; nothing where it is no part of a file. May be called from several
  /// threads.
  [[nodiscard]] virtual std::optional<BlobPlace> place(std::size_t /*index*/) const { return std::nullopt; }
};

/// Opens the image that `ref` names. `wanted` chooses from a multi-platform index; without it an index
/// gives the host's platform, or its only image. An image for another platform than `wanted` is an input
/// Error that lists what there is. A place (daemon, store, registry) that cannot be asked is an Error of kind
/// environment, one that has no such image an input Error; for a bare name it is enough that one was asked.
std::unique_ptr<Source> open_source(const ImageRef& ref, const Platform* wanted = nullptr);

/// The uncompressed tar of layer `index`: the blob's digest and size and the tar's diff_id are checked
/// at the end of the stream, as far as the image names them.
ByteReader open_layer(Source& source, std::size_t index);

/// As open_layer, but the caller compares the tar's digest with the layer's diff_id: for whoever computes it
/// anyway.
ByteReader open_layer_unverified(Source& source, std::size_t index);

/// A layer for messages: the image's reference, its place, counted from 0, and its digest.
std::string layer_name(const Image& image, std::size_t index);

}  // namespace slim
