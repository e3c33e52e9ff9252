// dpkg's own database is one file with everything that was ever installed, and lists beside it; a slimmed
// image gets instead what distroless images have, one stanza a package in status.d, which scanners read too.
// apk's database is a list of records in which F: names a folder, M: its mode, R: a file in it, and a: and Z:
// that file's mode and checksum (Alpine's apk-tools, "installed" database).
//
// Names come from the image, so a package is only given a file if its name is one that dpkg allows
// (deb-control(5)), and only where the folder is a folder and no link leads elsewhere.
#include "slimmer/package_metadata.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "analyzer/file_tree.h"
#include "analyzer/glob.h"
#include "analyzer/layer_index.h"
#include "analyzer/package_url.h"
#include "analyzer/packages.h"
#include "slimmer/plan.h"
#include "slimmer/sbom.h"
#include "slimmer/timestamp.h"

namespace slim {
namespace {

std::string_view take_line(std::string_view& text) {
  const auto end = text.find('\n');
  const std::string_view line = text.substr(0, end);
  text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
  return line;
}

std::string_view text_of(const FileTree& tree, NodeId node) {
  const FileFacts* facts = node == no_node ? nullptr : tree.facts(node);
  return facts != nullptr && facts->text ? std::string_view(*facts->text) : std::string_view();
}

bool is_package_name(std::string_view name) {
  constexpr std::string_view plain = "abcdefghijklmnopqrstuvwxyz0123456789";
  return name.size() >= 2 && name.size() <= 200 && plain.contains(name.front()) &&
         std::ranges::all_of(
             name, [plain](char c) { return plain.contains(c) || c == '+' || c == '-' || c == '.'; });
}

class MetadataKeeper {
 public:
  MetadataKeeper(const FileTree& tree, const Packages& packages, const std::vector<std::string>& exclude,
                 Plan& plan)
      : tree_(tree), packages_(packages), exclude_(any_glob(exclude)), plan_(plan) {}

  void run() {
    std::vector<const Package*> kept;
    for (const Package& package : packages_.list) {
      if (std::ranges::any_of(package.files, [this](NodeId file) { return is_evidence(file); }))
        kept.push_back(&package);
    }
    for (const Package* package : kept) {
      if (package->type == "deb") keep_license(*package);
    }
    keep_debs(kept);
    keep_apks(kept);
    keep_rpms(kept);
    for (const std::string& problem : packages_.problems) plan_.warnings.push_back(problem);
    std::ranges::sort(plan_.added, {}, &AddedEntry::path);
  }

 private:
  /// Whether a kept file shows that its package is in use.
  [[nodiscard]] bool is_evidence(NodeId file) const {
    if (!plan_.keeps(file)) return false;
    const std::string path = tree_.path(file);
    return !path.starts_with("/usr/share/doc/") && !path.starts_with("/var/lib/dpkg/") &&
           !path.starts_with("/usr/share/licenses/");
  }

  [[nodiscard]] bool keeps_path(std::string_view path) const {
    const NodeId node = tree_.resolve(path, root_node, false).node;
    return node != no_node && plan_.keeps(node);
  }

  [[nodiscard]] bool is_excluded(const std::string& path, NodeId folder) const {
    for (NodeId at = folder; at != root_node; at = tree_.node(at).parent) {
      if (plan_.decisions[at].reason.kind == ReasonKind::excluded) return true;
    }
    return exclude_.matches(path);
  }

  void keep_node(NodeId node, ReasonKind kind, const std::string& detail) {
    Decision& decision = plan_.decisions[node];
    if (decision.keep || decision.reason.kind == ReasonKind::excluded) return;
    decision = {.keep = true, .reason = {.kind = kind, .from = no_node, .detail = detail}};
    for (NodeId at = node; !plan_.keeps(tree_.node(at).parent); at = tree_.node(at).parent) {
      plan_.decisions[tree_.node(at).parent] = {
          .keep = true, .reason = {.kind = ReasonKind::folder_parent, .from = at, .detail = ""}};
    }
  }

  /// A file `name` in `folder`, whose path in the image is `path`, whether the tree has that folder or it is
  /// added too. Where the tree has the file already with that content it is kept, and with another it is
  /// written anew.
  void add_file(NodeId folder, const std::string& path, std::string content, NodeId source,
                const std::string& why) {
    if (is_excluded(path, folder)) return;
    const NodeId there = tree_.find(path);
    if (there != no_node) {
      if (plan_.keeps(there)) return;
      if (!tree_.is(there, EntryType::file)) {
        plan_.warnings.push_back(fmt::format("{} is no file: the package metadata is not written", path));
        return;
      }
      const FileFacts* facts = tree_.facts(there);
      if (facts != nullptr && facts->text && *facts->text == content) {
        keep_node(there, ReasonKind::metadata, why);
        return;
      }
      plan_.decisions[there].reason = {.kind = ReasonKind::rewritten, .from = no_node, .detail = why};
    }
    keep_node(folder, ReasonKind::folder_parent, "what slim adds goes here");
    add(path, EntryType::file, std::move(content), source, why);
  }

  void add(const std::string& path, EntryType type, std::string content, NodeId source,
           const std::string& why) {
    if (!added_.insert(path).second) return;
    const LayerEntry& like = tree_.entry(source);
    plan_.added.push_back({.path = path,
                           .type = type,
                           .mode = type == EntryType::directory ? 0755U : 0644U,
                           .mtime = like.mtime,
                           .mtime_nsec = like.mtime_nsec,
                           .content = std::move(content),
                           .source = source,
                           .why = why});
  }

  /// The stanza less the configuration files that are gone (deb822(5): lines that begin with a blank belong
  /// to the field above).
  [[nodiscard]] std::string filtered_stanza(std::string_view stanza) const {
    std::string out;
    std::string conffiles;
    bool in_conffiles = false;
    const auto finish = [&] {
      if (!conffiles.empty()) out += "Conffiles:\n" + std::exchange(conffiles, {});
    };
    while (!stanza.empty()) {
      const std::string_view line = take_line(stanza);
      const bool continues = line.starts_with(' ');
      if (!continues && in_conffiles) finish();
      if (!continues) in_conffiles = line.starts_with("Conffiles:");
      if (!in_conffiles) {
        out += fmt::format("{}\n", line);
      } else if (continues) {
        const std::string_view path = line.substr(1, line.find(' ', 1) - 1);
        if (keeps_path(path)) conffiles += fmt::format("{}\n", line);
      }
    }
    finish();
    return out;
  }

  [[nodiscard]] std::string filtered_sums(std::string_view sums) const {
    std::string out;
    while (!sums.empty()) {
      const std::string_view line = take_line(sums);
      const auto gap = line.find("  ");
      if (gap != std::string_view::npos && keeps_path(line.substr(gap + 2))) out += fmt::format("{}\n", line);
    }
    return out;
  }

  void keep_debs(const std::vector<const Package*>& kept) {
    std::set<std::string> names;
    for (const Package* package : kept) {
      if (package->type != "deb" || plan_.keeps(package->database)) continue;
      if (!is_package_name(package->name)) {
        plan_.warnings.push_back(fmt::format(
            "the package '{}' has no name that dpkg allows: no metadata is written for it", package->name));
        continue;
      }
      std::string name = package->name;
      if (!names.insert(name).second) {  // installed for a second architecture
        if (!is_package_name(package->architecture)) continue;
        name += ":" + package->architecture;
        if (!names.insert(name).second) continue;
      }
      keep_deb(*package, name);
    }
  }

  void keep_deb(const Package& package, const std::string& name) {
    const std::string why = fmt::format("package metadata of {} {}", package.name, package.version);
    const NodeId dpkg = tree_.resolve("/var/lib/dpkg").node;
    if (dpkg == no_node || !tree_.is(dpkg, EntryType::directory)) return;
    const std::string folder_path = tree_.path(dpkg) + "/status.d";
    NodeId folder = tree_.child(dpkg, "status.d");
    // A name that a distroless image gives the file is kept.
    const bool own = folder != no_node && tree_.node(package.database).parent == folder;
    if (folder == no_node) {
      if (is_excluded(folder_path, dpkg)) return;
      keep_node(dpkg, ReasonKind::folder_parent, "what slim adds goes here");
      add(folder_path, EntryType::directory, {}, package.database, "package metadata of what is kept");
      folder = dpkg;
    } else if (!tree_.is(folder, EntryType::directory)) {
      return;
    }
    const std::string path = folder_path + "/" + (own ? tree_.node(package.database).name : name);
    add_file(folder, path, filtered_stanza(package.record), package.database, why);
    if (package.sums == no_node) return;
    add_file(folder, path + ".md5sums", filtered_sums(text_of(tree_, package.sums)), package.sums,
             fmt::format("the files of {} that are kept", package.name));
  }

  /// The record less files that are gone, and folders that are gone with them.
  [[nodiscard]] std::string filtered_record(std::string_view record) const {
    std::string out;
    std::string folder_lines;  // told once a file in it is
    std::string folder;
    bool file_kept = true;
    bool in_files = false;
    while (!record.empty()) {
      const std::string_view line = take_line(record);
      if (line.starts_with("F:")) {
        folder = line.substr(2);
        folder_lines = fmt::format("{}\n", line);
        file_kept = false;
        in_files = false;
        if (keeps_path(folder)) out += std::exchange(folder_lines, {});
      } else if (line.starts_with("M:") && !in_files) {
        (folder_lines.empty() ? out : folder_lines) += fmt::format("{}\n", line);
      } else if (line.starts_with("R:")) {
        in_files = true;
        file_kept = keeps_path(folder + "/" + std::string(line.substr(2)));
        if (file_kept) out += std::exchange(folder_lines, {}) + fmt::format("{}\n", line);
      } else if (!in_files || file_kept) {
        (in_files || folder_lines.empty() ? out : folder_lines) += fmt::format("{}\n", line);
      }
    }
    return out;
  }

  /// In the order of the database.
  void keep_apks(const std::vector<const Package*>& kept) {
    std::map<NodeId, std::vector<const Package*>> databases;
    for (const Package* package : kept) {
      if (package->type == "apk" && !plan_.keeps(package->database))
        databases[package->database].push_back(package);
    }
    for (auto& [database, packages] : databases) {
      std::ranges::sort(packages, {}, [](const Package* package) { return package->record.data(); });
      std::string content;
      for (const Package* package : packages) content += filtered_record(package->record) + "\n";
      add_file(tree_.node(database).parent, tree_.path(database), std::move(content), database,
               "the packages of which something is kept, with what is kept of them");
    }
  }

  /// A SQLite file with an index for every kind of look-up is not written here: scanners read SPDX as well.
  void keep_rpms(const std::vector<const Package*>& kept) {
    std::vector<const Package*> rpms;
    std::ranges::copy_if(kept, std::back_inserter(rpms), [this](const Package* package) {
      return package->type == "rpm" && !plan_.keeps(package->database);
    });
    if (rpms.empty()) return;
    const NodeId share = tree_.resolve("/usr/share").node;
    if (share == no_node || !tree_.is(share, EntryType::directory)) return;
    const NodeId database = rpms.front()->database;
    const std::string folder_path = tree_.path(share) + "/sbom";
    NodeId folder = tree_.child(share, "sbom");
    if (folder == no_node) {
      if (is_excluded(folder_path, share)) return;
      keep_node(share, ReasonKind::folder_parent, "what slim adds goes here");
      add(folder_path, EntryType::directory, {}, database, "package metadata of what is kept");
      folder = share;
    } else if (!tree_.is(folder, EntryType::directory)) {
      return;
    }
    const std::string path = folder_path + "/packages.spdx.json";
    Sbom sbom = list_packages(rpms, distribution_of(tree_));
    sbom.tool = "slim";  // without its version: the image is to depend on what is kept alone
    sbom.created = time_text(tree_.entry(database).mtime);
    std::ostringstream document;
    write_spdx(sbom, document);
    add_file(folder, path, std::move(document).str(), database, "the packages of which something is kept");
    plan_.warnings.push_back(
        fmt::format("the rpm database is left out, as it cannot be filtered: {} lists the {} packages of "
                    "which something is kept; --include {} keeps it whole",
                    path, rpms.size(), tree_.path(database)));
  }

  void keep_license(const Package& package) {
    if (!is_package_name(package.name)) return;
    const Resolution found = tree_.resolve("/usr/share/doc/" + package.name + "/copyright");
    if (found.node == no_node || !tree_.is(found.node, EntryType::file)) return;
    const std::string detail = "the copyright file of " + package.name;
    for (const NodeId link : found.symlinks) keep_node(link, ReasonKind::metadata, detail);
    keep_node(found.node, ReasonKind::metadata, detail);
  }

  const FileTree& tree_;
  const Packages& packages_;
  GlobIndex exclude_;
  Plan& plan_;
  std::set<std::string> added_;
};

}  // namespace

void keep_package_metadata(const FileTree& tree, const Packages& packages,
                           const std::vector<std::string>& exclude, Plan& plan) {
  MetadataKeeper(tree, packages, exclude, plan).run();
}

}  // namespace slim
