// Layers that were read and verified before are not read again. An entry is believed only for what was
// verified when it was made: the pair of blob digest and diff_id, or, where an archive names no digest of its
// blobs, the diff_id and the place of the blob on disk. That an image claims a known diff_id proves nothing.
//
// The cache is a folder of files, which many processes may use at once: an entry comes by rename, and one
// that is broken, of another version or gone counts as not there. Nothing that goes wrong with it ends a
// command.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "analyzer/blob_place.h"
#include "analyzer/digest.h"
#include "analyzer/layer_index.h"
#include "analyzer/unique_fd.h"

namespace slim {

/// What a layer's index was verified against.
struct LayerKey {
  Digest blob;                     ///< of the layer as it is stored
  Digest diff_id;                  ///< of its tar; may be empty
  std::optional<BlobPlace> place;  ///< where `blob` is empty

  bool operator==(const LayerKey&) const = default;
};

class IndexCache {
 public:
  struct Limits {
    std::uint64_t bytes = std::uint64_t{1} << 30;  ///< of all entries; those used longest ago go first
    /// Files that changed within this time before they were read are not kept by their place.
    std::chrono::nanoseconds rest = std::chrono::seconds(2);
  };

  /// Uses the folder `path`, which is made (0700) where it is missing. One that belongs to another user, or
  /// that others may write to, is an Error of kind environment: whoever writes there says what images hold.
  explicit IndexCache(const std::string& path, const Limits& limits);
  explicit IndexCache(const std::string& path) : IndexCache(path, Limits()) {}

  /// Makes the folder (0700), with those above it; false where that cannot be done.
  static bool make_folder(const std::string& path);

  /// The index that was stored under `key`, if it holds what is asked for: `facts` as in IndexOptions.
  [[nodiscard]] std::optional<LayerIndex> find(const LayerKey& key, bool facts) const;
  /// Keeps an index whose blob and tar were verified against `key`. Where the file system refuses, nothing is
  /// kept.
  void store(const LayerKey& key, const LayerIndex& index, bool facts) const;

  /// Whether the file was at rest when reading it began, or the key needs none.
  [[nodiscard]] bool at_rest(const LayerKey& key, std::chrono::system_clock::time_point began) const;

 private:
  [[nodiscard]] std::optional<LayerIndex> load(const LayerKey& key, bool facts) const;
  void write(const std::string& name, const std::string& head, const std::string& body) const;
  void evict() const;

  UniqueFd folder_;
  Limits limits_;
};

/// $XDG_CACHE_HOME/slim, or ~/.cache/slim; empty where neither is known (XDG Base Directory Specification).
std::string default_cache_folder();

}  // namespace slim
