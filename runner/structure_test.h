// Files of container-structure-test, schemaVersion 1.0.0 and 2.0.0, in YAML or JSON.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "analyzer/file_tree.h"
#include "runner/observe.h"
#include "runner/probe.h"
#include "runner/yaml_node.h"

namespace slim {

/// One test of a file: a probe of its own, or a step of one.
struct StructureTest {
  std::string name;  ///< "Command Test: version"
  Origin origin;
  std::size_t probe = 0;
  std::optional<std::size_t> step;  ///< nullopt: the probe as a whole
};

struct StructureFile {
  std::vector<Probe> probes;
  std::vector<StructureTest> tests;
  /// The copyright files of Debian's packages are to be looked at: see add_license_tests.
  std::optional<Origin> debian_licenses;
};

/// Whether a document has a schemaVersion, and so is no probe file.
bool is_structure_file(const YamlNode& document);

/// Throws an input Error that names the file, the line, the place and what was expected.
StructureFile parse_structure_file(const YamlNode& document);
StructureFile read_structure_file(const std::string& file);

/// A test for each package below /usr/share/doc, where the file asks for that.
void add_license_tests(StructureFile& file, const FileTree& tree);

/// What a test expected in vain; empty where it passed. `observed` is of its probe.
std::string failure_of(const StructureTest& test, const Probe& probe, const Observation& observed);

}  // namespace slim
