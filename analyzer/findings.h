// What a person should know about an image, beyond its size.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "analyzer/dependency_graph.h"
#include "analyzer/file_tree.h"
#include "analyzer/image.h"
#include "analyzer/packages.h"

namespace slim {

enum class Severity : std::uint8_t { info, low, medium, high };

std::string_view to_string(Severity severity);

/// Every id that a finding can have: README.md says what each means.
inline constexpr auto finding_ids = std::to_array<std::string_view>({"private-key",
                                                                     "secret",
                                                                     "hidden-secret",
                                                                     "empty-password",
                                                                     "password-hash",
                                                                     "entrypoint-missing",
                                                                     "missing-library",
                                                                     "setuid",
                                                                     "setgid",
                                                                     "file-capability",
                                                                     "world-writable",
                                                                     "core-dump",
                                                                     "version-control",
                                                                     "deleted-but-shipped",
                                                                     "metadata-only-change",
                                                                     "duplicate",
                                                                     "package-cache",
                                                                     "compiler-present",
                                                                     "headers",
                                                                     "documentation",
                                                                     "locales",
                                                                     "shell-present",
                                                                     "package-manager-present"});

/// One thing to know, or many of a kind in one layer: their number and bytes, and the first of their paths.
struct Finding {
  std::string id;  ///< stable: shell-present, package-manager-present, setuid, ...
  Severity severity = Severity::info;
  std::string path;                    ///< absolute, of many the biggest; empty: about the config
  std::optional<std::uint32_t> layer;  ///< 0-based
  std::uint64_t count = 1;
  std::uint64_t bytes = 0;         ///< of all of them, where their size is what matters; else 0
  std::vector<std::string> paths;  ///< of more than one: the biggest, at most 10
  std::string message;             ///< what it is, and what to do
};

/// A program that the config names and the image does not have.
struct MissingProgram {
  std::string from;  ///< entrypoint, cmd or healthcheck
  std::string word;
};

/// What findings are made of.
struct FindingSources {
  const FileTree* tree = nullptr;
  const ImageConfig* config = nullptr;
  const Packages* packages = nullptr;  ///< a key that a package brings is everybody's
  std::vector<UnresolvedLibrary> unresolved;
  std::vector<MissingProgram> missing_programs;
};

/// Most severe first, then by id, layer and path. README.md lists the ids with what each means.
std::vector<Finding> find_findings(const FindingSources& sources);

}  // namespace slim
