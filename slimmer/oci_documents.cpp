// OCI image-spec 1.1: manifest.md, image-index.md, image-layout.md, annotations.md; and Docker's image
// archives (moby, image/spec/v1.2.md). Keys keep the order in which they are written here or were found.
#include "slimmer/oci_documents.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "analyzer/compression.h"
#include "analyzer/digest.h"
#include "analyzer/error.h"
#include "analyzer/platform.h"
#include "slimmer/destination.h"
#include "slimmer/layer_blob.h"

namespace slim {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view manifest_type = "application/vnd.oci.image.manifest.v1+json";
constexpr std::string_view index_type = "application/vnd.oci.image.index.v1+json";
constexpr std::string_view config_type = "application/vnd.oci.image.config.v1+json";
constexpr const char* ref_name = "org.opencontainers.image.ref.name";

std::string layer_type(Compression compression) {
  std::string tar = "application/vnd.oci.image.layer.v1.tar";
  switch (compression) {
    case Compression::gzip:
      return tar + "+gzip";
    case Compression::zstd:
      return tar + "+zstd";
    case Compression::none:
      break;
  }
  return tar;
}

/// Hostile text may come back out of a source's config: what is not UTF-8 is replaced and not thrown over.
std::string dump(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Json descriptor(std::string_view media_type, const Digest& digest, std::uint64_t size) {
  return {{"mediaType", media_type}, {"digest", digest.text()}, {"size", size}};
}

Json platform_json(const Platform& platform) {
  Json entry = {{"architecture", platform.architecture}, {"os", platform.os}};
  if (!platform.variant.empty()) entry["variant"] = platform.variant;
  return entry;
}

Json manifest_descriptor(const OutputImage& image, const std::string& manifest, const std::string& name) {
  Json entry = descriptor(manifest_type, Digest::of(manifest), manifest.size());
  if (!image.platform.os.empty() && !image.platform.architecture.empty())
    entry["platform"] = platform_json(image.platform);
  if (!name.empty()) entry["annotations"] = {{ref_name, name}};
  return entry;
}

Json new_index() {
  return {{"schemaVersion", 2}, {"mediaType", index_type}, {"manifests", Json::array()}};
}

std::string name_of(const Json& entry) {
  const auto annotations = entry.find("annotations");
  if (annotations == entry.end() || !annotations->is_object()) return {};
  const auto name = annotations->find(ref_name);
  return name == annotations->end() || !name->is_string() ? std::string() : name->get<std::string>();
}

void take_name(Json& entry) {
  Json& annotations = entry["annotations"];
  annotations.erase(ref_name);
  if (annotations.empty()) entry.erase("annotations");
}

Json parse_index(const std::string& text, const std::string& where) {
  Json index = Json::parse(text, nullptr, false);
  if (index.is_discarded() || !index.is_object())
    throw Error(ErrorKind::input, where, "is not a JSON object");
  const auto manifests = index.find("manifests");
  if (manifests == index.end() || !manifests->is_array()) {
    throw Error(ErrorKind::input, where, "manifests: expected a list of descriptors");
  }
  for (const Json& entry : *manifests) {
    if (!entry.is_object()) throw Error(ErrorKind::input, where, "manifests: expected a list of descriptors");
  }
  return index;
}

}  // namespace

std::string oci_blob_path(const Digest& digest) {
  return "blobs/" + std::string(digest.algorithm()) + "/" + std::string(digest.hex());
}

std::string oci_manifest(const OutputImage& image) {
  Json manifest = {{"schemaVersion", 2}, {"mediaType", manifest_type}};
  manifest["config"] = descriptor(config_type, Digest::of(image.config), image.config.size());
  manifest["layers"] = Json::array();
  for (const StoredLayer& layer : image.layers) {
    manifest["layers"].push_back(
        descriptor(layer_type(image.compression), layer.blob.digest, layer.blob.size));
  }
  Json annotations = Json::object();
  const Json config = Json::parse(image.config, nullptr, false);
  if (const auto created = config.find("created"); created != config.end() && created->is_string())
    annotations["org.opencontainers.image.created"] = *created;
  if (!image.base_digest.empty())
    annotations["org.opencontainers.image.base.digest"] = image.base_digest.text();
  if (!image.base_name.empty()) annotations["org.opencontainers.image.base.name"] = image.base_name;
  if (!annotations.empty()) manifest["annotations"] = std::move(annotations);
  return dump(manifest);
}

namespace {

std::string with_entry(const std::string& index, const Json& added, const std::string& name,
                       const std::string& where) {
  Json whole = index.empty() ? new_index() : parse_index(index, where);
  Json kept = Json::array();
  bool present = false;
  for (Json& entry : whole["manifests"]) {
    const bool same_image = entry.value("digest", Json()) == added["digest"];
    const std::string other = name_of(entry);
    if (same_image && (other == name || other.empty())) continue;
    present = present || same_image;
    if (!name.empty() && other == name) take_name(entry);
    kept.push_back(std::move(entry));
  }
  // Without a name of its own an image that is there under another one gains nothing by being listed twice.
  if (!present || !name.empty()) kept.push_back(added);
  whole["manifests"] = std::move(kept);
  return dump(whole);
}

}  // namespace

std::string oci_index_with(const std::string& index, const OutputImage& image, const std::string& manifest,
                           const std::string& name, const std::string& where) {
  return with_entry(index, manifest_descriptor(image, manifest, name), name, where);
}

std::string oci_index_with_index(const std::string& index, const std::string& added, const std::string& name,
                                 const std::string& where) {
  Json entry = descriptor(index_type, Digest::of(added), added.size());
  if (!name.empty()) entry["annotations"] = {{ref_name, name}};
  return with_entry(index, entry, name, where);
}

std::string oci_platform_index(const std::string& index, const std::vector<Platform>& platforms,
                               const std::string& base_name, const std::string& where) {
  Json whole = new_index();
  const Json source = parse_index(index, where);
  std::size_t number = 0;
  for (Json entry : source["manifests"]) {
    if (!name_of(entry).empty()) take_name(entry);
    entry["platform"] = platform_json(platforms.at(number++));
    whole["manifests"].push_back(std::move(entry));
  }
  if (!base_name.empty()) whole["annotations"] = {{"org.opencontainers.image.base.name", base_name}};
  return dump(whole);
}

std::string oci_layout_file() {
  return R"({"imageLayoutVersion":"1.0.0"})";
}

void check_oci_layout_file(const std::string& text, const std::string& where) {
  const Json layout = Json::parse(text, nullptr, false);
  const bool known = layout.is_object() && layout.value("imageLayoutVersion", Json()) == "1.0.0";
  if (!known) throw Error(ErrorKind::input, where, "expected a JSON object with imageLayoutVersion 1.0.0");
}

std::string docker_manifest(const std::string& config_name, const std::vector<std::string>& layer_names,
                            const std::string& name) {
  Json image = {{"Config", config_name}, {"RepoTags", nullptr}, {"Layers", layer_names}};
  if (!name.empty()) image["RepoTags"] = Json::array({name});
  return dump(Json::array({image})) + "\n";
}

std::string docker_repositories(const std::string& layer_id, const std::string& name) {
  const std::size_t colon = name.rfind(':');
  return dump({{name.substr(0, colon), {{name.substr(colon + 1), layer_id}}}}) + "\n";
}

}  // namespace slim
