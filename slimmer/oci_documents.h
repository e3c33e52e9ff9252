// The JSON documents around an image's config and layers: manifests, index and layout.
#pragma once

#include <string>
#include <vector>

#include "analyzer/digest.h"
#include "analyzer/platform.h"
#include "slimmer/destination.h"

namespace slim {

/// The OCI manifest (manifest.md) of an image.
std::string oci_manifest(const OutputImage& image);

/// `index` (an index.json; empty: none yet) with the image added. Its name, where it has one, is taken from
/// the image that had it, which stays without a name. A text that is no image index is an input Error about
/// `where`.
std::string oci_index_with(const std::string& index, const OutputImage& image, const std::string& manifest,
                           const std::string& name, const std::string& where);

/// `index` with an image index added that has a name: as oci_index_with() for an image.
std::string oci_index_with_index(const std::string& index, const std::string& added, const std::string& name,
                                 const std::string& where);

/// The image index (image-index.md) of all manifests in `index`, an index.json, without their names;
/// `platforms`: theirs, in this order. `base_name` may be empty.
std::string oci_platform_index(const std::string& index, const std::vector<Platform>& platforms,
                               const std::string& base_name, const std::string& where);

/// The content of the file oci-layout.
std::string oci_layout_file();
/// An Error of kind input about `where` where `text` is not a layout of a version that this program knows.
void check_oci_layout_file(const std::string& text, const std::string& where);

/// blobs/ALGORITHM/HEX
std::string oci_blob_path(const Digest& digest);

/// manifest.json and repositories of a docker archive.
std::string docker_manifest(const std::string& config_name, const std::vector<std::string>& layer_names,
                            const std::string& name);
/// `layer_id`: of the topmost layer.
std::string docker_repositories(const std::string& layer_id, const std::string& name);

}  // namespace slim
