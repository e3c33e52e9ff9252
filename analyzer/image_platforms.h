// The platforms that one name stands for.
#pragma once

#include <vector>

#include "analyzer/image_ref.h"
#include "analyzer/platform.h"

namespace slim {

/// The platforms of the image that `ref` names, in the order of its index: those that open_source() can be
/// asked for. One that stands in no index has one. Errors: see open_source.
std::vector<Platform> image_platforms(const ImageRef& ref);

}  // namespace slim
