// Images in registries (OCI distribution-spec 1.1, "Pull").
#pragma once

#include <memory>

#include "analyzer/image_platforms.h"
#include "analyzer/image_ref.h"
#include "analyzer/platform.h"
#include "analyzer/source.h"

namespace slim {

/// The image that `ref.name` and `wanted` choose: its manifest and config are read and checked, its layers
/// only when they are opened. A layer whose connection breaks is gone on with where it broke; one that is
/// opened again is kept in a temporary file (spool.h) from then on. Errors: see open_source.
std::unique_ptr<Source> open_registry(const ImageRef& ref, const Platform* wanted);

/// The platforms of what `ref.name` means now, and its name with the digest. Errors: see open_source.
PlatformsOfImage registry_platforms(const ImageRef& ref);

}  // namespace slim
