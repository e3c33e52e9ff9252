// docker-archive: a tar as `docker save` of Docker 1.10 to 24 writes it, which every `docker load` takes
// (moby, image/spec/v1.2.md). The layer is plain; the image's identity is the digest of its config.
#include <memory>
#include <string>
#include <utility>

#include "analyzer/digest.h"
#include "analyzer/image_ref.h"
#include "slimmer/archive_destination.h"
#include "slimmer/destination.h"
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
    const std::string layer_id(image.diff_id.hex());
    const std::string layer_name = layer_id + "/layer.tar";
    file().end_layer(layer_name);
    file().add(config_name, image.config);
    file().add("manifest.json", docker_manifest(config_name, layer_name, name()));
    if (!name().empty()) file().add("repositories", docker_repositories(layer_id, name()));
    file().finish();
    return config;
  }
};

}  // namespace

std::unique_ptr<Destination> open_docker_archive(const ImageRef& ref, const std::string& name) {
  return std::make_unique<DockerArchive>(ref, name);
}

}  // namespace slim
