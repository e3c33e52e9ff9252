// Follows Docker's normalization (distribution/reference, ParseNormalizedNamed).
#include "analyzer/registry_name.h"

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "analyzer/digest.h"
#include "analyzer/error.h"
#include "analyzer/image_name.h"

namespace slim {
namespace {

constexpr std::string_view hub = "docker.io";

std::optional<Digest> read_digest(std::string_view text) {
  try {
    return Digest::parse(text, "digest");
  } catch (const Error&) {
    return std::nullopt;
  }
}

}  // namespace

std::optional<RegistryName> RegistryName::read(std::string_view text) {
  RegistryName name;
  if (const auto at = text.find('@'); at != std::string_view::npos) {
    auto digest = read_digest(text.substr(at + 1));
    if (!digest) return std::nullopt;
    name.digest = *std::move(digest);
    text = text.substr(0, at);
  }
  const auto slash = text.rfind('/');
  const auto colon = text.find(':', slash == std::string_view::npos ? 0 : slash);
  if (colon != std::string_view::npos) {
    if (!is_docker_tag(text.substr(colon + 1))) return std::nullopt;
    name.tag = text.substr(colon + 1);
    text = text.substr(0, colon);
  } else if (name.digest.empty()) {
    name.tag = "latest";
  }
  if (!is_docker_name(text)) return std::nullopt;
  name.host = hub;
  if (has_host(text)) {
    name.host = text.substr(0, text.find('/'));
    text.remove_prefix(name.host.size() + 1);
    if (name.host == "index.docker.io") name.host = hub;
  }
  const bool official = name.host == hub && text.find('/') == std::string_view::npos;
  name.repository = (official ? "library/" : "") + std::string(text);
  return name;
}

RegistryName RegistryName::parse(std::string_view text) {
  if (auto name = read(text)) return *std::move(name);
  throw Error(
      ErrorKind::usage, std::string(text),
      "is not an image's name: expected [HOST[:PORT]/]NAME[:TAG][@DIGEST] with NAME in lower case, as "
      "nginx:1.25 or localhost:5000/team/app:1.0");
}

std::string RegistryName::text() const {
  return host + "/" + repository + (tag.empty() ? "" : ":" + tag) +
         (digest.empty() ? "" : "@" + digest.text());
}

std::string RegistryName::endpoint() const {
  return host == hub ? "registry-1.docker.io" : host;
}

}  // namespace slim
