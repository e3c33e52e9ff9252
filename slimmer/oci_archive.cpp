// oci-archive: the tar of an OCI image layout (image-layout.md) with one image. The file that tells what it
// is comes first.
#include <memory>
#include <string>
#include <utility>

#include "analyzer/digest.h"
#include "analyzer/image_ref.h"
#include "slimmer/archive_destination.h"
#include "slimmer/destination.h"
#include "slimmer/layer_blob.h"
#include "slimmer/oci_documents.h"

namespace slim {
namespace {

class OciArchive : public ArchiveDestination {
 public:
  OciArchive(const ImageRef& ref, std::string name) : ArchiveDestination(ref, std::move(name)) {
    file().add("oci-layout", oci_layout_file());
    file().add("blobs/", "");
    file().add("blobs/sha256/", "");
  }

  [[nodiscard]] bool compresses() const override { return true; }

  Digest describe(const OutputImage& image) override {
    const std::string manifest = oci_manifest(image);
    Digest digest = Digest::of(manifest);
    file().back_to_layers();
    file().add(oci_blob_path(Digest::of(image.config)), image.config);
    file().add(oci_blob_path(digest), manifest);
    file().add("index.json", oci_index_with("", image, manifest, name(), ref().text()));
    file().finish();
    return digest;
  }

 private:
  [[nodiscard]] std::string member_of(const StoredLayer& layer) const override {
    return oci_blob_path(layer.blob.digest);
  }
};

}  // namespace

std::unique_ptr<Destination> open_oci_archive(const ImageRef& ref, const std::string& name) {
  return std::make_unique<OciArchive>(ref, name);
}

}  // namespace slim
