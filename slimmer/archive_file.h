// The tar around an image: its layers are streamed into it, although the name and size of each are known only
// at its end.
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

  /// A whole member; a name that ends in a slash is a folder. Not within a layer.
  void add(std::string_view name, std::string_view content);
  /// More of a layer; the first call begins its member.
  void layer_bytes(std::span<const std::byte> bytes);
  /// Names the layer's member, and ends it.
  void end_layer(std::string_view name);
  /// Takes back all that came behind the last layer.
  void back_to_layers();
  void finish();

  [[nodiscard]] const std::filesystem::path& path() const { return file_.path(); }
  void commit();

 private:
  void append(std::span<const std::byte> bytes);

  std::filesystem::path place_;
  StagedPath file_;
  std::uint64_t end_ = 0;          ///< where the next byte goes
  std::uint64_t layer_start_ = 0;  ///< of the header of the layer that was begun
  std::uint64_t layers_end_ = 0;   ///< behind the last layer's padding
  bool layer_begun_ = false;
};

}  // namespace slim
