// An image in the form of the OCI image-spec, wherever its documents lie: from indexes or a manifest to one
// image.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "analyzer/image.h"
#include "analyzer/image_ref.h"
#include "analyzer/platform.h"

namespace slim {

inline constexpr std::string_view oci_index_type = "application/vnd.oci.image.index.v1+json";
inline constexpr std::string_view oci_manifest_type = "application/vnd.oci.image.manifest.v1+json";
inline constexpr std::string_view docker_list_type =
    "application/vnd.docker.distribution.manifest.list.v2+json";
inline constexpr std::string_view docker_manifest_type =
    "application/vnd.docker.distribution.manifest.v2+json";

/// All of them, as a header Accept has them.
std::string oci_manifest_types();

/// An index, or a manifest, that may be the one that is looked for.
struct OciCandidate {
  Descriptor descriptor;
  std::optional<Platform> platform;
  std::vector<std::string> names;  ///< of the entry, or of the one whose index it is in
};

/// Where the documents of an image lie.
struct OciDocuments {
  std::string where;  ///< the whole, for messages
  /// The text of an index, a manifest or (where `is_config`) a config of at most largest_document bytes,
  /// checked against its descriptor.
  std::function<std::string(const Descriptor& descriptor, bool is_config)> read;
  /// The document or blob, for messages.
  std::function<std::string(const Descriptor& descriptor)> place;
};

/// The entries of an index, without attestations. What is none is an input Error about `where`.
std::vector<OciCandidate> read_oci_index(const std::string& text, const std::string& where);

/// The image that `wanted` chooses among the candidates, its manifest and config read and checked. The name
/// is that of the candidate. Errors: see open_source.
Image read_oci_image(const OciDocuments& documents, std::vector<OciCandidate> candidates, const ImageRef& ref,
                     const Platform* wanted);

/// The platforms of all images among the candidates, each once, in their order. Errors: see open_source.
std::vector<Platform> read_oci_platforms(const OciDocuments& documents, std::vector<OciCandidate> candidates,
                                         const ImageRef& ref);

}  // namespace slim
