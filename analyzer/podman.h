// Podman where no service of it listens: its program, which reaches the same images.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "analyzer/byte_stream.h"

namespace slim {

/// Whether there is a podman in PATH.
bool has_podman();

struct PodmanImage {
  std::string id;          ///< hex
  std::uint64_t size = 0;  ///< bytes unpacked
};

/// The image of that name or id; nullopt where Podman has none. Errors of these three are of kind
/// environment, and tell what podman said.
std::optional<PodmanImage> podman_find(const std::string& name);

/// The archive of `podman image save`, as it is written. A podman that fails is an Error at the end of what
/// it wrote; dropped half way, podman is ended.
ByteReader podman_save(const std::string& name);

/// `podman load` of a docker archive.
void podman_load(const std::string& file);

}  // namespace slim
