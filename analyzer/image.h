// An image: its config, and its layers base first. Immutable once read.
// Follows the OCI image-spec (config.md, manifest.md); Docker's archives are mapped to the same.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "analyzer/digest.h"
#include "analyzer/platform.h"

namespace slim {

/// OCI descriptor.md, as far as slim uses it.
struct Descriptor {
  std::string media_type;
  Digest digest;           ///< empty where the archive's format names none
  std::uint64_t size = 0;  ///< bytes; unknown_size where the format names none
  std::string location;    ///< what the source needs to open it beside the digest (a member's name)
};

struct HistoryEntry {
  std::string created;
  std::string created_by;
  std::string comment;
  bool empty_layer = false;
};

/// Docker's HEALTHCHECK; `test` as in the config: ["NONE"], ["CMD", ...] or ["CMD-SHELL", text].
struct HealthCheck {
  std::vector<std::string> test;
};

/// What slim reads of an image config. `json` is the whole of it as it stood: what is not named here
/// survives by being copied from there.
struct ImageConfig {
  Platform platform;
  std::string created;  ///< RFC 3339, may be empty
  std::vector<std::string> entrypoint;
  std::vector<std::string> cmd;
  std::vector<std::string> env;  ///< NAME=value
  std::string user;              ///< user[:group], names or numbers; empty is root
  std::string working_dir;
  std::vector<std::string> exposed_ports;  ///< 80/tcp
  std::vector<std::string> volumes;
  std::map<std::string, std::string> labels;
  std::vector<std::string> shell;
  std::string stop_signal;  ///< SIGTERM, 15, ...; may be empty
  std::optional<HealthCheck> healthcheck;
  std::vector<HistoryEntry> history;
  std::vector<Digest> diff_ids;
  std::string json;
};

struct Layer {
  Descriptor blob;
  Digest diff_id;          ///< of the uncompressed tar; empty for rootfs inputs
  std::string created_by;  ///< from the history; may be empty
};

struct Image {
  std::string reference;  ///< as the user wrote it
  std::string name;       ///< name:tag as the archive has it; may be empty
  Digest digest;          ///< of the manifest; of the config where there is no manifest
  Digest config_digest;
  ImageConfig config;
  std::vector<Layer> layers;
};

/// Parses a config; a problem is an input Error about `where` that names the key. `diff_ids` of
/// another type than layers is an Error.
ImageConfig parse_image_config(const std::string& json, const std::string& where);

/// The value of NAME in the config's environment.
std::optional<std::string> env_value(const ImageConfig& config, std::string_view name);

}  // namespace slim
