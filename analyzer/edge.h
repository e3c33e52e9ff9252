// An edge of the dependency graph: who needs whom, and why.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "analyzer/file_tree.h"
#include "analyzer/rules.h"

namespace slim {

enum class EdgeKind : std::uint8_t {
  interpreter,   ///< PT_INTERP
  needed,        ///< a library that the loader loads
  shebang,       ///< the program of a #! line
  symlink,       ///< a link on the way, or a link's target
  library_name,  ///< a library's name in read-only data
  named_path,    ///< a path in read-only data, a script or a configuration file
  command,       ///< a command of a script
  import,        ///< a module that code imports, or an interpreter by itself
  module_data,   ///< what belongs to a kept module: its data, its byte code, the record of its package
};

struct Edge {
  NodeId from = no_node;
  NodeId to = no_node;
  EdgeKind kind = EdgeKind::needed;
  Strength strength = Strength::required;
  std::string detail;         ///< the name or string, and where it stands: "libssl.so.3, from ld.so.cache"
  bool with_content = false;  ///< `to` is a folder of an application, named as a whole
};

/// A command, module or file that something kept names and that is not in the image.
struct UnresolvedName {
  std::string file;
  std::size_t line = 0;
  std::string name;
};

/// Adds edges to what a piece of shell text runs; `like` says from where, how sure and where it stands.
using ShellEdges = std::function<void(std::vector<Edge>& edges, std::string_view text, const Edge& like)>;

/// Edges to `target` and to every symlink on the way, all with what `like` says.
void add_path_edges(const FileTree& tree, std::vector<Edge>& edges, const Resolution& target,
                    const Edge& like);

/// To a path that something names: a file counts; a folder with its content only where it is an
/// application's; what the kernel brings not at all. A link that leads there is kept as a link.
void add_named_edges(const FileTree& tree, std::vector<Edge>& edges, const Resolution& target, Edge edge);

}  // namespace slim
