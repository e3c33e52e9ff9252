// Look-ups in the squashed tree. Path resolution follows path_resolution(7) with the image's root as "/".
#include "analyzer/file_tree.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <ranges>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "analyzer/elf.h"
#include "analyzer/glob.h"
#include "analyzer/layer_index.h"
#include "analyzer/squasher.h"

namespace slim {
namespace {

constexpr std::size_t max_links = 40;

}  // namespace

FileTree FileTree::squash(const std::vector<LayerIndex>& layers) {
  Squasher squasher;
  std::uint32_t number = 0;
  for (const LayerIndex& layer : layers) squasher.apply(layer, number++);
  return squasher.finish();
}

const ElfFacts* FileTree::elf(NodeId id) const {
  const FileFacts* known = facts(id);
  return known == nullptr ? nullptr : known->elf.get();
}

std::string FileTree::path(NodeId id) const {
  if (id == root_node) return "/";
  std::vector<const std::string*> parts;
  std::size_t length = 0;
  for (; id != root_node; id = nodes_[id].parent) {
    parts.push_back(&nodes_[id].name);
    length += nodes_[id].name.size() + 1;
  }
  std::string text;
  text.reserve(length);
  for (const std::string* part : parts | std::views::reverse) {
    text += '/';
    text += *part;
  }
  return text;
}

NodeId FileTree::child(NodeId folder, std::string_view name) const {
  const auto& children = nodes_[folder].children;
  const auto found = std::ranges::lower_bound(
      children, name, {}, [this](NodeId id) { return std::string_view(nodes_[id].name); });
  return found != children.end() && nodes_[*found].name == name ? *found : no_node;
}

NodeId FileTree::find(std::string_view path) const {
  NodeId at = root_node;
  for (const std::string_view part : path_components(path)) {
    at = child(at, part);
    if (at == no_node) return no_node;
  }
  return at;
}

Resolution FileTree::resolve(std::string_view path, NodeId from, bool follow_last) const {
  Resolution result;
  NodeId at = path.starts_with('/') ? root_node : from;
  // What is left to walk, the next component last.
  std::vector<std::string> open;
  const auto push = [&open](std::string_view text) {
    const auto parts = path_components(text);
    open.insert(open.end(), parts.rbegin(), parts.rend());
    // A trailing slash asks for a folder: the last link is followed.
    if (text.ends_with('/') && !parts.empty())
      open.insert(open.end() - static_cast<std::ptrdiff_t>(parts.size()), ".");
  };
  push(path);
  while (!open.empty()) {
    const std::string part = std::move(open.back());
    open.pop_back();
    if (!is(at, EntryType::directory)) {
      result.missing = this->path(at) + "/" + part;
      return result;
    }
    if (part == ".") continue;
    if (part == "..") {
      at = nodes_[at].parent;
      continue;
    }
    const NodeId next = child(at, part);
    const bool too_many = result.symlinks.size() > max_links;
    if (next == no_node || too_many) {
      result.missing = (at == root_node ? "" : this->path(at)) + "/" + part;
      return result;
    }
    if (is(next, EntryType::symlink) && (follow_last || !open.empty())) {
      result.symlinks.push_back(next);
      const std::string& target = entry(next).link;
      if (target.starts_with('/')) at = root_node;
      push(target);
      continue;
    }
    at = next;
  }
  result.node = at;
  return result;
}

std::vector<NodeId> FileTree::walk(NodeId from) const {
  std::vector<NodeId> nodes;
  // Nodes are numbered in this very order, so a subtree is a run of numbers that ends before the first
  // node whose parent comes before it.
  NodeId end = from + 1;
  while (end < nodes_.size() && nodes_[end].parent >= from) ++end;
  nodes.reserve(end - from);
  for (NodeId id = from; id < end; ++id) nodes.push_back(id);
  return nodes;
}

namespace {

/// One alternative of a glob, component by component, over a frontier of folders.
class Globber {
 public:
  explicit Globber(const FileTree& tree) : tree_(&tree) {}

  void run(std::string_view pattern, std::vector<NodeId>& found) {
    std::vector<NodeId> frontier{root_node};
    for (const std::string_view part : path_components(pattern)) {
      std::vector<NodeId> next;
      for (const NodeId at : frontier) step(at, part, next);
      std::ranges::sort(next);
      next.erase(std::ranges::unique(next).begin(), next.end());
      frontier = std::move(next);
    }
    found.insert(found.end(), frontier.begin(), frontier.end());
  }

 private:
  void step(NodeId at, std::string_view part, std::vector<NodeId>& next) const {
    if (part == "**") {  // the folder itself and all below it
      const auto below = tree_->walk(at);
      next.insert(next.end(), below.begin(), below.end());
      return;
    }
    NodeId folder = at;
    if (tree_->is(at, EntryType::symlink)) folder = tree_->resolve(tree_->path(at)).node;
    if (folder == no_node || !tree_->is(folder, EntryType::directory)) return;
    if (part == "." || part == "..") {
      next.push_back(part == "." ? folder : tree_->node(folder).parent);
      return;
    }
    if (!has_glob(part)) {
      const NodeId child = tree_->child(folder, part);
      if (child != no_node) next.push_back(child);
      return;
    }
    for (const NodeId child : tree_->node(folder).children) {
      if (component_match(part, tree_->node(child).name)) next.push_back(child);
    }
  }

  const FileTree* tree_;
};

}  // namespace

std::vector<NodeId> FileTree::glob(std::string_view pattern) const {
  std::vector<NodeId> found;
  Globber globber(*this);
  for (const std::string& alternative : expand_braces(pattern)) globber.run(alternative, found);
  std::ranges::sort(found);
  found.erase(std::ranges::unique(found).begin(), found.end());
  return found;
}

}  // namespace slim
