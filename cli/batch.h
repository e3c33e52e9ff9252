// `slim build --batch FILE`: many images with one command.
#pragma once

#include <string>

#include <CLI/App.hpp>

#include "cli/options.h"

namespace slim {

/// Slims what the file names, `options.jobs` images at once (0: two), and delivers a summary. What the
/// command line says beside holds for every image that does not say otherwise. Returns 0, or 1 where an image
/// failed, whatever the reason. An Error is about the batch itself.
int build_batch(const std::string& file, const CLI::App& command, const Options& options);

}  // namespace slim
