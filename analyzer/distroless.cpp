// What distroless images are known for: no shell and no package manager for whoever breaks in, no program
// that gives more rights than its caller has, no folder where another's files can be swapped, and a package
// database that a scanner can hold against everything that is there.
#include "analyzer/distroless.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "analyzer/file_tree.h"
#include "analyzer/layer_index.h"
#include "analyzer/packages.h"
#include "analyzer/path_kinds.h"

namespace slim {
namespace {

constexpr std::size_t paths_told = 10;

/// Where files come from packages or from whoever built the image, and not from running it.
bool belongs_to_the_system(std::string_view path) {
  const std::string_view top = path.substr(0, path.find('/', 1));
  const bool folder =
      top == "/usr" || top == "/opt" || top == "/bin" || top == "/sbin" || top.starts_with("/lib");
  return folder &&
         path.find("/__pycache__/") == std::string_view::npos;  // byte code is made when it is installed
}

struct Unowned {
  std::vector<std::pair<std::uint64_t, NodeId>> files;  // with their size
  std::uint64_t bytes = 0;
  std::uint64_t all_bytes = 0;  // of files that are owned too
};

class Check {
 public:
  Check(const FileTree& tree, const Packages& packages)
      : tree_(tree),
        packages_(packages),
        shell_{.id = "shell", .paths = {}, .message = "whoever breaks in can use it", .because = {}},
        manager_{.id = "package-manager",
                 .paths = {},
                 .message = "a finished image installs nothing",
                 .because = {}},
        setuid_{.id = "setuid",
                .paths = {},
                .message = "these run with more rights than whoever starts them has",
                .because = {}},
        writable_{.id = "world-writable",
                  .paths = {},
                  .message = "every user may put files there or swap those of others",
                  .because = {}},
        unowned_{.id = "unowned",
                 .paths = {},
                 .message = "no package claims these, so that a scanner cannot tell what they are",
                 .because = {}} {}

  void look_at(NodeId node) {
    const LayerEntry& entry = tree_.entry(node);
    const std::string path = tree_.path(node);
    const bool folder = entry.type == EntryType::directory;
    if (!folder && is_shell_program(path)) add(shell_, path);
    if (!folder && is_package_manager(path)) add(manager_, path);
    if (entry.type == EntryType::file && (entry.mode & 06000U) != 0) add(setuid_, path);
    if (folder && (entry.mode & 01002U) == 0002U) add(writable_, path);
    if (entry.type == EntryType::file && entry.size != 0 && belongs_to_the_system(path)) {
      files_.all_bytes += entry.size;
      if (packages_.owner[node] == Packages::none) {
        files_.bytes += entry.size;
        files_.files.emplace_back(entry.size, node);
      }
    }
  }

  Distroless take() {
    shell_.points = shell_.count == 0 ? 0 : 25;
    manager_.points = manager_.count == 0 ? 0 : 25;
    setuid_.points = static_cast<unsigned>(std::min<std::uint64_t>(20, 5 * setuid_.count));
    writable_.points = static_cast<unsigned>(std::min<std::uint64_t>(15, 5 * writable_.count));
    take_unowned();
    Distroless result;
    for (Obstacle* obstacle : {&shell_, &manager_, &setuid_, &writable_, &unowned_}) {
      if (obstacle->count == 0) continue;
      result.score -= obstacle->points;
      result.obstacles.push_back(std::move(*obstacle));
    }
    std::ranges::stable_sort(result.obstacles, std::greater(), &Obstacle::points);
    return result;
  }

 private:
  static void add(Obstacle& obstacle, const std::string& path) {
    ++obstacle.count;
    if (obstacle.paths.size() < paths_told) obstacle.paths.push_back(path);
  }

  void take_unowned() {
    auto& files = files_.files;
    unowned_.count = files.size();
    if (files.empty()) return;
    unowned_.points = 1 + static_cast<unsigned>(14 * files_.bytes / files_.all_bytes);
    const auto told = static_cast<std::ptrdiff_t>(std::min(paths_told, files.size()));
    std::ranges::partial_sort(files, files.begin() + told, [](const auto& a, const auto& b) {
      return a.first != b.first ? a.first > b.first : a.second < b.second;
    });
    for (auto file = files.begin(); file != files.begin() + told; ++file)
      unowned_.paths.push_back(tree_.path(file->second));
  }

  const FileTree& tree_;
  const Packages& packages_;
  Obstacle shell_;
  Obstacle manager_;
  Obstacle setuid_;
  Obstacle writable_;
  Obstacle unowned_;
  Unowned files_;
};

}  // namespace

Distroless check_distroless(const FileTree& tree, const Packages& packages,
                            const std::function<bool(NodeId)>& has) {
  Check check(tree, packages);
  for (NodeId node = 1; node < tree.size(); ++node) {
    if (has(node)) check.look_at(node);
  }
  return check.take();
}

}  // namespace slim
