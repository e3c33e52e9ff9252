// Writes a planned image: one squashed layer, streamed from the source's layers, and the source's config
// with what was done in its history and labels.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "analyzer/compression.h"
#include "analyzer/image_contents.h"
#include "analyzer/image_ref.h"
#include "runner/verdict.h"
#include "slimmer/plan.h"

namespace slim {

struct WriteOptions {
  Compression compression = Compression::gzip;  ///< of oci and oci-archive; docker-archive and dir are plain
  int level = 1;      ///< gzip 0 to 2 (the same bytes on every processor), zstd 1 to 19
  unsigned jobs = 0;  ///< threads for zstd, 0: one for each processor; never in the bytes
  std::string tag;    ///< the name inside the output; empty: see output_name()
  std::string tool_version;
  std::string command;                 ///< for the history: what was asked for, without paths of this machine
  Outcome verdict = Outcome::not_run;  ///< written as a label
  /// Where the source is a bare root file system: what to start, as the command line said it. Else null.
  const ImageConfig* start = nullptr;
};

struct WrittenImage {
  Digest digest;  ///< of the manifest; of the config for docker-archive; of the layer's tar for dir
  Digest config_digest;
  Digest diff_id;
  std::uint64_t compressed = 0;    ///< bytes of the layer as stored
  std::uint64_t uncompressed = 0;  ///< bytes of the layer's tar
};

/// A finished image under a temporary name beside its place. Destroyed without commit(), nothing of it
/// remains.
class StagedImage {
 public:
  virtual ~StagedImage() = default;
  [[nodiscard]] virtual ImageRef staged() const = 0;  ///< where it can be read and verified now
  [[nodiscard]] virtual const WrittenImage& written() const = 0;
  /// Writes config and manifest again with another verdict as their label; the layer stays. For the verdict
  /// is known only when the staged image was run.
  virtual void relabel(Outcome verdict) = 0;
  virtual void commit() = 0;  ///< synced, and renamed to its place
};

/// Fails as write_image() does where `destination` cannot be written or the options cannot be, and leaves
/// nothing. To be asked before anything is read.
void check_destination(const ImageRef& destination, const WriteOptions& options);

/// Streams the kept files of `original` to a staged image. A place that cannot be written is an Error of kind
/// environment, found before anything is read. The result depends on the input and the options alone.
std::unique_ptr<StagedImage> write_image(ImageContents& original, const Plan& plan,
                                         const ImageRef& destination, const WriteOptions& options);

/// The config of the slimmed image: all of the source's, new diff_ids and history, and the labels
/// org.opencontainers.image.base.digest, ...base.name and dev.slim.*.
std::string slimmed_config(const Image& original, const Digest& diff_id, const WriteOptions& options);

}  // namespace slim
