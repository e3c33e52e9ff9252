// After the package-url specification (PURL-SPECIFICATION, and the definition of each type).
#include "analyzer/package_url.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include "analyzer/file_tree.h"
#include "analyzer/layer_index.h"
#include "analyzer/packages.h"

namespace slim {
namespace {

constexpr auto npos = std::string_view::npos;

/// All but unreserved characters of RFC 3986 and the colon, which is never encoded.
std::string percent_encoded(std::string_view text) {
  constexpr std::string_view marks = "-._~:";
  std::string out;
  for (const char c : text) {
    const bool plain =
        (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || marks.contains(c);
    out += plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<std::uint8_t>(c));
  }
  return out;
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

/// PEP 503: runs of "-", "_" and "." are one "-".
std::string pypi_name(std::string_view name) {
  std::string out;
  for (const char c : lower(name)) {
    const bool separates = c == '-' || c == '_' || c == '.';
    if (!separates) {
      out += c;
    } else if (!out.ends_with('-')) {
      out += '-';
    }
  }
  return out;
}

struct UrlParts {
  std::string type;
  std::string space;  ///< the namespace, its segments parted by "/"
  std::string name;
  std::string version;
  std::map<std::string, std::string> qualifiers;  ///< empty values are none
};

std::string written(const UrlParts& parts) {
  std::string url = "pkg:" + parts.type;
  std::string_view space = parts.space;
  while (!space.empty()) {
    const std::string_view segment = space.substr(0, space.find('/'));
    space.remove_prefix(std::min(space.size(), segment.size() + 1));
    if (!segment.empty()) url += "/" + percent_encoded(segment);
  }
  url += "/" + percent_encoded(parts.name);
  if (!parts.version.empty()) url += "@" + percent_encoded(parts.version);
  char before = '?';
  for (const auto& [key, value] : parts.qualifiers) {
    if (value.empty()) continue;
    url += fmt::format("{}{}={}", before, key, percent_encoded(value));
    before = '&';
  }
  return url;
}

/// The parts of "a/b/name".
void split_path(std::string_view path, UrlParts& parts) {
  const auto slash = path.rfind('/');
  parts.name = path.substr(slash == npos ? 0 : slash + 1);
  if (slash != npos) parts.space = path.substr(0, slash);
}

void set_distribution(const Package& package, const Distribution& distribution, UrlParts& parts) {
  parts.space = lower(distribution.id);
  parts.qualifiers["arch"] = package.architecture;
  if (!distribution.version.empty())
    parts.qualifiers["distro"] = distribution.id + "-" + distribution.version;
}

/// The epoch of an rpm is no part of its version there.
void split_epoch(UrlParts& parts) {
  const auto colon = parts.version.find(':');
  if (colon == std::string::npos) return;
  parts.qualifiers["epoch"] = parts.version.substr(0, colon);
  parts.version.erase(0, colon + 1);
}

/// GROUP:ARTIFACT.
void set_coordinates(std::string_view name, UrlParts& parts) {
  const auto colon = name.find(':');
  parts.type = colon == npos ? "generic" : "maven";
  if (colon == npos) return;
  parts.space = name.substr(0, colon);
  parts.name = name.substr(colon + 1);
}

/// A gem of one platform: 1.16.2-x86_64-linux.
void split_platform(UrlParts& parts) {
  const auto dash = parts.version.find('-');
  if (dash == std::string::npos) return;
  parts.qualifiers["platform"] = parts.version.substr(dash + 1);
  parts.version.erase(dash);
}

/// The value of NAME=VALUE, without quotes; nothing where the line is another one.
bool setting(std::string_view line, std::string_view name, std::string& value) {
  if (!line.starts_with(name) || line.size() <= name.size() || line[name.size()] != '=') return false;
  line.remove_prefix(name.size() + 1);
  if (line.size() >= 2 && (line[0] == '"' || line[0] == '\'')) line = line.substr(1, line.size() - 2);
  value = line;
  return true;
}

}  // namespace

std::string package_url(const Package& package, const Distribution& distribution) {
  UrlParts parts{
      .type = package.type, .space = {}, .name = package.name, .version = package.version, .qualifiers = {}};
  if (package.type == "deb" || package.type == "apk") {
    set_distribution(package, distribution, parts);
  } else if (package.type == "rpm") {
    set_distribution(package, distribution, parts);
    split_epoch(parts);
  } else if (package.type == "pypi") {
    parts.name = pypi_name(package.name);
  } else if (package.type == "npm") {
    split_path(package.name, parts);
  } else if (package.type == "gem") {
    split_platform(parts);
  } else if (package.type == "jar") {
    set_coordinates(package.name, parts);
  } else if (package.type == "golang") {
    split_path(lower(package.name), parts);
    if (package.version == "(devel)") parts.version.clear();
  }
  return written(parts);
}

Distribution distribution_of(const FileTree& tree) {
  Distribution distribution{.id = "linux", .version = {}};
  const NodeId node = tree.resolve("/etc/os-release").node;
  const FileFacts* facts = node == no_node ? nullptr : tree.facts(node);
  std::string_view text =
      facts != nullptr && facts->text ? std::string_view(*facts->text) : std::string_view();
  while (!text.empty()) {
    const auto end = text.find('\n');
    const std::string_view line = text.substr(0, end);
    text = end == npos ? std::string_view() : text.substr(end + 1);
    if (!setting(line, "ID", distribution.id)) setting(line, "VERSION_ID", distribution.version);
  }
  return distribution;
}

}  // namespace slim
