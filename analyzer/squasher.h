// Builds a FileTree: applies one layer after the other. For FileTree::squash, and for whoever wants the tree
// of some layers only.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "analyzer/file_tree.h"
#include "analyzer/layer_index.h"
#include "analyzer/name_table.h"

namespace slim {

class Squasher {
 public:
  Squasher();
  void apply(const LayerIndex& layer, std::uint32_t number);
  FileTree finish();

 private:
  struct Building {
    NodeId parent = no_node;
    InodeId inode = 0;
    std::string_view name;  // points into an entry's path
    std::vector<NodeId> children;
    std::uint32_t place = 0;  // in the parent's children
  };

  [[nodiscard]] NodeId lookup(NodeId parent, std::string_view name) const;
  NodeId folder_for(std::string_view path, unsigned links_left);
  std::optional<std::pair<NodeId, std::string_view>> parent_of(const LayerEntry& entry);
  [[nodiscard]] NodeId exact(std::string_view path, bool follow_parents) const;
  void add(const LayerEntry& entry, std::uint32_t ordinal);
  void add_hardlink(const LayerEntry& entry);
  void erase(const LayerEntry& whiteout);
  void remove_children(NodeId folder);
  void remove(NodeId id);
  NodeId new_node(NodeId parent, std::string_view name, InodeId inode);
  InodeId new_inode(const LayerEntry& entry, std::uint32_t ordinal, bool implicit);
  NodeId new_implicit_folder(NodeId parent, std::string_view name);
  void drop_name(InodeId inode, NodeId name);
  [[nodiscard]] bool is_folder(NodeId id) const;

  FileTree tree_;
  std::vector<Building> building_;
  NameTable names_;
  /// Where the last entry went, as the next one mostly goes there too. Holds until something is removed: what
  /// is only added changes no path that was there.
  std::string_view last_folder_path_;
  NodeId last_folder_ = no_node;
  std::uint32_t layer_ = 0;
};

}  // namespace slim
