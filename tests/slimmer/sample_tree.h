// Small images for tests of what is decided about them: a tar made by hand, read as any layer is, with all
// that a plan is made of.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "analyzer/byte_stream.h"
#include "analyzer/dependency_graph.h"
#include "analyzer/file_tree.h"
#include "analyzer/image.h"
#include "analyzer/layer_index.h"
#include "analyzer/packages.h"
#include "analyzer/rules.h"
#include "slimmer/mark.h"
#include "slimmer/plan.h"
#include "slimmer/roots.h"
#include "tests/analyzer/elf_fixture.h"
#include "tests/analyzer/tar_builder.h"

namespace slim::test {

struct Sample {
  std::vector<LayerIndex> layers;
  FileTree tree;
  ImageConfig config;
  Packages packages;
  std::vector<Rule> rules;
  std::unique_ptr<DependencyGraph> graph;
  Roots roots;
  Plan plan;

  [[nodiscard]] NodeId at(const std::string& path) const {
    const NodeId found = tree.find(path);
    if (found == no_node) throw std::runtime_error("the sample has no " + path);
    return found;
  }
  [[nodiscard]] bool keeps(const std::string& path) const { return plan.keeps(at(path)); }
  [[nodiscard]] const Reason& reason(const std::string& path) const {
    return plan.decisions.at(at(path)).reason;
  }
  /// Where the cause of a path's decision lies; empty where there is none.
  [[nodiscard]] std::string cause(const std::string& path) const {
    const NodeId from = reason(path).from;
    return from == no_node ? "" : tree.path(from);
  }
  /// Kept paths that are no folders, in the order of the tree.
  [[nodiscard]] std::vector<std::string> kept_files() const {
    std::vector<std::string> paths;
    for (const NodeId id : tree.walk()) {
      if (plan.keeps(id) && !tree.is(id, EntryType::directory)) paths.push_back(tree.path(id));
    }
    return paths;
  }
  [[nodiscard]] std::vector<std::string> kept_folders() const {
    std::vector<std::string> paths;
    for (const NodeId id : tree.walk()) {
      if (plan.keeps(id) && tree.is(id, EntryType::directory)) paths.push_back(tree.path(id));
    }
    return paths;
  }
  /// The paths that are roots, in the order in which they were found.
  [[nodiscard]] std::vector<std::string> root_paths() const {
    std::vector<std::string> paths;
    for (const Root& root : roots.roots) paths.push_back(tree.path(root.target.node));
    return paths;
  }
};

/// The tree and its graph, without roots and plan. On the heap, since its parts point at each other.
inline std::unique_ptr<Sample> sample_tree(const TarBuilder& tar, const ImageConfig& config = {}) {
  auto sample = std::make_unique<Sample>();
  const std::string bytes = tar.str();
  sample->layers.push_back(index_layer(memory_reader(bytes_of(bytes)), "sample"));
  sample->tree = FileTree::squash(sample->layers);
  sample->config = config;
  sample->packages = read_packages(sample->tree);
  sample->graph = std::make_unique<DependencyGraph>(sample->tree, sample->config);
  return sample;
}

inline std::unique_ptr<Sample> sample_roots(const TarBuilder& tar, const ImageConfig& config,
                                            const std::vector<std::string>& include = {}) {
  auto sample = sample_tree(tar, config);
  sample->roots = find_roots(sample->tree, sample->config, *sample->graph, include);
  return sample;
}

inline std::unique_ptr<Sample> sample_plan(const TarBuilder& tar, const ImageConfig& config,
                                           const MarkOptions& options = {}, std::vector<Rule> rules = {}) {
  auto sample = sample_roots(tar, config, options.include);
  sample->rules = std::move(rules);
  sample->plan = make_plan(sample->tree, sample->config, sample->packages, sample->roots, sample->rules,
                           *sample->graph, options);
  return sample;
}

inline ImageConfig config_of(std::vector<std::string> entrypoint, std::vector<std::string> cmd = {}) {
  ImageConfig config;
  config.entrypoint = std::move(entrypoint);
  config.cmd = std::move(cmd);
  return config;
}

inline MarkOptions mark_with(Profile profile, std::vector<std::string> include = {},
                             std::vector<std::string> exclude = {}) {
  MarkOptions options;
  options.profile = profile;
  options.include = std::move(include);
  options.exclude = std::move(exclude);
  return options;
}

/// A static program that names `strings`.
inline std::string static_program(const std::vector<std::string>& strings = {}) {
  ElfSpec spec;
  spec.type = 2;  // ET_EXEC
  for (const std::string& text : strings) spec.rodata += text + '\0';
  return make_elf(spec);
}

/// A program of glibc's loader.
inline std::string dynamic_program(std::vector<std::string> needed, std::vector<std::string> imports = {},
                                   const std::vector<std::string>& strings = {}) {
  ElfSpec spec;
  spec.interpreter = "/lib64/ld-linux-x86-64.so.2";
  spec.needed = std::move(needed);
  spec.imports = std::move(imports);
  for (const std::string& text : strings) spec.rodata += text + '\0';
  return make_elf(spec);
}

inline std::string library(std::string soname, std::vector<std::string> needed = {},
                           std::vector<std::string> imports = {}) {
  ElfSpec spec;
  spec.soname = std::move(soname);
  spec.needed = std::move(needed);
  spec.imports = std::move(imports);
  return make_elf(spec);
}

inline TarBuilder& owned_folder(TarBuilder& tar, const std::string& path, std::uint32_t uid) {
  TarEntry entry;
  entry.path = path;
  entry.type = '5';
  entry.mode = 0755;
  entry.uid = uid;
  return tar.add(entry);
}

}  // namespace slim::test
