// tar -> digest -> compressor -> digest -> file, in one pass: the files go from the source's layers to the
// staged output and are never unpacked on the way.
#include "slimmer/write_image.h"

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "analyzer/compression.h"
#include "analyzer/error.h"
#include "analyzer/image.h"
#include "analyzer/image_contents.h"
#include "analyzer/image_ref.h"
#include "runner/verdict.h"
#include "slimmer/base_layers.h"
#include "slimmer/destination.h"
#include "slimmer/layer_blob.h"
#include "slimmer/layer_parts.h"
#include "slimmer/layer_writer.h"
#include "slimmer/plan.h"
#include "slimmer/tar_writer.h"

namespace slim {
namespace {

BlobFormat format_for(const Destination& destination, const WriteOptions& options) {
  const BlobFormat wanted{.compression = options.compression, .level = options.level, .jobs = options.jobs};
  check_format(wanted);
  return destination.compresses() ? wanted
                                  : BlobFormat{.compression = Compression::none, .level = 0, .jobs = 0};
}

class WrittenToDestination : public StagedImage {
 public:
  WrittenToDestination(std::unique_ptr<Destination> destination, const Image& original, WriteOptions options,
                       WrittenImage written, Compression compression)
      : destination_(std::move(destination)),
        original_(original),
        options_(std::move(options)),
        written_(std::move(written)) {
    output_ = {.config = {},
               .layers = {},
               .compression = compression,
               .platform = original.config.platform,
               .base_digest = original.digest,
               .base_name = original.name};
    for (const WrittenLayer& layer : written_.layers) {
      output_.layers.push_back(layer.stored);
      written_.compressed += layer.stored.blob.size;
      written_.uncompressed += layer.stored.tar.size;
    }
    describe();
  }

  [[nodiscard]] ImageRef staged() const override { return destination_->staged(); }
  [[nodiscard]] const WrittenImage& written() const override { return written_; }

  void relabel(Outcome verdict) override {
    if (options_.verdict == verdict) return;
    options_.verdict = verdict;
    describe();
  }

  void commit() override { destination_->commit(); }

 private:
  void describe() {
    output_.config = slimmed_config(original_, written_.layers, options_);
    written_.config_digest = Digest::of(output_.config);
    written_.digest = destination_->describe(output_);
  }

  std::unique_ptr<Destination> destination_;
  Image original_;
  WriteOptions options_;
  OutputImage output_;
  WrittenImage written_;
};

StoredLayer write_part(ImageContents& original, const Plan& plan, const LayerPart& part,
                       const BlobFormat& format, Destination& output) {
  LayerBlob layer(format, [&](std::span<const std::byte> bytes) { output.layer_bytes(bytes); });
  TarWriter tar([&](std::span<const std::byte> bytes) { layer.write(bytes); });
  LayerSink* files = output.files();
  LayerSink sink{.entry =
                     [&](const LayerItem& item) {
                       tar.entry(item);
                       if (files != nullptr) files->entry(item);
                     },
                 .content =
                     [&](std::span<const std::byte> bytes) {
                       tar.content(bytes);
                       if (files != nullptr) files->content(bytes);
                     }};
  write_layer(*original.source, original.tree, plan, part, sink);
  tar.finish();
  layer.finish();
  output.end_layer(layer.stored());
  return layer.stored();
}

std::vector<LayerPart> parts_of(const ImageContents& original, const Plan& plan, Layers layers,
                                WrittenImage& written) {
  if (layers == Layers::base_and_app) {
    const BaseLayers base = find_base_layers(original.image());
    written.base_because = base.because;
    if (base.count != 0) return base_and_app(original, plan, base.count);
  }
  return {whole_part(original, plan)};
}

/// Opened, and the options checked against it.
std::unique_ptr<Destination> open_checked(const ImageRef& destination, const WriteOptions& options,
                                          const std::string& source_name) {
  auto output = open_destination(destination, output_name(destination, options.tag, source_name));
  if (options.layers != Layers::squash && output->files() != nullptr) {
    throw Error(ErrorKind::usage, "--layers base+app",
                destination.text() + " is a plain folder and has no layers");
  }
  format_for(*output, options);
  return output;
}

}  // namespace

void check_destination(const ImageRef& destination, const WriteOptions& options) {
  open_checked(destination, options, "");
}

std::unique_ptr<StagedImage> write_image(ImageContents& original, const Plan& plan,
                                         const ImageRef& destination, const WriteOptions& options) {
  auto output = open_checked(destination, options, original.image().name);
  const BlobFormat format = format_for(*output, options);
  WrittenImage written;
  for (const LayerPart& part : parts_of(original, plan, options.layers, written)) {
    written.layers.push_back({.role = part.role,
                              .sources = part.sources,
                              .stored = write_part(original, plan, part, format, *output)});
  }
  return std::make_unique<WrittenToDestination>(std::move(output), original.image(), options,
                                                std::move(written), format.compression);
}

}  // namespace slim
