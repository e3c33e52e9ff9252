// What Ruby, PHP, Lua and Tcl need beyond their runtimes, which rules keep whole: the application's folder,
// and what its code names elsewhere.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "analyzer/edge.h"
#include "analyzer/file_tree.h"
#include "analyzer/image.h"
#include "analyzer/layer_index.h"
#include "analyzer/script_names.h"

namespace slim {

class LiteralEdges {
 public:
  /// Keeps a reference to `tree`.
  LiteralEdges(const FileTree& tree, const ImageConfig& config);

  void code(std::vector<Edge>& edges, NodeId node, const FileFacts& facts) const;
  /// An interpreter, or a script of one, that is told to run: the folder of the script and the one that the
  /// container starts in are the application's, unless they are the system's.
  void arguments(std::vector<Edge>& edges, NodeId from, NodeId program,
                 std::span<const std::string> arguments, const std::string& where) const;

 private:
  void path(std::vector<Edge>& edges, NodeId from, const std::string& text, const Edge& like) const;
  void command(std::vector<Edge>& edges, const std::string& text, const Edge& like) const;

  const FileTree* tree_;
  ScriptPlaces places_;
};

}  // namespace slim
