// The JSON documents around an image's config and layer: manifests, index and layout.
#pragma once

#include <string>

#include "analyzer/digest.h"
#include "slimmer/destination.h"

namespace slim {

/// The OCI manifest (manifest.md) of an image with one layer.
std::string oci_manifest(const OutputImage& image);

/// `index` (an index.json; empty: none yet) with the image added. Its name, where it has one, is taken from
/// the image that had it, which stays without a name. A text that is no image index is an input Error about
/// `where`.
std::string oci_index_with(const std::string& index, const OutputImage& image, const std::string& manifest,
                           const std::string& name, const std::string& where);

/// The content of the file oci-layout.
std::string oci_layout_file();
/// An Error of kind input about `where` where `text` is not a layout of a version that this program knows.
void check_oci_layout_file(const std::string& text, const std::string& where);

/// blobs/ALGORITHM/HEX
std::string oci_blob_path(const Digest& digest);

/// manifest.json and repositories of a docker archive.
std::string docker_manifest(const std::string& config_name, const std::string& layer_name,
                            const std::string& name);
std::string docker_repositories(const std::string& layer_id, const std::string& name);

}  // namespace slim
