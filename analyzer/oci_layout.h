// OCI image layouts, in a folder or in a tar. Follows the OCI image-spec: image-layout.md, image-index.md,
// manifest.md, annotations.md.
#pragma once

#include <vector>

#include "analyzer/image.h"
#include "analyzer/image_files.h"
#include "analyzer/image_ref.h"
#include "analyzer/platform.h"

namespace slim {

/// The image that `ref.name` (a name, or @INDEX) and `wanted` choose, with manifest and config checked
/// against their descriptors, and every blob known to be there in its size. Errors: see open_source.
Image read_oci_layout(const ImageFiles& files, const ImageRef& ref, const Platform* wanted);

/// The platforms of the images that `ref.name` chooses, each once, in the order of the index.
std::vector<Platform> read_layout_platforms(const ImageFiles& files, const ImageRef& ref);

}  // namespace slim
