// Where Docker's daemon and Podman's service are spoken to, as the environment and docker's own configuration
// say it.
#pragma once

#include <string>
#include <vector>

namespace slim {

struct DockerEndpoint {
  std::string host;  ///< as it was written: unix:///var/run/docker.sock, tcp://build:2376
  std::string
      from{};  ///< who says so: "DOCKER_HOST", "docker context build"; empty: nobody, it is the usual place

  // Of unix://
  std::string socket{};  ///< an absolute path

  // Of tcp://
  std::string url{};      ///< http:// or https://HOST:PORT[/BASE]
  bool insecure = false;  ///< https without asking who the other is
  std::string ca{};       ///< PEM files; empty: none
  std::string certificate{};
  std::string key{};

  /// For messages: the host, and who says so.
  [[nodiscard]] std::string text() const { return from.empty() ? host : host + " (" + from + ")"; }
};

/// Docker's daemon: DOCKER_HOST (with DOCKER_TLS_VERIFY, DOCKER_TLS and DOCKER_CERT_PATH), or the context
/// that DOCKER_CONTEXT or currentContext of docker's config.json names; else the usual sockets, the system's
/// first and that of a rootless daemon behind it, to be tried in turn. Never empty. Configuration that cannot
/// be read is an input Error, a kind of host that slim does not speak to (ssh://) an Error of kind
/// environment with a hint.
std::vector<DockerEndpoint> docker_endpoints();

/// Podman's service, which speaks Docker's API: CONTAINER_HOST, else the usual sockets of the system (of
/// root) or of the user. As above.
std::vector<DockerEndpoint> podman_endpoints();

/// The folder of docker's config.json and contexts: DOCKER_CONFIG, or ~/.docker; empty without a home.
std::string docker_config_folder();

}  // namespace slim
