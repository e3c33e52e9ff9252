// docker-archive: a tar as `docker save` of Docker 1.10 to 24 writes it, which every `docker load` takes
// (moby, image/spec/v1.2.md). Layers are plain; the image's identity is the digest of its config.
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "analyzer/digest.h"
#include "analyzer/image_ref.h"
#include "slimmer/archive_destination.h"
#include "slimmer/destination.h"
#include "slimmer/layer_blob.h"
#include "slimmer/oci_documents.h"

namespace slim {
namespace {

class DockerArchive : public ArchiveDestination {
 public:
  DockerArchive(const ImageRef& ref, std::string name) : ArchiveDestination(ref, std::move(name)) {}

  [[nodiscard]] bool compresses() const override { return false; }

  Digest describe(const OutputImage& image) override {
    Digest config = Digest::of(image.config);
    const std::string config_name = std::string(config.hex()) + ".json";
    std::vector<std::string> layer_names;
    layer_names.reserve(image.layers.size());
    for (const StoredLayer& layer : image.layers) layer_names.push_back(member_of(layer));
    const std::string top_id(image.layers.back().tar.digest.hex());
    file().back_to_layers();
    file().add(config_name, image.config);
    file().add("manifest.json", docker_manifest(config_name, layer_names, name()));
    if (!name().empty()) file().add("repositories", docker_repositories(top_id, name()));
    file().finish();
    return config;
  }

 private:
  [[nodiscard]] std::string member_of(const StoredLayer& layer) const override {
    return std::string(layer.tar.digest.hex()) + "/layer.tar";
  }
};

}  // namespace

std::unique_ptr<Destination> open_docker_archive(const ImageRef& ref, const std::string& name) {
  return std::make_unique<DockerArchive>(ref, name);
}

}  // namespace slim
