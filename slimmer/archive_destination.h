// What the two forms of an image in a tar have in common; they differ in what describe() writes.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <utility>

#include "analyzer/image_ref.h"
#include "slimmer/archive_file.h"
#include "slimmer/destination.h"
#include "slimmer/layer_blob.h"
#include "slimmer/layer_writer.h"

namespace slim {

class ArchiveDestination : public Destination {
 public:
  LayerSink* files() override { return nullptr; }
  void layer_bytes(std::span<const std::byte> bytes) override { file_.layer_bytes(bytes); }
  void end_layer(const StoredLayer& layer) override { file_.end_layer(member_of(layer)); }
  [[nodiscard]] ImageRef staged() const override {
    return {.transport = ref_.transport, .path = file_.path().string(), .name = name_};
  }
  void commit() override { file_.commit(); }

 protected:
  /// The name of a layer's member.
  [[nodiscard]] virtual std::string member_of(const StoredLayer& layer) const = 0;

  ArchiveDestination(const ImageRef& ref, std::string name)
      : ref_(ref), name_(std::move(name)), file_(ref.path, ref.text()) {}

  [[nodiscard]] const ImageRef& ref() const { return ref_; }
  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] ArchiveFile& file() { return file_; }

 private:
  ImageRef ref_;
  std::string name_;
  ArchiveFile file_;
};

}  // namespace slim
