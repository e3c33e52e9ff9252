// Layers as the OCI image-spec has them (layer.md). What is in one is in no other but for folders, and
// nothing is taken back, so that no whiteouts are needed. Hard links repeat the metadata of the inode:
// extractors apply owner, mode and xattrs of every entry, and changing the owner takes a file's capabilities
// away.
#include "slimmer/layer_writer.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include "analyzer/byte_stream.h"
#include "analyzer/error.h"
#include "analyzer/file_tree.h"
#include "analyzer/image_contents.h"
#include "analyzer/layer_index.h"
#include "analyzer/source.h"
#include "slimmer/layer_parts.h"
#include "slimmer/plan.h"

namespace slim {
namespace {

std::string layer_path(const FileTree& tree, NodeId id) {
  return tree.path(id).substr(1);
}

class LayerOrder {
 public:
  LayerOrder(Source& source, const FileTree& tree, const Plan& plan, const LayerPart& part, LayerSink& sink)
      : source_(source),
        tree_(tree),
        plan_(plan),
        part_(part),
        sink_(sink),
        files_(tree.inode_count(), false),
        written_(tree.inode_count(), false) {}

  void write() {
    write_without_content();
    write_added(EntryType::directory);
    stream_files(source_, tree_, files_,
                 [this](InodeId id, ByteReader& content) { write_file(id, content); });
    for (InodeId id = 0; id < files_.size(); ++id) {
      if (files_[id] && !written_[id]) {
        throw Error(ErrorKind::input, tree_.inode(id).entry->path, "its layer no longer holds it");
      }
    }
    write_added(EntryType::file);
  }

 private:
  void write_without_content() {
    for (const NodeId id : tree_.walk()) {
      if (!part_.nodes[id]) continue;
      const NodeId parent = tree_.node(id).parent;
      if (!plan_.keeps(parent) && !tree_.inode_of(parent).implicit) {
        throw std::logic_error("a plan keeps " + tree_.path(id) + " but not its folder");
      }
      const InodeId inode = tree_.node(id).inode;
      if (tree_.inode(inode).implicit || written_[inode]) continue;
      if (tree_.is(id, EntryType::file)) {
        files_[inode] = true;
      } else {
        write_inode(inode);
      }
    }
  }

  /// The first kept name by the alphabet has the entry, the others are links to it. The content, if any,
  /// comes before the further names.
  template <typename Content>
  void write_names(InodeId id, Content&& content) {
    const Inode& inode = tree_.inode(id);
    const auto own = part_.folders.find(inode.names.front());
    const LayerEntry* metadata = own == part_.folders.end() ? inode.entry : own->second;
    std::vector<std::string> paths;
    for (const NodeId name : inode.names) {
      if (part_.nodes[name]) paths.push_back(layer_path(tree_, name));
    }
    std::ranges::sort(paths);
    for (const std::string& path : paths) {
      const bool first = !written_[id];
      sink_.entry({.path = path, .metadata = metadata, .hard_link = first ? "" : paths.front()});
      if (!first) continue;
      written_[id] = true;
      content();
    }
  }

  void write_added(EntryType type) {
    if (!part_.with_added) return;
    for (const AddedEntry& added : plan_.added) {
      if (added.type != type) continue;
      const LayerEntry metadata = layer_entry(added);
      sink_.entry({.path = metadata.path, .metadata = &metadata, .hard_link = ""});
      if (!added.content.empty()) sink_.content(std::as_bytes(std::span(added.content)));
    }
  }

  void write_inode(InodeId id) {
    write_names(id, [] {});
  }

  void write_file(InodeId id, ByteReader& content) {
    write_names(id, [&] { copy(*tree_.inode(id).entry, content); });
  }

  void copy(const LayerEntry& entry, ByteReader& content) {
    std::uint64_t left = entry.size;
    while (const std::size_t count = content(buffer_)) {
      if (count > left)
        throw Error(ErrorKind::input, entry.path, "its layer now gives more than it did before");
      left -= count;
      sink_.content(std::span(buffer_).first(count));
    }
    if (left != 0) throw Error(ErrorKind::input, entry.path, "its layer now gives less than it did before");
  }

  Source& source_;
  const FileTree& tree_;
  const Plan& plan_;
  const LayerPart& part_;
  LayerSink& sink_;
  std::vector<bool> files_;    ///< by InodeId: kept files
  std::vector<bool> written_;  ///< by InodeId
  std::vector<std::byte> buffer_ = std::vector<std::byte>(std::size_t{256} * 1024);
};

}  // namespace

void write_layer(Source& source, const FileTree& tree, const Plan& plan, const LayerPart& part,
                 LayerSink& sink) {
  LayerOrder(source, tree, plan, part, sink).write();
}

}  // namespace slim
