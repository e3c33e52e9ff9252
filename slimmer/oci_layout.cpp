// oci: an OCI image layout folder (image-layout.md). The image is always staged as a layout of its own. A
// folder that does not exist yet is that layout renamed; to one that does the image is added: its blobs are
// moved in first, then index.json is replaced, so that at every moment the layout is whole, with the image or
// without it.
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <fcntl.h>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "analyzer/digest.h"
#include "analyzer/error.h"
#include "analyzer/image_ref.h"
#include "analyzer/unique_fd.h"
#include "slimmer/destination.h"
#include "slimmer/layer_blob.h"
#include "slimmer/layer_writer.h"
#include "slimmer/layout_folder.h"
#include "slimmer/oci_documents.h"
#include "slimmer/staging.h"

namespace slim {
namespace {

namespace fs = std::filesystem;

class OciLayout : public Destination {
 public:
  OciLayout(const ImageRef& ref, std::string name)
      : ref_(ref),
        name_(std::move(name)),
        place_(checked_layout_place(ref)),
        exists_(fs::exists(place_)),
        stage_(StagedKind::folder, exists_ ? place_ : parent(), place_.filename().string(), ref.text()) {
    make_folder(root() / "blobs", what());
    make_folder(root() / "blobs" / "sha256", what());
  }

  [[nodiscard]] bool compresses() const override { return true; }
  LayerSink* files() override { return nullptr; }

  void layer_bytes(std::span<const std::byte> bytes) override {
    if (!layer_) {
      layer_ = UniqueFd(open(unnamed_layer().c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666));
      if (!layer_) throw system_error(what(), "cannot make a file for a layer", errno);
      layer_size_ = 0;
    }
    write_at(layer_.get(), bytes, layer_size_, what());
    layer_size_ += bytes.size();
  }

  void end_layer(const StoredLayer& layer) override {
    sync_file(layer_.get(), what());
    layer_ = UniqueFd();
    layer_paths_.push_back(oci_blob_path(layer.blob.digest));
    move_file(unnamed_layer(), root() / layer_paths_.back(), what());
  }

  Digest describe(const OutputImage& image) override {
    for (const std::string& old : described_) fs::remove(root() / old);
    const std::string manifest = oci_manifest(image);
    Digest digest = Digest::of(manifest);
    described_ = {oci_blob_path(Digest::of(image.config)), oci_blob_path(digest)};
    write_durable(root() / described_[0], image.config, what());
    write_durable(root() / described_[1], manifest, what());
    write_durable(root() / "oci-layout", oci_layout_file(), what());
    write_durable(root() / "index.json", oci_index_with("", image, manifest, name_, what()), what());
    image_ = image;
    manifest_ = manifest;
    return digest;
  }

  [[nodiscard]] ImageRef staged() const override {
    return {.transport = Transport::oci, .path = root().string(), .name = name_};
  }

  void commit() override {
    if (exists_) {
      std::vector<std::string> blobs = layer_paths_;
      blobs.insert(blobs.end(), described_.begin(), described_.end());
      const auto with_this = [this](const std::string& index) {
        return oci_index_with(index, image_, manifest_, name_, what() + ": index.json");
      };
      commit_staged([&] { add_to_layout(root(), place_, blobs, with_this, what()); });
      committed_ = true;
      return;
    }
    sync_layout(root(), what());
    commit_staged([this] { stage_.move_to(place_); });
  }

 private:
  [[nodiscard]] fs::path parent() const { return place_.has_parent_path() ? place_.parent_path() : "."; }
  [[nodiscard]] fs::path root() const { return committed_ ? place_ : stage_.path(); }
  /// A layer has its name only when its digest is known.
  [[nodiscard]] fs::path unnamed_layer() const { return root() / "blobs" / "sha256" / "layer"; }
  [[nodiscard]] const std::string& what() const { return stage_.what(); }

  ImageRef ref_;
  std::string name_;
  fs::path place_;
  bool exists_;
  StagedPath stage_;
  bool committed_ = false;
  UniqueFd layer_;  ///< the one that was begun
  std::uint64_t layer_size_ = 0;
  std::vector<std::string> layer_paths_;  ///< the blobs of the layers
  std::vector<std::string> described_;    ///< the blobs of config and manifest
  OutputImage image_;
  std::string manifest_;
};

}  // namespace

std::unique_ptr<Destination> open_oci_layout(const ImageRef& ref, const std::string& name) {
  return std::make_unique<OciLayout>(ref, name);
}

}  // namespace slim
