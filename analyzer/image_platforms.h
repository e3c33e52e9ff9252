// The platforms that one name stands for.
#pragma once

#include <vector>

#include "analyzer/image_ref.h"
#include "analyzer/platform.h"

namespace slim {

/// What one name stands for.
struct PlatformsOfImage {
  /// The image itself: of a registry by its digest, so that a tag which moves meanwhile mixes no two images.
  ImageRef ref;
  std::vector<Platform> platforms;  ///< in the order of its index; one that stands in no index has one
};

/// The platforms of the image that `ref` names: those that open_source() can be asked for with the result's
/// `ref`. A bare name means its registry, since what Docker and Podman hold has one platform. Errors: see
/// open_source.
PlatformsOfImage image_platforms(const ImageRef& ref);

}  // namespace slim
