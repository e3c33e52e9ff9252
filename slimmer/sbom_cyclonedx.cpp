// After the CycloneDX specification 1.5 and its JSON schema. An image that was slimmed has its original as an
// ancestor in its pedigree.
#include <cstddef>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "analyzer/digest.h"
#include "slimmer/json_stream.h"
#include "slimmer/sbom.h"

namespace slim {
namespace {

using json = nlohmann::ordered_json;

void add_property(json& list, std::string_view name, const std::string& value) {
  list.push_back({{"name", name}, {"value", value}});
}

json image_component(std::string_view reference, const std::string& name, const Digest& digest) {
  json component = {{"type", "container"}, {"bom-ref", reference}, {"name", name}};
  if (!digest.empty()) component["version"] = digest.text();
  return component;
}

/// The namespace of a name, where its type has one ("org.example" of "org.example:app", "@scope" of
/// "@scope/name"), and the rest.
void set_name(json& component, const SbomPackage& package) {
  const std::string_view name = package.name;
  std::size_t border = std::string_view::npos;
  if (package.type == "jar") border = name.find(':');
  if (package.type == "npm" && name.starts_with('@')) border = name.find('/');
  if (border == std::string_view::npos) {
    component["name"] = name;
  } else {
    component["group"] = name.substr(0, border);
    component["name"] = name.substr(border + 1);
  }
}

std::string removed_text(const SbomRemoved& removed) {
  return removed.kept == 0
             ? removed.url
             : fmt::format("{} ({} of {} files kept)", removed.url, removed.kept, removed.count);
}

json subject_component(const Sbom& sbom, const SbomSubject& subject) {
  json component = image_component("image", subject.name, subject.digest);
  json properties = json::array();
  if (!subject.platform.empty()) add_property(properties, "slim:platform", subject.platform);
  if (sbom.unlisted_files != 0)
    add_property(properties, "slim:files:not-listed", std::to_string(sbom.unlisted_files));
  if (sbom.original) {
    const SbomOriginal& original = *sbom.original;
    component["pedigree"] = {
        {"ancestors", json::array({image_component("original", original.name, original.digest)})},
        {"notes", fmt::format("slimmed: {} of the {} packages of the original are not in it",
                              original.removed.size(), original.packages)}};
    for (const SbomRemoved& removed : original.removed) {
      add_property(properties, removed.kept == 0 ? "slim:removed:package" : "slim:removed:description",
                   removed_text(removed));
    }
  }
  if (!properties.empty()) component["properties"] = properties;
  return component;
}

json package_component(const Sbom& sbom, const SbomPackage& package) {
  json component = {{"type", "library"}, {"bom-ref", package.url}};
  set_name(component, package);
  if (!package.version.empty()) component["version"] = package.version;
  if (!package.license.empty())
    component["licenses"] = json::array({{{"license", {{"name", package.license}}}}});
  component["purl"] = package.url;
  json places = json::array();
  for (const std::size_t file : package.files) places.push_back({{"location", sbom.files[file].path}});
  for (const std::string& path : package.inside) places.push_back({{"location", path}});
  if (!places.empty()) component["evidence"] = {{"occurrences", places}};
  json properties = json::array();
  add_property(properties, "slim:type", package.type);
  if (!package.source.empty()) add_property(properties, "slim:source", package.source);
  add_property(properties, "slim:files", std::to_string(package.count));
  if (package.original_count > package.count)
    add_property(properties, "slim:files:original", std::to_string(package.original_count));
  component["properties"] = properties;
  return component;
}

json metadata(const Sbom& sbom) {
  const auto dash = sbom.tool.find('-');
  json tool = {{"type", "application"}, {"name", sbom.tool.substr(0, dash)}};
  if (dash != std::string::npos) tool["version"] = sbom.tool.substr(dash + 1);
  json values = {{"timestamp", sbom.created}, {"tools", {{"components", json::array({tool})}}}};
  if (sbom.subject) values["component"] = subject_component(sbom, *sbom.subject);
  return values;
}

}  // namespace

void write_cyclonedx(const Sbom& sbom, std::ostream& out) {
  JsonStream document(out);
  document.member("$schema", "http://cyclonedx.org/schema/bom-1.5.schema.json");
  document.member("bomFormat", "CycloneDX");
  document.member("specVersion", "1.5");
  document.member("serialNumber", "urn:uuid:" + sbom_uuid(sbom, SbomFormat::cyclonedx));
  document.member("version", 1);
  document.member("metadata", metadata(sbom));
  document.list("components");
  for (const SbomPackage& package : sbom.packages) document.element(package_component(sbom, package));
  for (const std::size_t place : unowned_files(sbom)) {
    const SbomFile& file = sbom.files[place];
    document.element({{"type", "file"},
                      {"bom-ref", fmt::format("file-{}", place + 1)},
                      {"name", file.path},
                      {"hashes", {{{"alg", "SHA-256"}, {"content", to_hex(file.sha256)}}}}});
  }
  document.end();
}

}  // namespace slim
