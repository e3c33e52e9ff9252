// The entries of a layer's tar that belong to a root file system, in order. Whoever reads a layer again
// meets the same entries: the place of one in this order is its ordinal.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "analyzer/byte_stream.h"
#include "analyzer/error.h"
#include "analyzer/layer_index.h"
#include "analyzer/tar_reader.h"

namespace slim {

class LayerTar {
 public:
  LayerTar(BlockReader tar, std::string what);

  /// The next entry, without what its content would tell (content_hash, facts); nullopt at the end, when the
  /// stream was drained. More entries, names or hole bytes than any real layer has are an input Error.
  std::optional<LayerEntry> next();
  /// The next part of the entry's content.
  std::optional<TarReader::Block> block() { return tar_.block(); }
  /// The content of the entry, holes filled with zeros. Ends with the next call to next().
  ByteReader content();

  /// What was dropped or may have been misread so far, and why.
  std::vector<Diagnostic>& diagnostics() { return diagnostics_; }

 private:
  std::optional<LayerEntry> read_entry();
  std::optional<LayerEntry> read_whiteout(const std::string& path);
  void read_metadata(LayerEntry& entry);
  void read_xattrs(LayerEntry& entry);
  bool read_type(LayerEntry& entry);
  void read_size(LayerEntry& entry);
  void report(const std::string& path, std::string message);

  std::string what_;
  TarReader tar_;
  std::vector<Diagnostic> diagnostics_;
  std::uint64_t count_ = 0;
  std::uint64_t name_bytes_ = 0;
  std::uint64_t hole_bytes_ = 0;
};

}  // namespace slim
