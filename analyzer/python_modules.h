// Where modules lie: the finder of Python's import system, on the tree of an image. After the import system
// chapter of The Python Language Reference and importlib.machinery (FileFinder: packages before extension
// modules before source before byte code).
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "analyzer/file_tree.h"

namespace slim {

/// What a name stands for in a search path.
struct PythonModule {
  Resolution file;               ///< __init__.py, x.py, x.so or x.pyc; no_node for a namespace package
  std::vector<NodeId> folders;   ///< where submodules lie; empty for a module that is no package
  std::vector<NodeId> symlinks;  ///< links on the way to `folders`
  [[nodiscard]] bool found() const { return file.node != no_node || !folders.empty(); }
};

/// The tags of the files that an interpreter makes and takes.
struct PythonTags {
  std::string version;                      ///< "3.11"
  [[nodiscard]] std::string cache() const;  ///< "cpython-311"
};

/// The module `name` (no dots) in the first of `folders` that has it, or the namespace package that they
/// make together.
PythonModule find_python_module(const FileTree& tree, std::span<const NodeId> folders, std::string_view name,
                                const PythonTags& tags);

/// Whether a file of this name is a module: source, byte code or an extension.
bool is_python_module_file(std::string_view name);
/// "x" of x.py, x.cpython-311-x86_64-linux-gnu.so, x.pyc.
std::string_view python_module_stem(std::string_view file_name);

/// The submodules and subpackages that lie in `folder` itself, by their names, each once.
std::vector<std::string> python_modules_in(const FileTree& tree, NodeId folder);

/// The byte code of a source file: __pycache__/x.cpython-311.pyc and its optimized kin.
std::vector<NodeId> python_byte_code(const FileTree& tree, NodeId source, const PythonTags& tags);

/// What programs do not need of a package's folder: tests, type stubs, sources of extension modules.
bool is_python_development(std::string_view name, bool is_folder);

}  // namespace slim
