// What a policy is held against: figures of a report, and what could be done without.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "analyzer/efficiency.h"
#include "analyzer/findings.h"
#include "analyzer/image.h"
#include "cli/report.h"

namespace slim {

/// Something that an image could do without. Its name comes from the image: hostile, to be escaped.
struct Saving {
  std::string what;         ///< a path, or a layer with what made it
  std::uint64_t bytes = 0;  ///< as a file, or of a layer's tar
};

struct GateLayer {
  std::string name;  ///< layer 3 (RUN ...)
  std::string diff_id;
  std::uint64_t stored = 0;
  std::uint64_t uncompressed = 0;
  std::uint64_t hidden = 0;  ///< what later layers hide of it
};

struct GatePackage {
  std::string name;  ///< its type, a colon, and its name
  std::string version;
  std::uint64_t bytes = 0;
};

struct GateFacts {
  std::string image;  ///< as the user wrote it
  std::uint64_t compressed = 0;
  std::uint64_t uncompressed = 0;
  std::uint64_t bytes = 0;      ///< of all files
  std::uint64_t removable = 0;  ///< of files that nothing needs
  std::uint64_t user_bytes =
      0;  ///< of the files of all layers above the first, which dive holds waste against
  Efficiency efficiency;
  std::vector<GateLayer> layers;          ///< base first
  std::vector<Saving> removable_files;    ///< biggest first
  std::vector<Saving> removable_folders;  ///< the same bytes by folder, biggest first
  std::vector<GatePackage> packages;      ///< biggest first
  std::vector<Finding> findings;
  std::string unproved;  ///< why the image does not count as proved to behave as its original; empty: it does
};

GateFacts gate_facts(const Report& report);

/// What of a layer's tars is new against a baseline: files that it does not have, or has smaller, biggest
/// first, each with the bytes that it grew by; at most 10.
std::vector<Saving> grown_files(const Report& report, const Report& baseline);

/// Why the config does not say that slim proved the image as it is; empty where it does.
///
/// What is looked at is slim's label of the verdict, and its entries in the history: an image that was built
/// FROM a proved one inherits the label, and has a step or a layer behind slim's own. Nothing of this is
/// signed: whoever can push the image can write a config that says so too. It keeps out what was forgotten,
/// not what was forged.
std::string why_unproved(const ImageConfig& config);

}  // namespace slim
