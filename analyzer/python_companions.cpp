// What belongs to a kept module beside what it imports: its byte code, the data of its folder, the record of
// its distribution, and, where imports cannot be read, the rest of its package.
#include <algorithm>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "analyzer/edge.h"
#include "analyzer/file_tree.h"
#include "analyzer/layer_index.h"
#include "analyzer/python_distributions.h"
#include "analyzer/python_edges.h"
#include "analyzer/python_interpreters.h"
#include "analyzer/python_modules.h"
#include "analyzer/rules.h"
#include "analyzer/system_folders.h"

namespace slim {
namespace {

constexpr std::size_t most_walked = 20'000;  ///< paths that are looked at to see what a folder holds

/// Folders beside an application's modules that are no data of it.
bool is_foreign_folder(std::string_view name) {
  return name.starts_with('.') || name.starts_with("__") || is_python_development(name, true) ||
         name.ends_with(".dist-info") || name.ends_with(".egg-info") || name == "venv" || name == "build";
}

}  // namespace

/// Whether there are modules anywhere below: then it is no folder of data.
bool PythonEdges::holds_modules(NodeId folder) {
  const auto known = holds_modules_.find(folder);
  if (known != holds_modules_.end()) return known->second;
  bool holds = false;
  std::vector<NodeId> open(1, folder);
  for (std::size_t walked = 0; !open.empty() && !holds; ++walked) {
    const NodeId node = open.back();
    open.pop_back();
    if (tree_->is(node, EntryType::directory)) {
      const std::vector<NodeId>& children = tree_->node(node).children;
      open.insert(open.end(), children.begin(), children.end());
    }
    holds = tree_->node(node).name.ends_with(".py") || walked >= most_walked;
  }
  holds_modules_.emplace(folder, holds);
  return holds;
}

/// Files beside a module that are no modules, and folders that hold nothing else.
void PythonEdges::folder_data(std::vector<Edge>& edges, NodeId node, NodeId folder) {
  if (!data_done_.insert(folder).second) return;
  for (const NodeId child : tree_->node(folder).children) {
    const std::string& name = tree_->node(child).name;
    Edge edge{.from = node,
              .to = child,
              .kind = EdgeKind::module_data,
              .strength = Strength::likely,
              .detail = "data in its folder"};
    if (tree_->is(child, EntryType::directory)) {
      if (is_foreign_folder(name) || holds_modules(child)) continue;
      edge.with_content = true;
    } else if (is_python_module_file(name) || is_python_development(name, false)) {
      continue;
    }
    edges.push_back(std::move(edge));
  }
}

const PythonDistribution* PythonEdges::distribution_of(const Importer& importer) {
  auto& known = distributions_[importer.interpreter];
  if (!known) {
    known = std::make_unique<PythonDistributions>(*tree_);
    for (const NodeId site : importer.interpreter->sites) known->add_site(site);
  }
  if (importer.entry == no_node || importer.is_stdlib) return nullptr;
  std::string path = importer.module;
  std::ranges::replace(path, '.', '/');
  return known->of_module(importer.entry, path);
}

void PythonEdges::distribution(std::vector<Edge>& edges, const Importer& importer) {
  const PythonDistribution* owner = distribution_of(importer);
  if (owner == nullptr) return;
  if (importer.is_extension) requirements(edges, importer, *owner);
  if (!records_done_.insert(owner->record).second) return;
  edges.push_back({.from = importer.node,
                   .to = owner->record,
                   .kind = EdgeKind::module_data,
                   .strength = Strength::likely,
                   .detail = "the record of its distribution",
                   .with_content = tree_->is(owner->record, EntryType::directory)});
  for (const std::string& path : owner->outside) {
    const bool is_data = path.find("/bin/") == std::string::npos && path.find("/man/") == std::string::npos &&
                         path.find("__pycache__") == std::string::npos &&
                         path.find("/doc/") == std::string::npos;
    const Resolution file = is_data ? tree_->resolve(path, owner->site) : Resolution{};
    if (file.node == no_node || !tree_->is(file.node, EntryType::file)) continue;
    add_path_edges(*tree_, edges, file,
                   {.from = importer.node,
                    .to = no_node,
                    .kind = EdgeKind::module_data,
                    .strength = Strength::likely,
                    .detail = "a file of its distribution"});
  }
}

/// A compiled module may import any of the distributions that its own one asks for.
void PythonEdges::requirements(std::vector<Edge>& edges, const Importer& importer,
                               const PythonDistribution& owner) {
  const PythonDistributions& known = *distributions_[importer.interpreter];
  for (const std::string& name : owner.requirements) {
    const PythonDistribution* needed = known.of_project(name);
    if (needed == nullptr) continue;
    for (const std::string& top : needed->tops) {
      std::string module = top;
      std::ranges::replace(module, '/', '.');
      import(edges, importer,
             {.module = module,
              .detail = fmt::format("a compiled module of a distribution that requires {}", name),
              .strength = Strength::likely});
    }
  }
}

void PythonEdges::companions(std::vector<Edge>& edges, const Importer& importer) {
  for (const NodeId file : python_byte_code(*tree_, importer.node, importer.interpreter->tags)) {
    edges.push_back({.from = importer.node,
                     .to = file,
                     .kind = EdgeKind::module_data,
                     .strength = Strength::likely,
                     .detail = "its byte code"});
  }
  const NodeId folder = tree_->node(importer.node).parent;
  const bool shared = folder == importer.entry || folder == importer.interpreter->stdlib ||
                      is_system_folder(tree_->path(folder)) || folder == root_node;
  if (!shared) folder_data(edges, importer.node, folder);
  distribution(edges, importer);
}

/// All of the package that the importer is of, or of the folder of its application.
void PythonEdges::whole(std::vector<Edge>& edges, const Importer& importer, const std::string& why) {
  if (importer.is_stdlib) return;
  NodeId top = importer.node;
  const NodeId end = importer.entry == no_node ? importer.script_folder : importer.entry;
  if (importer.entry == no_node) {
    top = end;
    if (top == no_node || top == root_node || is_system_folder(tree_->path(top))) return;
  } else {
    while (tree_->node(top).parent != end && tree_->node(top).parent != root_node)
      top = tree_->node(top).parent;
    if (!tree_->is(top, EntryType::directory)) return;
  }
  if (!whole_.insert(top).second) return;
  std::vector<NodeId> open(1, top);
  while (!open.empty()) {
    const NodeId node = open.back();
    open.pop_back();
    const std::string& name = tree_->node(node).name;
    if (tree_->is(node, EntryType::directory)) {
      if (node != top && (is_python_development(name, true) || name.starts_with('.'))) continue;
      const std::vector<NodeId>& children = tree_->node(node).children;
      open.insert(open.end(), children.rbegin(), children.rend());
      continue;
    }
    if (is_python_development(name, false) || node == importer.node) continue;
    const bool is_module = is_python_module_file(name);
    if (is_module && importer.interpreter != nullptr) run_by_.emplace(node, importer.interpreter);
    edges.push_back({.from = importer.node,
                     .to = node,
                     .kind = is_module ? EdgeKind::import : EdgeKind::module_data,
                     .strength = Strength::likely,
                     .detail = "its whole package is kept: " + why});
  }
}

}  // namespace slim
