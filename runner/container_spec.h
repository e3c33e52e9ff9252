// What to start, and within which bounds: as `docker run` has it.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "analyzer/image.h"

namespace slim {

struct BindMount {
  std::string source;  ///< absolute path on the host
  std::string target;  ///< absolute path in the container
  bool read_only = false;
};

struct TmpfsMount {
  std::string target;
  std::uint64_t size = 64ULL << 20;  ///< bytes
};

enum class NetworkMode : std::uint8_t { none, host };  ///< none: a loopback of its own

/// What the command line changes of an image's own configuration.
struct RunOverrides {
  std::optional<std::vector<std::string>> entrypoint;  ///< as with docker, setting it drops the image's cmd
  std::optional<std::vector<std::string>> cmd;
  std::vector<std::string> env;  ///< NAME=value, put over the image's
  std::optional<std::string> user;
  std::optional<std::string> workdir;
  std::vector<BindMount> mounts;
  std::vector<TmpfsMount> tmpfs;
};

struct RunLimits {
  std::uint64_t memory = 2ULL << 30;  ///< bytes
  std::uint64_t pids = 1024;
  std::uint64_t writable = 2ULL << 30;  ///< bytes that a container may write to its file system
  std::chrono::seconds timeout{60};     ///< for one run
};

struct RunOptions {
  RunOverrides overrides;
  RunLimits limits;
  NetworkMode network = NetworkMode::none;
  /// Paths on the host that single runs may mount (ContainerStart::mounts), beside those of the overrides.
  std::vector<std::string> mount_sources;
  std::string runtime;  ///< name or path of an OCI runtime; empty: the first of runc, crun that works
};

/// What is mounted from the host in any run: the sources of the overrides' mounts, then the further ones.
std::vector<std::string> mount_sources_of(const RunOptions& options);

/// A copy of `config` with `overrides` (without mounts) applied, as docker run does it.
ImageConfig with_overrides(const ImageConfig& config, const RunOverrides& overrides);

}  // namespace slim
