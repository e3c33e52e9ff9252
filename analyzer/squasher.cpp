// Layers become one tree: within a layer the whiteouts come first, since they concern only what lies
// below it (OCI image-spec, layer.md), then the entries in the order of the tar.
//
// An entry whose folder is a symlink in the tree so far goes where the link leads, as engines that apply
// layers onto a mounted root do (a layer with lib/x on a base with lib -> usr/lib).
#include "analyzer/squasher.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <ranges>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "analyzer/file_tree.h"
#include "analyzer/layer_index.h"

namespace slim {
namespace {

constexpr unsigned max_links = 40;  // as the kernel's MAXSYMLINKS

std::pair<std::string_view, std::string_view> split_parent(std::string_view path) {
  const auto slash = path.rfind('/');
  if (slash == std::string_view::npos) return {std::string_view(), path};
  return {path.substr(0, slash), path.substr(slash + 1)};
}

/// Takes the first component off `path`; empty and "." components are skipped. Empty at the end.
std::string_view next_component(std::string_view& path) {
  while (!path.empty()) {
    const auto slash = path.find('/');
    const std::string_view part = path.substr(0, slash);
    path = slash == std::string_view::npos ? std::string_view() : path.substr(slash + 1);
    if (!part.empty() && part != ".") return part;
  }
  return {};
}

}  // namespace

Squasher::Squasher() {
  new_implicit_folder(no_node, "");
  building_[root_node].parent = root_node;
}

bool Squasher::is_folder(NodeId id) const {
  return tree_.inodes_[building_[id].inode].entry->type == EntryType::directory;
}

NodeId Squasher::lookup(NodeId parent, std::string_view name) const {
  return names_.find(NameTable::hash_of(parent, name),
                     [&](NodeId id) { return building_[id].parent == parent && building_[id].name == name; });
}

InodeId Squasher::new_inode(const LayerEntry& entry, std::uint32_t ordinal, bool implicit) {
  tree_.inodes_.push_back(
      {.entry = &entry, .layer = layer_, .ordinal = ordinal, .implicit = implicit, .names = {}});
  return static_cast<InodeId>(tree_.inodes_.size() - 1);
}

NodeId Squasher::new_node(NodeId parent, std::string_view name, InodeId inode) {
  const auto id = static_cast<NodeId>(building_.size());
  building_.push_back({.parent = parent, .inode = inode, .name = name, .children = {}, .place = 0});
  tree_.inodes_[inode].names.push_back(id);
  if (parent != no_node) {
    building_[id].place = static_cast<std::uint32_t>(building_[parent].children.size());
    building_[parent].children.push_back(id);
    names_.insert(NameTable::hash_of(parent, name), id);
  }
  return id;
}

NodeId Squasher::new_implicit_folder(NodeId parent, std::string_view name) {
  auto entry = std::make_unique<LayerEntry>();
  entry->path = name;  // owns the name; an implicit folder is found through its node, not through its path
  entry->type = EntryType::directory;
  entry->mode = 0755;
  const LayerEntry& kept = *entry;
  tree_.implicit_entries_.push_back(std::move(entry));
  return new_node(parent, kept.path, new_inode(kept, 0, true));
}

/// The folder that `path` leads to, made where it is missing; no_node where links go round in circles.
NodeId Squasher::folder_for(std::string_view path, unsigned links_left) {
  NodeId at = root_node;
  while (true) {
    const std::string_view part = next_component(path);
    if (part.empty()) return at;
    if (part == "..") {
      at = building_[at].parent;
      continue;
    }
    NodeId next = lookup(at, part);
    if (next != no_node && tree_.inodes_[building_[next].inode].entry->type == EntryType::symlink) {
      if (links_left == 0) return no_node;
      const std::string& target = tree_.inodes_[building_[next].inode].entry->link;
      std::vector<std::string_view> parts{target};
      if (!target.starts_with('/')) {
        for (NodeId up = at; up != root_node; up = building_[up].parent) parts.push_back(building_[up].name);
      }
      std::string whole;
      for (const std::string_view component : parts | std::views::reverse) {
        whole += component;
        whole += '/';
      }
      whole += path;
      return folder_for(whole, links_left - 1);
    }
    if (next != no_node && !is_folder(next)) {
      tree_.diagnostics_.push_back(
          {"/" + std::string(part), "a file of a lower layer is in the way of a folder"});
      remove(next);
      next = no_node;
    }
    at = next != no_node ? next : new_implicit_folder(at, part);
  }
}

/// The folder and the name under which `entry` goes into the tree.
std::optional<std::pair<NodeId, std::string_view>> Squasher::parent_of(const LayerEntry& entry) {
  const auto [parent, name] = split_parent(entry.path);
  if (last_folder_ != no_node && parent == last_folder_path_) return std::pair(last_folder_, name);
  const NodeId folder = folder_for(parent, max_links);
  last_folder_ = folder;
  last_folder_path_ = parent;
  if (folder == no_node) {
    tree_.diagnostics_.push_back({"/" + entry.path, "its folder is a loop of symlinks; left out"});
    return std::nullopt;
  }
  return std::pair(folder, name);
}

/// The node at `path`, the last component not followed, nothing made.
NodeId Squasher::exact(std::string_view path, bool follow_parents) const {
  NodeId at = root_node;
  std::string held;
  unsigned links_left = max_links;
  while (true) {
    const std::string_view part = next_component(path);
    if (part.empty()) return at;
    if (part == "..") {
      at = building_[at].parent;
      continue;
    }
    const NodeId next = lookup(at, part);
    if (next == no_node) return no_node;
    const LayerEntry& entry = *tree_.inodes_[building_[next].inode].entry;
    if (entry.type == EntryType::symlink && !path.empty()) {
      if (!follow_parents || links_left-- == 0) return no_node;
      std::string whole = entry.link + "/" + std::string(path);
      if (entry.link.starts_with('/')) at = root_node;
      held = std::move(whole);
      path = held;
      continue;
    }
    at = next;
  }
}

void Squasher::drop_name(InodeId inode, NodeId name) {
  Inode& node = tree_.inodes_[inode];
  node.names.erase(name);
  if (node.names.empty() && !node.implicit && node.entry->type != EntryType::directory) {
    tree_.hidden_.push_back({.entry = node.entry, .layer = node.layer, .hidden_by = layer_});
  }
}

/// Takes a node and all below it out of the tree, without recursion: trees may be deep.
void Squasher::remove(NodeId id) {
  last_folder_ = no_node;
  auto& siblings = building_[building_[id].parent].children;
  const std::uint32_t place = building_[id].place;
  siblings[place] = siblings.back();
  building_[siblings[place]].place = place;
  siblings.pop_back();

  std::vector<NodeId> open{id};
  while (!open.empty()) {
    const NodeId at = open.back();
    open.pop_back();
    open.insert(open.end(), building_[at].children.begin(), building_[at].children.end());
    building_[at].children.clear();
    names_.erase(NameTable::hash_of(building_[at].parent, building_[at].name), at);
    drop_name(building_[at].inode, at);
  }
}

void Squasher::remove_children(NodeId folder) {
  while (!building_[folder].children.empty()) remove(building_[folder].children.back());
}

void Squasher::erase(const LayerEntry& whiteout) {
  const NodeId target = exact(whiteout.path, true);
  if (target == no_node) return;  // nothing below to delete: harmless, builders write such
  if (whiteout.type == EntryType::opaque) {
    remove_children(target);
  } else if (target != root_node) {
    remove(target);
  }
}

void Squasher::add_hardlink(const LayerEntry& entry) {
  const NodeId target = exact(entry.link, true);
  if (target == no_node || is_folder(target)) {
    tree_.diagnostics_.push_back(
        {"/" + entry.path,
         "is a hard link to /" + entry.link + ", which is no file of this or a lower layer; left out"});
    return;
  }
  const InodeId inode = building_[target].inode;
  const auto place = parent_of(entry);
  if (!place) return;
  const NodeId old = lookup(place->first, place->second);
  if (old == target) return;
  if (old != no_node) remove(old);
  new_node(place->first, place->second, inode);
}

void Squasher::add(const LayerEntry& entry, std::uint32_t ordinal) {
  if (entry.type == EntryType::hardlink) {
    add_hardlink(entry);
    return;
  }
  if (entry.path.empty()) {
    if (entry.type == EntryType::directory) {
      drop_name(building_[root_node].inode, root_node);
      building_[root_node].inode = new_inode(entry, ordinal, false);
      tree_.inodes_.back().names.push_back(root_node);
    }
    return;
  }
  const auto place = parent_of(entry);
  if (!place) return;
  const NodeId old = lookup(place->first, place->second);
  if (old != no_node && entry.type == EntryType::directory && is_folder(old)) {
    drop_name(building_[old].inode, old);
    const InodeId inode = new_inode(entry, ordinal, false);
    building_[old].inode = inode;
    tree_.inodes_[inode].names.push_back(old);
    return;
  }
  if (old != no_node) remove(old);
  new_node(place->first, place->second, new_inode(entry, ordinal, false));
}

void Squasher::apply(const LayerIndex& layer, std::uint32_t number) {
  layer_ = number;
  // Nearly every entry is a node; growing step by step would hold everything twice, for a moment.
  const std::size_t likely = building_.size() + layer.entries.size() + layer.entries.size() / 16;
  if (likely > 2 * building_.capacity()) {
    building_.reserve(likely);
    tree_.inodes_.reserve(likely);
  }
  for (const LayerEntry& entry : layer.entries) {
    if (entry.type == EntryType::whiteout || entry.type == EntryType::opaque) erase(entry);
  }
  std::uint32_t ordinal = 0;
  for (const LayerEntry& entry : layer.entries) {
    if (entry.type != EntryType::whiteout && entry.type != EntryType::opaque) add(entry, ordinal);
    ++ordinal;
  }
}

/// Numbers what is left anew, parents before children and siblings by name, and drops the rest.
FileTree Squasher::finish() {
  names_ = NameTable();  // no longer needed, and large
  std::vector<InodeId> new_inodes(tree_.inodes_.size(), no_node);
  std::vector<Inode> inodes;
  std::vector<Node> nodes;
  inodes.reserve(tree_.inodes_.size());
  nodes.reserve(building_.size());
  std::vector<std::pair<NodeId, NodeId>> open{{root_node, root_node}};  // old id, new parent
  while (!open.empty()) {
    const auto [old, parent] = open.back();
    open.pop_back();
    const auto id = static_cast<NodeId>(nodes.size());
    Building& from = building_[old];
    InodeId& inode = new_inodes[from.inode];
    if (inode == no_node) {
      inode = static_cast<InodeId>(inodes.size());
      inodes.push_back(std::move(tree_.inodes_[from.inode]));
      inodes.back().names.clear();
    }
    inodes[inode].names.push_back(id);
    nodes.push_back({.parent = parent, .inode = inode, .name = std::string(from.name), .children = {}});
    if (id != root_node) nodes[parent].children.push_back(id);
    std::ranges::sort(from.children, std::greater(), [this](NodeId child) { return building_[child].name; });
    for (const NodeId child : from.children) open.emplace_back(child, id);
  }
  tree_.nodes_ = std::move(nodes);
  tree_.inodes_ = std::move(inodes);
  return std::move(tree_);
}

}  // namespace slim
