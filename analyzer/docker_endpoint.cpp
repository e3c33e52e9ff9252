// As the docker command finds its daemon (docker/cli: "Environment variables", "Docker contexts"; the store
// of contexts is contexts/meta/SHA256(NAME)/meta.json, with PEM files in contexts/tls/SHA256(NAME)/docker).
// Contexts are made by many tools and name ssh:// hosts too, which docker reaches by running itself over ssh:
// slim says what to do instead.
#include "analyzer/docker_endpoint.h"

#include <cstdlib>
#include <string>
#include <string_view>
#include <unistd.h>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "analyzer/digest.h"
#include "analyzer/error.h"
#include "analyzer/host_file.h"
#include "analyzer/json.h"
#include "analyzer/json_object.h"

namespace slim {
namespace {

constexpr std::string_view default_docker_socket = "/var/run/docker.sock";

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

bool exists(const std::string& path) {
  return ::access(path.c_str(), F_OK) == 0;
}

/// A PEM file of `folder`; empty where there is none of that name.
std::string pem(const std::string& folder, std::string_view name) {
  const std::string path = fmt::format("{}/{}", folder, name);
  return exists(path) ? path : "";
}

[[noreturn]] void not_spoken_to(const DockerEndpoint& endpoint) {
  if (endpoint.host.starts_with("ssh://")) {
    throw Error(
        ErrorKind::environment, endpoint.text(), "slim does not speak over ssh itself",
        fmt::format("ssh -nNT -L /tmp/docker.sock:{} {}, and DOCKER_HOST=unix:///tmp/docker.sock (for Podman "
                    "CONTAINER_HOST, and its socket)",
                    default_docker_socket, endpoint.host));
  }
  throw Error(ErrorKind::environment, endpoint.text(), "expected unix://PATH or tcp://HOST:PORT");
}

/// Fills in how `endpoint.host` is reached. `tls`: over TLS.
DockerEndpoint with_address(DockerEndpoint endpoint, bool tls) {
  constexpr std::string_view unix_scheme = "unix://";
  constexpr std::string_view tcp_scheme = "tcp://";
  const std::string_view host = endpoint.host;
  if (host.starts_with(unix_scheme)) {
    endpoint.socket = host.substr(unix_scheme.size());
    if (!endpoint.socket.starts_with('/')) not_spoken_to(endpoint);
    return endpoint;
  }
  if (host.find("://") != std::string_view::npos && !host.starts_with(tcp_scheme)) not_spoken_to(endpoint);
  std::string_view address = host.starts_with(tcp_scheme) ? host.substr(tcp_scheme.size()) : host;
  while (address.ends_with('/')) address.remove_suffix(1);
  const std::string_view authority = address.substr(0, address.find('/'));
  if (authority.empty() || authority.starts_with(':')) not_spoken_to(endpoint);
  const std::string_view port =
      authority.substr(authority.rfind(']') == std::string_view::npos ? 0 : authority.rfind(']'));
  const bool has_port = port.find(':') != std::string_view::npos;
  endpoint.url = fmt::format("{}://{}{}{}", tls ? "https" : "http", authority,
                             has_port ? "" : (tls ? ":2376" : ":2375"), address.substr(authority.size()));
  return endpoint;
}

/// DOCKER_HOST with what belongs to it.
DockerEndpoint from_environment(const std::string& host) {
  const bool verify = !variable("DOCKER_TLS_VERIFY").empty();
  const bool tls = verify || !variable("DOCKER_TLS").empty();
  DockerEndpoint endpoint{.host = host, .from = "DOCKER_HOST"};
  if (tls) {
    const std::string named = variable("DOCKER_CERT_PATH");
    const std::string folder = named.empty() ? docker_config_folder() : named;
    endpoint.insecure = !verify;
    endpoint.ca = pem(folder, "ca.pem");
    endpoint.certificate = pem(folder, "cert.pem");
    endpoint.key = pem(folder, "key.pem");
    if (verify && endpoint.ca.empty()) {
      throw Error(ErrorKind::environment, folder + "/ca.pem", "no such file, and DOCKER_TLS_VERIFY is set",
                  "DOCKER_CERT_PATH names the folder of ca.pem, cert.pem and key.pem");
    }
  }
  return with_address(std::move(endpoint), tls);
}

/// A context of docker's store.
DockerEndpoint from_context(const std::string& name, const std::string& from) {
  const std::string folder = docker_config_folder() + "/contexts";
  const std::string id(Digest::of(name).hex());
  const std::string file = fmt::format("{}/meta/{}/meta.json", folder, id);
  if (!exists(file)) {
    throw Error(ErrorKind::input, file, fmt::format("no such file, and {} names the context {}", from, name),
                "docker context ls shows which there are");
  }
  const auto document = parse_json(read_host_file(file, "docker context"), file);
  const JsonObject meta(document, file);
  const JsonObject endpoint_meta = meta.object("Endpoints").object("docker");
  DockerEndpoint endpoint{.host = endpoint_meta.string("Host"), .from = "docker context " + name};
  if (endpoint.host.empty()) endpoint_meta.fail("Host", "missing: expected the daemon's address");
  endpoint.insecure = endpoint_meta.boolean("SkipTLSVerify");
  const std::string tls_folder = fmt::format("{}/tls/{}/docker", folder, id);
  endpoint.ca = pem(tls_folder, "ca.pem");
  endpoint.certificate = pem(tls_folder, "cert.pem");
  endpoint.key = pem(tls_folder, "key.pem");
  const bool tls = endpoint.insecure || !endpoint.ca.empty() || !endpoint.certificate.empty();
  return with_address(std::move(endpoint), tls);
}

/// What config.json says; empty where it says nothing.
std::string current_context() {
  const std::string file = docker_config_folder() + "/config.json";
  if (!exists(file)) return {};
  const auto document = parse_json(read_host_file(file, "docker's configuration"), file);
  return JsonObject(document, file).string("currentContext");
}

DockerEndpoint usual(const std::string& socket) {
  return with_address({.host = "unix://" + socket}, false);
}

}  // namespace

std::string docker_config_folder() {
  if (auto folder = variable("DOCKER_CONFIG"); !folder.empty()) return folder;
  const std::string home = variable("HOME");
  return home.empty() ? "" : home + "/.docker";
}

std::vector<DockerEndpoint> docker_endpoints() {
  if (const auto host = variable("DOCKER_HOST"); !host.empty()) return {from_environment(host)};
  const std::string asked = variable("DOCKER_CONTEXT");
  const std::string context = asked.empty() ? current_context() : asked;
  if (!context.empty() && context != "default")
    return {from_context(context, asked.empty() ? "currentContext of config.json" : "DOCKER_CONTEXT")};
  std::vector<DockerEndpoint> endpoints{usual(std::string(default_docker_socket))};
  if (const auto folder = variable("XDG_RUNTIME_DIR"); folder.starts_with('/'))
    endpoints.push_back(usual(folder + "/docker.sock"));
  return endpoints;
}

std::vector<DockerEndpoint> podman_endpoints() {
  if (const auto host = variable("CONTAINER_HOST"); !host.empty())
    return {with_address({.host = host, .from = "CONTAINER_HOST"}, false)};
  if (::geteuid() == 0) return {usual("/run/podman/podman.sock")};
  const std::string folder = variable("XDG_RUNTIME_DIR");
  return {usual((folder.starts_with('/') ? folder : fmt::format("/run/user/{}", ::geteuid())) +
                "/podman/podman.sock")};
}

}  // namespace slim
