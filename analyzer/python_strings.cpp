// What the strings of code name that are no modules: paths, programs, libraries, entry points. Those of the
// standard library are evidence of little: it knows programs of every system.
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "analyzer/code_facts.h"
#include "analyzer/command_wrapper.h"
#include "analyzer/edge.h"
#include "analyzer/file_tree.h"
#include "analyzer/layer_index.h"
#include "analyzer/loader.h"
#include "analyzer/python.h"
#include "analyzer/python_distributions.h"
#include "analyzer/python_edges.h"
#include "analyzer/python_interpreters.h"
#include "analyzer/rules.h"
#include "analyzer/shell.h"

namespace slim {

void PythonEdges::other_name(std::vector<Edge>& edges, const Importer& importer, const CodeName& name) {
  switch (static_cast<PythonUse>(name.use & python_use_mask)) {
    case PythonUse::computed:
      whole(edges, importer, fmt::format("line {} ({})", name.line, name.text));
      return;
    case PythonUse::path: {
      const Resolution target = tree_->resolve(name.text);
      if (importer.is_stdlib && (target.node == no_node || !tree_->is(target.node, EntryType::file) ||
                                 (tree_->entry(target.node).mode & 0111U) != 0))
        return;
      add_named_edges(*tree_, edges, target,
                      {.from = importer.node,
                       .to = no_node,
                       .kind = EdgeKind::named_path,
                       .strength = Strength::likely,
                       .detail = fmt::format("{}, line {}", name.text, name.line)});
      return;
    }
    case PythonUse::group:
      if (!importer.is_stdlib) group(edges, importer, name);
      return;
    case PythonUse::command: {
      // Of a list of words that a library has somewhere, and of its knowledge of shells, nothing follows.
      const bool supposed = (name.use & (python_nested | python_guarded)) == (python_nested | python_guarded);
      const bool counts = importer.entry == no_node || (!supposed && !is_shell(name.text));
      if (!importer.is_stdlib && counts) command(edges, importer, name.text, name.line, false);
      return;
    }
    case PythonUse::shell:
      if (!importer.is_stdlib) shell(edges, importer, name);
      return;
    case PythonUse::library:
      if (!importer.is_stdlib) library(edges, importer, name);
      return;
    case PythonUse::find_library:
      if (!importer.is_stdlib) any_library(edges, importer, name);
      return;
    default:
      return;  // of records, which are read with their distribution
  }
}

void PythonEdges::command(std::vector<Edge>& edges, const Importer& importer, std::string_view word,
                          std::uint32_t line, bool sourced) {
  const Resolution found =
      sourced ? tree_->resolve(word, interpreters_.working_folder()) : interpreters_.find_in_path(word);
  if (found.node == no_node || !tree_->is(found.node, EntryType::file)) return;
  add_path_edges(*tree_, edges, found,
                 {.from = importer.node,
                  .to = no_node,
                  .kind = EdgeKind::command,
                  .strength = Strength::likely,
                  .detail = fmt::format("{}, line {}", word, line)});
}

/// subprocess and os.system give text to /bin/sh.
void PythonEdges::shell(std::vector<Edge>& edges, const Importer& importer, const CodeName& name) {
  command(edges, importer, "/bin/sh", name.line, false);
  for (const ShellCommand& one : shell_commands(name.text))
    command(edges, importer, one.word, name.line, one.sourced());
}

void PythonEdges::library(std::vector<Edge>& edges, const Importer& importer, const CodeName& name) {
  const NodeId program = importer.interpreter->program;
  const LoadResult result = loader_->dlopen(name.text, program, program);
  for (const LoadedLibrary& loaded : result.libraries) {
    if (loaded.node == no_node) continue;
    const bool itself = &loaded == &result.libraries.front();
    const bool by_library = !itself && loaded.needed_by < result.libraries.size();
    add_path_edges(
        *tree_, edges, {.node = loaded.node, .symlinks = loaded.symlinks, .missing = {}},
        {.from = by_library ? result.libraries[loaded.needed_by].node : importer.node,
         .to = no_node,
         .kind = itself ? EdgeKind::library_name : EdgeKind::needed,
         .strength = Strength::likely,
         .detail = itself ? fmt::format("{}, line {}", name.text, name.line)
                          : fmt::format("{}, found by {}", loaded.name, to_string(loaded.found_by))});
  }
}

/// ctypes.util.find_library asks ldconfig; what it answers is then loaded.
void PythonEdges::any_library(std::vector<Edge>& edges, const Importer& importer, const CodeName& name) {
  for (const std::string_view tool : {"/sbin/ldconfig", "/etc/ld.so.cache"})
    command(edges, importer, tool, name.line, true);
  if (name.text.find_first_of("/*?[{") != std::string::npos) return;
  for (const std::string_view folder : {"/lib", "/usr/lib", "/lib/*-linux-*", "/usr/lib/*-linux-*", "/lib64",
                                        "/usr/lib64", "/usr/local/lib"}) {
    for (const NodeId match : tree_->glob(fmt::format("{}/lib{}.so*", folder, name.text))) {
      add_path_edges(*tree_, edges, tree_->resolve(tree_->path(match)),
                     {.from = importer.node,
                      .to = no_node,
                      .kind = EdgeKind::library_name,
                      .strength = Strength::likely,
                      .detail = fmt::format("find_library(\"{}\"), line {}", name.text, name.line)});
    }
  }
}

void PythonEdges::group(std::vector<Edge>& edges, const Importer& importer, const CodeName& name) {
  // Scripts are programs, started by their own names.
  if (name.text.empty() || name.text == "console_scripts" || name.text == "gui_scripts") return;
  distribution_of(importer);
  for (const PythonDistribution& one : distributions_[importer.interpreter]->all()) {
    for (const auto& [group, module] : one.entry_points) {
      if (group != name.text) continue;
      import(edges, importer,
             {.module = module,
              .detail = fmt::format("line {} (entry points of the group {})", name.line, group),
              .strength = Strength::likely});
    }
  }
}

}  // namespace slim
