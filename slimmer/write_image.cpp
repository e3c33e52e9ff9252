// tar -> digest -> compressor -> digest -> file, in one pass: the files go from the source's layers to the
// staged output and are never unpacked on the way.
#include "slimmer/write_image.h"

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <utility>

#include "analyzer/compression.h"
#include "analyzer/image.h"
#include "analyzer/image_contents.h"
#include "analyzer/image_ref.h"
#include "runner/verdict.h"
#include "slimmer/destination.h"
#include "slimmer/layer_blob.h"
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
                       const LayerBlob& layer, Compression compression)
      : destination_(std::move(destination)), original_(original), options_(std::move(options)) {
    output_ = {.config = {},
               .diff_id = layer.tar().digest,
               .layer_digest = layer.blob().digest,
               .layer_size = layer.blob().size,
               .compression = compression,
               .platform = original.config.platform,
               .base_digest = original.digest,
               .base_name = original.name};
    written_.diff_id = layer.tar().digest;
    written_.compressed = layer.blob().size;
    written_.uncompressed = layer.tar().size;
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
    output_.config = slimmed_config(original_, output_.diff_id, options_);
    written_.config_digest = Digest::of(output_.config);
    written_.digest = destination_->describe(output_);
  }

  std::unique_ptr<Destination> destination_;
  Image original_;
  WriteOptions options_;
  OutputImage output_;
  WrittenImage written_;
};

}  // namespace

void check_destination(const ImageRef& destination, const WriteOptions& options) {
  format_for(*open_destination(destination, output_name(destination, options.tag, "")), options);
}

std::unique_ptr<StagedImage> write_image(ImageContents& original, const Plan& plan,
                                         const ImageRef& destination, const WriteOptions& options) {
  auto output = open_destination(destination, output_name(destination, options.tag, original.image().name));
  const BlobFormat format = format_for(*output, options);
  LayerBlob layer(format, [&](std::span<const std::byte> bytes) { output->layer_bytes(bytes); });
  TarWriter tar([&](std::span<const std::byte> bytes) { layer.write(bytes); });
  LayerSink* files = output->files();
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
  write_layer(*original.source, original.tree, plan, sink);
  tar.finish();
  layer.finish();
  return std::make_unique<WrittenToDestination>(std::move(output), original.image(), options, layer,
                                                format.compression);
}

}  // namespace slim
