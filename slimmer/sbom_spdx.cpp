// After the SPDX specification 2.3 and its JSON schema. A package whose files are listed has the verification
// code of section 7.9. An image that was slimmed is a DESCENDANT_OF its original; packages that it has no
// more are said in annotations, because readers take every package of a document for one that is there.
#include <algorithm>
#include <cstddef>
#include <ostream>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "analyzer/digest.h"
#include "slimmer/json_stream.h"
#include "slimmer/sbom.h"

namespace slim {
namespace {

using json = nlohmann::ordered_json;

constexpr const char* document_id = "SPDXRef-DOCUMENT";
constexpr const char* image_id = "SPDXRef-Image";
constexpr const char* original_id = "SPDXRef-Original";

class SpdxWriter {
 public:
  SpdxWriter(const Sbom& sbom, std::ostream& out) : sbom_(sbom), out_(out), unowned_(unowned_files(sbom)) {}

  void write() {
    out_.member("spdxVersion", "SPDX-2.3");
    out_.member("dataLicense", "CC0-1.0");
    out_.member("SPDXID", document_id);
    out_.member("name", sbom_.subject ? sbom_.subject->name : "packages");
    out_.member("documentNamespace", "urn:uuid:" + sbom_uuid(sbom_, SbomFormat::spdx));
    out_.member("creationInfo", {{"created", sbom_.created}, {"creators", json::array({tool()})}});
    out_.list("packages");
    if (sbom_.subject) out_.element(image(*sbom_.subject));
    if (sbom_.original) out_.element(original(*sbom_.original));
    for (std::size_t i = 0; i < sbom_.packages.size(); ++i) out_.element(package(i));
    if (!sbom_.files.empty()) out_.list("files");
    for (std::size_t i = 0; i < sbom_.files.size(); ++i) out_.element(file(i));
    out_.list("relationships");
    relate_packages();
    relate_files();
    out_.end();
  }

 private:
  [[nodiscard]] std::string tool() const { return "Tool: " + sbom_.tool; }
  static std::string package_id(std::size_t place) { return fmt::format("SPDXRef-Package-{}", place + 1); }
  static std::string file_id(std::size_t place) { return fmt::format("SPDXRef-File-{}", place + 1); }

  [[nodiscard]] json annotation(const std::string& comment) const {
    return {{"annotationDate", sbom_.created},
            {"annotationType", "OTHER"},
            {"annotator", tool()},
            {"comment", comment}};
  }

  static json unanalyzed(std::string_view name, std::string_view id) {
    return {{"name", name},
            {"SPDXID", id},
            {"downloadLocation", "NOASSERTION"},
            {"filesAnalyzed", false},
            {"licenseConcluded", "NOASSERTION"},
            {"licenseDeclared", "NOASSERTION"},
            {"copyrightText", "NOASSERTION"}};
  }

  static void add_image(json& entry, const Digest& digest) {
    entry["primaryPackagePurpose"] = "CONTAINER";
    if (!digest.empty()) entry["versionInfo"] = digest.text();
  }

  [[nodiscard]] json image(const SbomSubject& subject) const {
    json entry = unanalyzed(subject.name, image_id);
    add_image(entry, subject.digest);
    add_verification_code(entry, unowned_);
    if (!subject.platform.empty()) entry["comment"] = "platform " + subject.platform;
    json annotations = json::array();
    if (sbom_.unlisted_files != 0) {
      annotations.push_back(
          annotation(fmt::format("its {} files are more than are listed", sbom_.unlisted_files)));
    }
    if (sbom_.original) {
      for (const SbomRemoved& removed : sbom_.original->removed) {
        annotations.push_back(annotation(
            removed.kept == 0 ? fmt::format("removed package {}", removed.url)
                              : fmt::format("removed what describes package {}, and kept {} of its {} files",
                                            removed.url, removed.kept, removed.count)));
      }
    }
    if (!annotations.empty()) entry["annotations"] = annotations;
    return entry;
  }

  static json original(const SbomOriginal& original) {
    json entry = unanalyzed(original.name, original_id);
    add_image(entry, original.digest);
    entry["comment"] = "the image that the other one was slimmed from; its packages are not listed here";
    return entry;
  }

  /// The SHA-1 of the sorted SHA-1 of all `files`.
  void add_verification_code(json& entry, const std::vector<std::size_t>& files) const {
    if (files.empty()) return;
    std::vector<std::string_view> sums;
    sums.reserve(files.size());
    for (const std::size_t file : files) sums.emplace_back(sbom_.files[file].sha1);
    std::ranges::sort(sums);
    Hasher hasher("sha1");
    for (const std::string_view sum : sums) hasher.update(std::as_bytes(std::span(sum)));
    entry["filesAnalyzed"] = true;
    entry["packageVerificationCode"] = {{"packageVerificationCodeValue", hasher.finish().hex()}};
  }

  [[nodiscard]] json package(std::size_t place) const {
    const SbomPackage& package = sbom_.packages[place];
    json entry = unanalyzed(package.name, package_id(place));
    if (!package.version.empty()) entry["versionInfo"] = package.version;
    add_verification_code(entry, package.files);
    if (!package.license.empty()) entry["licenseComments"] = package.license;
    if (!package.source.empty()) entry["sourceInfo"] = "built from the source package " + package.source;
    entry["externalRefs"] = json::array({{{"referenceCategory", "PACKAGE-MANAGER"},
                                          {"referenceType", "purl"},
                                          {"referenceLocator", package.url}}});
    if (package.original_count > package.count) {
      entry["annotations"] = json::array(
          {annotation(fmt::format("kept {} of {} files", package.count, package.original_count))});
    }
    return entry;
  }

  [[nodiscard]] json file(std::size_t place) const {
    const SbomFile& file = sbom_.files[place];
    return {{"fileName", "." + file.path},
            {"SPDXID", file_id(place)},
            {"checksums",
             {{{"algorithm", "SHA1"}, {"checksumValue", file.sha1}},
              {{"algorithm", "SHA256"}, {"checksumValue", to_hex(file.sha256)}}}},
            {"copyrightText", "NOASSERTION"}};
  }

  void relate(std::string_view from, std::string_view type, std::string_view to) {
    out_.element({{"spdxElementId", from}, {"relationshipType", type}, {"relatedSpdxElement", to}});
  }

  void relate_packages() {
    if (sbom_.subject) relate(document_id, "DESCRIBES", image_id);
    if (sbom_.original) relate(image_id, "DESCENDANT_OF", original_id);
    for (std::size_t i = 0; i < sbom_.packages.size(); ++i) {
      relate(sbom_.subject ? image_id : document_id, sbom_.subject ? "CONTAINS" : "DESCRIBES", package_id(i));
    }
  }

  void relate_files() {
    for (std::size_t i = 0; i < sbom_.packages.size(); ++i) {
      for (const std::size_t file : sbom_.packages[i].files) relate(package_id(i), "CONTAINS", file_id(file));
      for (const std::string& path : sbom_.packages[i].inside) {
        const auto found = std::ranges::lower_bound(sbom_.files, path, {}, &SbomFile::path);
        if (found == sbom_.files.end() || found->path != path) continue;
        relate(file_id(static_cast<std::size_t>(found - sbom_.files.begin())), "CONTAINS", package_id(i));
      }
    }
    for (const std::size_t file : unowned_) relate(image_id, "CONTAINS", file_id(file));
  }

  const Sbom& sbom_;
  JsonStream out_;
  std::vector<std::size_t> unowned_;
};

}  // namespace

void write_spdx(const Sbom& sbom, std::ostream& out) {
  SpdxWriter(sbom, out).write();
}

}  // namespace slim
