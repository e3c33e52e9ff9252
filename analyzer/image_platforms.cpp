// OCI image-spec, image-index.md.
#include "analyzer/image_platforms.h"

#include <vector>

#include "analyzer/error.h"
#include "analyzer/image.h"
#include "analyzer/image_files.h"
#include "analyzer/image_ref.h"
#include "analyzer/oci_layout.h"
#include "analyzer/platform.h"
#include "analyzer/source.h"

namespace slim {

std::vector<Platform> image_platforms(const ImageRef& ref) {
  switch (ref.transport) {
    case Transport::oci:
      return read_layout_platforms(ImageFiles::folder(ref.path), ref);
    case Transport::oci_archive:
      return read_layout_platforms(ImageFiles::archive(ref.path), ref);
    case Transport::registry:
    case Transport::bare_name:
      throw Error(ErrorKind::usage, ref.text(), "all platforms are read from a layout only",
                  "copy the index first: skopeo copy --all docker://NAME oci:DIR:NAME");
    default:
      break;  // these hold one
  }
  return {open_source(ref)->image().config.platform};
}

}  // namespace slim
