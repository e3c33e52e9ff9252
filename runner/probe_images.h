// The images of a probe set's services, read and ready to be a sandbox's companions.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "analyzer/image_contents.h"
#include "runner/probe.h"

namespace slim {

class ProbeImages {
 public:
  /// Reads each service's image, where `insecure` from any registry. A problem is an Error in the context of
  /// the service.
  explicit ProbeImages(const ProbeSet& set, bool insecure = false);

  /// For make_oci_sandbox; they live as long as this does.
  [[nodiscard]] std::vector<ImageContents*> companions() const;

 private:
  std::vector<std::unique_ptr<ImageContents>> images_;
};

/// What any run of the set mounts from the host, for RunOptions::mount_sources.
std::vector<std::string> mount_sources_of(const ProbeSet& set);

}  // namespace slim
