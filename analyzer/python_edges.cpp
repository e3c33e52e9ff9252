// A name is looked up as the file that has it would: a module of the standard library or of a distribution in
// its interpreter's search path, one of an application first in the folder of its script. What an import
// statement names for sure is required, what stands in a function, a condition or a string is likely. A
// distribution that imports names made at run time, or has compiled modules whose imports no text shows, is
// kept whole.
#include "analyzer/python_edges.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "analyzer/code_facts.h"
#include "analyzer/command_wrapper.h"
#include "analyzer/edge.h"
#include "analyzer/file_tree.h"
#include "analyzer/image.h"
#include "analyzer/layer_index.h"
#include "analyzer/loader.h"
#include "analyzer/python.h"
#include "analyzer/python_interpreters.h"
#include "analyzer/python_modules.h"
#include "analyzer/python_stdlib.h"
#include "analyzer/rules.h"
#include "analyzer/system_folders.h"

namespace slim {
namespace {

constexpr std::size_t most_parts = 64;  ///< of a dotted name

/// Takes the first part off a dotted name.
std::string_view take_part(std::string_view& rest, char separator = '.') {
  const std::size_t end = std::min(rest.find(separator), rest.size());
  const std::string_view part = rest.substr(0, end);
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return part;
}

std::string_view without_last_part(std::string_view dotted) {
  const std::size_t dot = dotted.rfind('.');
  return dot == std::string_view::npos ? std::string_view() : dotted.substr(0, dot);
}

Strength strength_of(std::uint8_t use) {
  return (use & (python_nested | python_guarded)) == 0 ? Strength::required : Strength::likely;
}

}  // namespace

PythonEdges::PythonEdges(const FileTree& tree, const ImageConfig& config, const Loader& loader,
                         std::vector<UnresolvedName>& unresolved)
    : tree_(&tree),
      config_(&config),
      loader_(&loader),
      unresolved_(&unresolved),
      interpreters_(tree, config) {}

/// "a.b" for a/b.py and a/b/__init__.py below `entry`.
std::string PythonEdges::dotted_path(NodeId entry, NodeId node, bool& is_package) const {
  const std::string_view stem = python_module_stem(tree_->node(node).name);
  is_package = stem == "__init__";
  std::string name = is_package ? std::string() : std::string(stem);
  for (NodeId at = tree_->node(node).parent; at != entry && at != root_node; at = tree_->node(at).parent)
    name = fmt::format("{}{}{}", tree_->node(at).name, name.empty() ? "" : ".", name);
  return name;
}

/// The folder above the outermost package that `node` is in.
NodeId PythonEdges::package_root(NodeId node) const {
  NodeId folder = tree_->node(node).parent;
  while (folder != root_node && tree_->child(folder, "__init__.py") != no_node)
    folder = tree_->node(folder).parent;
  return folder;
}

PythonEdges::Importer PythonEdges::importer_of(NodeId node, const FileFacts& facts) {
  Importer importer{.node = node};
  const auto known = run_by_.find(node);
  const PythonInterpreter* preferred = known == run_by_.end() ? nullptr : known->second;
  if (preferred == nullptr && !facts.shebang.empty()) {
    const Shebang shebang = parse_shebang(facts.shebang);
    preferred = interpreters_.of_command(shebang.command.empty() ? shebang.program : shebang.command);
  }
  if (preferred == nullptr) preferred = interpreters_.fallback();
  const PythonPlace place = interpreters_.of_file(node, preferred);
  importer.interpreter = place.interpreter == nullptr ? preferred : place.interpreter;
  if (importer.interpreter == nullptr) return importer;
  importer.is_extension = facts.elf != nullptr;
  if (place.interpreter != nullptr &&
      std::ranges::find(interpreters_.given(), place.entry) == interpreters_.given().end()) {
    importer.entry = place.entry;
    importer.is_stdlib =
        std::ranges::find(importer.interpreter->sites, place.entry) == importer.interpreter->sites.end();
  }
  const auto script = script_folders_.find(node);
  importer.script_folder = script == script_folders_.end() ? package_root(node) : script->second;
  bool is_package = false;
  importer.module =
      dotted_path(importer.entry == no_node ? package_root(node) : importer.entry, node, is_package);
  importer.package = is_package ? importer.module : std::string(without_last_part(importer.module));
  return importer;
}

/// sys.path, and for an application the places that its modules may have been started from.
std::vector<NodeId> PythonEdges::search_path(const Importer& importer) const {
  std::vector<NodeId> folders;
  const auto add = [&folders](NodeId folder) {
    if (folder != no_node && std::ranges::find(folders, folder) == folders.end()) folders.push_back(folder);
  };
  if (importer.entry == no_node) {
    add(importer.script_folder);
    if (importer.node != no_node) add(package_root(importer.node));
    for (const NodeId folder : interpreters_.given()) add(folder);
  }
  if (importer.interpreter != nullptr)
    for (const NodeId folder : importer.interpreter->path) add(folder);
  if (importer.entry == no_node && importer.node != no_node) {
    for (NodeId at = tree_->node(importer.node).parent; at != root_node; at = tree_->node(at).parent) {
      if (is_system_folder(tree_->path(at))) break;
      add(at);
    }
  }
  return folders;
}

std::string PythonEdges::absolute_name(const Importer& importer, std::string_view name) {
  if (!name.starts_with('.')) return std::string(name);
  std::string_view package = importer.package;
  name.remove_prefix(1);
  while (name.starts_with('.')) {
    package = without_last_part(package);
    name.remove_prefix(1);
  }
  if (package.empty()) return std::string(name);
  return std::string(package) + (name.empty() ? "" : ".") + std::string(name);
}

/// Modules without a file of their own; and the standard library's own lacks are its distributor's choice.
bool PythonEdges::could_be_builtin(const Importer& importer, std::string_view module) {
  const std::string_view top = module.substr(0, module.find('.'));
  return importer.is_stdlib || top == "__main__" || is_python_builtin_name(top);
}

void PythonEdges::add_module(std::vector<Edge>& edges, const Importer& importer, const Wanted& wanted,
                             const PythonModule& module) {
  const Edge like{.from = importer.node,
                  .to = no_node,
                  .kind = EdgeKind::import,
                  .strength = wanted.strength,
                  .detail = wanted.detail};
  if (module.file.node == no_node || module.file.node == importer.node) return;
  if (importer.interpreter != nullptr) run_by_.emplace(module.file.node, importer.interpreter);
  if (importer.entry == no_node && importer.script_folder != no_node)
    script_folders_.emplace(module.file.node, importer.script_folder);
  add_path_edges(*tree_, edges, module.file, like);
  // Of a module that is a link, the byte code lies beside the link.
  for (const NodeId link : module.file.symlinks) {
    if (importer.interpreter == nullptr) break;
    for (const NodeId file : python_byte_code(*tree_, link, importer.interpreter->tags)) {
      edges.push_back({.from = module.file.node,
                       .to = file,
                       .kind = EdgeKind::module_data,
                       .strength = std::max(wanted.strength, Strength::likely),
                       .detail = "its byte code"});
    }
  }
}

PythonEdges::Found PythonEdges::import(std::vector<Edge>& edges, const Importer& importer,
                                       const Wanted& wanted) {
  Found found;
  if (importer.interpreter == nullptr) return found;
  const PythonTags& tags = importer.interpreter->tags;
  std::vector<NodeId> folders = search_path(importer);
  std::string_view rest = wanted.module;
  Wanted part = wanted;
  if (importer.is_stdlib && python_import_is_for_prompt(importer.module, wanted.module))
    part.strength = Strength::possible;
  const bool archived = import_archived(edges, importer, part);
  while (!rest.empty() && found.parts < most_parts) {
    const std::string_view name = take_part(rest);
    ++found.parts;
    if (found.depth + 1 != found.parts || folders.empty()) continue;
    PythonModule module = find_python_module(*tree_, folders, name, tags);
    if (!module.found()) continue;
    add_module(edges, importer, part, module);
    folders = module.folders;
    found.module = std::move(module);
    found.depth = found.parts;
  }
  // os.path, six.moves: what lies in a module that is no package is the module's own.
  const bool missing = found.depth == 0 || (found.depth < found.parts && !found.module.folders.empty() &&
                                            importer.entry == no_node);
  if (missing && !archived && wanted.listed && !could_be_builtin(importer, wanted.module)) {
    UnresolvedName name{.file = importer.node == no_node ? "" : tree_->path(importer.node),
                        .line = wanted.line,
                        .name = wanted.module};
    const bool told = !unresolved_->empty() && unresolved_->back().file == name.file &&
                      unresolved_->back().name == name.name;
    if (!told) unresolved_->push_back(std::move(name));
  }
  return found;
}

/// from package import *: the modules that its __all__ names.
void PythonEdges::import_all(std::vector<Edge>& edges, const Importer& importer, const Wanted& package,
                             const PythonModule& module) {
  const FileFacts* facts = module.file.node == no_node ? nullptr : tree_->facts(module.file.node);
  if (facts == nullptr || module.folders.empty()) return;
  for (const CodeName& name : facts->code.names) {
    if ((name.use & python_use_mask) != static_cast<std::uint8_t>(PythonUse::exported)) continue;
    Wanted one = package;
    one.module += "." + name.text;
    one.listed = false;
    import(edges, importer, one);
  }
}

void PythonEdges::import_from(std::vector<Edge>& edges, const Importer& importer, Wanted wanted,
                              std::string_view names) {
  if (wanted.module.empty()) return;  // relative, and above what is a package here
  const Found found = import(edges, importer, wanted);
  if (found.depth != found.parts || found.module.folders.empty()) return;
  const std::string package = wanted.module;
  wanted.listed = false;
  while (!names.empty()) {
    const std::string_view name = take_part(names, ',');
    if (name == "*") {
      wanted.module = package;
      import_all(edges, importer, wanted, found.module);
      continue;
    }
    // A module of the package, or something else that its __init__.py has.
    const PythonModule module =
        find_python_module(*tree_, found.module.folders, name, importer.interpreter->tags);
    if (module.found()) add_module(edges, importer, wanted, module);
  }
}

/// import_module("package.prefix_" + name): all of the package's modules that begin so.
void PythonEdges::import_prefix(std::vector<Edge>& edges, const Importer& importer, Wanted wanted) {
  const std::size_t dot = wanted.module.rfind('.');
  const std::string start = wanted.module.substr(dot == std::string::npos ? 0 : dot + 1);
  const std::string package = dot == std::string::npos ? std::string() : wanted.module.substr(0, dot);
  wanted.listed = false;
  std::vector<NodeId> folders;
  if (package.empty()) {
    if (start.empty()) return;
    folders = search_path(importer);
  } else {
    Wanted parent = wanted;
    parent.module = package;
    const Found found = import(edges, importer, parent);
    if (found.depth == found.parts) folders = found.module.folders;
  }
  for (const NodeId folder : folders) {
    if (!tree_->is(folder, EntryType::directory)) continue;
    for (const std::string& name : python_modules_in(*tree_, folder)) {
      if (!name.starts_with(start)) continue;
      const std::vector<NodeId> here(1, folder);
      add_module(edges, importer, wanted, find_python_module(*tree_, here, name, importer.interpreter->tags));
    }
  }
}

/// "package.module.Class", "package.module:name": as far as it is modules.
void PythonEdges::import_dotted(std::vector<Edge>& edges, const Importer& importer, Wanted wanted) {
  wanted.module = wanted.module.substr(0, wanted.module.find(':'));
  wanted.listed = false;
  std::vector<Edge> made;
  const Found found = import(made, importer, wanted);
  // A word and a dot alone are anything; that more of it is there is a sign.
  const bool told = found.depth > 1 || found.depth == found.parts || (found.depth == 1 && found.parts == 2);
  if (found.depth != 0 && told) edges.insert(edges.end(), made.begin(), made.end());
}

void PythonEdges::import_implied(std::vector<Edge>& edges, const Importer& importer) {
  std::string_view rest = python_implied_imports(importer.module);
  while (!rest.empty()) {
    const std::string_view name = take_part(rest, ' ');
    Wanted wanted{.module = std::string(name),
                  .detail = fmt::format("by a name made at run time: {}", name),
                  .strength = Strength::likely};
    if (wanted.module.ends_with('*')) {
      wanted.module.pop_back();
      import_prefix(edges, importer, wanted);
    } else {
      import(edges, importer, wanted);
    }
  }
}

/// Names in the standard library and in distributions that say nothing about what runs.
bool PythonEdges::is_no_evidence(const Importer& importer, const CodeName& name) {
  if (importer.entry == no_node) return false;
  const auto use = static_cast<PythonUse>(name.use & python_use_mask);
  // Its strings tell of modules of other times and systems; what it makes names of is known
  // (python_stdlib.h).
  if (importer.is_stdlib && use == PythonUse::dotted) return true;
  // A prompt's comfort, which a program that offers one does without.
  return name.text == "readline" && (name.use & python_guarded) != 0;
}

void PythonEdges::name(std::vector<Edge>& edges, const Importer& importer, const CodeName& name) {
  if (is_no_evidence(importer, name)) return;
  const auto use = static_cast<PythonUse>(name.use & python_use_mask);
  Wanted wanted{.module = name.text,
                .detail = fmt::format("line {} (import {})", name.line, name.text),
                .strength = strength_of(name.use),
                .line = name.line,
                .listed = (name.use & python_guarded) == 0};
  switch (use) {
    case PythonUse::import:
      import(edges, importer, wanted);
      return;
    case PythonUse::from_import: {
      const std::size_t colon = name.text.find(':');
      const std::string names = name.text.substr(colon + 1);
      wanted.module = absolute_name(importer, std::string_view(name.text).substr(0, colon));
      constexpr std::size_t shown = 60;
      wanted.detail = fmt::format("line {} (from {} import {}{})", name.line, name.text.substr(0, colon),
                                  names.substr(0, shown), names.size() > shown ? "..." : "");
      import_from(edges, importer, std::move(wanted), names);
      return;
    }
    case PythonUse::dynamic:
    case PythonUse::dynamic_prefix:
      wanted.module = absolute_name(importer, name.text);
      wanted.detail = fmt::format("line {} (imports \"{}\" by name)", name.line, name.text);
      wanted.strength = Strength::likely;
      if (use == PythonUse::dynamic) {
        import(edges, importer, wanted);
      } else {
        if (name.text.ends_with('.') && !wanted.module.ends_with('.')) wanted.module += '.';
        import_prefix(edges, importer, std::move(wanted));
      }
      return;
    case PythonUse::dotted:
      wanted.detail = name.line == 0 ? fmt::format("the string \"{}\"", name.text)
                                     : fmt::format("line {} (the string \"{}\")", name.line, name.text);
      wanted.strength = Strength::likely;
      import_dotted(edges, importer, std::move(wanted));
      return;
    default:
      other_name(edges, importer, name);
      return;
  }
}

void PythonEdges::code(std::vector<Edge>& edges, NodeId node, const FileFacts& facts) {
  const Importer importer = importer_of(node, facts);
  if (importer.interpreter == nullptr) return;
  const std::size_t before = edges.size();
  if (is_python_module_file(tree_->node(node).name) || !facts.shebang.empty()) companions(edges, importer);
  if (importer.is_stdlib) import_implied(edges, importer);
  archive(edges, importer, facts);
  std::string inside;  // the module of an archive
  for (const CodeName& one : facts.code.names) {
    if (static_cast<PythonUse>(one.use & python_use_mask) == PythonUse::inside) inside = one.text;
    // What a module of a library does when it is run is not done when it is imported.
    if (importer.entry != no_node && (one.use & python_main) != 0) continue;
    const std::size_t first_edge = edges.size();
    const std::size_t first_name = unresolved_->size();
    name(edges, importer, one);
    if (!inside.empty()) place_inside(edges, first_edge, first_name, inside);
  }
  if (importer.is_extension && !importer.is_stdlib)
    whole(edges, importer, "a compiled module, whose imports no text shows");
  // A file that names another ten times needs it once.
  reached_.clear();
  const auto repeated = std::remove_if(
      edges.begin() + static_cast<std::ptrdiff_t>(before), edges.end(), [this](const Edge& edge) {
        return edge.strength == Strength::required && !edge.with_content && !reached_.insert(edge.to).second;
      });
  edges.erase(repeated, edges.end());
}

void PythonEdges::run_as_main(std::vector<Edge>& edges, NodeId node) {
  const FileFacts* facts = tree_->facts(node);
  if (facts == nullptr) return;
  const Importer importer = importer_of(node, *facts);
  if (importer.interpreter == nullptr) return;
  for (const CodeName& one : facts->code.names) {
    if ((one.use & python_main) != 0) name(edges, importer, one);
  }
}

void PythonEdges::interpreter(std::vector<Edge>& edges, NodeId program) {
  const PythonInterpreter* interpreter = interpreters_.of_program(program);
  if (interpreter == nullptr || !started_.insert(interpreter->program).second) return;
  Importer importer{
      .node = program, .interpreter = interpreter, .entry = interpreter->stdlib, .is_stdlib = true};
  const auto import_them = [&](std::span<const std::string_view> modules, Strength strength,
                               std::string_view when) {
    for (const std::string_view module : modules)
      import(edges, importer,
             {.module = std::string(module),
              .detail = fmt::format("{} (import {})", when, module),
              .strength = strength});
  };
  import_them(python_start_modules(), Strength::required, "at start");
  import_them(python_late_modules(), Strength::likely, "by itself");
  for (const NodeId file : interpreter->start_files) {
    add_path_edges(
        *tree_, edges, tree_->resolve(tree_->path(file)),
        {.from = program, .to = no_node, .kind = EdgeKind::module_data, .detail = "read at start"});
  }
}

}  // namespace slim
