// The writer's rules (slimmer/layer_writer.cpp): of an inode the first kept name by the alphabet has the
// entry and the others are links to it; a folder that no layer has an entry for gets none. What slim adds is
// looked at as a file of a layer is.
#include "slimmer/slimmed_tree.h"

#include <algorithm>
#include <iterator>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "analyzer/digest.h"
#include "analyzer/file_facts.h"
#include "analyzer/file_tree.h"
#include "analyzer/layer_index.h"
#include "slimmer/plan.h"

namespace slim {
namespace {

LayerEntry added_entry(const AddedEntry& added, FactCollector& facts, LayerIndex& index) {
  LayerEntry entry = layer_entry(added);
  if (added.type != EntryType::file) return entry;
  const auto bytes = std::as_bytes(std::span(added.content));
  Hasher hasher;
  hasher.update(bytes);
  entry.content_hash = hasher.finish_raw();
  facts.begin(entry);
  facts.add(bytes);
  entry.facts = facts.end(index.diagnostics);
  return entry;
}

/// The paths of an inode that are kept, sorted.
std::vector<std::string> kept_paths(const FileTree& tree, const Plan& plan, const Inode& inode) {
  std::vector<std::string> paths;
  for (const NodeId name : inode.names) {
    if (plan.keeps(name)) paths.push_back(tree.path(name).substr(1));
  }
  std::ranges::sort(paths);
  return paths;
}

}  // namespace

LayerIndex slimmed_index(const FileTree& tree, const Plan& plan) {
  LayerIndex index;
  std::vector<LayerEntry> links;
  std::vector<bool> done(tree.inode_count(), false);
  for (const NodeId node : tree.walk()) {
    const InodeId id = tree.node(node).inode;
    const Inode& inode = tree.inode(id);
    if (!plan.keeps(node) || inode.implicit || done[id]) continue;
    done[id] = true;
    const std::vector<std::string> paths = kept_paths(tree, plan, inode);
    LayerEntry entry = *inode.entry;
    entry.path = paths.front();
    for (const std::string& other : std::span(paths).subspan(1)) {
      LayerEntry link;
      link.path = other;
      link.type = EntryType::hardlink;
      link.link = paths.front();
      links.push_back(std::move(link));
    }
    index.entries.push_back(std::move(entry));
  }
  std::ranges::move(links, std::back_inserter(index.entries));
  FactCollector facts;
  for (const AddedEntry& added : plan.added) index.entries.push_back(added_entry(added, facts, index));
  return index;
}

}  // namespace slim
