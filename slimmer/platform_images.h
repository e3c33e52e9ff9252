// One image for several platforms: each platform's image is written by itself, and all of them get one name
// together.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "analyzer/digest.h"
#include "analyzer/image_ref.h"
#include "analyzer/platform.h"
#include "analyzer/registry_client.h"
#include "slimmer/staging.h"

namespace slim {

class PlatformImages {
 public:
  /// Staged beside the place of `destination`, an oci or oci-archive; for a registry in a temporary folder,
  /// and what may not be pushed there is an Error at once. Any other is an Error of kind usage. `tag`: the
  /// name or tag inside the destination, where one is given. Without commit() nothing remains.
  PlatformImages(const ImageRef& destination, std::string tag);

  /// Where the image of `platform`, as the source's index has it, is to be written, and committed. (A config
  /// may leave the variant out.)
  ImageRef next(const Platform& platform);
  /// Makes the index of all images that were written, and gives it its place and its name, as output_name()
  /// has it; a registry's tag comes last. Returns its digest. `base_name`: of the image that all were made
  /// from; may be empty.
  Digest commit(const std::string& base_name);

 private:
  [[nodiscard]] std::filesystem::path folder() const;
  void write_archive(const std::string& index_file);
  void move_layout(const std::string& index, const std::string& name);

  ImageRef destination_;
  std::string tag_;
  std::optional<RegistryClient> registry_;  ///< where that is the destination
  StagedPath stage_;
  std::vector<Platform> platforms_;
};

}  // namespace slim
