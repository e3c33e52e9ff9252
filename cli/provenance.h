// What was done, for machines that decide whether to trust the result: an in-toto statement.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include <CLI/App.hpp>

#include "analyzer/digest.h"

namespace slim {

/// Something that went in, or came out.
struct ProvenanceItem {
  std::string name;  ///< of an image or a file, without a folder of this machine
  Digest digest;
  std::string platform;  ///< of an image; else empty
  std::string verdict;   ///< of an image that was slimmed; else empty
};

struct Provenance {
  ProvenanceItem subject;              ///< what was written
  std::vector<ProvenanceItem> images;  ///< that were slimmed, one for each platform
  std::vector<ProvenanceItem> others;  ///< other images and files that were read: rules, probes, traces
  std::vector<std::pair<std::string, std::vector<std::string>>> flags;  ///< with their values
};

/// The flags of the command line that decide the result. Values of variables, and words that look like
/// secrets, are redacted unless `show_secrets`; of files the last name only.
std::vector<std::pair<std::string, std::vector<std::string>>> provenance_flags(const CLI::App& command,
                                                                               bool show_secrets);

/// The files among these flags, with the digests of what they hold now.
std::vector<ProvenanceItem> provenance_files(const std::vector<std::string>& paths);

/// As JSON, the same for the same input: it names no time, no machine and no folder.
std::string provenance_statement(const Provenance& provenance);

}  // namespace slim
