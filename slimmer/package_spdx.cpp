// After the SPDX specification 2.3 and the package-url specification
// (pkg:rpm/NAMESPACE/NAME@VERSION?arch=...).
#include "slimmer/package_spdx.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <ctime>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "analyzer/digest.h"
#include "analyzer/file_tree.h"
#include "analyzer/layer_index.h"
#include "analyzer/packages.h"

namespace slim {
namespace {

using json = nlohmann::ordered_json;

/// RFC 3986, all but unreserved characters.
std::string percent_encoded(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '.' || c == '_' || c == '~';
    out += plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<std::uint8_t>(c));
  }
  return out;
}

std::string package_url(const Package& package, const std::string& distribution) {
  std::string_view version = package.version;
  std::string epoch;
  const auto colon = version.find(':');
  if (colon != std::string_view::npos) {
    epoch = fmt::format("&epoch={}", percent_encoded(version.substr(0, colon)));
    version.remove_prefix(colon + 1);
  }
  return fmt::format("pkg:{}/{}/{}@{}?arch={}{}", package.type, percent_encoded(distribution),
                     percent_encoded(package.name), percent_encoded(version),
                     percent_encoded(package.architecture), epoch);
}

std::string time_text(std::int64_t seconds) {
  // A year beyond 9999 has no form that SPDX takes.
  const auto time = static_cast<std::time_t>(std::clamp<std::int64_t>(seconds, 0, 253402300799));
  return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(time));
}

}  // namespace

std::string spdx_document(const std::vector<const Package*>& packages, const std::string& distribution,
                          std::int64_t created) {
  json list = json::array();
  json relations = json::array();
  std::size_t number = 0;
  for (const Package* package : packages) {
    const std::string id = fmt::format("SPDXRef-Package-{}", ++number);
    list.push_back({{"name", package->name},
                    {"SPDXID", id},
                    {"versionInfo", package->version},
                    {"downloadLocation", "NOASSERTION"},
                    {"filesAnalyzed", false},
                    {"licenseConcluded", "NOASSERTION"},
                    {"licenseDeclared", "NOASSERTION"},
                    {"licenseComments", package->license},
                    {"copyrightText", "NOASSERTION"},
                    {"externalRefs",
                     {{{"referenceCategory", "PACKAGE-MANAGER"},
                       {"referenceType", "purl"},
                       {"referenceLocator", package_url(*package, distribution)}}}}});
    relations.push_back({{"spdxElementId", "SPDXRef-DOCUMENT"},
                         {"relationshipType", "DESCRIBES"},
                         {"relatedSpdxElement", id}});
  }
  const auto replace = json::error_handler_t::replace;
  const std::string name = Digest::of(list.dump(-1, ' ', false, replace)).text();
  const json document = {{"spdxVersion", "SPDX-2.3"},
                         {"dataLicense", "CC0-1.0"},
                         {"SPDXID", "SPDXRef-DOCUMENT"},
                         {"name", "packages"},
                         {"documentNamespace", "urn:slim:packages:" + name},
                         {"creationInfo", {{"created", time_text(created)}, {"creators", {"Tool: slim"}}}},
                         {"packages", list},
                         {"relationships", relations}};
  return document.dump(2, ' ', false, replace) + "\n";
}

std::string distribution_of(const FileTree& tree) {
  const NodeId node = tree.resolve("/etc/os-release").node;
  const FileFacts* facts = node == no_node ? nullptr : tree.facts(node);
  std::string_view text =
      facts != nullptr && facts->text ? std::string_view(*facts->text) : std::string_view();
  while (!text.empty()) {
    const auto end = text.find('\n');
    std::string_view line = text.substr(0, end);
    text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
    if (!line.starts_with("ID=")) continue;
    line.remove_prefix(3);
    if (line.size() >= 2 && (line[0] == '"' || line[0] == '\'')) line = line.substr(1, line.size() - 2);
    return std::string(line);
  }
  return "linux";
}

}  // namespace slim
