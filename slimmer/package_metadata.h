// What scanners and lawyers read: which packages the kept files are of.
#pragma once

#include <string>
#include <vector>

#include "analyzer/file_tree.h"
#include "analyzer/packages.h"
#include "slimmer/plan.h"

namespace slim {

/// Adds to `plan`, for every package of which something is kept besides its documentation:
///  - deb: /var/lib/dpkg/status.d/NAME, its stanza, with the configuration files that are kept, and
///    NAME.md5sums with the files that are kept, as distroless images have them; its copyright file;
///  - rpm: an entry in /usr/share/sbom/packages.spdx.json, since its database is not written anew; a warning
///  says
///    so;
///  - apk: its record in the installed database, with the files and folders that are kept.
/// A database file that has to be written anew is dropped as a path of the source and added as one of slim's;
/// one that is right as it is is kept. Where the plan keeps the whole of a database for another reason
/// (a run or the user asked for it), that stays as it is. What `exclude` (globs) matches is not made. To be
/// called when everything else is decided.
void keep_package_metadata(const FileTree& tree, const Packages& packages,
                           const std::vector<std::string>& exclude, Plan& plan);

}  // namespace slim
