// One walk over the tree for what a file is by its name and mode, one over what layers hide. Findings of the
// same kind that come by the thousand are told once.
#include "analyzer/findings.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "analyzer/dependency_graph.h"
#include "analyzer/file_tree.h"
#include "analyzer/layer_index.h"

namespace slim {
namespace {

constexpr std::uint64_t worth_telling = 65'536;  // fewer hidden bytes in a layer are no news

constexpr auto shells = std::to_array<std::string_view>(
    {"sh", "bash", "dash", "ash", "zsh", "ksh", "mksh", "fish", "csh", "tcsh", "busybox", "rbash"});
constexpr auto package_managers =
    std::to_array<std::string_view>({"apt", "apt-get", "dpkg", "apk", "rpm", "dnf", "yum", "microdnf",
                                     "zypper", "pacman", "pip", "pip3", "npm", "gem", "opkg"});
constexpr auto program_folders = std::to_array<std::string_view>(
    {"/bin", "/sbin", "/usr/bin", "/usr/sbin", "/usr/local/bin", "/usr/local/sbin"});

template <std::size_t N>
bool among(const std::array<std::string_view, N>& names, std::string_view name) {
  return std::ranges::find(names, name) != names.end();
}

class Finder {
 public:
  explicit Finder(const FileTree& tree) : tree_(&tree) {}

  void look_at(NodeId node) {
    const LayerEntry& entry = tree_->entry(node);
    if (entry.type != EntryType::file && entry.type != EntryType::directory) {
      if (entry.type == EntryType::symlink) look_at_program(node);
      return;
    }
    if (entry.type == EntryType::file) {
      look_at_program(node);
      look_at_privilege(node, entry);
    }
    // In a sticky folder nobody deletes what is another's.
    const bool sticky = entry.type == EntryType::directory && (entry.mode & 01000U) != 0;
    if ((entry.mode & 0002U) != 0 && !sticky) {
      add("world-writable", Severity::medium, node,
          entry.type == EntryType::directory
              ? "every user may change what is in this folder; chmod o-w, or set the sticky bit"
              : "every user may change this file; chmod o-w");
    }
  }

  /// One finding for each layer whose bytes later layers hide, under the name of the biggest file.
  void hidden(const std::vector<HiddenEntry>& entries) {
    struct Sum {
      std::uint64_t bytes = 0;
      std::uint64_t files = 0;
      const HiddenEntry* biggest = nullptr;
    };
    std::map<std::uint32_t, Sum> layers;
    for (const HiddenEntry& hidden : entries) {
      if (hidden.entry->type != EntryType::file) continue;
      Sum& sum = layers[hidden.layer];
      sum.bytes += hidden.entry->size;
      ++sum.files;
      if (sum.biggest == nullptr || hidden.entry->size > sum.biggest->entry->size) sum.biggest = &hidden;
    }
    for (const auto& [layer, sum] : layers) {
      if (sum.bytes < worth_telling) continue;
      found_.push_back({.id = "deleted-but-shipped",
                        .severity = Severity::low,
                        .path = "/" + sum.biggest->entry->path,
                        .layer = layer,
                        .message = fmt::format(
                            "{} files with {:.1f} MB of layer {} are replaced or deleted by later layers and "
                            "still shipped, this one the biggest; remove them in the step that makes them",
                            sum.files, static_cast<double>(sum.bytes) / 1e6, layer + 1)});
    }
  }

  void unresolved(const UnresolvedLibrary& library) {
    found_.push_back({.id = "missing-library",
                      .severity = Severity::high,
                      .path = library.file,
                      .layer = {},
                      .message = fmt::format("needs {}, which is in none of the places the loader looks: {}",
                                             library.name, fmt::join(library.tried, ", "))});
  }

  std::vector<Finding> take() {
    std::ranges::stable_sort(found_, [](const Finding& a, const Finding& b) {
      return std::tie(b.severity, a.id, a.path) < std::tie(a.severity, b.id, b.path);
    });
    return std::move(found_);
  }

 private:
  void add(std::string id, Severity severity, NodeId node, std::string message) {
    found_.push_back({.id = std::move(id),
                      .severity = severity,
                      .path = tree_->path(node),
                      .layer = tree_->inode_of(node).layer,
                      .message = std::move(message)});
  }

  void look_at_program(NodeId node) {
    const std::string folder = tree_->path(tree_->node(node).parent);
    if (!among(program_folders, folder)) return;
    const std::string& name = tree_->node(node).name;
    if (among(shells, name)) {
      add("shell-present", Severity::info, node,
          "a shell; what breaks in can use it. slim build drops it where nothing needs it");
    } else if (among(package_managers, name)) {
      add("package-manager-present", Severity::low, node,
          "a package manager; a finished image needs none. slim build drops it");
    }
  }

  void look_at_privilege(NodeId node, const LayerEntry& entry) {
    if ((entry.mode & 04000U) != 0) {
      add("setuid", Severity::medium, node,
          fmt::format("runs as uid {} whoever starts it; remove it or chmod u-s", entry.uid));
    } else if ((entry.mode & 02000U) != 0) {
      add("setgid", Severity::low, node,
          fmt::format("runs as gid {} whoever starts it; remove it or chmod g-s", entry.gid));
    }
    const bool capabilities = std::ranges::any_of(
        entry.xattrs, [](const Xattr& xattr) { return xattr.name == "security.capability"; });
    if (capabilities)
      add("file-capability", Severity::low, node, "gets capabilities when it is started (getcap shows them)");
  }

  const FileTree* tree_;
  std::vector<Finding> found_;
};

}  // namespace

std::string_view to_string(Severity severity) {
  switch (severity) {
    case Severity::info:
      return "info";
    case Severity::low:
      return "low";
    case Severity::medium:
      return "medium";
    case Severity::high:
      return "high";
  }
  return "info";
}

std::vector<Finding> find_findings(const FileTree& tree, const std::vector<UnresolvedLibrary>& unresolved) {
  Finder finder(tree);
  for (NodeId node = 1; node < tree.size(); ++node) {
    // A hard link's inode is told once, by its first name.
    if (tree.inode_of(node).names.front() == node) finder.look_at(node);
  }
  finder.hidden(tree.hidden());
  for (const UnresolvedLibrary& library : unresolved) finder.unresolved(library);
  return finder.take();
}

}  // namespace slim
