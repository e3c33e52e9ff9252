#include "analyzer/python_modules.h"

#include <algorithm>
#include <array>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "analyzer/file_tree.h"
#include "analyzer/layer_index.h"

namespace slim {
namespace {

/// `folder`/`name`, through a link where it is one; no_node where there is none of `type`.
Resolution child_of(const FileTree& tree, NodeId folder, std::string_view name, EntryType type) {
  Resolution found;
  found.node = tree.child(folder, name);
  if (found.node == no_node) return found;
  if (tree.is(found.node, EntryType::symlink)) found = tree.resolve(name, folder);
  if (found.node != no_node && !tree.is(found.node, type)) found = {};
  return found;
}

/// The children of `folder` whose names start with "NAME.".
std::span<const NodeId> children_called(const FileTree& tree, NodeId folder, std::string_view name) {
  const std::vector<NodeId>& children = tree.node(folder).children;
  const std::string start = std::string(name) + '.';
  const auto first = std::ranges::lower_bound(
      children, start, {}, [&tree](NodeId id) -> const std::string& { return tree.node(id).name; });
  const auto last =
      std::find_if(first, children.end(), [&](NodeId id) { return !tree.node(id).name.starts_with(start); });
  return {first, last};
}

/// How early FileFinder takes a file for a module: 0 is first; -1 not at all.
int rank_of(std::string_view ending, const PythonTags& tags) {
  if (ending.ends_with(".so")) {
    if (ending.starts_with(".cpython-")) return ending.starts_with("." + tags.cache() + "-") ? 0 : -1;
    return ending == ".abi3.so" ? 1 : ending == ".so" ? 2 : -1;
  }
  return ending == ".py" ? 3 : ending == ".pyc" ? 4 : -1;
}

Resolution file_in(const FileTree& tree, NodeId folder, std::string_view name, const PythonTags& tags) {
  int best = -1;
  NodeId chosen = no_node;
  for (const NodeId child : children_called(tree, folder, name)) {
    const int rank = rank_of(std::string_view(tree.node(child).name).substr(name.size()), tags);
    if (rank < 0 || (best >= 0 && rank >= best)) continue;
    best = rank;
    chosen = child;
  }
  if (chosen == no_node) return {};
  return child_of(tree, folder, tree.node(chosen).name, EntryType::file);
}

}  // namespace

std::string PythonTags::cache() const {
  std::string tag = "cpython-";
  for (const char c : version) {
    if (c != '.') tag += c;
  }
  return tag;
}

PythonModule find_python_module(const FileTree& tree, std::span<const NodeId> folders, std::string_view name,
                                const PythonTags& tags) {
  PythonModule module;
  for (const NodeId folder : folders) {
    const Resolution package = child_of(tree, folder, name, EntryType::directory);
    if (package.node != no_node) {
      Resolution init = file_in(tree, package.node, "__init__", tags);
      if (init.node != no_node) {
        init.symlinks.insert(init.symlinks.begin(), package.symlinks.begin(), package.symlinks.end());
        return {.file = std::move(init), .folders = {package.node}, .symlinks = {}};
      }
    }
    Resolution file = file_in(tree, folder, name, tags);
    if (file.node != no_node) return {.file = std::move(file), .folders = {}, .symlinks = {}};
    if (package.node == no_node) continue;
    module.folders.push_back(package.node);
    module.symlinks.insert(module.symlinks.end(), package.symlinks.begin(), package.symlinks.end());
  }
  return module;
}

bool is_python_module_file(std::string_view name) {
  return name.ends_with(".py") || name.ends_with(".pyc") ||
         (name.ends_with(".so") && !name.starts_with("lib"));
}

std::string_view python_module_stem(std::string_view file_name) {
  return file_name.substr(0, file_name.find('.'));
}

std::vector<std::string> python_modules_in(const FileTree& tree, NodeId folder) {
  std::vector<std::string> names;
  for (const NodeId child : tree.node(folder).children) {
    const std::string& name = tree.node(child).name;
    const bool is_folder = tree.is(child, EntryType::directory);
    if (is_python_development(name, is_folder) || python_module_stem(name) == "__init__") continue;
    if (is_folder ? name.find('.') == std::string::npos : is_python_module_file(name))
      names.emplace_back(is_folder ? name : python_module_stem(name));
  }
  std::ranges::sort(names);
  const auto repeated = std::ranges::unique(names);
  names.erase(repeated.begin(), repeated.end());
  return names;
}

std::vector<NodeId> python_byte_code(const FileTree& tree, NodeId source, const PythonTags& tags) {
  std::vector<NodeId> files;
  const std::string& name = tree.node(source).name;
  if (!name.ends_with(".py")) return files;
  const NodeId cache = tree.child(tree.node(source).parent, "__pycache__");
  if (cache == no_node || !tree.is(cache, EntryType::directory)) return files;
  const std::string start = name.substr(0, name.size() - 2) + tags.cache() + '.';
  const std::string_view stem = std::string_view(start).substr(0, start.size() - 1);
  for (const NodeId child : children_called(tree, cache, stem)) {
    if (tree.is(child, EntryType::file) && tree.node(child).name.ends_with(".pyc")) files.push_back(child);
  }
  return files;
}

bool is_python_development(std::string_view name, bool is_folder) {
  constexpr auto folders =
      std::to_array<std::string_view>({"tests", "test", "__pycache__", ".git", "node_modules"});
  constexpr auto endings =
      std::to_array<std::string_view>({".pyi", ".pyx", ".pxd", ".pxi", ".c", ".cc", ".cpp", ".cxx", ".h",
                                       ".hpp", ".a", ".f90", ".f", ".po", ".pot"});
  if (is_folder) return std::ranges::find(folders, name) != folders.end();
  return std::ranges::any_of(endings, [name](std::string_view ending) { return name.ends_with(ending); });
}

}  // namespace slim
