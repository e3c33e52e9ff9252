// Modules beside the file that imports them.
#include "analyzer/python_edges.h"

#include <span>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "analyzer/code_facts.h"
#include "analyzer/edge.h"
#include "analyzer/file_tree.h"
#include "analyzer/image.h"
#include "analyzer/layer_index.h"
#include "analyzer/loader.h"
#include "analyzer/python.h"
#include "analyzer/rules.h"

namespace slim {

PythonEdges::PythonEdges(const FileTree& tree, const ImageConfig& /*config*/, const Loader& loader,
                         std::vector<UnresolvedName>& unresolved)
    : tree_(&tree), loader_(&loader), unresolved_(&unresolved) {}

void PythonEdges::code(std::vector<Edge>& edges, NodeId node, const FileFacts& facts) {
  for (const CodeName& name : facts.code.names) {
    const NodeId module = tree_->child(tree_->node(node).parent, name.text + ".py");
    if (module == no_node) continue;
    edges.push_back({.from = node,
                     .to = module,
                     .kind = EdgeKind::import,
                     .strength = Strength::likely,
                     .detail = fmt::format("line {} (import {})", name.line, name.text)});
  }
}

void PythonEdges::interpreter(std::vector<Edge>& /*edges*/, NodeId /*program*/) {}

void PythonEdges::arguments(std::vector<Edge>& /*edges*/, NodeId /*from*/, NodeId /*program*/,
                            std::span<const std::string> /*arguments*/, const std::string& /*where*/) {}

}  // namespace slim
