// The images are collected in a layout of their own, which is a destination like any other; blobs that they
// share are in it once. OCI image-spec: image-index.md. The index of the platforms is a blob, and the one
// entry of index.json that has the name: what `skopeo copy --all` and BuildKit write.
#include "slimmer/platform_images.h"

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <fcntl.h>
#include <filesystem>
#include <span>
#include <string>
#include <unistd.h>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "analyzer/digest.h"
#include "analyzer/error.h"
#include "analyzer/image_ref.h"
#include "analyzer/oci_image.h"
#include "analyzer/platform.h"
#include "analyzer/registry_client.h"
#include "analyzer/registry_name.h"
#include "analyzer/spool.h"
#include "analyzer/unique_fd.h"
#include "slimmer/archive_file.h"
#include "slimmer/destination.h"
#include "slimmer/layout_folder.h"
#include "slimmer/layout_push.h"
#include "slimmer/oci_documents.h"
#include "slimmer/registry_upload.h"
#include "slimmer/staging.h"

namespace slim {
namespace {

namespace fs = std::filesystem;

fs::path place_of(const ImageRef& destination) {
  if (destination.transport == Transport::oci) return checked_layout_place(destination);
  if (destination.transport == Transport::oci_archive) return destination.path;
  throw Error(ErrorKind::usage, destination.text(), "holds an image of one platform",
              "write oci:DIR, oci-archive:FILE or docker://NAME with --platform all");
}

/// A layout that is there gets its blobs by renaming: they are made within it.
fs::path stage_folder(const ImageRef& destination) {
  if (destination.transport == Transport::registry) return temporary_folder();
  fs::path place = place_of(destination);
  if (destination.transport == Transport::oci && fs::exists(place)) return place;
  return place.has_parent_path() ? place.parent_path() : ".";
}

std::string stage_name(const ImageRef& destination) {
  return destination.transport == Transport::registry ? "push" : place_of(destination).filename().string();
}

/// A file of a layout as a member of an archive.
void add_blob(ArchiveFile& archive, const fs::path& blob, const std::string& name, const std::string& what) {
  const UniqueFd file(open(blob.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) throw system_error(what, "cannot read " + name, errno);
  std::vector<std::byte> buffer(std::size_t{256} * 1024);
  bool any = false;
  while (true) {
    const ssize_t count = read(file.get(), buffer.data(), buffer.size());
    if (count < 0) throw system_error(what, "cannot read " + name, errno);
    if (count == 0 && any) break;
    archive.layer_bytes(std::span(buffer).first(static_cast<std::size_t>(count)));
    any = true;
  }
  archive.end_layer(name);
}

/// An index, and the tag when all of it is there.
void push_tagged(RegistryClient& client, const fs::path& layout, const Digest& index,
                 const std::string& base_name) {
  const std::string text = push_index(client, layout, index, base_name);
  put_manifest(client, client.name().tag, std::string(oci_index_type), text);
}

}  // namespace

PlatformImages::PlatformImages(const ImageRef& destination, std::string tag)
    : destination_(destination),
      tag_(std::move(tag)),
      stage_(destination.transport == Transport::registry ? StagedKind::private_folder : StagedKind::folder,
             stage_folder(destination), stage_name(destination), destination.text()) {
  if (destination_.transport == Transport::registry) {
    registry_.emplace(RegistryName::parse(output_name(destination_, tag_, "")), destination_.insecure,
                      destination_.text());
    check_may_push(*registry_);
  }
  if (destination_.transport == Transport::oci_archive)
    const ArchiveFile place_can_be_written(destination_.path, destination_.text());
  make_folder(folder(), stage_.what());
}

/// Below the staged folder, which is locked for as long as it is staged: images lock the layout that they go
/// to.
fs::path PlatformImages::folder() const {
  return stage_.path() / "image";
}

ImageRef PlatformImages::next(const Platform& platform) {
  platforms_.push_back(platform);
  return {.transport = Transport::oci,
          .path = folder().string(),
          .name = fmt::format("platform-{}", platforms_.size())};
}

Digest PlatformImages::commit(const std::string& base_name) {
  const std::string& what = stage_.what();
  const std::string index = oci_platform_index(existing_index(folder(), what), platforms_, base_name, what);
  Digest digest = Digest::of(index);
  write_durable(folder() / oci_blob_path(digest), index, what);
  if (registry_) {
    push_tagged(*registry_, folder(), digest, base_name);
    return digest;
  }
  const std::string name = output_name(destination_, tag_, base_name);
  const std::string index_file = oci_index_with_index("", index, name, what);
  write_durable(folder() / "index.json", index_file, what);
  if (destination_.transport == Transport::oci_archive) {
    write_archive(index_file);
  } else {
    move_layout(index, name);
  }
  return digest;
}

void PlatformImages::write_archive(const std::string& index_file) {
  ArchiveFile archive(destination_.path, destination_.text());
  archive.add("oci-layout", oci_layout_file());
  archive.add("blobs/", "");
  archive.add("blobs/sha256/", "");
  std::vector<std::string> names;
  for (const auto& blob : fs::directory_iterator(folder() / "blobs" / "sha256"))
    names.push_back("blobs/sha256/" + blob.path().filename().string());
  std::ranges::sort(names);
  for (const std::string& name : names) add_blob(archive, folder() / name, name, stage_.what());
  archive.add("index.json", index_file);
  archive.finish();
  archive.commit();
}

void PlatformImages::move_layout(const std::string& index, const std::string& name) {
  const std::string& what = stage_.what();
  const fs::path place = place_of(destination_);
  if (!fs::exists(place)) {
    sync_layout(folder(), what);
    commit_staged([&] {
      move_file(folder(), place, what);
      sync_folder(place.has_parent_path() ? place.parent_path() : ".", what);
    });
    return;
  }
  std::vector<std::string> blobs;
  for (const auto& blob : fs::directory_iterator(folder() / "blobs" / "sha256"))
    blobs.push_back("blobs/sha256/" + blob.path().filename().string());
  std::ranges::sort(blobs);
  commit_staged([&] {
    add_to_layout(
        folder(), place, blobs,
        [&, &added = index](const std::string& there) {
          return oci_index_with_index(there, added, name, what + ": index.json");
        },
        what);
  });
}

}  // namespace slim
