// slim as a plug-in of Docker's command line: `docker slim analyze nginx`.
#pragma once

#include <string>
#include <vector>

namespace slim {

/// Whether the program was called under the name by which docker finds plug-ins, docker-slim.
bool is_docker_plugin(const std::string& program);

/// What docker asks a plug-in for before it lists or starts it: JSON.
std::string docker_plugin_metadata();

/// The words behind `docker-slim`, as `slim` takes them: without docker's own options and the word `slim`.
/// Those that choose a daemon become the variables that say the same (DOCKER_HOST, DOCKER_CONTEXT,
/// DOCKER_CONFIG). One that cannot is an Error of kind usage.
std::vector<std::string> docker_plugin_arguments(const std::vector<std::string>& words);

}  // namespace slim
