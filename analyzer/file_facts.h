// What a file's content says to an analyzer, collected while it streams by.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "analyzer/error.h"
#include "analyzer/layer_index.h"

namespace slim {

/// The text that is kept of a file called `path` (as in LayerEntry) by its name alone: 0 where none, else the
/// largest size that is still kept whole. Scripts are known by their first bytes and not by their names.
std::uint64_t text_cap(std::string_view path);

/// One for a layer: begin() for each file, add() for each part of its content, end().
class FactCollector {
 public:
  void begin(const LayerEntry& entry);
  void add_zeros(std::uint64_t count);
  void add(std::span<const std::byte> bytes);
  /// Null where there is nothing to say. What could not be read is put into `diagnostics`.
  std::shared_ptr<const FileFacts> end(std::vector<Diagnostic>& diagnostics);

 private:
  void decide();
  void keep(std::span<const std::byte> bytes);
  void examine(std::span<const std::byte> content);
  void keep_text(std::span<const std::byte> content);
  void read_code(std::span<const std::byte> content);

  const LayerEntry* entry_ = nullptr;
  std::vector<std::byte> buffer_;  ///< the content as far as its type needs it; used again for each file
  std::uint64_t needed_ = 0;       ///< bytes of the content that are needed; valid once decided_
  bool decided_ = false;
  bool wants_text_ = false;  ///< the content is kept, and not only looked at
  bool wants_code_ = false;  ///< and is read as code, by the file's name
  bool examined_ = false;
  std::uint64_t kept_text_ = 0;  ///< of all files of the layer
  std::shared_ptr<FileFacts> facts_;
  std::vector<Diagnostic> problems_;
  bool text_full_ = false;
  std::uint64_t kept_names_ = 0;  ///< bytes of what code names, of all files of the layer
};

}  // namespace slim
