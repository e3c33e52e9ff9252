// `slim run`: one container with the caller's standard streams.
#pragma once

#include "analyzer/image_contents.h"
#include "runner/container_spec.h"
#include "runner/sandbox.h"

namespace slim {

/// Runs the image's program with `options.overrides` applied: standard input, output and error are the
/// caller's, signals are passed on, and the result is what `docker run` exits with: the container's status,
/// 128 + the signal that ended it, 126 or 127 where the program cannot be executed or found (said on standard
/// error). At the end of options.limits.timeout (0: none) the container is killed and the result is 124.
/// Throws Error: for the caller to turn into 125. Call it while no other thread runs.
int run_image(ImageContents& image, const RunOptions& options);

/// The same over any sandbox, with the overrides already in `start.config`.
int run_container(Sandbox& sandbox, ContainerStart start, const RunLimits& limits);

}  // namespace slim
