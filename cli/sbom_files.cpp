#include "cli/sbom_files.h"

#include <filesystem>
#include <ostream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "analyzer/error.h"
#include "analyzer/image.h"
#include "analyzer/image_contents.h"
#include "analyzer/image_ref.h"
#include "analyzer/packages.h"
#include "cli/options.h"
#include "cli/version.h"
#include "slimmer/analysis.h"
#include "slimmer/plan.h"
#include "slimmer/sbom.h"
#include "slimmer/timestamp.h"

namespace slim {
namespace {

void set_origin(Sbom& sbom, const Image& image) {
  sbom.tool = fmt::format("slim-{}", version());
  sbom.created = document_time(image.config.created);
}

}  // namespace

SbomFormat sbom_format_of(std::string_view name, std::string_view option) {
  if (name == "cyclonedx") return SbomFormat::cyclonedx;
  if (name == "spdx") return SbomFormat::spdx;
  throw Error(ErrorKind::usage, fmt::format("{} {}", option, name), "expected cyclonedx or spdx");
}

std::vector<SbomRequest> sbom_requests(const std::vector<std::string>& values) {
  std::vector<SbomRequest> requests;
  for (const std::string& value : values) {
    const auto equals = value.find('=');
    const std::string name = value.substr(0, equals);
    const bool named = equals != std::string::npos && (name == "cyclonedx" || name == "spdx");
    SbomRequest request;
    if (named) request.format = sbom_format_of(name, "--sbom");
    request.path = named ? value.substr(equals + 1) : value;
    if (request.path.empty()) throw Error(ErrorKind::usage, "--sbom " + value, "expected [FORMAT=]FILE");
    requests.push_back(std::move(request));
  }
  return requests;
}

std::string public_name(const std::string& name, const ImageRef& ref) {
  if (!name.empty()) return name;
  return std::filesystem::path(ref.path).filename().string();
}

Sbom image_bill(const ImageContents& contents, const ImageRef& ref) {
  const Image& image = contents.image();
  Sbom sbom = make_sbom(contents.tree, read_packages(contents.tree));
  set_origin(sbom, image);
  sbom.subject = SbomSubject{
      .name = public_name(image.name, ref), .digest = image.digest, .platform = image.config.platform.text()};
  return sbom;
}

Sbom slimmed_bill(const Analysis& analysis, const ImageRef& ref) {
  const Image& image = analysis.contents.image();
  Sbom sbom = make_slimmed_sbom(analysis.contents.tree, analysis.packages, analysis.plan);
  set_origin(sbom, image);
  if (sbom.original) {
    sbom.original->name = public_name(image.name, ref);
    sbom.original->digest = image.digest;
  }
  return sbom;
}

void write_bill(Sbom& sbom, SbomFormat format, ImageContents& contents, const Plan* plan, std::ostream& out) {
  if (format == SbomFormat::cyclonedx) {
    write_cyclonedx(sbom, out);
    return;
  }
  add_sha1(sbom, contents, plan);
  write_spdx(sbom, out);
}

void write_bill(Sbom& sbom, const SbomRequest& request, ImageContents& contents, const Plan* plan) {
  write_file_whole(request.path,
                   [&](std::ostream& out) { write_bill(sbom, request.format, contents, plan, out); });
}

}  // namespace slim
