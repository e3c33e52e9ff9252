// Whether a path in a container, or an image's config, is as a test expects it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "analyzer/image.h"
#include "runner/probe.h"
#include "runner/sandbox.h"

namespace slim {

/// st_mode as Go prints it, which is what container-structure-test compares with: "-rw-r--r--",
/// "drwxr-xr-x", "Lrwxrwxrwx", "urwxr-xr-x" (setuid), "dtrwxrwxrwx" (sticky).
std::string go_mode_text(std::uint32_t mode);

/// The first thing that does not hold; empty where all does. `status` nullopt: there is no such path.
std::string unmet(const FileStep& expect, const std::optional<FileStatus>& status);
std::string unmet(const MetadataStep& expect, const ImageConfig& config);

/// Everything that a MetadataStep may look at, for comparing two images.
std::string metadata_text(const ImageConfig& config);

}  // namespace slim
