// The image config as OCI's config.md and Docker's image.md have it. Lists that are `null` (Docker writes
// them so) are empty lists.
#include "analyzer/image.h"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "analyzer/digest.h"
#include "analyzer/json.h"
#include "analyzer/json_object.h"

namespace slim {
namespace {

void read_run_settings(const JsonObject& from, ImageConfig& config) {
  config.entrypoint = from.strings("Entrypoint");
  config.cmd = from.strings("Cmd");
  config.env = from.strings("Env");
  config.user = from.string("User");
  config.working_dir = from.string("WorkingDir");
  config.exposed_ports = from.keys("ExposedPorts");
  config.volumes = from.keys("Volumes");
  config.labels = from.string_map("Labels");
  config.shell = from.strings("Shell");
  config.stop_signal = from.string("StopSignal");
  if (from.find("Healthcheck") != nullptr) {
    config.healthcheck = HealthCheck{.test = from.object("Healthcheck").strings("Test")};
  }
}

void read_history(const JsonObject& root, ImageConfig& config) {
  for (const JsonObject& entry : root.objects("history")) {
    config.history.push_back({.created = entry.string("created"),
                              .created_by = entry.string("created_by"),
                              .comment = entry.string("comment"),
                              .empty_layer = entry.boolean("empty_layer")});
  }
}

void read_diff_ids(const JsonObject& root, ImageConfig& config) {
  const JsonObject rootfs = root.object("rootfs");
  const std::string type = rootfs.string("type");
  if (!type.empty() && type != "layers")
    rootfs.fail("type", fmt::format("expected 'layers', found '{}'", type));
  for (const std::string& text : rootfs.strings("diff_ids")) {
    config.diff_ids.push_back(
        Digest::parse(text, fmt::format("{}: rootfs.diff_ids[{}]", root.where(), config.diff_ids.size())));
  }
}

}  // namespace

ImageConfig parse_image_config(const std::string& json, const std::string& where) {
  const nlohmann::json document = parse_json(json, where);
  const JsonObject root(document, where);
  ImageConfig config;
  config.platform = {.os = root.string("os"),
                     .architecture = root.string("architecture"),
                     .variant = root.string("variant")};
  config.created = root.string("created");
  read_run_settings(root.object("config"), config);
  read_history(root, config);
  read_diff_ids(root, config);
  config.json = json;
  return config;
}

std::optional<std::string> env_value(const ImageConfig& config, std::string_view name) {
  std::optional<std::string> value;
  // Of a name that is there twice, runtimes hand on both, and getenv(3) finds the first.
  for (const std::string_view variable : config.env) {
    const std::size_t equals = variable.find('=');
    if (equals == std::string_view::npos || variable.substr(0, equals) != name) continue;
    value = variable.substr(equals + 1);
    break;
  }
  return value;
}

}  // namespace slim
