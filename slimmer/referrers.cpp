// The document is the one layer of a manifest that names the image as its subject; an artifact of the
// image-spec (manifest.md, "Guidelines for Artifact Usage"). Where the registry does not answer with
// OCI-Subject, it has not understood the subject, and whoever pushes keeps the list: an index under the tag
// ALGORITHM-HEX of the subject ("Referrers Tag Schema").
#include "slimmer/referrers.h"

#include <cstddef>
#include <cstdint>
#include <ctime>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "analyzer/byte_stream.h"
#include "analyzer/digest.h"
#include "analyzer/error.h"
#include "analyzer/http_client.h"
#include "analyzer/image.h"
#include "analyzer/image_choice.h"
#include "analyzer/image_ref.h"
#include "analyzer/json.h"
#include "analyzer/json_object.h"
#include "analyzer/oci_image.h"
#include "analyzer/registry_client.h"
#include "analyzer/registry_name.h"
#include "slimmer/registry_upload.h"

namespace slim {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::uint64_t largest_attachment = std::uint64_t{256} << 20;
constexpr std::size_t most_referrers = 1000;
constexpr const char* created_key = "org.opencontainers.image.created";
constexpr const char* empty_type = "application/vnd.oci.empty.v1+json";
constexpr std::string_view empty_document = "{}";

Json descriptor_of(std::string_view type, std::string_view text) {
  return {{"mediaType", type}, {"digest", Digest::of(text).text()}, {"size", text.size()}};
}

void upload_text(RegistryClient& client, std::string_view text) {
  upload_blob(client, {.digest = Digest::of(text),
                       .size = text.size(),
                       .bytes = [text](std::uint64_t offset, std::uint64_t length) {
                         return memory_reader(std::as_bytes(std::span(text.substr(offset, length))));
                       }});
}

std::string now() {
  return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(std::time(nullptr)));
}

std::string fallback_tag(const Digest& subject) {
  return fmt::format("{}-{}", subject.algorithm(), subject.hex());
}

std::optional<std::string> fallback_list(RegistryClient& client, const Digest& subject) {
  auto found = client.text_if_there(
      {.path = "manifests/" + fallback_tag(subject), .headers = {{"Accept", std::string(oci_index_type)}}},
      largest_document);
  return found ? std::optional(std::move(found->body)) : std::nullopt;
}

void add_to_fallback_list(RegistryClient& client, const Digest& subject, const Json& entry) {
  Json index = {{"schemaVersion", 2}, {"mediaType", oci_index_type}, {"manifests", Json::array()}};
  if (const auto old = fallback_list(client, subject)) {
    const std::string where = client.what() + ": " + fallback_tag(subject);
    const nlohmann::json document = parse_json(*old, where);
    for (const JsonObject& one : JsonObject(document, where).objects("manifests"))
      index["manifests"].push_back(Json(one.json()));
    if (index["manifests"].size() >= most_referrers)
      throw Error(ErrorKind::environment, where, fmt::format("lists {} documents already", most_referrers));
  }
  index["manifests"].push_back(entry);
  put_manifest(client, fallback_tag(subject), std::string(oci_index_type), index.dump());
}

/// The manifest of the newest document of `type` in a list of what refers to an image.
std::optional<Descriptor> newest(const std::string& list, const std::string& type, const std::string& where) {
  const nlohmann::json document = parse_json(list, where);
  std::optional<Descriptor> found;
  std::string created;
  for (const JsonObject& entry : JsonObject(document, where).objects("manifests")) {
    if (entry.string("artifactType") != type) continue;
    const std::string its = entry.object("annotations").string(created_key);
    if (found && its < created) continue;
    created = its;
    found = Descriptor{.media_type = entry.string("mediaType"),
                       .digest = Digest::parse(entry.string("digest"), where),
                       .size = entry.size("size"),
                       .location = {}};
  }
  return found;
}

}  // namespace

Digest attach_document(const ImageRef& image, const Digest& subject, const std::string& type,
                       const std::string& text) {
  RegistryClient client(RegistryName::parse(image.name), image.insecure, image.text());
  const RegistryClient::Text manifest =
      client.text({.path = "manifests/" + subject.text(), .headers = {{"Accept", oci_manifest_types()}}},
                  largest_document);
  const std::string where = image.text() + ": " + subject.text();
  check_document(manifest.body,
                 {.media_type = {}, .digest = subject, .size = manifest.body.size(), .location = {}}, where);
  const Json told = parse_json(manifest.body, where);
  std::string subject_type = JsonObject(told, where).string("mediaType");
  if (subject_type.empty()) subject_type = oci_manifest_type;  // only Docker's must name its own
  upload_text(client, empty_document);
  upload_text(client, text);
  const std::string created = now();
  const Json artifact = {
      {"schemaVersion", 2},
      {"mediaType", oci_manifest_type},
      {"artifactType", type},
      {"config", descriptor_of(empty_type, empty_document)},
      {"layers", Json::array({descriptor_of(type, text)})},
      {"subject", {{"mediaType", subject_type}, {"digest", subject.text()}, {"size", manifest.body.size()}}},
      {"annotations", {{created_key, created}}}};
  const std::string document = artifact.dump();
  const Digest digest = Digest::of(document);
  const HttpHeaders answer = put_manifest(client, digest.text(), std::string(oci_manifest_type), document);
  if (header_value(answer, "OCI-Subject").empty()) {
    Json entry = descriptor_of(oci_manifest_type, document);
    entry["artifactType"] = type;
    entry["annotations"] = {{created_key, created}};
    add_to_fallback_list(client, subject, entry);
  }
  return digest;
}

std::optional<std::string> attached_document(const ImageRef& image, const Digest& subject,
                                             const std::string& type) {
  RegistryClient client(RegistryName::parse(image.name), image.insecure, image.text());
  const std::string where = image.text() + ": referrers of " + subject.text();
  std::optional<std::string> list;
  if (auto told = client.text_if_there(
          {.path = "referrers/" + subject.text(), .headers = {{"Accept", std::string(oci_index_type)}}},
          largest_document)) {
    list = std::move(told->body);
  } else {
    list = fallback_list(client, subject);
  }
  const auto found = list ? newest(*list, type, where) : std::nullopt;
  if (!found) return std::nullopt;
  const RegistryClient::Text manifest = client.text(
      {.path = "manifests/" + found->digest.text(), .headers = {{"Accept", oci_manifest_types()}}},
      largest_document);
  check_document(manifest.body, *found, where);
  const nlohmann::json document = parse_json(manifest.body, where);
  for (const JsonObject& layer : JsonObject(document, where).objects("layers")) {
    if (layer.string("mediaType") != type) continue;
    const Descriptor blob{.media_type = type,
                          .digest = Digest::parse(layer.string("digest"), where),
                          .size = layer.size("size"),
                          .location = {}};
    std::string text = client.text({.path = "blobs/" + blob.digest.text()}, largest_attachment).body;
    check_document(text, blob, where);
    return text;
  }
  throw Error(ErrorKind::input, where, "the document that is listed holds nothing of its type");
}

}  // namespace slim
