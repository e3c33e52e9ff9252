// @INC as the perls of Debian, Alpine, Fedora and the official images are built with it (perlrun(1), Config),
// PERL5LIB, and what `use lib` puts before it: those of one script serve all, as one process has one @INC.
// A module brings its folder in auto/: the compiled part (XSLoader(3perl)) and what AutoLoader loads.
#include "analyzer/perl_edges.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <map>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "analyzer/code_facts.h"
#include "analyzer/edge.h"
#include "analyzer/file_tree.h"
#include "analyzer/image.h"
#include "analyzer/layer_index.h"
#include "analyzer/perl.h"
#include "analyzer/rules.h"
#include "analyzer/script_names.h"
#include "analyzer/shell.h"

namespace slim {
namespace {

constexpr std::size_t max_folders = 256;
constexpr std::size_t max_below = 20'000;

// In the order in which perl has them: the site's, the vendor's, its own.
constexpr auto compiled_in = std::to_array<std::string_view>({
    "/etc/perl",
    "/usr/local/lib/*-linux-*/perl/5.*",
    "/usr/local/share/perl/5.*",
    "/usr/local/lib/perl5/site_perl/5.*/*-linux*",
    "/usr/local/lib/perl5/site_perl/5.*",
    "/usr/local/lib/perl5/site_perl",
    "/usr/local/share/perl5/site_perl",
    "/usr/local/lib64/perl5/5.*",
    "/usr/local/share/perl5/5.*",
    "/usr/lib/*-linux-*/perl5/5.*",
    "/usr/share/perl5",
    "/usr/lib/perl5/vendor_perl",
    "/usr/share/perl5/vendor_perl",
    "/usr/lib64/perl5/vendor_perl",
    "/usr/local/lib/perl5/vendor_perl/5.*",
    "/usr/lib/*-linux-*/perl-base",
    "/usr/lib/*-linux-*/perl/5.*",
    "/usr/share/perl/5.*",
    "/usr/lib/perl5/core_perl",
    "/usr/share/perl5/core_perl",
    "/usr/lib64/perl5",
    "/usr/local/lib/perl5/5.*/*-linux*",
    "/usr/local/lib/perl5/5.*",
    "/usr/local/lib/site_perl",
});

// What perl's own C code requires by name: for %!, %+, \N{}, in-memory files, glob, methods of handles.
constexpr auto of_the_interpreter = std::to_array<std::string_view>({"strict",
                                                                     "warnings",
                                                                     "feature",
                                                                     "utf8",
                                                                     "vars",
                                                                     "lib",
                                                                     "Carp",
                                                                     "Exporter",
                                                                     "Config",
                                                                     "Errno",
                                                                     "Tie::Hash::NamedCapture",
                                                                     "File::Glob",
                                                                     "IO::File",
                                                                     "IO::Handle",
                                                                     "PerlIO",
                                                                     "PerlIO::scalar",
                                                                     "DynaLoader",
                                                                     "XSLoader",
                                                                     "attributes",
                                                                     "overload",
                                                                     "overloading",
                                                                     "re",
                                                                     "mro",
                                                                     "version",
                                                                     "integer",
                                                                     "bytes",
                                                                     "builtin"});

std::string module_path(std::string_view name) {
  std::string path;
  for (std::size_t i = 0; i < name.size(); ++i) {
    if (name.substr(i).starts_with("::")) {
      path += '/';
      ++i;
    } else {
      path += name[i];
    }
  }
  return path;
}

/// Headers and templates that other modules are compiled with, as DBI has them for its drivers.
bool builds_others(std::string_view name) {
  return name.ends_with(".h") || name.ends_with(".xst") || name.ends_with(".xs");
}

}  // namespace

PerlEdges::PerlEdges(const FileTree& tree, const ImageConfig& config, std::vector<UnresolvedName>& unresolved)
    : tree_(&tree), config_(&config), places_(script_places(tree, config)), unresolved_(&unresolved) {}

void PerlEdges::add_folder(const Resolution& folder, bool first) {
  if (folder.node == no_node || !tree_->is(folder.node, EntryType::directory)) return;
  if (folder.node == root_node || folders_.size() >= max_folders) return;
  const auto known = std::ranges::find(folders_, folder.node, &Resolution::node);
  if (known != folders_.end()) {
    // A second way to the folder: its links are needed as well.
    known->symlinks.insert(known->symlinks.end(), folder.symlinks.begin(), folder.symlinks.end());
    std::ranges::sort(known->symlinks);
    const auto doubles = std::ranges::unique(known->symlinks);
    known->symlinks.erase(doubles.begin(), doubles.end());
    return;
  }
  folders_.insert(first ? folders_.begin() : folders_.end(), folder);
}

void PerlEdges::find_folders() {
  if (std::exchange(found_folders_, true)) return;
  std::string_view rest;
  const std::string variable = env_value(*config_, "PERL5LIB").value_or("");
  for (rest = variable; !rest.empty();) {
    const std::string_view part = rest.substr(0, rest.find(':'));
    rest.remove_prefix(std::min(part.size() + 1, rest.size()));
    if (!part.empty()) add_folder(tree_->resolve(part, places_.working_folder), false);
  }
  for (const std::string_view pattern : compiled_in) {
    for (const NodeId match : tree_->glob(pattern)) add_folder(tree_->resolve(tree_->path(match)), false);
  }
}

void PerlEdges::add(std::vector<Edge>& edges, NodeId from, const Resolution& target,
                    const std::string& detail) const {
  if (target.node == no_node || target.node == from || !tree_->is(target.node, EntryType::file)) return;
  add_path_edges(*tree_, edges, target,
                 {.from = from,
                  .to = no_node,
                  .kind = EdgeKind::import,
                  .strength = Strength::likely,
                  .detail = detail});
}

bool PerlEdges::module(std::vector<Edge>& edges, NodeId from, std::string_view name,
                       const std::string& detail) {
  const std::string path = module_path(name);
  NodeId home = no_node;  // the folder of @INC that has the module
  for (const Resolution& folder : folders_) {
    Resolution source = tree_->resolve(path + ".pm", folder.node);
    if (source.node != no_node && home == no_node) {
      source.symlinks.insert(source.symlinks.begin(), folder.symlinks.begin(), folder.symlinks.end());
      add(edges, from, source, detail);
      home = folder.node;
    }
    for (const std::string_view kind : {"dist", "module"}) {  // File::ShareDir
      std::string shared = path;
      std::ranges::replace(shared, '/', '-');
      const NodeId data = tree_->resolve(fmt::format("auto/share/{}/{}", kind, shared), folder.node).node;
      if (data == no_node || !tree_->is(data, EntryType::directory)) continue;
      edges.push_back({.from = from,
                       .to = data,
                       .kind = EdgeKind::module_data,
                       .strength = Strength::likely,
                       .detail = detail,
                       .with_content = true});
    }
  }
  return loaded_parts(edges, from, path, home, detail) || home != no_node;
}

/// The folder of a module in auto/: XSLoader takes the compiled part beside the module, DynaLoader and
/// AutoLoader the first in @INC.
bool PerlEdges::loaded_parts(std::vector<Edge>& edges, NodeId from, const std::string& path, NodeId home,
                             const std::string& detail) const {
  std::set<std::string_view> seen;
  for (const Resolution& folder : folders_) {
    const NodeId loaded = tree_->resolve("auto/" + path, folder.node).node;
    if (loaded == no_node) continue;
    for (const NodeId child : tree_->node(loaded).children) {
      if (!tree_->is(child, EntryType::file) || builds_others(tree_->node(child).name)) continue;
      const bool first = seen.insert(tree_->node(child).name).second;
      if (first || folder.node == home)
        add(edges, from, {.node = child, .symlinks = folder.symlinks, .missing = {}}, detail);
    }
  }
  return !seen.empty();
}

/// Everything at `path` below the folder `top`, by its name from `path` on. Nothing where that is too much.
std::vector<std::pair<std::string, NodeId>> PerlEdges::tree_below(NodeId top, const std::string& path) const {
  const NodeId start = tree_->resolve(path, top).node;
  if (start == no_node || start == root_node || !tree_->is(start, EntryType::directory)) return {};
  const std::vector<NodeId> nodes = tree_->walk(start);
  if (nodes.size() > max_below) return {};
  const std::size_t above = tree_->path(start).size();
  std::vector<std::pair<std::string, NodeId>> named;
  named.reserve(nodes.size());
  for (const NodeId node : nodes) named.emplace_back(path + tree_->path(node).substr(above), node);
  return named;
}

/// Some::Prefix:: before a name that is made at run time: every module below.
void PerlEdges::below(std::vector<Edge>& edges, NodeId from, std::string_view prefix,
                      const std::string& detail) {
  std::string path = module_path(prefix);
  while (path.ends_with('/')) path.pop_back();
  if (path.empty()) return;
  std::map<std::string, NodeId> homes;  // of a module, the folder of @INC
  for (const Resolution& folder : folders_) {
    for (const auto& [name, node] : tree_below(folder.node, path)) {
      if (!name.ends_with(".pm") && !name.ends_with(".pl")) continue;
      if (homes.emplace(name, folder.node).second)  // the first hides the others
        add(edges, from, {.node = node, .symlinks = folder.symlinks, .missing = {}}, detail);
    }
  }
  std::set<std::string> loaded;  // what has a folder in auto/, with or without a module of its own
  constexpr std::string_view parts = "auto/";
  for (const Resolution& folder : folders_) {
    for (const auto& [name, node] : tree_below(folder.node, std::string(parts) + path)) {
      if (tree_->is(node, EntryType::directory)) loaded.insert(name.substr(parts.size()));
    }
  }
  for (const std::string& name : loaded) {
    const auto home = homes.find(name + ".pm");
    loaded_parts(edges, from, name, home == homes.end() ? no_node : home->second, detail);
  }
}

/// require and do take the first in @INC; do also looks from the working folder, and a script of old may rely
/// on its own.
bool PerlEdges::file(std::vector<Edge>& edges, NodeId from, std::string_view path,
                     const std::string& detail) {
  bool found = false;
  const auto offer = [&](const Resolution& target) {
    if (target.node == no_node) return false;
    add(edges, from, target, detail);
    found = true;
    return true;
  };
  if (path.starts_with('/')) {
    offer(tree_->resolve(path));
    return found;
  }
  for (const Resolution& folder : folders_) {
    if (offer(tree_->resolve(path, folder.node))) break;
  }
  offer(tree_->resolve(path, places_.working_folder));
  if (from != no_node) offer(tree_->resolve(path, tree_->node(from).parent));
  return found;
}

void PerlEdges::library(NodeId from, std::string_view folder) {
  if (folder.starts_with(script_folder_mark)) {
    folder.remove_prefix(1);
    while (folder.starts_with('/')) folder.remove_prefix(1);
    if (from != no_node && !folder.empty())
      add_folder(tree_->resolve(folder, tree_->node(from).parent), true);
    return;
  }
  add_folder(tree_->resolve(folder, places_.working_folder), true);
  if (from != no_node && !folder.starts_with('/'))
    add_folder(tree_->resolve(folder, tree_->node(from).parent), true);
}

void PerlEdges::command(std::vector<Edge>& edges, NodeId from, std::string_view text,
                        const std::string& detail) {
  for (const ScriptName& name : script_names(*tree_, places_, text, from)) {
    if (name.target.node == no_node) continue;
    add_named_edges(*tree_, edges, name.target,
                    {.from = from,
                     .to = no_node,
                     .kind = EdgeKind::command,
                     .strength = Strength::likely,
                     .detail = detail});
  }
  // What is more than one plain word goes to a shell (exec in perlfunc(1)).
  if (text.find_first_of("|&;<>()$`\\\"'*?[#~=%") == std::string_view::npos) return;
  add_named_edges(*tree_, edges, find_program(*tree_, places_, "/bin/sh"),
                  {.from = from,
                   .to = no_node,
                   .kind = EdgeKind::command,
                   .strength = Strength::likely,
                   .detail = detail});
}

bool PerlEdges::name(std::vector<Edge>& edges, NodeId from, const CodeName& name, const std::string& where) {
  const auto use = static_cast<PerlUse>(name.use);
  const std::string& text = name.text;
  switch (use) {
    case PerlUse::used:
      return module(edges, from, text, fmt::format("use {}, {}", text, where));
    case PerlUse::required:
      return module(edges, from, text, fmt::format("require {}, {}", text, where));
    case PerlUse::word:
      return module(edges, from, text, fmt::format("\"{}\", {}", text, where));
    case PerlUse::prefix:
      below(edges, from, text, fmt::format("\"{}...\", {}", text, where));
      return true;
    case PerlUse::file:
      return file(edges, from, text, fmt::format("{}, {}", text, where));
    case PerlUse::library:
      library(from, text);
      return true;
    case PerlUse::path:
      add_named_edges(*tree_, edges, tree_->resolve(text),
                      {.from = from,
                       .to = no_node,
                       .kind = EdgeKind::named_path,
                       .strength = Strength::likely,
                       .detail = fmt::format("{}, {}", text, where)});
      return true;
    case PerlUse::command:
      command(edges, from, text, fmt::format("the command \"{}\", {}", text, where));
      return true;
  }
  return true;
}

void PerlEdges::code(std::vector<Edge>& edges, NodeId node, const FileFacts& facts) {
  find_folders();
  for (const CodeName& found : facts.code.names) {
    if (static_cast<PerlUse>(found.use) == PerlUse::library) library(node, found.text);
  }
  // Config says how perl was built, with every program that was there.
  const bool tells = tree_->node(node).name.starts_with("Config");
  for (const CodeName& found : facts.code.names) {
    if (tells && static_cast<PerlUse>(found.use) == PerlUse::path) continue;
    const bool known = name(edges, node, found, fmt::format("line {}", found.line));
    if (!known && static_cast<PerlUse>(found.use) == PerlUse::used)
      unresolved_->push_back({.file = tree_->path(node), .line = found.line, .name = found.text});
  }
}

void PerlEdges::interpreter(std::vector<Edge>& edges, NodeId program) {
  const std::string& name = tree_->node(program).name;
  if (!is_perl_interpreter(name) && !name.starts_with("libperl.so")) return;
  find_folders();
  for (const std::string_view needed : of_the_interpreter) {
    module(edges, program, needed, fmt::format("perl itself requires {}", needed));
  }
  // Config.pm reads the rest of itself when it is asked for more than the usual.
  for (const std::string_view part : {"Config_heavy.pl", "Config_git.pl", "sitecustomize.pl"})
    file(edges, program, part, fmt::format("perl itself requires {}", part));
}

void PerlEdges::arguments(std::vector<Edge>& edges, NodeId from, NodeId program,
                          std::span<const std::string> arguments, const std::string& where) {
  if (!is_perl_interpreter(tree_->node(program).name)) return;
  find_folders();
  bool is_text = false;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string& word = arguments[i];
    if (std::exchange(is_text, false)) {
      for (const CodeName& found : scan_perl(word)) name(edges, from, found, where);
      continue;
    }
    if (word.size() < 2 || word[0] != '-') {
      if (!word.empty()) file(edges, from, word, fmt::format("{}, {}", word, where));
      return;
    }
    const char option = word[1];
    if (option == 'I') {
      std::string_view folder = std::string_view(word).substr(2);
      if (folder.empty() && i + 1 < arguments.size()) folder = arguments[++i];
      library(no_node, folder);
    } else if (option == 'M' || option == 'm') {
      std::string_view named = std::string_view(word).substr(2);
      if (named.starts_with('-')) named.remove_prefix(1);
      named = named.substr(0, named.find('='));
      module(edges, from, named, fmt::format("{}, {}", word, where));
    } else if (option == 'd') {
      file(edges, from, "perl5db.pl", fmt::format("{}, {}", word, where));
    } else if (word == "--") {
      continue;
    } else {
      is_text = word.back() == 'e' || word.back() == 'E';  // -ne, -lane: the text comes behind
    }
  }
}

}  // namespace slim
