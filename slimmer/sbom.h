// A bill of materials: the packages that an image has, the files of each, and for a slimmed image what
// slimming took away. One model, written as CycloneDX or as SPDX.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "analyzer/digest.h"
#include "analyzer/file_tree.h"
#include "analyzer/image_contents.h"
#include "analyzer/package_url.h"
#include "analyzer/packages.h"
#include "slimmer/plan.h"

namespace slim {

enum class SbomFormat : std::uint8_t { cyclonedx, spdx };

struct SbomFile {
  std::string path;  ///< absolute
  ContentHash sha256{};
  std::string sha1;  ///< hex; empty until add_sha1()
};

/// All that the image has under one package URL.
struct SbomPackage {
  std::string name;
  std::string version;
  std::string type;         ///< as Package has it
  std::string url;          ///< analyzer/package_url.h; no two packages of a bill have the same
  std::string license;      ///< as its metadata has it; may be empty
  std::string source;       ///< deb: the source package, where it is named otherwise
  std::string identity;     ///< the URL without the distribution: a slimmed image may have lost its name
  std::uint64_t count = 0;  ///< of its regular files
  std::uint64_t original_count = 0;  ///< of those in the original; 0 where there is none
  std::vector<std::size_t> files;    ///< its files: places in Sbom::files, sorted; those that are listed
  std::vector<std::string> inside;   ///< files that it is built into, which are others'; sorted
};

/// A package of the original that the slimmed image does not tell of.
struct SbomRemoved {
  std::string url;
  std::uint64_t count = 0;  ///< of its files in the original
  std::uint64_t kept = 0;   ///< of those that are still there, without what describes the package
};

struct SbomOriginal {
  std::string name;
  Digest digest;                     ///< may be empty
  std::vector<SbomRemoved> removed;  ///< sorted by url
  std::uint64_t packages = 0;        ///< in the original
};

/// What the bill is about.
struct SbomSubject {
  std::string name;
  Digest digest;  ///< empty where the image is only planned
  std::string platform;
};

struct Sbom {
  std::string tool;                    ///< NAME-VERSION of what made the bill
  std::string created;                 ///< as time_text() writes it
  std::optional<SbomSubject> subject;  ///< the image; nothing: packages alone
  std::vector<SbomPackage> packages;   ///< sorted by url
  std::vector<SbomFile> files;         ///< regular files, sorted by path
  std::uint64_t unlisted_files = 0;  ///< where there are too many to list, their number, and `files` is empty
  std::optional<SbomOriginal> original;  ///< of a slimmed image
};

/// At most so many files are listed, with at most so many bytes of paths: of an image with more, none is.
inline constexpr std::size_t most_sbom_files = 250'000;
inline constexpr std::size_t most_sbom_path_bytes = std::size_t{64} << 20;

/// Packages without their files.
Sbom list_packages(const std::vector<const Package*>& packages, const Distribution& distribution);

/// Packages and files of an image; the other members are the caller's.
Sbom make_sbom(const FileTree& tree, const Packages& packages);

/// Of the image that `plan` makes of the original: the same as make_sbom() of that image, and what it lost.
/// Without the names and digests.
Sbom make_slimmed_sbom(const FileTree& original, const Packages& packages, const Plan& plan);

/// The SHA-1 of every listed file, which SPDX demands: reads the original's layers again. `plan` is that of a
/// slimmed image, whose files may be slim's own; else null.
void add_sha1(Sbom& sbom, ImageContents& contents, const Plan* plan);

/// The places in Sbom::files of those that no package owns, sorted.
std::vector<std::size_t> unowned_files(const Sbom& sbom);

/// An UUID (RFC 9562, version 8) that the same bill of the same image gets again.
std::string sbom_uuid(const Sbom& sbom, SbomFormat format);

/// CycloneDX 1.5 as JSON. Files of a package are the places where it was found (evidence.occurrences); others
/// are components of type file. What slim says beside the standard are properties slim:...
void write_cyclonedx(const Sbom& sbom, std::ostream& out);

/// SPDX 2.3 as JSON. Files of a package are what it CONTAINS, others what the image does. What was removed is
/// said in annotations of the image, so that no reader takes it for something that is there.
void write_spdx(const Sbom& sbom, std::ostream& out);

}  // namespace slim
