// The archives of `docker save`. Follows Docker's image-spec v1.2 and the manifest.json that came with it;
// newer archives are OCI layouts too, and their manifest.json names blobs of those.
#pragma once

#include "analyzer/image.h"
#include "analyzer/image_files.h"
#include "analyzer/image_ref.h"
#include "analyzer/platform.h"

namespace slim {

/// The image that `ref.name` (a name, or @INDEX) chooses, its config checked against the digest in its name,
/// and every layer known to be there. Errors: see open_source.
Image read_docker_archive(const ImageFiles& files, const ImageRef& ref, const Platform* wanted);

/// `name` as Docker completes it: without docker.io/ and library/ in front, with :latest where it has no tag.
std::string familiar_name(std::string_view name);

}  // namespace slim
