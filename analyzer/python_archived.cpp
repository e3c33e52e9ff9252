// Modules in zip archives: an archive of the search path is kept whole where something imports a module that
// it has; then what its own modules name counts like that of any module, and says in which of them it stands.
#include <cstddef>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include <fmt/format.h>

#include "analyzer/code_facts.h"
#include "analyzer/edge.h"
#include "analyzer/file_tree.h"
#include "analyzer/layer_index.h"
#include "analyzer/python.h"
#include "analyzer/python_archive.h"
#include "analyzer/python_edges.h"
#include "analyzer/python_interpreters.h"
#include "analyzer/rules.h"

namespace slim {
namespace {

bool has_use(const CodeName& name, PythonUse use) {
  return static_cast<PythonUse>(name.use & python_use_mask) == use;
}

}  // namespace

const std::unordered_set<std::string>& PythonEdges::tops_of_archive(NodeId archive) {
  const auto [known, is_new] = tops_of_archives_.try_emplace(archive);
  const FileFacts* facts = is_new ? tree_->facts(archive) : nullptr;
  if (facts == nullptr || facts->code.language != Language::python) return known->second;
  for (const CodeName& name : facts->code.names) {
    if (has_use(name, PythonUse::top_level)) known->second.insert(name.text);
  }
  return known->second;
}

/// Whether an archive has the module. A folder of the search path may have it too: which is first, the order
/// says, and code may change it, so both are kept.
bool PythonEdges::import_archived(std::vector<Edge>& edges, const Importer& importer, const Wanted& wanted) {
  const std::string top = wanted.module.substr(0, wanted.module.find('.'));
  bool found = false;
  for (const Resolution& archive : importer.interpreter->archives) {
    if (!tops_of_archive(archive.node).contains(top)) continue;
    found = true;
    if (archive.node == importer.node) continue;
    run_by_.emplace(archive.node, importer.interpreter);
    add_path_edges(*tree_, edges, archive,
                   {.from = importer.node,
                    .to = no_node,
                    .kind = EdgeKind::import,
                    .strength = wanted.strength,
                    .detail = wanted.detail});
  }
  return found;
}

/// What Python itself imports to read an archive, and to run one that has a __main__.
void PythonEdges::archive(std::vector<Edge>& edges, const Importer& importer, const FileFacts& facts) {
  bool is_archive = false;
  bool runs = false;
  for (const CodeName& name : facts.code.names) {
    if (has_use(name, PythonUse::top_level)) {
      is_archive = is_archive || is_python_archive(tree_->node(importer.node).name) || !facts.shebang.empty();
      runs = runs || name.text == "__main__";
    }
    if (has_use(name, PythonUse::unread))
      unresolved_->push_back(
          {.file = tree_->path(importer.node), .line = 0, .name = name.text + ": not read"});
  }
  if (!is_archive) return;
  for (const std::string_view module : {"zipimport", "zlib", "importlib.readers", "runpy", "pkgutil"}) {
    if (!runs && (module == "runpy" || module == "pkgutil")) continue;
    const bool always = module == "zlib" || module == "runpy";
    import(edges, importer,
           {.module = std::string(module),
            .detail = fmt::format("Python reads the archive (import {})", module),
            .strength = always ? Strength::required : Strength::likely});
  }
}

/// Says of edges and missing names from `first_edge` and `first_name` on in which module they stand, as
/// Python itself does: /app/shop.pyz/shop/cart.py.
void PythonEdges::place_inside(std::vector<Edge>& edges, std::size_t first_edge, std::size_t first_name,
                               const std::string& module) {
  for (std::size_t i = first_edge; i < edges.size(); ++i)
    edges[i].detail = fmt::format("{}, {}", module, edges[i].detail);
  for (std::size_t i = first_name; i < unresolved_->size(); ++i) (*unresolved_)[i].file += "/" + module;
}

}  // namespace slim
