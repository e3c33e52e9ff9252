// Bills of materials as the command line asks for them.
#pragma once

#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include "analyzer/image_contents.h"
#include "analyzer/image_ref.h"
#include "slimmer/analysis.h"
#include "slimmer/plan.h"
#include "slimmer/sbom.h"

namespace slim {

struct SbomRequest {
  SbomFormat format = SbomFormat::cyclonedx;
  std::string path;
};

/// cyclonedx or spdx; else a usage Error about `option`.
SbomFormat sbom_format_of(std::string_view name, std::string_view option);

/// Values of --sbom: FILE, which is CycloneDX, cyclonedx=FILE or spdx=FILE. Any other "=" is part of a name.
std::vector<SbomRequest> sbom_requests(const std::vector<std::string>& values);

/// What an image is called without a folder of this machine.
std::string public_name(const std::string& name, const ImageRef& ref);

/// The bill of an image as it is.
Sbom image_bill(const ImageContents& contents, const ImageRef& ref);

/// The bill of what the plan makes of it, with what that removes. Its subject is not yet set.
Sbom slimmed_bill(const Analysis& analysis, const ImageRef& ref);

/// `contents` of the original; `plan` of a slimmed image, else null: see add_sha1().
void write_bill(Sbom& sbom, SbomFormat format, ImageContents& contents, const Plan* plan, std::ostream& out);
/// The same into a file, whole or not at all.
void write_bill(Sbom& sbom, const SbomRequest& request, ImageContents& contents, const Plan* plan);

}  // namespace slim
