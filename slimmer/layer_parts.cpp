// The base's own tree is built beside the image's. Both point at the same index entries, so an inode is the
// base's, unchanged, where both have the same entry at each of its kept names. OCI image-spec, layer.md: an
// entry for a folder that a lower layer has replaces its attributes.
#include "slimmer/layer_parts.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "analyzer/file_tree.h"
#include "analyzer/image_contents.h"
#include "analyzer/layer_index.h"
#include "analyzer/squasher.h"
#include "slimmer/folders.h"
#include "slimmer/plan.h"

namespace slim {
namespace {

FileTree squash_first(const std::vector<LayerIndex>& layers, std::size_t count) {
  Squasher squasher;
  for (std::size_t i = 0; i < count; ++i) squasher.apply(layers[i], static_cast<std::uint32_t>(i));
  return squasher.finish();
}

class Splitter {
 public:
  Splitter(const ImageContents& contents, const Plan& plan, std::size_t base_layers)
      : contents_(contents),
        tree_(contents.tree),
        plan_(plan),
        base_layers_(base_layers),
        base_tree_(squash_first(contents.layers, base_layers)),
        base_of_(tree_.size(), no_node) {}

  std::vector<LayerPart> split() {
    find_counterparts();
    LayerPart base = base_part();
    LayerPart app = app_part(base);
    const auto has_some = [](const LayerPart& part) {
      return std::ranges::find(part.nodes, true) != part.nodes.end();
    };
    if (!has_some(base) || (!has_some(app) && plan_.added.empty())) return {whole_part(contents_, plan_)};
    std::vector<LayerPart> parts;
    parts.push_back(std::move(base));
    parts.push_back(std::move(app));
    return parts;
  }

 private:
  /// The node of the base's tree at the same path, for every path of the image.
  void find_counterparts() {
    base_of_[root_node] = root_node;
    for (NodeId id = 1; id < tree_.size(); ++id) {
      const Node& node = tree_.node(id);
      if (const NodeId parent = base_of_[node.parent]; parent != no_node)
        base_of_[id] = base_tree_.child(parent, node.name);
    }
  }

  [[nodiscard]] bool is_unchanged(NodeId id) const {
    return base_of_[id] != no_node && &base_tree_.entry(base_of_[id]) == &tree_.entry(id);
  }

  [[nodiscard]] bool is_base_inode(NodeId id) const {
    return std::ranges::all_of(tree_.inode_of(id).names,
                               [this](NodeId name) { return !plan_.keeps(name) || is_unchanged(name); });
  }

  /// Whether the base has an entry for this folder, and the image still has the folder.
  [[nodiscard]] bool is_base_folder(NodeId id) const {
    return base_of_[id] != no_node && tree_.is(id, EntryType::directory) && !tree_.inode_of(id).implicit &&
           base_tree_.is(base_of_[id], EntryType::directory) && !base_tree_.inode_of(base_of_[id]).implicit;
  }

  /// Adds to `nodes` the folders of what is in it, up to the root.
  void add_parents(std::vector<bool>& nodes) const {
    for (auto id = static_cast<NodeId>(tree_.size()); id-- > 1;) {
      if (nodes[id]) nodes[tree_.node(id).parent] = true;
    }
  }

  LayerPart base_part() {
    LayerPart part{
        .role = LayerRole::base, .sources = base_layers_, .nodes = {}, .folders = {}, .with_added = false};
    part.nodes.resize(tree_.size(), false);
    for (NodeId id = 1; id < tree_.size(); ++id) {
      if (!plan_.keeps(id)) continue;
      part.nodes[id] = tree_.is(id, EntryType::directory)
                           ? is_base_folder(id) && own_reason(base_tree_, base_of_[id]).has_value()
                           : is_base_inode(id);
    }
    add_parents(part.nodes);
    for (NodeId id = 0; id < tree_.size(); ++id) {
      if (!part.nodes[id] || !tree_.is(id, EntryType::directory)) continue;
      part.nodes[id] = is_base_folder(id);
      if (part.nodes[id] && !is_unchanged(id)) part.folders[id] = &base_tree_.entry(base_of_[id]);
    }
    return part;
  }

  LayerPart app_part(const LayerPart& base) {
    LayerPart part{.role = LayerRole::app,
                   .sources = contents_.layers.size() - base_layers_,
                   .nodes = {},
                   .folders = {},
                   .with_added = true};
    part.nodes.resize(tree_.size(), false);
    for (NodeId id = 0; id < tree_.size(); ++id) {
      part.nodes[id] =
          plan_.keeps(id) && !tree_.inode_of(id).implicit && (!base.nodes[id] || base.folders.contains(id));
    }
    for (const AddedEntry& added : plan_.added) part.nodes[existing_folder(added.path)] = true;
    add_parents(part.nodes);
    return part;
  }

  /// The lowest folder of the image above a path that slim adds.
  [[nodiscard]] NodeId existing_folder(std::string_view path) const {
    while (true) {
      path = path.substr(0, path.rfind('/'));
      const NodeId found = path.empty() ? root_node : tree_.find(path);
      if (found != no_node && plan_.keeps(found)) return found;
    }
  }

  const ImageContents& contents_;
  const FileTree& tree_;
  const Plan& plan_;
  std::size_t base_layers_;
  FileTree base_tree_;
  std::vector<NodeId> base_of_;  ///< by NodeId of the image's tree; no_node: the base has no such path
};

}  // namespace

std::string_view to_string(LayerRole role) {
  switch (role) {
    case LayerRole::squashed:
      return "squashed";
    case LayerRole::base:
      return "base";
    case LayerRole::app:
      return "app";
  }
  return "";
}

LayerPart whole_part(const ImageContents& contents, const Plan& plan) {
  LayerPart part{.role = LayerRole::squashed,
                 .sources = contents.layers.size(),
                 .nodes = {},
                 .folders = {},
                 .with_added = true};
  part.nodes.resize(contents.tree.size(), false);
  for (NodeId id = 0; id < part.nodes.size(); ++id) part.nodes[id] = plan.keeps(id);
  return part;
}

std::vector<LayerPart> base_and_app(const ImageContents& contents, const Plan& plan,
                                    std::size_t base_layers) {
  return Splitter(contents, plan, base_layers).split();
}

}  // namespace slim
