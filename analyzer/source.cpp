// Opens what a reference names. All stored forms are one Source: an image, and the files that its layers lie
// in.
#include "analyzer/source.h"

#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <sys/stat.h>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "analyzer/blob_place.h"
#include "analyzer/byte_stream.h"
#include "analyzer/compression.h"
#include "analyzer/docker_archive.h"
#include "analyzer/error.h"
#include "analyzer/image.h"
#include "analyzer/image_choice.h"
#include "analyzer/image_files.h"
#include "analyzer/image_ref.h"
#include "analyzer/json.h"
#include "analyzer/oci_layout.h"
#include "analyzer/platform.h"
#include "analyzer/registry_source.h"
#include "analyzer/rootfs_source.h"
#include "analyzer/saved_image.h"
#include "analyzer/unique_fd.h"

namespace slim {
namespace {

class StoredSource : public Source {
 public:
  StoredSource(ImageFiles files, Image image) : files_(std::move(files)), image_(std::move(image)) {}
  [[nodiscard]] const Image& image() const override { return image_; }
  ByteReader open_blob(std::size_t index) override {
    return files_.open(image_.layers.at(index).blob.location);
  }
  [[nodiscard]] std::optional<BlobPlace> place(std::size_t index) const override {
    return files_.stored_at(image_.layers.at(index).blob.location);
  }

 private:
  ImageFiles files_;
  Image image_;
};

class FolderSource : public Source {
 public:
  explicit FolderSource(Image image) : image_(std::move(image)) {}
  [[nodiscard]] const Image& image() const override { return image_; }
  ByteReader open_blob(std::size_t index) override {
    return folder_tar(image_.layers.at(index).blob.location);
  }

 private:
  Image image_;
};

class TarSource : public Source {
 public:
  TarSource(UniqueFd file, Image image) : file_(std::move(file)), image_(std::move(image)) {}
  [[nodiscard]] const Image& image() const override { return image_; }
  ByteReader open_blob(std::size_t index) override {
    const Descriptor& blob = image_.layers.at(index).blob;
    return file_range_reader(file_.get(), 0, blob.size, blob.location);
  }
  [[nodiscard]] std::optional<BlobPlace> place(std::size_t index) const override {
    const Descriptor& blob = image_.layers.at(index).blob;
    return BlobPlace::of(file_.get(), 0, blob.size, blob.location);
  }

 private:
  UniqueFd file_;
  Image image_;
};

std::unique_ptr<Source> open_rootfs(const ImageRef& ref, const Platform* wanted) {
  Image image = rootfs_image(ref, wanted);
  struct stat status{};
  if (::stat(ref.path.c_str(), &status) == 0 && S_ISDIR(status.st_mode)) {
    return std::make_unique<FolderSource>(std::move(image));
  }
  UniqueFd file = open_regular_file(ref.path);
  if (::fstat(file.get(), &status) == 0)
    image.layers.front().blob.size = static_cast<std::uint64_t>(status.st_size);
  return std::make_unique<TarSource>(std::move(file), std::move(image));
}

/// The images in an archive of `docker save`.
std::size_t image_count(const ImageFiles& files) {
  const auto list = parse_json(files.read("manifest.json", largest_document), files.place("manifest.json"));
  return list.is_array() ? list.size() : 0;
}

/// What a daemon has saved. Newer ones write an OCI layout with a manifest.json for older readers beside it:
/// that one is read where it leaves no choice, since it tells of the one image that was asked for; else the
/// layout's index, by platform.
std::unique_ptr<Source> open_archive_of(SavedImage saved, const ImageRef& ref, const Platform* wanted) {
  const bool has_layout = saved.files.contains("oci-layout") && saved.files.contains("index.json");
  const bool has_manifest = saved.files.contains("manifest.json");
  if (!has_layout && !has_manifest)
    throw Error(ErrorKind::input, ref.text(), "no manifest.json in what was saved: this is no image");
  const bool reads_layout = has_layout && (!has_manifest || image_count(saved.files) != 1);
  const ImageRef inside{.transport = reads_layout ? Transport::oci_archive : Transport::docker_archive,
                        .path = ref.text(),
                        .name = {}};
  Image image = reads_layout ? read_oci_layout(saved.files, inside, wanted)
                             : read_docker_archive(saved.files, inside, wanted);
  image.reference = ref.text();
  if (!saved.name.empty()) image.name = saved.name;
  return std::make_unique<StoredSource>(std::move(saved.files), std::move(image));
}

std::unique_ptr<Source> open_saved(std::expected<SavedImage, NotThere> saved, const ImageRef& ref,
                                   const Platform* wanted) {
  if (saved) return open_archive_of(*std::move(saved), ref, wanted);
  const NotThere& not_there = saved.error();
  throw Error(not_there.asked ? ErrorKind::input : ErrorKind::environment, ref.text(), not_there.why,
              not_there.hint);
}

/// The Docker daemon's, else Podman's, else its registry's. A place that has the image and fails to give it
/// ends the search: another one's image of that name may be another image.
std::unique_ptr<Source> open_by_name(const ImageRef& ref, const Platform* wanted) {
  std::vector<std::string> tried;
  bool asked = false;
  for (const auto saved_by : {saved_by_docker, saved_by_podman}) {
    auto saved = saved_by(ref.name, ref.text(), wanted);
    if (saved) return open_archive_of(*std::move(saved), ref, wanted);
    tried.push_back(saved.error().why);
    asked = asked || saved.error().asked;
  }
  std::string hint;
  try {
    ImageRef in_registry = ref;
    in_registry.transport = Transport::registry;
    return open_registry(in_registry, wanted);
  } catch (const Error& error) {
    tried.emplace_back(error.what());
    asked = asked || error.kind() == ErrorKind::input;
    hint = error.hint();
  }
  throw Error(
      asked ? ErrorKind::input : ErrorKind::environment, ref.text(),
      fmt::format("no such file or folder, and no image of that name in Docker ({}), in Podman ({}) or "
                  "in its registry ({})",
                  tried[0], tried[1], tried[2]),
      hint);
}

}  // namespace

std::unique_ptr<Source> open_source(const ImageRef& ref, const Platform* wanted) {
  switch (ref.transport) {
    case Transport::docker_archive: {
      ImageFiles files = ImageFiles::archive(ref.path);
      if (!files.contains("manifest.json")) {
        throw Error(ErrorKind::input, ref.path, "no manifest.json in it: this is no archive of docker save");
      }
      Image image = read_docker_archive(files, ref, wanted);
      return std::make_unique<StoredSource>(std::move(files), std::move(image));
    }
    case Transport::oci:
    case Transport::oci_archive: {
      ImageFiles files =
          ref.transport == Transport::oci ? ImageFiles::folder(ref.path) : ImageFiles::archive(ref.path);
      Image image = read_oci_layout(files, ref, wanted);
      return std::make_unique<StoredSource>(std::move(files), std::move(image));
    }
    case Transport::rootfs:
      return open_rootfs(ref, wanted);
    case Transport::docker_daemon:
      return open_saved(saved_by_docker(ref.name, ref.text(), wanted), ref, wanted);
    case Transport::containers_storage:
      return open_saved(saved_by_podman(ref.name, ref.text(), wanted), ref, wanted);
    case Transport::bare_name:
      return open_by_name(ref, wanted);
    case Transport::registry:
      return open_registry(ref, wanted);
    case Transport::dir:
      break;
  }
  throw Error(ErrorKind::usage, ref.text(), "dir: is for output only",
              "to read a root folder: rootfs:" + ref.path);
}

std::string layer_name(const Image& image, std::size_t index) {
  const Layer& layer = image.layers.at(index);
  const std::string& digest = layer.blob.digest.empty() ? layer.diff_id.text() : layer.blob.digest.text();
  return digest.empty() ? fmt::format("{}: layer {}", image.reference, index)
                        : fmt::format("{}: layer {} ({})", image.reference, index, digest);
}

ByteReader open_layer_unverified(Source& source, std::size_t index) {
  const Layer& layer = source.image().layers.at(index);
  const std::string name = layer_name(source.image(), index);
  // A blob whose digest is also the diff_id can only be a plain tar: one of the two checks is enough.
  const bool same = layer.blob.digest == layer.diff_id;
  return decompressed(
      verified(source.open_blob(index), same ? Digest() : layer.blob.digest, layer.blob.size, name), name);
}

ByteReader open_layer(Source& source, std::size_t index) {
  return verified(open_layer_unverified(source, index), source.image().layers.at(index).diff_id, unknown_size,
                  layer_name(source.image(), index) + ": uncompressed");
}

}  // namespace slim
