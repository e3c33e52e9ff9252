// Writes a planned image: one layer or two, streamed from the source's layers, and the source's config
// with what was done in its history and labels.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "analyzer/compression.h"
#include "analyzer/image_contents.h"
#include "analyzer/image_ref.h"
#include "runner/verdict.h"
#include "slimmer/layer_blob.h"
#include "slimmer/layer_parts.h"
#include "slimmer/plan.h"

namespace slim {

enum class Layers : std::uint8_t { squash, base_and_app };

struct WriteOptions {
  Layers layers = Layers::squash;
  Compression compression = Compression::gzip;  ///< of oci and oci-archive; docker-archive and dir are plain
  int level = 1;      ///< gzip 0 to 2 (the same bytes on every processor), zstd 1 to 19
  unsigned jobs = 0;  ///< threads for zstd, 0: one for each processor; never in the bytes
  std::string tag;    ///< the name inside the output; empty: see output_name()
  std::string tool_version;
  std::string command;                 ///< for the history: what was asked for, without paths of this machine
  Outcome verdict = Outcome::not_run;  ///< written as a label
  std::string emulator;                ///< written as a label where it ran the image's programs
  /// Where the source is a bare root file system: what to start, as the command line said it. Else null.
  const ImageConfig* start = nullptr;
};

struct WrittenLayer {
  LayerRole role = LayerRole::squashed;
  std::size_t sources = 0;  ///< the number of the source's layers that it stands for
  StoredLayer stored;
};

struct WrittenImage {
  Digest digest;  ///< of the manifest; of the config for docker-archive; of the layer's tar for dir
  Digest config_digest;
  std::vector<WrittenLayer> layers;  ///< base first
  std::string base_because;  ///< what says how many layers are the base's; empty where none was looked for
  std::uint64_t compressed = 0;    ///< bytes of all layers as stored
  std::uint64_t uncompressed = 0;  ///< bytes of all layers' tars
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
std::string slimmed_config(const Image& original, std::span<const WrittenLayer> layers,
                           const WriteOptions& options);

}  // namespace slim
