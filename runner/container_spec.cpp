// What docker run does with its options: the Dockerfile reference and docker-run(1), "Overriding image
// defaults".
#include "runner/container_spec.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "analyzer/image.h"

namespace slim {
namespace {

std::string_view name_of(std::string_view setting) {
  return setting.substr(0, setting.find('='));
}

void put_env(std::vector<std::string>& env, const std::string& setting) {
  const auto same_name = [&](const std::string& other) { return name_of(other) == name_of(setting); };
  // NAME without a value takes it away, as docker run does where the caller's environment has no such name.
  if (setting.find('=') == std::string::npos) {
    std::erase_if(env, same_name);
    return;
  }
  const auto found = std::ranges::find_if(env, same_name);
  if (found == env.end()) {
    env.push_back(setting);
  } else {
    *found = setting;
  }
}

}  // namespace

std::vector<std::string> mount_sources_of(const RunOptions& options) {
  std::vector<std::string> sources;
  sources.reserve(options.overrides.mounts.size() + options.mount_sources.size());
  for (const auto& mount : options.overrides.mounts) sources.push_back(mount.source);
  sources.insert(sources.end(), options.mount_sources.begin(), options.mount_sources.end());
  return sources;
}

ImageConfig with_overrides(const ImageConfig& config, const RunOverrides& overrides) {
  ImageConfig result = config;
  if (overrides.entrypoint) {
    result.entrypoint = *overrides.entrypoint;
    // --entrypoint "" clears it.
    if (result.entrypoint.size() == 1 && result.entrypoint.front().empty()) result.entrypoint.clear();
    result.cmd.clear();
  }
  if (overrides.cmd) result.cmd = *overrides.cmd;
  for (const auto& setting : overrides.env) put_env(result.env, setting);
  if (overrides.user) result.user = *overrides.user;
  if (overrides.workdir) result.working_dir = *overrides.workdir;
  return result;
}

}  // namespace slim
