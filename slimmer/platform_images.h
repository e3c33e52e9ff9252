// One image for several platforms: each platform's image is written by itself, and all of them get one name
// together.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "analyzer/digest.h"
#include "analyzer/image_ref.h"
#include "analyzer/platform.h"
#include "slimmer/staging.h"

namespace slim {

class PlatformImages {
 public:
  /// Staged beside the place of `destination`, an oci or oci-archive; any other is an Error of kind usage.
  /// Without commit() nothing remains.
  explicit PlatformImages(const ImageRef& destination);

  /// Where the image of `platform`, as the source's index has it, is to be written, and committed. (A config
  /// may leave the variant out.)
  ImageRef next(const Platform& platform);
  /// Makes the index of all images that were written, and gives it its place and its `name`, as output_name()
  /// has it. Returns its digest. `base_name`: of the image that all were made from; may be empty.
  Digest commit(const std::string& name, const std::string& base_name);

 private:
  [[nodiscard]] std::filesystem::path folder() const;
  void write_archive(const std::string& index_file);
  void move_layout(const std::string& index, const std::string& name);

  ImageRef destination_;
  StagedPath stage_;
  std::vector<Platform> platforms_;
};

}  // namespace slim
