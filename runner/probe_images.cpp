#include "runner/probe_images.h"

#include <memory>
#include <string>
#include <vector>

#include "analyzer/error.h"
#include "analyzer/image_contents.h"
#include "analyzer/image_ref.h"
#include "analyzer/platform.h"
#include "runner/container_spec.h"
#include "runner/oci_config.h"
#include "runner/probe.h"

namespace slim {

ProbeImages::ProbeImages(const ProbeSet& set, bool insecure) {
  for (const auto& service : set.services) {
    const auto place = service.origin.text();
    in_context((place.empty() ? "" : place + ": ") + "service " + service.name, [&] {
      const Platform platform = Platform::host();
      ReadOptions read;
      read.facts = false;
      read.platform = &platform;
      ImageRef ref = parse_image_ref(service.image);
      ref.insecure = insecure;
      images_.push_back(std::make_unique<ImageContents>(read_image(ref, read)));
      if (command_of(with_overrides(images_.back()->image().config, service.overrides)).empty()) {
        throw Error(ErrorKind::input, service.image,
                    "nothing to run: the image has neither entrypoint nor cmd",
                    "give a cmd: in the probe file");
      }
    });
  }
}

std::vector<ImageContents*> ProbeImages::companions() const {
  std::vector<ImageContents*> images;
  images.reserve(images_.size());
  for (const auto& image : images_) images.push_back(image.get());
  return images;
}

std::vector<std::string> mount_sources_of(const ProbeSet& set) {
  std::vector<std::string> sources;
  const auto add = [&](const RunOverrides& overrides) {
    for (const auto& mount : overrides.mounts) sources.push_back(mount.source);
  };
  for (const auto& probe : set.probes) add(probe.overrides);
  for (const auto& service : set.services) add(service.overrides);
  return sources;
}

}  // namespace slim
