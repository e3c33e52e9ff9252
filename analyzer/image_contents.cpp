// Layers are indexed by a few threads, each taking the next layer in order. As the order is kept, every layer
// below one that fails was taken before it, and so the error of the lowest layer is always found: what is
// reported does not depend on timing.
#include "analyzer/image_contents.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <map>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "analyzer/byte_stream.h"
#include "analyzer/digest.h"
#include "analyzer/error.h"
#include "analyzer/file_tree.h"
#include "analyzer/image.h"
#include "analyzer/image_ref.h"
#include "analyzer/index_cache.h"
#include "analyzer/layer_index.h"
#include "analyzer/layer_tar.h"
#include "analyzer/read_ahead.h"
#include "analyzer/source.h"

namespace slim {
namespace {

LayerIndex read_verified(Source& source, std::size_t layer, const IndexOptions& options) {
  const std::string name = layer_name(source.image(), layer);
  const Digest& diff_id = source.image().layers[layer].diff_id;
  if (!diff_id.empty() && diff_id.algorithm() != "sha256")
    return index_layer(open_layer(source, layer), name, options);
  // The index hashes the tar anyway: once is enough.
  LayerIndex index = index_layer(open_layer_unverified(source, layer), name, options);
  if (!diff_id.empty() && index.tar.digest != diff_id) {
    throw Error(ErrorKind::input, name + ": uncompressed",
                fmt::format("expected digest {}, found {}", diff_id.text(), index.tar.digest.text()));
  }
  return index;
}

/// What a verified index of the layer may be kept under; nothing where only the bytes themselves would say.
std::optional<LayerKey> key_of(const Source& source, std::size_t layer) {
  const Layer& described = source.image().layers.at(layer);
  LayerKey key{.blob = described.blob.digest, .diff_id = described.diff_id, .place = {}};
  if (key.blob.empty()) key.place = source.place(layer);
  return key.blob.empty() && !key.place ? std::nullopt : std::optional(key);
}

LayerIndex read_layer(Source& source, std::size_t layer, const ReadOptions& options) {
  const std::optional<LayerKey> key = options.cache ? key_of(source, layer) : std::nullopt;
  if (key) {
    if (auto known = options.cache->find(*key, options.facts)) return std::move(*known);
  }
  const auto began = std::chrono::system_clock::now();
  LayerIndex index = read_verified(source, layer, {.facts = options.facts});
  // A file that was written to meanwhile is not what it was.
  if (key && key == key_of(source, layer) && options.cache->at_rest(*key, began))
    options.cache->store(*key, index, options.facts);
  return index;
}

std::vector<LayerIndex> read_layers(Source& source, const ReadOptions& options) {
  const std::size_t count = source.image().layers.size();
  std::vector<LayerIndex> layers(count);
  std::vector<std::exception_ptr> failures(count);
  std::atomic<std::size_t> next = 0;
  std::atomic<bool> failed = false;
  const auto work = [&] {
    while (!failed) {
      const std::size_t layer = next++;
      if (layer >= count) return;
      try {
        layers[layer] = read_layer(source, layer, options);
      } catch (...) {
        failures[layer] = std::current_exception();
        failed = true;
      }
    }
  };
  const unsigned wanted =
      options.jobs != 0 ? options.jobs : std::max(1U, std::thread::hardware_concurrency());
  {
    std::vector<std::jthread> others;
    for (std::size_t i = 1; i < std::min<std::size_t>(wanted, count); ++i) others.emplace_back(work);
    work();
  }
  for (const std::exception_ptr& failure : failures) {
    if (failure) std::rethrow_exception(failure);
  }
  return layers;
}

/// Of one layer: the inodes that are wanted, by the ordinal of their entry.
using WantedOrdinals = std::map<std::uint32_t, InodeId>;

void stream_layer(Source& source, std::size_t layer, const WantedOrdinals& wanted, const FileSink& sink) {
  LayerTar tar(read_ahead(open_layer(source, layer)), layer_name(source.image(), layer));
  auto next = wanted.begin();
  for (std::uint32_t ordinal = 0; tar.next(); ++ordinal) {
    if (next == wanted.end() || next->first != ordinal) continue;
    ByteReader content = tar.content();
    sink(next->second, content);
    ++next;
  }
  if (next != wanted.end()) {
    throw Error(ErrorKind::input, layer_name(source.image(), layer), "changed since it was read first");
  }
}

}  // namespace

ImageContents read_image(const ImageRef& ref, const ReadOptions& options) {
  ImageContents contents;
  contents.source = open_source(ref, options.platform);
  contents.layers = read_layers(*contents.source, options);
  contents.tree = FileTree::squash(contents.layers);
  return contents;
}

void stream_files(Source& source, const FileTree& tree, const std::vector<bool>& wanted,
                  const FileSink& sink) {
  std::map<std::uint32_t, WantedOrdinals> layers;
  const auto count = static_cast<InodeId>(std::min(wanted.size(), tree.inode_count()));
  for (InodeId id = 0; id < count; ++id) {
    const Inode& inode = tree.inode(id);
    if (!wanted[id] || inode.implicit || inode.entry->type != EntryType::file) continue;
    layers[inode.layer][inode.ordinal] = id;
  }
  for (const auto& [layer, ordinals] : layers) stream_layer(source, layer, ordinals, sink);
}

}  // namespace slim
