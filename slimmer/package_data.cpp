// After the Filesystem Hierarchy Standard 3.0: /etc is for configuration, /usr/share for data and /usr/lib/X
// and /usr/libexec for what is one program's own.
#include "slimmer/package_data.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "analyzer/file_tree.h"
#include "analyzer/image.h"
#include "analyzer/layer_index.h"
#include "analyzer/packages.h"

namespace slim {
namespace {

constexpr auto npos = std::string_view::npos;

/// Below /etc: what a package gives to other programs than its own.
constexpr auto other_configuration = std::to_array<std::string_view>(
    {"apparmor.d", "apt", "bash_completion.d", "cron.d", "cron.daily", "cron.hourly", "cron.monthly",
     "cron.weekly", "default", "dpkg", "emacs", "init", "init.d", "insserv", "insserv.conf.d", "kernel",
     "logcheck", "logrotate.d", "network", "ppp", "rc0.d", "rc1.d", "rc2.d", "rc3.d", "rc4.d", "rc5.d",
     "rc6.d", "rcS.d", "rsyslog.d", "skel", "sudoers.d", "systemd", "udev", "ufw", "update-motd.d", "xdg",
     "zsh",
     // who calls pam_start reads them: a rule asks for that
     "pam.d", "security"});
/// Below /usr/share: what people, desktops and other programs read.
constexpr auto other_data = std::to_array<std::string_view>({"X11",
                                                             "aclocal",
                                                             "appdata",
                                                             "applications",
                                                             "apport",
                                                             "apt",
                                                             "bash-completion",
                                                             "bug",
                                                             "build-essential",
                                                             "cmake",
                                                             "common-licenses",
                                                             "debconf",
                                                             "debhelper",
                                                             "dh-python",
                                                             "dict",
                                                             "doc",
                                                             "doc-base",
                                                             "emacs",
                                                             "examples",
                                                             "fish",
                                                             "gettext",
                                                             "gir-1.0",
                                                             "gtk-doc",
                                                             "help",
                                                             "i18n",
                                                             "icons",
                                                             "info",
                                                             "initramfs-tools",
                                                             "licenses",
                                                             "lintian",
                                                             "locale",
                                                             "man",
                                                             "menu",
                                                             "metainfo",
                                                             "pixmaps",
                                                             "pkgconfig",
                                                             "polkit-1",
                                                             "python-apt",
                                                             "sounds",
                                                             "systemtap",
                                                             "vala",
                                                             "zsh"});
constexpr auto other_folders =
    std::to_array<std::string_view>({"test", "tests", "testsuite", "example", "examples", "doc", "docs",
                                     "man", "locale", "include", "@types"});
constexpr auto other_endings = std::to_array<std::string_view>(
    {".a", ".la", ".h", ".hpp", ".pod", ".1.gz", ".md", ".pyi", ".d.ts", ".map", ".exp"});
/// Folders of parts that are told apart by other means: the imports of Perl's modules are followed, and
/// Apache's modules are switched on by the configuration that names them.
constexpr auto followed_folders =
    std::to_array<std::string_view>({"/perl-base/", "/apache2/modules/", "/httpd/modules/"});

template <std::size_t N>
bool among(const std::array<std::string_view, N>& names, std::string_view name) {
  return std::ranges::find(names, name) != names.end();
}

/// The component behind `folder` ("/usr/share/"), if `path` is below it and there is more behind that.
std::string_view component_below(std::string_view path, std::string_view folder) {
  if (!path.starts_with(folder)) return {};
  path.remove_prefix(folder.size());
  const auto end = path.find('/');
  return end == npos ? std::string_view() : path.substr(0, end);
}

bool serves_others(std::string_view path) {
  if (std::ranges::any_of(followed_folders, [path](auto folder) { return path.find(folder) != npos; }))
    return true;
  if (std::ranges::any_of(other_endings, [path](auto ending) { return path.ends_with(ending); })) return true;
  while (!path.empty()) {
    path.remove_prefix(1);
    const auto end = path.find('/');
    if (end == npos) return false;
    const std::string_view name = path.substr(0, end);
    // Debian's mods-available and its kin: what is switched on is reached by its link.
    if (among(other_folders, name) || name.ends_with("-available")) return true;
    path.remove_prefix(end);
  }
  return false;
}

/// The folder of a program's own that `path` is in: X of /usr/lib/X/..., /usr/lib/MACHINE/X/...,
/// /usr/libexec/X/...
std::string_view private_folder(std::string_view path) {
  if (path.starts_with("/usr/libexec/")) return component_below(path, "/usr/libexec/");
  const std::string_view first = component_below(path, "/usr/lib/");
  if (first.find("-linux-") == npos) return first;
  return component_below(path, path.substr(0, std::string_view("/usr/lib/").size() + first.size() + 1));
}

/// "configuration", "data" or nothing. `names`: those whose folders are the program's own.
std::string_view purpose_of(std::string_view path, const std::vector<std::string>& names) {
  if (serves_others(path)) return "";
  if (path.starts_with("/etc/")) {
    const std::string_view rest = path.substr(5);
    return among(other_configuration, rest.substr(0, rest.find('/'))) ? "" : "configuration";
  }
  const std::string_view shared = component_below(path, "/usr/share/");
  if (!shared.empty()) return among(other_data, shared) ? "" : "data";
  const std::string_view own = private_folder(path);
  const bool is_own = !own.empty() && std::ranges::any_of(names, [own](const std::string& name) {
    return name == own || (own.size() > name.size() && own.starts_with(name) && own[name.size()] == '-') ||
           (name.size() > own.size() && name.starts_with(own) && name[own.size()] == '-');
  });
  return is_own ? "data" : "";
}

std::string_view source_of(const Package& package) {
  return package.source.empty() ? std::string_view(package.name) : std::string_view(package.source);
}

bool is_system_package(const Package& package) {
  return package.type == "deb" || package.type == "apk" || package.type == "rpm";
}

}  // namespace

PackageData::PackageData(const FileTree& tree, const ImageConfig& config, const Packages& packages)
    : tree_(&tree), packages_(&packages), done_(packages.list.size(), false) {
  std::string path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
  if (const auto own = env_value(config, "PATH")) path += fmt::format(":{}", *own);
  std::string_view rest = path;
  while (!rest.empty()) {
    const std::string_view folder = rest.substr(0, rest.find(':'));
    rest.remove_prefix(std::min(rest.size(), folder.size() + 1));
    if (!folder.starts_with('/')) continue;
    const NodeId node = tree.resolve(folder).node;
    if (node != no_node && node != root_node) program_folders_.push_back(node);
  }
  for (std::uint32_t number = 0; number < packages.list.size(); ++number) {
    const std::string_view name = packages.list[number].name;
    if (name.ends_with("-common") || name.ends_with("-data") || name.ends_with("-config"))
      data_of_source_[source_of(packages.list[number])].push_back(number);
  }
}

bool PackageData::is_program(NodeId node) const {
  const LayerEntry& entry = tree_->entry(node);
  return entry.type == EntryType::file && (entry.mode & 0111U) != 0 &&
         std::ranges::find(program_folders_, tree_->node(node).parent) != program_folders_.end();
}

void PackageData::add(const Package& package, const std::string& program,
                      std::vector<PackageFile>& files) const {
  const std::vector<std::string> names{package.name, std::string(source_of(package)), program};
  for (const NodeId node : package.files) {
    const std::string path = tree_->path(node);
    const std::string_view purpose = purpose_of(path, names);
    if (purpose.empty()) continue;
    const LayerEntry& entry = tree_->entry(node);
    const FileFacts* facts = tree_->facts(node);
    const bool script = facts != nullptr && !facts->shebang.empty() && (entry.mode & 0111U) != 0;
    if (script) continue;
    files.push_back({.node = node, .what = fmt::format("{} of {}", purpose, package.name)});
  }
}

std::vector<PackageFile> PackageData::of(NodeId node) {
  std::vector<PackageFile> files;
  const std::uint32_t number = packages_->owner[node];
  if (number == Packages::none || done_[number] || !is_program(node)) return files;
  const Package& package = packages_->list[number];
  done_[number] = true;
  if (!is_system_package(package)) return files;
  const std::string& program = tree_->node(node).name;
  add(package, program, files);
  const auto sisters = data_of_source_.find(source_of(package));
  if (sisters == data_of_source_.end()) return files;
  for (const std::uint32_t other : sisters->second) {
    const Package& sister = packages_->list[other];
    if (done_[other] || sister.type != package.type) continue;
    done_[other] = true;
    add(sister, program, files);
  }
  return files;
}

}  // namespace slim
