// Where an image goes: one of the three interfaces at the edge of the world. The mirror of Source.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "analyzer/compression.h"
#include "analyzer/digest.h"
#include "analyzer/image_ref.h"
#include "analyzer/platform.h"
#include "slimmer/layer_blob.h"
#include "slimmer/layer_writer.h"

namespace slim {

/// What is known of an image once its layers are written.
struct OutputImage {
  std::string config;               ///< JSON
  std::vector<StoredLayer> layers;  ///< base first
  Compression compression = Compression::none;
  Platform platform;      ///< empty where the source names none
  Digest base_digest;     ///< of the image that it was made from; may be empty
  std::string base_name;  ///< may be empty
};

class Destination {
 public:
  Destination() = default;
  Destination(const Destination&) = delete;
  Destination& operator=(const Destination&) = delete;
  /// Without commit() nothing of the image remains.
  virtual ~Destination() = default;

  /// Whether layers may be stored compressed here.
  [[nodiscard]] virtual bool compresses() const = 0;
  /// Takes the one layer's files where they are stored as files, else null. Alive as long as this is.
  virtual LayerSink* files() = 0;
  /// More of a layer as it is stored. Called from one thread at a time.
  virtual void layer_bytes(std::span<const std::byte> bytes) = 0;
  /// Ends the layer; what comes next begins another, on top of it.
  virtual void end_layer(const StoredLayer& layer) = 0;
  /// Writes what belongs to the layers, which have ended. A further call replaces what the one before wrote
  /// beside them. Returns the image's digest: of the manifest, or of what stands for it.
  virtual Digest describe(const OutputImage& image) = 0;
  /// Where the image can be read now: before commit() its temporary place, then its own.
  [[nodiscard]] virtual ImageRef staged() const = 0;
  /// Makes all of it durable and gives it its name.
  virtual void commit() = 0;
};

/// `name` is the image's name inside the output, already in the form that the transport wants. A place that
/// cannot be written is an Error of kind environment.
std::unique_ptr<Destination> open_destination(const ImageRef& ref, const std::string& name);

std::unique_ptr<Destination> open_docker_archive(const ImageRef& ref, const std::string& name);
std::unique_ptr<Destination> open_oci_archive(const ImageRef& ref, const std::string& name);
std::unique_ptr<Destination> open_oci_layout(const ImageRef& ref, const std::string& name);
std::unique_ptr<Destination> open_root_folder(const ImageRef& ref);
/// docker://NAME. A registry that cannot be reached, or lets us push nothing, is an Error at once.
std::unique_ptr<Destination> open_registry_destination(const ImageRef& ref, const std::string& name);
/// docker-daemon and containers-storage. One that cannot be reached is an Error at once.
std::unique_ptr<Destination> open_loaded_image(const ImageRef& ref, const std::string& name);

/// The name that an image gets inside `ref`: `tag` where it is given, else the name in `ref`, else that of
/// the source where it suits. For a registry the whole name, with `tag` as its tag. For docker-archive,
/// docker-daemon and containers-storage NAME:TAG as Docker writes it (a name without a tag is NAME:latest),
/// for OCI a value of org.opencontainers.image.ref.name, for a folder none. A name that was asked for and
/// that the transport cannot have is an Error of kind usage.
std::string output_name(const ImageRef& ref, const std::string& tag, const std::string& source_name);

}  // namespace slim
