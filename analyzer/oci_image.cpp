// Candidates are narrowed: nested indexes are opened, and the platform chooses among what is left. Every
// document is checked against its descriptor before it is believed. Follows the OCI image-spec:
// image-index.md, manifest.md, descriptor.md; Docker's schema 2 is the same with other media types.
#include "analyzer/oci_image.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "analyzer/digest.h"
#include "analyzer/error.h"
#include "analyzer/image.h"
#include "analyzer/image_choice.h"
#include "analyzer/image_ref.h"
#include "analyzer/json.h"
#include "analyzer/json_object.h"
#include "analyzer/platform.h"

namespace slim {
namespace {

constexpr int deepest_index = 4;
constexpr std::size_t most_manifests = 1000;

bool is_index(std::string_view type) {
  return type == oci_index_type || type == docker_list_type;
}
bool is_manifest(std::string_view type) {
  return type == oci_manifest_type || type == docker_manifest_type;
}
bool is_schema1(std::string_view type) {
  return type.starts_with("application/vnd.docker.distribution.manifest.v1");
}

std::string blob_name(const Digest& digest) {
  return fmt::format("blobs/{}/{}", digest.algorithm(), digest.hex());
}

Descriptor read_descriptor(const JsonObject& from) {
  Descriptor descriptor;
  descriptor.media_type = from.string("mediaType");
  const std::string digest = from.string("digest");
  if (digest.empty()) from.fail("digest", "missing: expected sha256: with 64 hex digits");
  descriptor.digest = Digest::parse(digest, from.where());
  descriptor.size = from.size("size");
  descriptor.location = blob_name(descriptor.digest);
  return descriptor;
}

OciCandidate read_candidate(const JsonObject& from) {
  OciCandidate candidate{.descriptor = read_descriptor(from), .platform = {}, .names = {}};
  if (from.find("platform") != nullptr) {
    const JsonObject platform = from.object("platform");
    candidate.platform = Platform{.os = platform.string("os"),
                                  .architecture = platform.string("architecture"),
                                  .variant = platform.string("variant")};
  }
  const JsonObject annotations = from.object("annotations");
  for (const std::string_view key : {"org.opencontainers.image.ref.name", "io.containerd.image.name"}) {
    if (auto name = annotations.string(key); !name.empty()) candidate.names.push_back(std::move(name));
  }
  return candidate;
}

/// BuildKit's provenance and SBOM: they lie beside the images, in manifests of their own.
bool is_attestation(const JsonObject& entry) {
  const JsonObject platform = entry.object("platform");
  if (platform.string("os") == "unknown" && platform.string("architecture") == "unknown") return true;
  return !entry.object("annotations").string("vnd.docker.reference.type").empty();
}

class OciReader {
 public:
  OciReader(const OciDocuments& documents, const ImageRef& ref, const Platform* wanted)
      : documents_(documents), ref_(ref), wanted_(wanted) {}

  [[nodiscard]] Image read(std::vector<OciCandidate> candidates) const {
    return read_image(by_platform(flatten(std::move(candidates), 0)));
  }

  [[nodiscard]] std::vector<Platform> platforms(std::vector<OciCandidate> candidates) const {
    std::vector<Platform> all;
    for (const OciCandidate& candidate : flatten(std::move(candidates), 0)) {
      Platform have = platform_of(candidate);
      if (std::ranges::find(all, have) == all.end()) all.push_back(std::move(have));
    }
    return all;
  }

 private:
  /// Indexes replaced by what is in them.
  [[nodiscard]] std::vector<OciCandidate> flatten(std::vector<OciCandidate> candidates, int depth) const {
    std::vector<OciCandidate> flat;
    for (OciCandidate& candidate : candidates) {
      const Descriptor& descriptor = candidate.descriptor;
      if (!is_index(descriptor.media_type)) {
        flat.push_back(std::move(candidate));
      } else {
        if (depth == deepest_index) {
          throw Error(ErrorKind::input, documents_.place(descriptor), "indexes are nested too deep");
        }
        if (++opened_ > most_manifests)
          throw Error(ErrorKind::input, documents_.where,
                      fmt::format("more than {} indexes", most_manifests));
        auto inner = flatten(read_oci_index(documents_.read(descriptor, false), documents_.place(descriptor)),
                             depth + 1);
        for (OciCandidate& one : inner) {
          one.names = candidate.names;
          flat.push_back(std::move(one));
        }
      }
      if (flat.size() > most_manifests) {
        throw Error(ErrorKind::input, documents_.where,
                    fmt::format("more than {} manifests", most_manifests));
      }
    }
    return flat;
  }

  /// The platform of a candidate: what its index says, else what its config says.
  [[nodiscard]] Platform platform_of(const OciCandidate& candidate) const {
    if (candidate.platform) return *candidate.platform;
    return read_config(read_manifest(candidate.descriptor)).platform;
  }

  [[nodiscard]] OciCandidate by_platform(std::vector<OciCandidate> candidates) const {
    std::set<Digest> seen;
    std::erase_if(candidates,
                  [&](const OciCandidate& one) { return !seen.insert(one.descriptor.digest).second; });
    if (candidates.empty())
      throw Error(ErrorKind::input, documents_.where, "holds no image, only attestations");
    if (candidates.size() == 1 && wanted_ == nullptr) return candidates.front();
    const Platform platform = wanted_ == nullptr ? Platform::host() : *wanted_;
    std::vector<std::string> available;
    std::vector<std::pair<const OciCandidate*, Platform>> matching;
    for (const OciCandidate& candidate : candidates) {
      Platform have = platform_of(candidate);
      available.push_back(have.text());
      if (serves(have, platform)) matching.emplace_back(&candidate, std::move(have));
    }
    if (matching.empty()) {
      throw Error(ErrorKind::input, ref_.text(),
                  fmt::format("no image for {}: there is {}", platform.text(), listed(available)),
                  wanted_ == nullptr ? "choose one with --platform" : "");
    }
    // The very variant that was asked for, else the one that is for all.
    const auto exact =
        std::ranges::find(matching, platform.variant, [](const auto& m) { return m.second.variant; });
    const auto& chosen = exact == matching.end() ? matching.front() : *exact;
    const auto same = std::ranges::count(matching, chosen.second, [](const auto& m) { return m.second; });
    if (same > 1) {
      throw Error(
          ErrorKind::input, ref_.text(),
          fmt::format("holds {} images for {} that have no names of their own", same, chosen.second.text()),
          ref_.path.empty()
              ? "choose one by its digest: NAME@sha256:..."
              : fmt::format("choose one by its place: {}:{}:@0", to_string(ref_.transport), ref_.path));
    }
    return *chosen.first;
  }

  /// A manifest's text and what it says, checked as far as its kind goes.
  struct Manifest {
    nlohmann::json document;
    std::string where;
    Descriptor config;
    std::vector<Descriptor> layers;
  };

  [[nodiscard]] Manifest read_manifest(const Descriptor& descriptor) const {
    const std::string where = documents_.place(descriptor);
    if (is_schema1(descriptor.media_type)) {
      throw Error(ErrorKind::input, where, "a manifest of Docker's schema 1: expected schema 2 or OCI",
                  "pull and save the image again with a current tool");
    }
    if (!descriptor.media_type.empty() && !is_manifest(descriptor.media_type)) {
      throw Error(ErrorKind::input, where,
                  fmt::format("media type '{}': expected an image manifest", descriptor.media_type));
    }
    Manifest manifest{.document = parse_json(documents_.read(descriptor, false), where),
                      .where = where,
                      .config = {},
                      .layers = {}};
    const JsonObject root(manifest.document, where);
    if (const auto* version = root.find("schemaVersion"); version == nullptr || *version != 2) {
      const bool is_number = version != nullptr && version->is_number();
      root.fail("schemaVersion", "expected 2" + (is_number ? ", found " + version->dump() : std::string()));
    }
    const std::string type = root.string("mediaType");
    if (!type.empty() && !is_manifest(type))
      root.fail("mediaType", fmt::format("expected an image manifest, found '{}'", type));
    if (root.find("config") == nullptr)
      root.fail("config", "missing: expected a descriptor, as an image manifest has");
    manifest.config = read_descriptor(root.object("config"));
    check_is_image(root, manifest.config);
    for (const JsonObject& layer : root.objects("layers")) {
      manifest.layers.push_back(read_descriptor(layer));
      check_layer_type(layer, manifest.layers.back().media_type);
    }
    return manifest;
  }

  static void check_is_image(const JsonObject& root, const Descriptor& config) {
    constexpr auto configs = std::to_array<std::string_view>(
        {"application/vnd.oci.image.config.v1+json", "application/vnd.docker.container.image.v1+json"});
    if (std::ranges::find(configs, config.media_type) != configs.end()) return;
    const std::string artifact = root.string("artifactType");
    root.fail("config.mediaType",
              fmt::format("'{}' is no image config: this is an artifact{}", config.media_type,
                          artifact.empty() ? "" : " of type '" + artifact + "'"));
  }

  static void check_layer_type(const JsonObject& layer, std::string_view type) {
    constexpr auto types = std::to_array<std::string_view>(
        {"application/vnd.oci.image.layer.v1.tar", "application/vnd.oci.image.layer.v1.tar+gzip",
         "application/vnd.oci.image.layer.v1.tar+zstd",
         "application/vnd.oci.image.layer.nondistributable.v1.tar",
         "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip",
         "application/vnd.oci.image.layer.nondistributable.v1.tar+zstd",
         "application/vnd.docker.image.rootfs.diff.tar", "application/vnd.docker.image.rootfs.diff.tar.gzip",
         "application/vnd.docker.image.rootfs.diff.tar.zstd",
         "application/vnd.docker.image.rootfs.foreign.diff.tar",
         "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip"});
    if (std::ranges::find(types, type) != types.end()) return;
    if (type.ends_with("+encrypted")) {
      layer.fail("mediaType", fmt::format("'{}': the layer is encrypted, expected a plain one", type));
    }
    layer.fail("mediaType", fmt::format("unknown layer media type '{}'", type));
  }

  [[nodiscard]] ImageConfig read_config(const Manifest& manifest) const {
    return parse_image_config(documents_.read(manifest.config, true), documents_.place(manifest.config));
  }

  [[nodiscard]] Image read_image(const OciCandidate& candidate) const {
    Manifest manifest = read_manifest(candidate.descriptor);
    Image image;
    image.reference = ref_.text();
    image.digest = candidate.descriptor.digest;
    image.config_digest = manifest.config.digest;
    if (!candidate.names.empty()) image.name = candidate.names.front();
    image.config = read_config(manifest);
    check_platform(image.config, wanted_, ref_.text());
    for (Descriptor& layer : manifest.layers) {
      image.layers.push_back({.blob = std::move(layer), .diff_id = {}, .created_by = {}});
    }
    complete_layers(image, manifest.where);
    return image;
  }

  const OciDocuments& documents_;
  const ImageRef& ref_;
  const Platform* wanted_;
  mutable std::size_t opened_ = 0;  ///< indexes, so far
};

}  // namespace

std::vector<OciCandidate> read_oci_index(const std::string& text, const std::string& where) {
  const auto document = parse_json(text, where);
  const JsonObject root(document, where);
  if (root.find("manifests") == nullptr) root.fail("manifests", "missing: expected a list, as an index has");
  std::vector<OciCandidate> candidates;
  for (const JsonObject& entry : root.objects("manifests")) {
    if (is_attestation(entry)) continue;
    candidates.push_back(read_candidate(entry));
  }
  if (candidates.size() > most_manifests) {
    throw Error(ErrorKind::input, where, fmt::format("more than {} manifests", most_manifests));
  }
  return candidates;
}

std::string oci_manifest_types() {
  return fmt::format("{}, {}, {}, {}", oci_index_type, oci_manifest_type, docker_list_type,
                     docker_manifest_type);
}

Image read_oci_image(const OciDocuments& documents, std::vector<OciCandidate> candidates, const ImageRef& ref,
                     const Platform* wanted) {
  return OciReader(documents, ref, wanted).read(std::move(candidates));
}

std::vector<Platform> read_oci_platforms(const OciDocuments& documents, std::vector<OciCandidate> candidates,
                                         const ImageRef& ref) {
  return OciReader(documents, ref, nullptr).platforms(std::move(candidates));
}

}  // namespace slim
