// What lies in an OCI layout, into a registry: blobs before the manifests that name them, and no tag.
#pragma once

#include <filesystem>
#include <string>

#include "analyzer/digest.h"
#include "analyzer/registry_client.h"

namespace slim {

/// Uploads what the registry does not have of the image whose manifest is `manifest`, and puts the manifest
/// under its digest. `base_name`: of the image that it was made from, which may have the same layers; may be
/// empty. Returns the manifest's text. Errors: as upload_blob and put_manifest.
std::string push_image(RegistryClient& client, const std::filesystem::path& layout, const Digest& manifest,
                       const std::string& base_name);

/// The same of an index of images, and then the index itself.
std::string push_index(RegistryClient& client, const std::filesystem::path& layout, const Digest& index,
                       const std::string& base_name);

}  // namespace slim
