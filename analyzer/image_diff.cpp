// Both trees are walked at once: children are sorted by name, so that each folder is a merge of two lists.
#include "analyzer/image_diff.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "analyzer/file_tree.h"
#include "analyzer/image.h"
#include "analyzer/layer_index.h"
#include "analyzer/system_folders.h"

namespace slim {
namespace {

using nlohmann::json;

class TreeDiff {
 public:
  TreeDiff(const FileTree& a, const FileTree& b, const DiffOptions& options)
      : a_(&a), b_(&b), options_(options) {}

  ImageDiff run() {
    compare(root_node, root_node);
    while (!open_.empty()) {
      const auto [a, b] = open_.back();
      open_.pop_back();
      compare_folders(a, b);
    }
    std::ranges::sort(diff_.paths, {}, &PathDifference::path);
    sum_up(*a_, diff_.a, &FolderDifference::a);
    sum_up(*b_, diff_.b, &FolderDifference::b);
    for (auto& [folder, sizes] : folders_) {
      if (sizes.a != sizes.b) diff_.folders.push_back(std::move(sizes));
    }
    std::ranges::sort(diff_.folders, [](const FolderDifference& left, const FolderDifference& right) {
      const std::uint64_t more = difference(left);
      const std::uint64_t less = difference(right);
      return more != less ? more > less : left.folder < right.folder;
    });
    return std::move(diff_);
  }

 private:
  static std::uint64_t difference(const FolderDifference& folder) {
    return folder.a > folder.b ? folder.a - folder.b : folder.b - folder.a;
  }

  void compare_folders(NodeId a, NodeId b) {
    const std::vector<NodeId>& left = a_->node(a).children;
    const std::vector<NodeId>& right = b_->node(b).children;
    std::size_t i = 0;
    std::size_t j = 0;
    while (i < left.size() || j < right.size()) {
      int order = i == left.size() ? 1 : -1;
      if (i < left.size() && j < right.size()) {
        order = a_->node(left[i]).name.compare(b_->node(right[j]).name);
      }
      if (order == 0) {
        compare(left[i++], right[j++]);
      } else if (order < 0) {
        only_in_a(left[i++]);
      } else {
        only_in_b(right[j++]);
      }
    }
  }

  /// Two nodes of one path. A folder that became a file loses what was in it.
  void compare(NodeId a, NodeId b) {
    std::vector<Aspect> aspects = differing(a_->inode_of(a), b_->inode_of(b));
    if (!aspects.empty()) {
      diff_.paths.push_back({.path = a_->path(a), .a = a, .b = b, .aspects = std::move(aspects)});
    }
    const bool folder_a = a_->is(a, EntryType::directory);
    const bool folder_b = b_->is(b, EntryType::directory);
    if (folder_a && folder_b) {
      open_.emplace_back(a, b);
    } else if (folder_a) {
      for (const NodeId child : a_->node(a).children) only_in_a(child);
    } else if (folder_b) {
      for (const NodeId child : b_->node(b).children) only_in_b(child);
    }
  }

  [[nodiscard]] std::vector<Aspect> differing(const Inode& a, const Inode& b) const {
    const LayerEntry& left = *a.entry;
    const LayerEntry& right = *b.entry;
    std::vector<Aspect> aspects;
    const auto check = [&aspects](bool differs, Aspect aspect) {
      if (differs) aspects.push_back(aspect);
    };
    const bool same_type = left.type == right.type;
    check(!same_type, Aspect::type);
    check(same_type && (left.size != right.size || left.content_hash != right.content_hash), Aspect::content);
    check(same_type && left.link != right.link, Aspect::link);
    check(same_type && left.device != right.device, Aspect::device);
    if (a.implicit || b.implicit) return aspects;
    // Linux has no mode for a symlink; what a tar says of it is left over from the machine that made it.
    const bool links = left.type == EntryType::symlink && right.type == EntryType::symlink;
    check(!links && left.mode != right.mode, Aspect::mode);
    check(left.uid != right.uid || left.gid != right.gid, Aspect::owner);
    check(left.xattrs != right.xattrs, Aspect::xattrs);
    check(!options_.ignore_time &&
              std::tie(left.mtime, left.mtime_nsec) != std::tie(right.mtime, right.mtime_nsec),
          Aspect::time);
    return aspects;
  }

  void only_in_a(NodeId top) {
    for (const NodeId node : a_->walk(top)) {
      diff_.paths.push_back({.path = a_->path(node), .a = node, .aspects = {}});
    }
  }

  void only_in_b(NodeId top) {
    for (const NodeId node : b_->walk(top)) {
      diff_.paths.push_back({.path = b_->path(node), .b = node, .aspects = {}});
    }
  }

  void sum_up(const FileTree& tree, TreeSize& size, std::uint64_t FolderDifference::* side) {
    for (NodeId node = 1; node < tree.size(); ++node) {
      if (tree.is(node, EntryType::directory)) continue;
      ++size.files;
      if (tree.inode_of(node).names.front() != node) continue;
      const std::uint64_t bytes = tree.entry(node).size;
      size.bytes += bytes;
      std::string folder = summary_folder(tree.path(node));
      FolderDifference& sizes = folders_[folder];
      sizes.folder = std::move(folder);
      sizes.*side += bytes;
    }
  }

  const FileTree* a_;
  const FileTree* b_;
  DiffOptions options_;
  ImageDiff diff_;
  std::vector<std::pair<NodeId, NodeId>> open_;  ///< folders that both have
  std::map<std::string, FolderDifference> folders_;
};

/// Key and name, to the value.
using ConfigValues = std::map<std::pair<std::string, std::string>, std::string>;

std::string text_of(const json& value) {
  if (value.is_string()) return value.get<std::string>();
  return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

bool is_empty(const json& value) {
  if (value.is_string()) return value.get_ref<const std::string&>().empty();
  return value.is_null() || value == false || value == 0 || (value.is_structured() && value.empty());
}

/// NAME=value, each a value of its own.
void add_environment(ConfigValues& values, const std::string& key, const json& list) {
  for (const json& item : list) {
    const std::string text = text_of(item);
    const auto equals = text.find('=');
    values[{key, text.substr(0, equals)}] = equals == std::string::npos ? "" : text.substr(equals + 1);
  }
}

ConfigValues values_of(const ImageConfig& config) {
  constexpr auto maps = std::to_array<std::string_view>({"Labels", "ExposedPorts", "Volumes"});
  ConfigValues values;
  values[{"Platform", ""}] = config.platform.text();
  const json document = json::parse(config.json, nullptr, false);
  const auto inner = document.is_object() ? document.find("config") : document.end();
  if (!document.is_object() || inner == document.end() || !inner->is_object()) return values;
  for (const auto& [key, value] : inner->items()) {
    if (is_empty(value)) continue;
    if (key == "Env" && value.is_array()) {
      add_environment(values, key, value);
    } else if (value.is_object() && std::ranges::find(maps, key) != maps.end()) {
      for (const auto& [name, item] : value.items()) {
        values[{key, name}] = is_empty(item) ? "" : text_of(item);
      }
    } else {
      values[{key, ""}] = text_of(value);
    }
  }
  return values;
}

}  // namespace

std::string_view to_string(Aspect aspect) {
  switch (aspect) {
    case Aspect::type:
      return "type";
    case Aspect::content:
      return "content";
    case Aspect::link:
      return "link";
    case Aspect::device:
      return "device";
    case Aspect::mode:
      return "mode";
    case Aspect::owner:
      return "owner";
    case Aspect::xattrs:
      return "xattrs";
    case Aspect::time:
      return "time";
  }
  return "unknown";
}

ImageDiff diff_trees(const FileTree& a, const FileTree& b, const DiffOptions& options) {
  return TreeDiff(a, b, options).run();
}

std::vector<ConfigDifference> diff_configs(const ImageConfig& a, const ImageConfig& b) {
  const ConfigValues left = values_of(a);
  const ConfigValues right = values_of(b);
  std::map<std::pair<std::string, std::string>, ConfigDifference> found;
  for (const auto& [key, value] : left) found[key].a = value;
  for (const auto& [key, value] : right) found[key].b = value;
  std::vector<ConfigDifference> differences;
  for (auto& [key, difference] : found) {
    if (difference.a == difference.b) continue;
    difference.key = key.first;
    difference.name = key.second;
    differences.push_back(std::move(difference));
  }
  return differences;
}

}  // namespace slim
