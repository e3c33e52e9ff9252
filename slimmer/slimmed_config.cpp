// OCI image-spec, config.md and annotations.md.
// The source's JSON is edited and not rebuilt, so that what slim does not know survives. The labels
// org.opencontainers.image.base.* are replaced where the source has some: the base of this image is the
// source.
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "analyzer/image.h"
#include "analyzer/platform.h"
#include "runner/verdict.h"
#include "slimmer/layer_parts.h"
#include "slimmer/timestamp.h"
#include "slimmer/write_image.h"

namespace slim {
namespace {

using Json = nlohmann::ordered_json;

Json& object_at(Json& parent, const char* key) {
  Json& value = parent[key];
  if (!value.is_object()) value = Json::object();
  return value;
}

void set_labels(Json& config, const Image& original, const WriteOptions& options) {
  Json& labels = object_at(object_at(config, "config"), "Labels");
  for (const char* stale : {"org.opencontainers.image.base.digest", "org.opencontainers.image.base.name",
                            "dev.slim.source.digest", "dev.slim.emulator"}) {
    labels.erase(stale);
  }
  if (!original.digest.empty()) {
    labels["org.opencontainers.image.base.digest"] = original.digest.text();
    labels["dev.slim.source.digest"] = original.digest.text();
  }
  if (!original.name.empty()) labels["org.opencontainers.image.base.name"] = original.name;
  labels["dev.slim.version"] = options.tool_version;
  labels["dev.slim.verdict"] = to_string(options.verdict);
  if (!options.emulator.empty()) {
    labels["dev.slim.emulator"] = options.emulator.substr(options.emulator.rfind('/') + 1);
  }
}

/// A root file system has no config of its own; its image starts what the user said.
void set_start(Json& config, const ImageConfig& start) {
  Json& inner = object_at(config, "config");
  const auto set_list = [&inner](const char* key, const std::vector<std::string>& words) {
    if (!words.empty()) inner[key] = words;
  };
  const auto set_text = [&inner](const char* key, const std::string& text) {
    if (!text.empty()) inner[key] = text;
  };
  set_list("Entrypoint", start.entrypoint);
  set_list("Cmd", start.cmd);
  set_list("Env", start.env);
  set_text("User", start.user);
  set_text("WorkingDir", start.working_dir);
}

std::string layer_comment(const WrittenLayer& layer) {
  const std::string count = fmt::format("{} layer{}", layer.sources, layer.sources == 1 ? "" : "s");
  switch (layer.role) {
    case LayerRole::squashed:
      break;
    case LayerRole::base:
      return "what is needed of the base image's " + count;
    case LayerRole::app:
      return "what is needed of the " + count + " on top of the base image";
  }
  return "one layer with what is needed of " + count;
}

/// The source's steps made none of the layers that are left; one more for each tells what did.
void set_history(Json& config, std::span<const WrittenLayer> layers, const WriteOptions& options) {
  Json history = Json::array();
  if (const auto old = config.find("history"); old != config.end() && old->is_array()) {
    for (Json& entry : *old) {
      if (!entry.is_object()) continue;
      entry["empty_layer"] = true;
      history.push_back(std::move(entry));
    }
  }
  for (const WrittenLayer& layer : layers) {
    Json step = Json::object();
    if (const auto created = config.find("created"); created != config.end() && created->is_string()) {
      step["created"] = *created;
    }
    step["created_by"] = options.command.empty() ? "slim build" : options.command;
    step["comment"] = fmt::format("slim {}: {}", options.tool_version, layer_comment(layer));
    history.push_back(std::move(step));
  }
  config["history"] = std::move(history);
}

}  // namespace

std::string slimmed_config(const Image& original, std::span<const WrittenLayer> layers,
                           const WriteOptions& options) {
  Json config = Json::parse(original.config.json, nullptr, false);
  if (!config.is_object()) config = Json::object();  // a root folder has none
  const Platform& platform = original.config.platform;
  if (!config.contains("architecture")) config["architecture"] = platform.architecture;
  if (!config.contains("os")) config["os"] = platform.os;
  if (const auto date = source_date()) {
    config["created"] = *date;
    object_at(object_at(config, "config"), "Labels")["org.opencontainers.image.created"] = *date;
  }
  Json diff_ids = Json::array();
  for (const WrittenLayer& layer : layers) diff_ids.push_back(layer.stored.tar.digest.text());
  config["rootfs"] = {{"type", "layers"}, {"diff_ids", std::move(diff_ids)}};
  if (options.start != nullptr) set_start(config, *options.start);
  set_labels(config, original, options);
  set_history(config, layers, options);
  return config.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace slim
