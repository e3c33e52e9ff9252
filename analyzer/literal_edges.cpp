// A literal is a path where the image has something under it: as it stands, from the folder of the file, from
// the working folder, and with the endings that a language adds by itself (require 'x/y' finds x/y.rb).
#include "analyzer/literal_edges.h"

#include <array>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "analyzer/code_facts.h"
#include "analyzer/edge.h"
#include "analyzer/file_tree.h"
#include "analyzer/image.h"
#include "analyzer/layer_index.h"
#include "analyzer/literals.h"
#include "analyzer/rules.h"
#include "analyzer/script_names.h"
#include "analyzer/system_folders.h"

namespace slim {
namespace {

bool is_ours(Language language) {
  return language == Language::ruby || language == Language::php || language == Language::lua ||
         language == Language::tcl;
}

/// The language that `program` runs: it is an interpreter, or a script of one.
Language language_of(const FileTree& tree, NodeId program) {
  const Language by_name = literal_interpreter(tree.node(program).name);
  if (by_name != Language::none) return by_name;
  const FileFacts* facts = tree.facts(program);
  return facts != nullptr && is_ours(facts->code.language) ? facts->code.language : Language::none;
}

}  // namespace

LiteralEdges::LiteralEdges(const FileTree& tree, const ImageConfig& config)
    : tree_(&tree), places_(script_places(tree, config)) {}

void LiteralEdges::path(std::vector<Edge>& edges, NodeId from, const std::string& text,
                        const Edge& like) const {
  constexpr auto endings = std::to_array<std::string_view>({"", ".rb", ".php", ".lua", ".tcl", "/init.lua"});
  std::vector<NodeId> starts = {places_.working_folder};
  if (from != no_node) starts.insert(starts.begin(), tree_->node(from).parent);
  if (text.starts_with('/')) starts = {root_node};
  for (const NodeId start : starts) {
    for (const std::string_view ending : endings) {
      const Resolution target = tree_->resolve(text + std::string(ending), start);
      if (target.node == no_node) continue;
      add_named_edges(*tree_, edges, target, like);
      return;
    }
  }
}

void LiteralEdges::command(std::vector<Edge>& edges, const std::string& text, const Edge& like) const {
  Edge edge = like;
  edge.kind = EdgeKind::command;
  for (const ScriptName& name : script_names(*tree_, places_, text, no_node)) {
    if (name.target.node != no_node) add_named_edges(*tree_, edges, name.target, edge);
  }
  add_named_edges(*tree_, edges, find_program(*tree_, places_, "/bin/sh"), edge);
}

void LiteralEdges::code(std::vector<Edge>& edges, NodeId node, const FileFacts& facts) const {
  if (!is_ours(facts.code.language)) return;
  for (const CodeName& name : facts.code.names) {
    const Edge edge{.from = node,
                    .to = no_node,
                    .kind = EdgeKind::named_path,
                    .strength = Strength::likely,
                    .detail = fmt::format("\"{}\", line {}", name.text, name.line)};
    if (static_cast<LiteralUse>(name.use) == LiteralUse::command) {
      command(edges, name.text, edge);
    } else {
      path(edges, node, name.text, edge);
    }
  }
}

void LiteralEdges::arguments(std::vector<Edge>& edges, NodeId from, NodeId program,
                             std::span<const std::string> arguments, const std::string& where) const {
  if (language_of(*tree_, program) == Language::none) return;
  const auto keep_folder = [&](NodeId folder) {
    if (folder == root_node || is_system_folder(tree_->path(folder))) return;
    edges.push_back({.from = from,
                     .to = folder,
                     .kind = EdgeKind::module_data,
                     .strength = Strength::likely,
                     .detail = fmt::format("the application of {}, {}", tree_->node(program).name, where),
                     .with_content = true});
  };
  keep_folder(places_.working_folder);
  for (const std::string& word : arguments) {
    if (word.empty() || word[0] == '-') continue;
    const Resolution script = tree_->resolve(word, places_.working_folder);
    if (script.node == no_node || script.node == root_node) continue;
    if (tree_->is(script.node, EntryType::file)) {
      add_path_edges(*tree_, edges, script,
                     {.from = from,
                      .to = no_node,
                      .kind = EdgeKind::named_path,
                      .strength = Strength::likely,
                      .detail = fmt::format("{}, {}", word, where)});
      keep_folder(tree_->node(script.node).parent);
    } else if (tree_->is(script.node, EntryType::directory)) {
      keep_folder(script.node);
    }
  }
}

}  // namespace slim
