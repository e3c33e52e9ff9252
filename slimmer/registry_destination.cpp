// docker://: the image is staged as an OCI layout in a temporary folder and proved there; commit() pushes it.
// The tag comes last, when all that it stands for is in the registry, so that a push which fails leaves
// nothing under the tag, or what was there before; what was uploaded without one, the registry's garbage
// collection takes.
#include <cstddef>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <sys/stat.h>

#include "analyzer/digest.h"
#include "analyzer/image_ref.h"
#include "analyzer/oci_image.h"
#include "analyzer/registry_client.h"
#include "analyzer/registry_name.h"
#include "analyzer/spool.h"
#include "slimmer/destination.h"
#include "slimmer/layer_blob.h"
#include "slimmer/layer_writer.h"
#include "slimmer/layout_push.h"
#include "slimmer/registry_upload.h"
#include "slimmer/staging.h"

namespace slim {
namespace {

namespace fs = std::filesystem;

class RegistryDestination : public Destination {
 public:
  RegistryDestination(const ImageRef& ref, const std::string& name)
      : ref_{.transport = Transport::registry, .path = {}, .name = name, .insecure = ref.insecure},
        client_(RegistryName::parse(name), ref.insecure, ref_.text()),
        stage_(StagedKind::private_folder, temporary_folder(), "push", ref_.text()),
        layout_(open_oci_layout(
            {.transport = Transport::oci, .path = (stage_.path() / "image").string(), .name = {}}, "")) {
    check_may_push(client_);
  }

  [[nodiscard]] bool compresses() const override { return true; }
  LayerSink* files() override { return nullptr; }
  void layer_bytes(std::span<const std::byte> bytes) override { layout_->layer_bytes(bytes); }
  void end_layer(const StoredLayer& layer) override { layout_->end_layer(layer); }

  Digest describe(const OutputImage& image) override {
    digest_ = layout_->describe(image);
    base_name_ = image.base_name;
    return digest_;
  }

  [[nodiscard]] ImageRef staged() const override { return committed_ ? ref_ : layout_->staged(); }

  void commit() override {
    const std::string manifest = push_image(client_, layout_->staged().path, digest_, base_name_);
    put_manifest(client_, client_.name().tag, std::string(oci_manifest_type), manifest);
    committed_ = true;
  }

 private:
  ImageRef ref_;
  RegistryClient client_;
  StagedPath stage_;
  std::unique_ptr<Destination> layout_;  // within the folder: gone before it
  Digest digest_;
  std::string base_name_;
  bool committed_ = false;
};

}  // namespace

std::unique_ptr<Destination> open_registry_destination(const ImageRef& ref, const std::string& name) {
  return std::make_unique<RegistryDestination>(ref, name);
}

}  // namespace slim
