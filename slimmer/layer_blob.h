// From the tar of a layer to the blob that is stored: compressed, and both measured, in one pass.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <exception>
#include <functional>
#include <mutex>
#include <span>
#include <thread>
#include <vector>

#include "analyzer/byte_stream.h"
#include "analyzer/compression.h"

namespace slim {

struct BlobFormat {
  Compression compression = Compression::gzip;
  int level = 1;      ///< gzip 0 to 2, zstd 1 to 19
  unsigned jobs = 0;  ///< threads that zstd may use, 0: one for each processor; the bytes are the same
};

/// An Error of kind usage where there is no such level.
void check_format(const BlobFormat& format);

/// Takes blocks of one fixed size, and at the end a shorter one with `last` set.
using BlockWriter = std::move_only_function<void(std::span<const std::byte> block, bool last)>;

/// Compresses to `out`. How the input is cut into blocks can show in the output, hence the fixed size.
BlockWriter compressor(const BlobFormat& format, ByteWriter out);

/// A layer as it is stored.
struct StoredLayer {
  StreamFacts tar;   ///< its digest is the diff_id
  StreamFacts blob;  ///< as stored
};

/// Hashes and compresses on a thread of its own, so that this goes on while the source's layers are read.
class LayerBlob {
 public:
  /// `out` is called from that thread; after finish(), or once this is destroyed, never again.
  LayerBlob(const BlobFormat& format, ByteWriter out);
  ~LayerBlob();
  LayerBlob(const LayerBlob&) = delete;
  LayerBlob& operator=(const LayerBlob&) = delete;

  /// More of the tar. Throws what `out` threw.
  void write(std::span<const std::byte> bytes);
  /// The end of the tar; afterwards the facts are known. Throws what `out` threw.
  void finish();

  [[nodiscard]] const StreamFacts& tar() const { return stored_.tar; }
  [[nodiscard]] const StreamFacts& blob() const { return stored_.blob; }
  [[nodiscard]] const StoredLayer& stored() const { return stored_; }

 private:
  struct Block {
    std::vector<std::byte> bytes;
    bool last = false;
  };

  void push(bool last);
  void run(BlockWriter compress);
  void rethrow();

  StoredLayer stored_;
  Hasher blob_hasher_;
  std::vector<std::byte> filling_;

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Block> queue_;
  std::exception_ptr failure_;
  bool stopped_ = false;
  std::thread thread_;
};

}  // namespace slim
