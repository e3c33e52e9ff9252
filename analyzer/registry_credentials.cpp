// Follows containers-auth.json(5) and docker-login(1), whose files are the same but for where they lie and
// for repositories in the keys, which only the former has.
#include "analyzer/registry_credentials.h"

#include <cstddef>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <unistd.h>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>
#include <openssl/evp.h>

#include "analyzer/docker_credential.h"
#include "analyzer/error.h"
#include "analyzer/host_file.h"
#include "analyzer/json.h"
#include "analyzer/json_object.h"
#include "analyzer/registry_name.h"

namespace slim {
namespace {

constexpr std::string_view hub = "docker.io";
constexpr std::string_view hub_key = "https://index.docker.io/v1/";  // as Docker writes it
constexpr std::size_t longest_secret = std::size_t{64} << 10;

std::string variable(const char* name) {
  const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): nothing sets it
  return value == nullptr ? "" : value;
}

/// Nothing where it is no base64.
std::optional<std::string> from_base64(std::string_view text) {
  if (text.size() > longest_secret || text.size() % 4 != 0) return std::nullopt;
  std::string bytes(text.size() / 4 * 3, '\0');
  const int size =
      EVP_DecodeBlock(reinterpret_cast<unsigned char*>(bytes.data()),
                      reinterpret_cast<const unsigned char*>(text.data()), static_cast<int>(text.size()));
  if (size < 0) return std::nullopt;
  // What the padding stood for comes as zeros.
  const std::size_t padding = text.ends_with("==") ? 2 : text.ends_with('=') ? 1 : 0;
  bytes.resize(static_cast<std::size_t>(size) - padding);
  return bytes;
}

/// A key of `auths` without what old tools wrote around the host.
std::string plain_key(std::string_view key) {
  if (key == hub_key || key == "index.docker.io") return std::string(hub);
  for (const std::string_view scheme : {"https://", "http://"}) {
    if (!key.starts_with(scheme)) continue;
    key.remove_prefix(scheme.size());
    return std::string(key.substr(0, key.find('/')));
  }
  return std::string(key);
}

Credentials of_entry(const JsonObject& entry) {
  Credentials found{.user = entry.string("username"),
                    .password = entry.string("password"),
                    .identity_token = entry.string("identitytoken"),
                    .bearer = entry.string("registrytoken")};
  const std::string both = entry.string("auth");
  if (both.empty()) return found;
  const std::string plain = from_base64(both).value_or("");
  const auto colon = plain.find(':');
  if (colon == std::string::npos) entry.fail("auth", "expected USER:PASSWORD in base64");
  found.user = plain.substr(0, colon);
  found.password = plain.substr(colon + 1);
  while (found.password.ends_with('\0')) found.password.pop_back();  // old tools padded it
  return found;
}

Credentials of_helper(const std::string& helper, const std::string& host) {
  const std::string server(host == hub ? hub_key : std::string_view(host));
  const auto answer = ask_credential_helper(helper, server);
  Credentials found;
  if (!answer) return found;
  if (answer->user == "<token>") {
    found.identity_token = answer->secret;
  } else {
    found.user = answer->user;
    found.password = answer->secret;
  }
  return found;
}

std::vector<std::string> files() {
  const std::string home = variable("HOME");
  std::vector<std::string> all;
  if (const std::string file = variable("REGISTRY_AUTH_FILE"); !file.empty()) {
    all.push_back(file);
  } else {
    const std::string run = variable("XDG_RUNTIME_DIR");
    all.push_back(run.empty() ? "/run/containers/" + std::to_string(::getuid()) + "/auth.json"
                              : run + "/containers/auth.json");
    const std::string config = variable("XDG_CONFIG_HOME");
    if (!config.empty() || !home.empty())
      all.push_back((config.empty() ? home + "/.config" : config) + "/containers/auth.json");
  }
  const std::string docker = variable("DOCKER_CONFIG");
  if (!docker.empty() || !home.empty())
    all.push_back((docker.empty() ? home + "/.docker" : docker) + "/config.json");
  return all;
}

}  // namespace

std::string to_base64(std::string_view text) {
  std::string encoded((text.size() + 2) / 3 * 4 + 1, '\0');  // it writes a zero behind
  const int size =
      EVP_EncodeBlock(reinterpret_cast<unsigned char*>(encoded.data()),
                      reinterpret_cast<const unsigned char*>(text.data()), static_cast<int>(text.size()));
  encoded.resize(static_cast<std::size_t>(size));
  return encoded;
}

Credentials credentials_in(const std::string& text, const std::string& file, const RegistryName& name) {
  nlohmann::json document;
  try {
    document = parse_json(text, file);
  } catch (const Error&) {  // which quotes the text: it is full of secrets
    throw Error(ErrorKind::input, file, "not valid JSON: expected what docker login or podman login write");
  }
  const JsonObject root(document, file);
  const JsonObject helpers = root.object("credHelpers");
  for (const std::string& key : root.keys("credHelpers")) {
    if (plain_key(key) == name.host) return of_helper(helpers.string(key), name.host);
  }

  const JsonObject auths = root.object("auths");
  std::size_t longest = 0;
  Credentials best;
  const std::string whole = name.host + "/" + name.repository;
  for (const std::string& key : root.keys("auths")) {
    const std::string plain = plain_key(key);
    const bool matches = whole == plain || whole.starts_with(plain + "/");
    if (!matches || plain.size() <= longest) continue;
    Credentials found = of_entry(auths.object(key));
    if (found.empty()) continue;  // it is in the store
    longest = plain.size();
    best = std::move(found);
  }
  const std::string store = root.string("credsStore");
  return best.empty() && !store.empty() ? of_helper(store, name.host) : best;
}

Credentials find_credentials(const RegistryName& name) {
  for (const std::string& file : files()) {
    std::error_code error;
    if (!std::filesystem::exists(file, error)) continue;
    Credentials found = credentials_in(read_host_file(file, "file of registry passwords"), file, name);
    if (!found.empty()) return found;
  }
  return {};
}

}  // namespace slim
