// OCI image-spec, image-index.md.
#include "analyzer/image_platforms.h"

#include "analyzer/image.h"
#include "analyzer/image_files.h"
#include "analyzer/image_ref.h"
#include "analyzer/oci_layout.h"
#include "analyzer/registry_source.h"
#include "analyzer/source.h"

namespace slim {

PlatformsOfImage image_platforms(const ImageRef& ref) {
  switch (ref.transport) {
    case Transport::oci:
      return {.ref = ref, .platforms = read_layout_platforms(ImageFiles::folder(ref.path), ref)};
    case Transport::oci_archive:
      return {.ref = ref, .platforms = read_layout_platforms(ImageFiles::archive(ref.path), ref)};
    case Transport::registry:
      return registry_platforms(ref);
    case Transport::bare_name: {
      ImageRef in_registry = ref;
      in_registry.transport = Transport::registry;
      return registry_platforms(in_registry);
    }
    default:
      break;  // these hold one
  }
  return {.ref = ref, .platforms = {open_source(ref)->image().config.platform}};
}

}  // namespace slim
