// The layers squashed into one tree: inodes apart from paths, look-ups and symlink resolution clamped
// to the image's root; what a later layer hides is kept aside.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "analyzer/error.h"
#include "analyzer/layer_index.h"

namespace slim {

using NodeId = std::uint32_t;
using InodeId = std::uint32_t;
inline constexpr NodeId no_node = std::numeric_limits<NodeId>::max();
inline constexpr NodeId root_node = 0;

/// The nodes of one inode. Nearly every inode has one name, and a million of them are to cost little: only
/// further ones are kept on the heap.
class InodeNames {
 public:
  [[nodiscard]] const NodeId* begin() const { return all_ ? all_->data() : &only_; }
  [[nodiscard]] const NodeId* end() const { return begin() + size(); }
  [[nodiscard]] std::size_t size() const { return all_ ? all_->size() : std::size_t{only_ != no_node}; }
  [[nodiscard]] bool empty() const { return size() == 0; }
  [[nodiscard]] NodeId front() const { return *begin(); }

  void push_back(NodeId name) {
    if (empty() && !all_) {
      only_ = name;
      return;
    }
    if (!all_) all_ = std::make_unique<std::vector<NodeId>>(1, only_);
    all_->push_back(name);
  }
  void erase(NodeId name) {
    if (all_) {
      std::erase(*all_, name);
    } else if (only_ == name) {
      only_ = no_node;
    }
  }
  void clear() { *this = InodeNames(); }

 private:
  NodeId only_ = no_node;
  std::unique_ptr<std::vector<NodeId>> all_;  ///< null while there was never more than one
};

/// A file, folder, link or device; a path is one name of it.
struct Inode {
  const LayerEntry* entry = nullptr;  ///< metadata and facts; never of type hardlink or whiteout
  std::uint32_t layer = 0;            ///< the layer that has the entry and, for a file, its content
  std::uint32_t ordinal = 0;          ///< the entry's place in that layer
  bool implicit = false;              ///< a folder that no layer has an entry for; it has no metadata to keep
  InodeNames names;                   ///< the paths that lead here, in the order they came
};

struct Node {
  NodeId parent = no_node;  ///< of the root: itself
  InodeId inode = 0;
  std::string name;              ///< last component; "" for the root
  std::vector<NodeId> children;  ///< of folders, sorted by name
};

/// An entry of a layer that a later layer deletes or replaces.
struct HiddenEntry {
  const LayerEntry* entry = nullptr;
  std::uint32_t layer = 0;      ///< where it is
  std::uint32_t hidden_by = 0;  ///< the layer that hides it
};

/// Where a path leads.
struct Resolution {
  NodeId node = no_node;         ///< no_node: does not exist, a loop, or a component is no folder
  std::vector<NodeId> symlinks;  ///< every symlink on the way, in order
  std::string missing;           ///< where node is no_node: the absolute path of what was not found
};

class FileTree {
 public:
  /// Squashes `layers` (base first). The tree keeps pointers into them: they must outlive it.
  static FileTree squash(const std::vector<LayerIndex>& layers);

  /// Nodes, the root included. They are numbered parents before children and siblings by name, so that
  /// counting from 0 to size() walks the tree.
  [[nodiscard]] std::size_t size() const { return nodes_.size(); }
  [[nodiscard]] const Node& node(NodeId id) const { return nodes_[id]; }
  [[nodiscard]] const Inode& inode(InodeId id) const { return inodes_[id]; }
  [[nodiscard]] std::size_t inode_count() const { return inodes_.size(); }
  [[nodiscard]] const Inode& inode_of(NodeId id) const { return inodes_[nodes_[id].inode]; }
  [[nodiscard]] const LayerEntry& entry(NodeId id) const { return *inode_of(id).entry; }
  /// The facts of a node's content, or null.
  [[nodiscard]] const FileFacts* facts(NodeId id) const { return entry(id).facts.get(); }
  [[nodiscard]] const ElfFacts* elf(NodeId id) const;
  [[nodiscard]] bool is(NodeId id, EntryType type) const { return entry(id).type == type; }

  /// Absolute path, "/" for the root.
  [[nodiscard]] std::string path(NodeId id) const;
  /// Exactly this path, no symlink followed; with or without the leading slash.
  [[nodiscard]] NodeId find(std::string_view path) const;
  [[nodiscard]] NodeId child(NodeId folder, std::string_view name) const;

  /// Follows `path` as the kernel would with the image as root: symlinks in the middle always, the last
  /// one if `follow_last`; ".." stops at the root; at most 40 links. A relative path starts at `from`.
  [[nodiscard]] Resolution resolve(std::string_view path, NodeId from = root_node,
                                   bool follow_last = true) const;

  /// Every path that matches an absolute glob (analyzer/glob.h), sorted. Symlinked folders named by the
  /// pattern are followed, so that /lib/x finds /usr/lib/x; the paths are the resolved ones. `**` follows
  /// none.
  [[nodiscard]] std::vector<NodeId> glob(std::string_view pattern) const;

  /// `from` and all below it, parents before children, siblings by name.
  [[nodiscard]] std::vector<NodeId> walk(NodeId from = root_node) const;

  [[nodiscard]] const std::vector<HiddenEntry>& hidden() const { return hidden_; }
  [[nodiscard]] const std::vector<Diagnostic>& diagnostics() const { return diagnostics_; }

 private:
  friend class Squasher;
  std::vector<Node> nodes_;
  std::vector<Inode> inodes_;
  std::vector<HiddenEntry> hidden_;
  std::vector<Diagnostic> diagnostics_;
  std::vector<std::unique_ptr<LayerEntry>> implicit_entries_;
};

}  // namespace slim
