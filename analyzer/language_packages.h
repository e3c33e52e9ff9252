// Packages of languages' own package managers: what pip, npm and gem have installed, jars, and what programs
// of Go and Rust are built of.
#pragma once

#include <vector>

#include "analyzer/file_tree.h"
#include "analyzer/packages.h"

namespace slim {

/// The packages whose own metadata is in the tree, in its order:
///  - pypi: a folder NAME-VERSION.dist-info with its RECORD, or NAME-VERSION*.egg-info;
///  - npm: a package.json right in a folder of node_modules; all below that folder less nested node_modules;
///  - gem: specifications/NAME-VERSION.gemspec, with gems/NAME-VERSION beside it;
///  - jar: GROUP:ARTIFACT of its META-INF/maven, else what its manifest says or NAME-VERSION.jar; those
///    within a jar, war or ear too (Package::inside), which own no file;
///  - golang, cargo: the module that a program is, which owns it, and those that it is built of
///    (Package::inside), Go's own library ("stdlib") too.
/// `owned`, by NodeId: files that a package of the system brings; what such a file describes is that package
/// and is not told again. What such a program is built of is.
std::vector<Package> read_language_packages(const FileTree& tree, const std::vector<bool>& owned);

}  // namespace slim
