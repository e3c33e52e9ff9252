// OCI distribution-spec 1.1, "Push": a registry may refuse a manifest whose blobs it does not have, so that
// they come first.
#include "slimmer/layout_push.h"

#include <cstdint>
#include <filesystem>
#include <string>

#include <nlohmann/json.hpp>

#include "analyzer/byte_stream.h"
#include "analyzer/digest.h"
#include "analyzer/host_file.h"
#include "analyzer/image_files.h"
#include "analyzer/json.h"
#include "analyzer/json_object.h"
#include "analyzer/oci_image.h"
#include "analyzer/registry_client.h"
#include "analyzer/registry_name.h"
#include "analyzer/unique_fd.h"
#include "slimmer/oci_documents.h"
#include "slimmer/registry_upload.h"

namespace slim {
namespace {

namespace fs = std::filesystem;

/// The repository of the image that it was made from, where that is in the same registry.
std::string near_repository(const RegistryClient& client, const std::string& base_name) {
  const auto base = RegistryName::read(base_name);
  const RegistryName& own = client.name();
  const bool near = base && base->host == own.host && base->repository != own.repository;
  return near ? base->repository : "";
}

Digest digest_of(const JsonObject& descriptor) {
  return Digest::parse(descriptor.string("digest"), descriptor.where());
}

void push_blob(RegistryClient& client, const fs::path& layout, const JsonObject& descriptor,
               const std::string& mounts_from) {
  const Digest digest = digest_of(descriptor);
  const std::string path = (layout / oci_blob_path(digest)).string();
  const UniqueFd file = open_regular_file(path);
  upload_blob(client,
              {.digest = digest,
               .size = descriptor.size("size"),
               .bytes = [fd = file.get(), path](
                            std::uint64_t offset,
                            std::uint64_t length) { return file_range_reader(fd, offset, length, path); }},
              mounts_from);
}

}  // namespace

std::string push_image(RegistryClient& client, const fs::path& layout, const Digest& manifest,
                       const std::string& base_name) {
  std::string text = read_host_file((layout / oci_blob_path(manifest)).string(), "staged manifest");
  const nlohmann::json document = parse_json(text, client.what());
  const JsonObject root(document, client.what());
  const std::string mounts_from = near_repository(client, base_name);
  for (const JsonObject& layer : root.objects("layers")) push_blob(client, layout, layer, mounts_from);
  push_blob(client, layout, root.object("config"), mounts_from);
  put_manifest(client, manifest.text(), std::string(oci_manifest_type), text);
  return text;
}

std::string push_index(RegistryClient& client, const fs::path& layout, const Digest& index,
                       const std::string& base_name) {
  std::string text = read_host_file((layout / oci_blob_path(index)).string(), "staged index");
  const nlohmann::json document = parse_json(text, client.what());
  for (const JsonObject& image : JsonObject(document, client.what()).objects("manifests"))
    push_image(client, layout, digest_of(image), base_name);
  put_manifest(client, index.text(), std::string(oci_index_type), text);
  return text;
}

}  // namespace slim
