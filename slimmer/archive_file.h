// The tar around an image: its layer is streamed into it, although its name and size are known only at the
// end.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>

#include "slimmer/staging.h"

namespace slim {

class ArchiveFile {
 public:
  /// Staged beside `place`: a missing folder, no permission, or something else than a file in the way is an
  /// Error of kind environment about `what`. A symlink to a file is followed.
  ArchiveFile(const std::filesystem::path& place, const std::string& what);

  /// A whole member; a name that ends in a slash is a folder. Before the layer, or between end_layer() and
  /// finish().
  void add(std::string_view name, std::string_view content);
  /// More of the layer; the first call begins its member.
  void layer_bytes(std::span<const std::byte> bytes);
  /// Names the layer's member. Called again, it takes back all that came behind the layer.
  void end_layer(std::string_view name);
  void finish();

  [[nodiscard]] const std::filesystem::path& path() const { return file_.path(); }
  void commit();

 private:
  void append(std::span<const std::byte> bytes);

  std::filesystem::path place_;
  StagedPath file_;
  std::uint64_t end_ = 0;          ///< where the next byte goes
  std::uint64_t layer_start_ = 0;  ///< of its header; 0: none yet, or the layer comes first
  std::uint64_t layer_end_ = 0;    ///< of its padding; 0: not ended
  bool layer_begun_ = false;
};

}  // namespace slim
