// oci-archive: the tar of an OCI image layout (image-layout.md) with one image. The file that tells what it
// is comes first.
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

class OciArchive : public Destination {
 public:
  OciArchive(const ImageRef& ref, std::string name)
      : ref_(ref), name_(std::move(name)), file_(ref.path, ref.text()) {
    file_.add("oci-layout", oci_layout_file());
    file_.add("blobs/", "");
    file_.add("blobs/sha256/", "");
  }

  [[nodiscard]] bool compresses() const override { return true; }
  LayerSink* files() override { return nullptr; }
  void layer_bytes(std::span<const std::byte> bytes) override { file_.layer_bytes(bytes); }

  Digest describe(const OutputImage& image) override {
    const std::string manifest = oci_manifest(image);
    Digest digest = Digest::of(manifest);
    file_.end_layer(oci_blob_path(image.layer_digest));
    file_.add(oci_blob_path(Digest::of(image.config)), image.config);
    file_.add(oci_blob_path(digest), manifest);
    file_.add("index.json", oci_index_with("", image, manifest, name_, ref_.text()));
    file_.finish();
    return digest;
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

std::unique_ptr<Destination> open_oci_archive(const ImageRef& ref, const std::string& name) {
  return std::make_unique<OciArchive>(ref, name);
}

}  // namespace slim
