// What the builders do with COPY --from was measured with Docker 20.10 (the classic builder and BuildKit):
//  - owner, setuid bits and the time in seconds stay; parents that are made on the way are root's, 0755;
//  - a symlink as the source of COPY is followed, one inside a folder is copied;
//  - extended attributes are lost in the classic builder (capabilities, too), but for capabilities in
//  BuildKit;
//  - names with more than one path are one file only within one COPY;
//  - devices inside a copied folder become empty files in BuildKit.
// ADD of a tar keeps all of these, and the metadata of folders that are there already is set by it. So it
// comes last, and has every folder. Its hard links may lead to files that were copied before.
#include "slimmer/copies.h"

#include <algorithm>
#include <cstddef>
#include <ranges>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "analyzer/byte_stream.h"
#include "analyzer/file_tree.h"
#include "analyzer/image_contents.h"
#include "analyzer/layer_index.h"
#include "slimmer/layer_parts.h"
#include "slimmer/layer_writer.h"
#include "slimmer/plan.h"
#include "slimmer/tar_writer.h"

namespace slim {
namespace {

class Divider {
 public:
  Divider(const FileTree& tree, const Plan& plan)
      : tree_(tree), plan_(plan), whole_(tree.size(), false), copied_(tree.size(), false) {
    result_.rest = {.role = LayerRole::squashed,
                    .sources = 0,
                    .nodes = std::vector<bool>(tree.size(), false),
                    .folders = {},
                    .with_added = true};
  }

  Copies divide() {
    for (InodeId id = 0; id < tree_.inode_count(); ++id) divide_names(tree_.inode(id));
    find_whole_folders();
    group(root_node);
    return std::move(result_);
  }

 private:
  /// One of a file's kept names is copied, the others are links to it; or the tar has all of them.
  void divide_names(const Inode& inode) {
    std::vector<NodeId> kept;
    for (const NodeId name : inode.names) {
      if (plan_.keeps(name)) kept.push_back(name);
    }
    if (kept.empty()) return;
    std::ranges::sort(kept);
    const auto first =
        std::ranges::find_if(kept, [&](NodeId name) { return is_copyable_name(tree_.path(name)); });
    const bool copies =
        inode.entry->type == EntryType::file && inode.entry->xattrs.empty() && first != kept.end();
    if (!copies) {
      for (const NodeId name : kept) result_.rest.nodes[name] = true;
      return;
    }
    copied_[*first] = true;
    for (const NodeId name : kept) {
      if (name != *first) result_.hard_links.emplace_back(name, *first);
    }
  }

  /// Nodes are numbered parents before children, so that from the end every folder comes behind what is in
  /// it.
  void find_whole_folders() {
    for (auto id = static_cast<NodeId>(tree_.size()); id-- > 0;) {
      const bool folder = tree_.is(id, EntryType::directory);
      whole_[id] =
          plan_.keeps(id) && (!folder || std::ranges::all_of(tree_.node(id).children,
                                                             [&](NodeId child) { return whole_[child]; }));
    }
  }

  /// Depth is bounded: nesting is as deep as a path is long, and the folders to do are on the heap.
  void group(NodeId top) {
    std::vector<NodeId> folders{top};
    while (!folders.empty()) {
      const NodeId folder = folders.back();
      folders.pop_back();
      CopyGroup found{.folder = folder, .whole = false, .files = {}};
      if (whole_[folder] && is_copyable_name(tree_.path(folder))) {
        found.whole = true;
        for (const NodeId below : tree_.walk(folder)) {
          if (copied_[below]) found.files.push_back(below);
        }
      } else {
        const auto& children = tree_.node(folder).children;
        for (const NodeId child : children) {
          if (copied_[child]) found.files.push_back(child);
        }
        for (const NodeId child : children | std::views::reverse) {
          if (tree_.is(child, EntryType::directory)) folders.push_back(child);
        }
      }
      if (!found.files.empty()) result_.groups.push_back(std::move(found));
    }
  }

  const FileTree& tree_;
  const Plan& plan_;
  std::vector<bool> whole_;   ///< by NodeId: it and all below it are kept
  std::vector<bool> copied_;  ///< by NodeId: a file that COPY gives
  Copies result_;
};

}  // namespace

bool is_copyable_name(std::string_view path) {
  static constexpr std::string_view special = "\\\"'`$*?[]";
  return std::ranges::all_of(path, [](char c) { return c >= ' ' && c <= '~' && !special.contains(c); });
}

Copies plan_copies(const FileTree& tree, const Plan& plan) {
  return Divider(tree, plan).divide();
}

void write_rest(ImageContents& original, const Plan& plan, const Copies& copies, ByteWriter out) {
  const FileTree& tree = original.tree;
  TarWriter tar(std::move(out));
  LayerSink sink{.entry = [&](const LayerItem& item) { tar.entry(item); },
                 .content = [&](std::span<const std::byte> bytes) { tar.content(bytes); }};
  write_layer(*original.source, tree, plan, copies.rest, sink);
  for (const auto& [name, first] : copies.hard_links) {
    tar.entry({.path = tree.path(name).substr(1),
               .metadata = &tree.entry(name),
               .hard_link = tree.path(first).substr(1)});
  }
  tar.finish();
}

}  // namespace slim
