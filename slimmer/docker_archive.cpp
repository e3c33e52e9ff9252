// docker-archive: a tar as `docker save` of Docker 1.10 to 24 writes it, which every `docker load` takes
// (moby, image/spec/v1.2.md). The layer is plain; the image's identity is the digest of its config.
#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <utility>

#include "analyzer/digest.h"
#include "analyzer/image_ref.h"
#include "slimmer/archive_file.h"
#include "slimmer/destination.h"
#include "slimmer/layer_writer.h"
#include "slimmer/oci_documents.h"

namespace slim {
namespace {

class DockerArchive : public Destination {
 public:
  DockerArchive(const ImageRef& ref, std::string name)
      : ref_(ref), name_(std::move(name)), file_(ref.path, ref.text()) {}

  [[nodiscard]] bool compresses() const override { return false; }
  LayerSink* files() override { return nullptr; }
  void layer_bytes(std::span<const std::byte> bytes) override { file_.layer_bytes(bytes); }

  Digest describe(const OutputImage& image) override {
    Digest config = Digest::of(image.config);
    const std::string config_name = std::string(config.hex()) + ".json";
    const std::string layer_id(image.diff_id.hex());
    const std::string layer_name = layer_id + "/layer.tar";
    file_.end_layer(layer_name);
    file_.add(config_name, image.config);
    file_.add("manifest.json", docker_manifest(config_name, layer_name, name_));
    if (!name_.empty()) file_.add("repositories", docker_repositories(layer_id, name_));
    file_.finish();
    return config;
  }

  [[nodiscard]] ImageRef staged() const override {
    return {.transport = ref_.transport, .path = file_.path().string(), .name = name_};
  }
  void commit() override { file_.commit(); }

 private:
  ImageRef ref_;
  std::string name_;
  ArchiveFile file_;
};

}  // namespace

std::unique_ptr<Destination> open_docker_archive(const ImageRef& ref, const std::string& name) {
  return std::make_unique<DockerArchive>(ref, name);
}

}  // namespace slim
