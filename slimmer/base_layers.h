// Where the base image ends and the application begins.
#pragma once

#include <cstddef>
#include <string>

#include "analyzer/image.h"

namespace slim {

struct BaseLayers {
  std::size_t count = 0;  ///< of the lowest layers; 0: the image has no layer on top of another
  std::string because;    ///< what says so, for people
};

/// How many of the lowest layers the base image gave. No image says so itself; in this order:
///  1. up to the last CMD or ENTRYPOINT step of the history that further layers follow: it ends the
///     Dockerfile of the image that the next one is built from;
///  2. the first layers that were made at one time, where a later one was made at another: an image of
///  several
///     layers that one tool writes (Bazel, apko);
///  3. the first layer.
/// A wrong guess costs sharing only: the two layers together are the same file system.
BaseLayers find_base_layers(const Image& image);

}  // namespace slim
