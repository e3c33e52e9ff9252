// dpkg: deb-control(5) stanzas in the status file, one file list a package. apk: one database of
// records in which F: names a folder and R: a file in it (Alpine's apk-tools, "installed" database). rpm: see
// rpm_database.cpp; an image that slim has made of one with rpm has an SPDX document in its place.
#include "analyzer/packages.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "analyzer/file_tree.h"
#include "analyzer/language_packages.h"
#include "analyzer/layer_index.h"
#include "analyzer/rpm_database.h"

namespace slim {
namespace {

/// Takes the next line off `text`.
std::string_view take_line(std::string_view& text) {
  const auto end = text.find('\n');
  std::string_view line = text.substr(0, end);
  text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

std::string_view text_of(const FileTree& tree, NodeId node) {
  if (node == no_node) return {};
  const FileFacts* facts = tree.facts(node);
  return facts != nullptr && facts->text ? std::string_view(*facts->text) : std::string_view();
}

/// The value of a field if `line` has it: "Version: 1.2" for "Version".
bool field(std::string_view line, std::string_view name, std::string& value) {
  if (!line.starts_with(name) || line.size() <= name.size() || line[name.size()] != ':') return false;
  line.remove_prefix(name.size() + 1);
  while (line.starts_with(' ')) line.remove_prefix(1);
  value = line;
  return true;
}

void add_file(const FileTree& tree, Package& package, std::string_view path) {
  // The link itself is what a package ships; the folders on the way may have moved (a merged /usr).
  const NodeId node = tree.resolve(path, root_node, false).node;
  if (node != no_node && !tree.is(node, EntryType::directory)) package.files.push_back(node);
}

/// A folder comes right before what it holds. One that is a link by now (/bin of a merged /usr) is no file of
/// the package.
void add_dpkg_list(const FileTree& tree, Package& package, std::string_view lines) {
  while (!lines.empty()) {
    const std::string_view path = take_line(lines);
    const bool folder = lines.starts_with(path) && lines.substr(path.size()).starts_with('/');
    if (!folder) add_file(tree, package, path);
  }
}

/// The blocks of lines between empty lines, each with its line ends.
std::string_view take_block(std::string_view& text) {
  const std::string_view start = text;
  std::size_t size = 0;
  while (!text.empty()) {
    if (take_line(text).empty()) break;
    size = start.size() - text.size();
  }
  return start.substr(0, size);
}

Package deb_package(std::string_view stanza, NodeId database, std::string& state) {
  Package package;
  package.type = "deb";
  package.database = database;
  package.record = stanza;
  std::string source;
  while (!stanza.empty()) {
    const std::string_view line = take_line(stanza);
    if (field(line, "Package", package.name) || field(line, "Version", package.version) ||
        field(line, "Status", state) || field(line, "Source", source)) {
      continue;
    }
    field(line, "Architecture", package.architecture);
  }
  package.source = source.substr(0, source.find(' '));  // a version may stand behind it
  return package;
}

void read_dpkg_status(const FileTree& tree, NodeId database, std::vector<Package>& packages) {
  std::string_view status = text_of(tree, database);
  while (!status.empty()) {
    std::string state;
    Package package = deb_package(take_block(status), database, state);
    if (package.name.empty() || (!state.empty() && !state.ends_with(" installed"))) continue;
    const std::string base = "/var/lib/dpkg/info/" + package.name;
    const auto info = [&](std::string_view ending) {
      const NodeId plain = tree.resolve(fmt::format("{}{}", base, ending)).node;
      return plain != no_node ? plain
                              : tree.resolve(fmt::format("{}:{}{}", base, package.architecture, ending)).node;
    };
    add_dpkg_list(tree, package, text_of(tree, info(".list")));
    package.sums = info(".md5sums");
    packages.push_back(std::move(package));
  }
}

/// The md5sums of a distroless image's package name its files, relative to the root.
void read_dpkg_status_folder(const FileTree& tree, std::vector<Package>& packages) {
  const NodeId folder = tree.resolve("/var/lib/dpkg/status.d").node;
  if (folder == no_node) return;
  for (const NodeId file : tree.node(folder).children) {
    const std::string& name = tree.node(file).name;
    if (name.ends_with(".md5sums")) continue;
    const auto before = packages.size();
    read_dpkg_status(tree, file, packages);
    if (packages.size() != before + 1) continue;
    packages.back().sums = tree.child(folder, name + ".md5sums");
    std::string_view sums = text_of(tree, packages.back().sums);
    while (!sums.empty()) {
      const std::string_view line = take_line(sums);
      const auto gap = line.find("  ");
      if (gap != std::string_view::npos) add_file(tree, packages.back(), line.substr(gap + 2));
    }
  }
}

void read_apk_installed(const FileTree& tree, NodeId database, std::vector<Package>& packages) {
  std::string_view text = text_of(tree, database);
  while (!text.empty()) {
    std::string_view record = take_block(text);
    Package package;
    package.type = "apk";
    package.database = database;
    package.record = record;
    std::string folder;
    while (!record.empty()) {
      const std::string_view line = take_line(record);
      std::string file;
      if (field(line, "P", package.name) || field(line, "V", package.version) ||
          field(line, "A", package.architecture) || field(line, "L", package.license) ||
          field(line, "F", folder)) {
        continue;
      }
      if (!field(line, "R", file)) continue;
      add_file(tree, package, folder.empty() ? file : fmt::format("{}/{}", folder, file));
    }
    if (!package.name.empty()) packages.push_back(std::move(package));
  }
}

/// What slimmer/package_metadata.cpp leaves of rpm's database: the packages, without their files.
void add_listed_rpms(const FileTree& tree, Packages& packages) {
  using json = nlohmann::json;
  const NodeId node = tree.resolve("/usr/share/sbom/packages.spdx.json").node;
  const json document = json::parse(text_of(tree, node), nullptr, false);
  if (!document.is_object()) return;
  const auto text = [](const json& object, const char* key) {
    const auto value = object.is_object() ? object.find(key) : object.end();
    return value != object.end() && value->is_string() ? value->get<std::string>() : std::string();
  };
  const auto list = [](const json& object, const char* key) {
    const auto value = object.is_object() ? object.find(key) : object.end();
    return value != object.end() && value->is_array() ? *value : json::array();
  };
  for (const json& entry : list(document, "packages")) {
    constexpr std::string_view architecture = "?arch=";
    const json references = list(entry, "externalRefs");
    const std::string url = references.empty() ? std::string() : text(references.front(), "referenceLocator");
    if (!url.starts_with("pkg:rpm/")) continue;
    Package package;
    package.name = text(entry, "name");
    package.version = text(entry, "versionInfo");
    package.type = "rpm";
    package.license = text(entry, "licenseComments");
    package.database = node;
    const auto start = url.find(architecture);
    if (start != std::string::npos) {
      const std::string rest = url.substr(start + architecture.size());
      package.architecture = rest.substr(0, rest.find('&'));
    }
    if (!package.name.empty()) packages.list.push_back(std::move(package));
  }
}

void add_rpms(const FileTree& tree, Packages& packages) {
  for (const std::string_view folder : {"/usr/lib/sysimage/rpm", "/var/lib/rpm", "/usr/share/rpm"}) {
    const NodeId node = tree.resolve(fmt::format("{}/rpmdb.sqlite", folder)).node;
    if (node == no_node) {
      for (const std::string_view older : {"Packages", "Packages.db"}) {  // Berkeley DB, rpm's own ndb
        if (tree.resolve(fmt::format("{}/{}", folder, older)).node == no_node) continue;
        packages.problems.push_back(
            fmt::format("{}/{}: a database of rpm in a form that is not read", folder, older));
        return;
      }
      continue;
    }
    std::string problem;
    for (RpmPackage& read : read_rpm_database(text_of(tree, node), problem)) {
      Package package;
      package.name = std::move(read.name);
      package.version = std::move(read.version);
      package.type = "rpm";
      package.architecture = std::move(read.architecture);
      package.license = std::move(read.license);
      package.database = node;
      for (const std::string& file : read.files) add_file(tree, package, file);
      packages.list.push_back(std::move(package));
    }
    if (!problem.empty()) packages.problems.push_back(fmt::format("{}: {}", tree.path(node), problem));
    return;  // the others are links to it
  }
  add_listed_rpms(tree, packages);
}

}  // namespace

Packages read_packages(const FileTree& tree) {
  Packages packages;
  read_dpkg_status(tree, tree.resolve("/var/lib/dpkg/status").node, packages.list);
  read_dpkg_status_folder(tree, packages.list);
  for (const std::string_view database : {"/lib/apk/db/installed", "/usr/lib/apk/db/installed"}) {
    const NodeId node = tree.resolve(database).node;
    if (node == no_node) continue;
    read_apk_installed(tree, node, packages.list);
    break;  // on a merged /usr both lead to the same file
  }
  add_rpms(tree, packages);
  // What both a package of the system and one of a language claim is the former's.
  std::vector<bool> owned(tree.size(), false);
  for (const Package& package : packages.list) {
    for (const NodeId file : package.files) owned[file] = true;
  }
  for (Package& package : read_language_packages(tree, owned)) {
    std::erase_if(package.files, [&owned](NodeId file) { return owned[file]; });
    packages.list.push_back(std::move(package));
  }
  std::ranges::stable_sort(packages.list, {}, &Package::name);
  packages.owner.assign(tree.size(), Packages::none);
  for (std::uint32_t number = 0; number < packages.list.size(); ++number) {
    auto& files = packages.list[number].files;
    std::ranges::sort(files);
    files.erase(std::ranges::unique(files).begin(), files.end());
    std::erase_if(files, [&](NodeId file) { return packages.owner[file] != Packages::none; });
    for (const NodeId file : files) packages.owner[file] = number;
  }
  return packages;
}

}  // namespace slim
