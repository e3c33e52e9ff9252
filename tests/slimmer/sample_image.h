// A source image in memory: a double of Source whose layers libarchive wrote.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <archive.h>
#include <archive_entry.h>

#include "analyzer/error.h"
#include "analyzer/file_tree.h"
#include "analyzer/image_contents.h"
#include "analyzer/layer_index.h"
#include "analyzer/source.h"
#include "slimmer/plan.h"

namespace slim {

/// One entry of a layer; `change` sets what is not usual: a file, mode 0644, of root.
struct SampleEntry {
  std::string path;
  std::string content;
  std::function<void(::archive_entry*)> change;
};

inline std::string sample_layer(const std::vector<SampleEntry>& entries) {
  const std::unique_ptr<::archive, int (*)(::archive*)> writer(archive_write_new(), archive_write_free);
  archive_write_set_format_pax(writer.get());
  archive_write_set_options(writer.get(), "xattrheader=SCHILY,hdrcharset=BINARY");
  std::string tar;
  archive_write_open2(
      writer.get(), &tar, nullptr,
      [](::archive*, void* to, const void* bytes, std::size_t size) -> la_ssize_t {
        static_cast<std::string*>(to)->append(static_cast<const char*>(bytes), size);
        return static_cast<la_ssize_t>(size);
      },
      nullptr, nullptr);
  for (const SampleEntry& item : entries) {
    const std::unique_ptr<::archive_entry, void (*)(::archive_entry*)> entry(archive_entry_new(),
                                                                             archive_entry_free);
    archive_entry_copy_pathname(entry.get(), item.path.c_str());
    archive_entry_set_filetype(entry.get(), AE_IFREG);
    archive_entry_set_perm(entry.get(), 0644);
    archive_entry_set_mtime(entry.get(), 1600000000, 0);
    archive_entry_set_size(entry.get(), static_cast<la_int64_t>(item.content.size()));
    if (item.change) item.change(entry.get());
    if (archive_write_header(writer.get(), entry.get()) != ARCHIVE_OK) {
      throw std::runtime_error(item.path + ": " + archive_error_string(writer.get()));
    }
    archive_write_data(writer.get(), item.content.data(), item.content.size());
  }
  archive_write_close(writer.get());
  return tar;
}

class MemorySource : public Source {
 public:
  MemorySource(Image image, std::vector<std::string> layers)
      : image_(std::move(image)), layers_(std::move(layers)) {}
  [[nodiscard]] const Image& image() const override { return image_; }
  ByteReader open_blob(std::size_t index) override {
    return memory_reader(std::as_bytes(std::span(layers_.at(index))));
  }
  std::vector<std::string>& layers() { return layers_; }

 private:
  Image image_;
  std::vector<std::string> layers_;
};

inline ImageContents sample_contents(const std::vector<std::string>& layers) {
  ImageContents contents;
  Image image;
  image.reference = "sample";
  image.name = "sample:1";
  image.digest = Digest::of("the manifest of the sample");
  image.config.platform = {.os = "linux", .architecture = "amd64", .variant = ""};
  image.config.json =
      R"({"architecture":"amd64","os":"linux","created":"2024-01-02T03:04:05Z","config":{"Cmd":["/bin/app"]}})";
  for (std::size_t i = 0; i < layers.size(); ++i) {
    contents.layers.push_back(index_layer(memory_reader(std::as_bytes(std::span(layers[i]))), "layer"));
    Layer layer;
    layer.blob.size = layers[i].size();
    layer.diff_id = contents.layers.back().tar.digest;
    image.layers.push_back(layer);
    image.config.diff_ids.push_back(layer.diff_id);
  }
  contents.source = std::make_unique<MemorySource>(image, layers);
  contents.tree = FileTree::squash(contents.layers);
  return contents;
}

/// Keeps every path but those in `dropped` and what is below them.
inline Plan plan_without(const FileTree& tree, const std::vector<std::string>& dropped) {
  Plan plan;
  plan.decisions.resize(tree.size());
  for (const NodeId id : tree.walk()) plan.decisions[id].keep = true;
  for (const std::string& path : dropped) {
    const NodeId top = tree.find(path);
    if (top == no_node) throw std::runtime_error("the sample has no " + path);
    for (const NodeId id : tree.walk(top)) plan.decisions[id].keep = false;
  }
  return plan;
}

}  // namespace slim
