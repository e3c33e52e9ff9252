// Package URLs: the names that scanners and advisories know packages by.
#pragma once

#include <string>
#include <string_view>

#include "analyzer/file_tree.h"
#include "analyzer/packages.h"

namespace slim {

/// What /etc/os-release says.
struct Distribution {
  std::string id;       ///< ID; "linux", its default, where there is none (os-release(5))
  std::string version;  ///< VERSION_ID; may be empty
};

Distribution distribution_of(const FileTree& tree);

/// pkg:TYPE/NAMESPACE/NAME@VERSION?QUALIFIERS, in the canonical form. A jar whose coordinates are not known
/// is pkg:generic. All but ASCII is percent-encoded, whatever the bytes of the name are.
std::string package_url(const Package& package, const Distribution& distribution);

}  // namespace slim
