// docker/cli, cli-plugins/manager: a plug-in is a program called docker-NAME in one of docker's folders.
// Called with docker-cli-plugin-metadata it prints its metadata (metadata.go); else it gets all words that
// stood behind `docker`, docker's own options before its name included.
#include "cli/docker_plugin.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "analyzer/error.h"
#include "cli/json_output.h"
#include "cli/version.h"

namespace slim {
namespace {

constexpr std::string_view plugin_name = "slim";

/// An option of docker's that has a value, and the variable that says the same; none: it changes nothing
/// here.
struct DockerOption {
  std::string_view name;
  std::string_view letter;
  const char* variable;
};

constexpr auto with_value = std::to_array<DockerOption>({
    {.name = "--host", .letter = "-H", .variable = "DOCKER_HOST"},
    {.name = "--context", .letter = "-c", .variable = "DOCKER_CONTEXT"},
    {.name = "--config", .letter = "", .variable = "DOCKER_CONFIG"},
    {.name = "--log-level", .letter = "-l", .variable = nullptr},
});

void take(const DockerOption& option, const std::string& value) {
  if (option.variable != nullptr)
    setenv(option.variable, value.c_str(), 1);  // NOLINT(concurrency-mt-unsafe): before any thread
}

}  // namespace

bool is_docker_plugin(const std::string& program) {
  return std::filesystem::path(program).filename() == "docker-slim";
}

std::string docker_plugin_metadata() {
  return dump({{"SchemaVersion", "0.1.0"},
               {"Vendor", "slim"},
               {"Version", version()},
               {"ShortDescription", "Make images minimal, and prove that they behave the same"}},
              -1) +
         "\n";
}

std::vector<std::string> docker_plugin_arguments(const std::vector<std::string>& words) {
  std::size_t at = 0;
  bool names_host = false;
  bool names_context = false;
  for (; at < words.size() && words[at].starts_with('-'); ++at) {
    const std::string& word = words[at];
    const auto equals = word.find('=');
    const std::string name = word.substr(0, equals);
    if (name == "--debug" || name == "-D") continue;
    const auto* const option = std::ranges::find_if(with_value, [&name](const DockerOption& one) {
      return name == one.name || (!one.letter.empty() && name == one.letter);
    });
    if (option == with_value.end()) {
      throw Error(ErrorKind::usage, "docker " + word, "an option of docker that slim cannot follow",
                  "set DOCKER_HOST, DOCKER_TLS_VERIFY and DOCKER_CERT_PATH instead");
    }
    names_host = names_host || option->name == "--host";
    names_context = names_context || option->name == "--context";
    if (equals != std::string::npos) {
      take(*option, word.substr(equals + 1));
    } else if (at + 1 < words.size()) {
      take(*option, words[++at]);
    }
  }
  // As docker has it: the option overrides the variable.
  if (names_context && !names_host)
    unsetenv("DOCKER_HOST");  // NOLINT(concurrency-mt-unsafe): before any thread
  if (at < words.size() && words[at] == plugin_name) ++at;
  return {words.begin() + static_cast<std::ptrdiff_t>(at), words.end()};
}

}  // namespace slim
