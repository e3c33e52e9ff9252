// A module that is reached reaches its whole package, so that a require whose name is made at run time finds
// what it looks for; what is required by a name that is not known may be any of the packages that its own
// package depends on. What is no part of a running program (tests, types, maps, documentation) is less sure.
// Follows Node's documentation of modules, packages, command-line options and child_process, and npm's of
// package.json and scripts.
#include "analyzer/javascript_edges.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "analyzer/code_facts.h"
#include "analyzer/edge.h"
#include "analyzer/elf.h"
#include "analyzer/file_tree.h"
#include "analyzer/image.h"
#include "analyzer/javascript.h"
#include "analyzer/layer_index.h"
#include "analyzer/node_modules.h"
#include "analyzer/rules.h"
#include "analyzer/system_folders.h"

namespace slim {
namespace {

constexpr std::size_t most_package_files = 500'000;

Strength weaker(Strength a, Strength b) {
  return std::max(a, b);
}

std::uint16_t machine_of(std::string_view architecture) {
  constexpr std::array<std::pair<std::string_view, std::uint16_t>, 8> machines{{{"386", 3},
                                                                                {"arm", 40},
                                                                                {"amd64", 62},
                                                                                {"arm64", 183},
                                                                                {"riscv64", 243},
                                                                                {"s390x", 22},
                                                                                {"ppc64le", 21},
                                                                                {"loong64", 258}}};
  const auto found =
      std::ranges::find(machines, architecture, &std::pair<std::string_view, std::uint16_t>::first);
  return found == machines.end() ? 0 : found->second;
}

/// Whether `path`, split at slashes, has one of `names` among its folders.
template <std::size_t N>
bool has_folder(std::string_view path, const std::array<std::string_view, N>& names) {
  while (true) {
    const auto slash = path.find('/');
    if (slash == std::string_view::npos) return false;
    if (std::ranges::find(names, path.substr(0, slash)) != names.end()) return true;
    path.remove_prefix(slash + 1);
  }
}

template <std::size_t N>
bool ends_with_any(std::string_view path, const std::array<std::string_view, N>& endings) {
  return std::ranges::any_of(endings, [path](std::string_view ending) { return path.ends_with(ending); });
}

/// What a module's name leads to besides files: "data:", "https:", a bundler's query.
bool has_scheme(std::string_view specifier) {
  const auto colon = specifier.find(':');
  return colon != std::string_view::npos && colon > 1 && specifier.find('/') > colon;
}

std::vector<std::string> blank_separated(std::string_view text) {
  std::vector<std::string> words;
  while (!text.empty()) {
    const auto blank = std::min(text.find_first_of(" \t\n"), text.size());
    if (blank != 0) words.emplace_back(text.substr(0, blank));
    text.remove_prefix(std::min(blank + 1, text.size()));
  }
  return words;
}

}  // namespace

PackagePart package_part(std::string_view path, bool installed) {
  constexpr auto test_folders =
      std::to_array<std::string_view>({"test", "tests", "__tests__", "__mocks__", "spec", "coverage",
                                       "benchmark", "benchmarks", ".nyc_output"});
  constexpr auto spare_folders =
      std::to_array<std::string_view>({"doc", "docs", "example", "examples", "man", ".github"});
  constexpr auto spare_endings = std::to_array<std::string_view>(
      {".d.ts", ".d.mts", ".d.cts", ".map", ".md", ".markdown", ".flow", ".test.js", ".spec.js", ".test.mjs",
       ".spec.mjs", ".test.ts", ".spec.ts", ".tsbuildinfo"});
  constexpr auto foreign_folders =
      std::to_array<std::string_view>({".git", ".hg", ".svn", "obj.target", ".deps"});
  constexpr auto foreign_endings = std::to_array<std::string_view>(
      {".c", ".cc", ".cpp", ".cxx", ".h", ".hh", ".hpp", ".gyp", ".gypi", ".o", ".a", ".mk", "/Makefile",
       ".obj", ".lib", ".pdb", ".iobj", ".vcxproj", ".tgz"});
  constexpr auto scripts = std::to_array<std::string_view>(
      {".sh", ".bash", ".zsh", ".fish", ".bat", ".cmd", ".ps1", ".exe", ".dll", ".dylib"});
  constexpr auto spare_names =
      std::to_array<std::string_view>({"test.js", "tests.js", "karma.conf.js", "Gruntfile.js", "gulpfile.js",
                                       "rollup.config.js", "webpack.config.js"});
  const std::string_view name = path.substr(path.rfind('/') + 1);
  if (has_folder(path, foreign_folders) || ends_with_any(path, foreign_endings) || name == "Makefile") {
    return PackagePart::foreign;
  }
  if (installed && ends_with_any(path, scripts)) return PackagePart::foreign;
  if (has_folder(path, test_folders) || ends_with_any(path, spare_endings)) return PackagePart::spare;
  if (std::ranges::find(spare_names, name) != spare_names.end()) return PackagePart::spare;
  if (name.starts_with("eslint.config.") || name.starts_with(".eslintrc")) return PackagePart::spare;
  // A folder of this name may hold what the program serves; only its text is documentation.
  const bool code =
      path.ends_with(".js") || path.ends_with(".cjs") || path.ends_with(".mjs") || path.ends_with(".json");
  return has_folder(path, spare_folders) && !code ? PackagePart::spare : PackagePart::needed;
}

JavascriptEdges::JavascriptEdges(const FileTree& tree, const ImageConfig& config, ShellEdges shell,
                                 std::vector<UnresolvedName>& unresolved)
    : tree_(&tree),
      shell_(std::move(shell)),
      unresolved_(&unresolved),
      modules_(tree, config),
      node_options_(env_value(config, "NODE_OPTIONS").value_or("")),
      machine_(machine_of(config.platform.architecture)),
      has_musl_(!tree.glob("/lib/ld-musl-*.so.1").empty()),
      has_glibc_(!tree.glob("/{lib,lib64,lib/*-linux-*}/ld-linux*.so.*").empty()) {
  if (config.working_dir.empty()) return;
  const NodeId folder = tree.resolve(config.working_dir).node;
  if (folder != no_node) working_folder_ = folder;
}

void JavascriptEdges::code(std::vector<Edge>& edges, NodeId node, const FileFacts& facts) {
  const NodeId root = modules_.package_root(node);
  Strength strength = Strength::required;
  if (root != no_node) {
    const std::string path = tree_->path(node);
    const std::string folder = tree_->path(root);
    // Nobody runs the tests of a package; what they need is kept as they are.
    const std::string_view below = std::string_view(path).substr(folder.size() + 1);
    if (package_part(below, is_installed(root)) != PackagePart::needed) strength = Strength::likely;
    reached(edges, node, strength);
  }
  for (const CodeName& found : facts.code.names) {
    const auto use = static_cast<ScriptUse>(found.use & ~optional_script_name);
    const bool named = use == ScriptUse::require || use == ScriptUse::import;
    if (strength == Strength::required || named) name(edges, found, node, strength);
  }
}

void JavascriptEdges::name(std::vector<Edge>& edges, const CodeName& name, NodeId node, Strength strength) {
  const bool optional = (name.use & optional_script_name) != 0;
  const auto use = static_cast<ScriptUse>(name.use & ~optional_script_name);
  const Place place{.from = node,
                    .folder = tree_->node(node).parent,
                    .where = fmt::format("line {}", name.line),
                    .strength = strength};
  switch (use) {
    case ScriptUse::require:
    case ScriptUse::import: {
      const auto loader = use == ScriptUse::require ? NodeLoader::require : NodeLoader::import;
      if (module(edges, name.text, loader, place) || optional || strength != Strength::required) return;
      if (!has_scheme(name.text)) {
        unresolved_->push_back({.file = tree_->path(node), .line = name.line, .name = name.text});
      }
      return;
    }
    case ScriptUse::require_prefix:
    case ScriptUse::import_prefix:
      modules_that_begin(edges, name.text, place);
      return;
    case ScriptUse::computed_require: {
      const NodeId root = modules_.package_root(node);
      if (root != no_node) {
        keep_dependencies(
            edges, root, node,
            fmt::format("may be required by a computed name, {} of {}", place.where, tree_->path(node)));
      }
      return;
    }
    case ScriptUse::file:
    case ScriptUse::file_prefix:
      beside(edges, name.text, use == ScriptUse::file, place);
      return;
    case ScriptUse::path:
      add_named_edges(*tree_, edges, tree_->resolve(name.text),
                      {.from = node,
                       .to = no_node,
                       .kind = EdgeKind::named_path,
                       .strength = Strength::likely,
                       .detail = fmt::format("{}, {}", name.text, place.where)});
      return;
    case ScriptUse::command:
      shell_(edges, name.text,
             {.from = node,
              .to = no_node,
              .kind = EdgeKind::command,
              .strength = Strength::likely,
              .detail = place.where});
      return;
  }
}

/// Whether the module is there, or needs no file.
bool JavascriptEdges::module(std::vector<Edge>& edges, std::string_view specifier, NodeLoader loader,
                             const Place& place) {
  if (NodeModules::is_builtin(specifier)) {
    if (specifier.ends_with("child_process")) child_process(edges, place);
    return true;
  }
  Resolution target = modules_.resolve(specifier, place.folder, loader);
  if (target.node == no_node) target = modules_.resolve_loosely(specifier, place.folder);
  if (target.node == no_node) return false;
  add_path_edges(*tree_, edges, target,
                 {.from = place.from,
                  .to = no_node,
                  .kind = EdgeKind::import,
                  .strength = place.strength,
                  .detail = fmt::format("{} '{}', {}", loader == NodeLoader::require ? "require" : "import",
                                        specifier, place.where)});
  // What the config names is a root, and reaches its package when it is marked.
  if (place.from != no_node) reached(edges, target.node, place.strength);
  return true;
}

/// exec and spawn with a shell run /bin/sh.
void JavascriptEdges::child_process(std::vector<Edge>& edges, const Place& place) {
  const Resolution shell = tree_->resolve("/bin/sh");
  if (shell.node == no_node) return;
  add_path_edges(*tree_, edges, shell,
                 {.from = place.from,
                  .to = no_node,
                  .kind = EdgeKind::command,
                  .strength = Strength::likely,
                  .detail = fmt::format("child_process runs commands by it, {}", place.where)});
}

/// require('./lang/' + x), require('@scope/' + x), require('plugin-' + x)
void JavascriptEdges::modules_that_begin(std::vector<Edge>& edges, std::string_view prefix,
                                         const Place& place) {
  if (prefix.starts_with('.') || prefix.starts_with('/')) {
    files_that_begin(edges, prefix, place);
    return;
  }
  const auto slash =
      prefix.find('/', prefix.starts_with('@') ? std::min(prefix.find('/'), prefix.size() - 1) + 1 : 0);
  const std::string detail = fmt::format("begins with '{}', {}", prefix, place.where);
  if (slash != std::string_view::npos) {
    package_named(edges, prefix.substr(0, slash), place, detail);
    return;
  }
  for (NodeId at = place.folder;; at = tree_->node(at).parent) {
    const NodeId holder = tree_->child(at, "node_modules");
    const auto scope = prefix.starts_with('@') ? prefix.substr(0, prefix.find('/')) : std::string_view();
    const NodeId folder = holder == no_node || scope.empty() ? holder : tree_->child(holder, scope);
    if (folder != no_node) {
      for (const NodeId child : tree_->node(folder).children) {
        const std::string name = (scope.empty() ? "" : std::string(scope) + "/") + tree_->node(child).name;
        if (name.starts_with(prefix)) package_named(edges, name, place, detail);
      }
    }
    if (at == root_node) return;
  }
}

/// All files below the folder of `prefix`, whose names begin as it ends.
void JavascriptEdges::files_that_begin(std::vector<Edge>& edges, std::string_view prefix,
                                       const Place& place) {
  const auto slash = prefix.rfind('/');
  const NodeId folder = tree_->resolve(prefix.substr(0, slash + 1), place.folder).node;
  if (folder == no_node || !tree_->is(folder, EntryType::directory) || is_system_folder(tree_->path(folder)))
    return;
  const std::string_view start = prefix.substr(slash + 1);
  std::vector<NodeId> open{folder};
  while (!open.empty()) {
    const NodeId at = open.back();
    open.pop_back();
    for (const NodeId child : tree_->node(at).children) {
      const std::string& name = tree_->node(child).name;
      if (at == folder && !name.starts_with(start)) continue;
      if (tree_->is(child, EntryType::directory)) {
        if (name != "node_modules") open.push_back(child);
        continue;
      }
      edges.push_back({.from = place.from,
                       .to = child,
                       .kind = EdgeKind::import,
                       .strength = weaker(place.strength, Strength::likely),
                       .detail = fmt::format("begins with '{}', {}", prefix, place.where)});
    }
  }
}

/// A file or folder that a program reads from beside its module; it may as well be a module's name.
void JavascriptEdges::beside(std::vector<Edge>& edges, const std::string& path, bool whole,
                             const Place& place) {
  if (!whole) {
    files_that_begin(edges, path, place);
    return;
  }
  Resolution target = tree_->resolve(path, place.folder);
  if (target.node == no_node) target = modules_.resolve_loosely(path, place.folder);
  if (target.node == no_node || target.node == root_node) return;
  // A folder that holds the module, or packages, names nothing more than what is named in it.
  if (tree_->is(target.node, EntryType::directory)) {
    if (modules_.holds_packages(target.node) || tree_->child(target.node, "node_modules") != no_node) return;
    for (NodeId at = place.folder; at != root_node; at = tree_->node(at).parent) {
      if (at == target.node) return;
    }
  }
  add_named_edges(*tree_, edges, target,
                  {.from = place.from,
                   .to = no_node,
                   .kind = EdgeKind::named_path,
                   .strength = Strength::likely,
                   .detail = fmt::format("{}, {}", path, place.where)});
}

/// A module is kept: so are the package.json that says how it is read, and the rest of its package.
void JavascriptEdges::reached(std::vector<Edge>& edges, NodeId file, Strength strength) {
  const NodeId scope = modules_.scope(file);
  if (scope != no_node) {
    const NodeId description = tree_->child(scope, "package.json");
    if (description != file) {
      edges.push_back({.from = file,
                       .to = description,
                       .kind = EdgeKind::module_data,
                       .strength = strength,
                       .detail = "it says how Node reads the module"});
    }
  }
  const NodeId root = modules_.package_root(file);
  if (root != no_node) keep_package(edges, root, file, strength);
}

bool JavascriptEdges::is_foreign_addon(NodeId file) const {
  if (!tree_->node(file).name.ends_with(".node")) return false;
  const ElfFacts* elf = tree_->elf(file);
  if (elf == nullptr) return true;  // of another operating system
  if (machine_ != 0 && elf->machine != machine_) return true;
  const bool musl =
      std::ranges::any_of(elf->needed, [](const auto& name) { return name.starts_with("libc.musl-"); });
  const bool glibc = std::ranges::find(elf->needed, "libc.so.6") != elf->needed.end();
  return (musl && !has_musl_ && has_glibc_) || (glibc && !has_glibc_ && has_musl_);
}

/// In a folder of packages, or in a scope (@name) there.
bool JavascriptEdges::is_installed(NodeId root) const {
  const NodeId parent = tree_->node(root).parent;
  return modules_.holds_packages(parent) || modules_.holds_packages(tree_->node(parent).parent);
}

void JavascriptEdges::keep_package(std::vector<Edge>& edges, NodeId root, NodeId from, Strength strength) {
  const auto [known, fresh] = packages_.emplace(root, strength);
  if (!fresh && known->second <= strength) return;
  known->second = strength;
  const std::string path = tree_->path(root);
  if (is_system_folder(path)) return;  // an application in / or /usr/share: its modules count, one by one
  const bool installed = is_installed(root);
  const NodePackage* package = modules_.package(root);
  const std::string detail =
      "of the package " + (package == nullptr || package->name.empty() ? path : package->name);
  std::vector<std::pair<NodeId, std::string>> open{{root, ""}};
  std::size_t count = 0;
  while (!open.empty()) {
    const auto [folder, prefix] = std::move(open.back());
    open.pop_back();
    for (const NodeId child : tree_->node(folder).children) {
      const std::string below = prefix + tree_->node(child).name;
      if (tree_->is(child, EntryType::directory)) {
        if (!modules_.holds_packages(child)) open.emplace_back(child, below + "/");
        continue;
      }
      if (++count > most_package_files) return;
      PackagePart part = package_part(below, installed);
      if (part == PackagePart::needed && is_foreign_addon(child)) part = PackagePart::foreign;
      const Strength own = part == PackagePart::needed  ? Strength::required
                           : part == PackagePart::spare ? Strength::likely
                                                        : Strength::possible;
      edges.push_back({.from = from,
                       .to = child,
                       .kind = EdgeKind::module_data,
                       .strength = weaker(strength, own),
                       .detail = detail});
    }
  }
  if (!installed) keep_dependencies(edges, root, from, "the application's package.json depends on it");
}

void JavascriptEdges::keep_dependencies(std::vector<Edge>& edges, NodeId root, NodeId from,
                                        const std::string& why) {
  const NodePackage* package = modules_.package(root);
  if (package == nullptr || !dependencies_.insert(root).second) return;
  const Place place{.from = from, .folder = root, .where = why, .strength = Strength::likely};
  for (const std::string& name : package->dependencies) package_named(edges, name, place, why);
}

/// A package by its name: whatever it offers to be required and imported, and so its whole.
void JavascriptEdges::package_named(std::vector<Edge>& edges, std::string_view name, const Place& place,
                                    const std::string& detail) {
  const Resolution folder = modules_.package_folder(name, place.folder);
  if (folder.node == no_node) return;
  const auto strength = weaker(place.strength, Strength::likely);
  const Edge like{
      .from = place.from, .to = no_node, .kind = EdgeKind::import, .strength = strength, .detail = detail};
  Edge on_the_way = like;
  on_the_way.kind = EdgeKind::symlink;
  for (const NodeId link : folder.symlinks) {
    on_the_way.to = link;
    edges.push_back(on_the_way);
  }
  for (const NodeLoader loader : {NodeLoader::require, NodeLoader::import}) {
    const Resolution main = modules_.resolve(name, place.folder, loader);
    if (main.node != no_node) add_path_edges(*tree_, edges, main, like);
  }
  if (const NodeId description = tree_->child(folder.node, "package.json"); description != no_node) {
    Edge edge = like;
    edge.to = description;
    edges.push_back(std::move(edge));
  }
  keep_package(edges, folder.node, place.from, strength);
}

void JavascriptEdges::interpreter(std::vector<Edge>& edges, NodeId program) {
  if (!is_javascript_interpreter(tree_->node(program).name) || node_options_.empty()) return;
  const std::vector<std::string> words = blank_separated(node_options_);
  std::size_t script = 0;
  options(
      edges, words,
      {.from = program, .folder = working_folder_, .where = "NODE_OPTIONS", .strength = Strength::required},
      script);
}

/// Modules that options name. `script`: where the first word that is no option stands.
void JavascriptEdges::options(std::vector<Edge>& edges, std::span<const std::string> words,
                              const Place& place, std::size_t& script) {
  constexpr auto with_value = std::to_array<std::string_view>(
      {"-C", "--conditions", "--env-file", "--env-file-if-exists", "--input-type", "--icu-data-dir",
       "--openssl-config", "--title", "--test-reporter", "--diagnostic-dir", "--redirect-warnings",
       "--disable-warning", "--watch-path", "--unhandled-rejections", "--dns-result-order",
       "--experimental-default-type", "--max-http-header-size"});
  constexpr auto modules =
      std::to_array<std::string_view>({"-r", "--require", "--import", "--loader", "--experimental-loader"});
  constexpr auto texts = std::to_array<std::string_view>({"-e", "--eval", "-p", "-pe", "--print"});
  std::size_t at = 0;
  for (; at < words.size() && words[at].size() > 1 && words[at].starts_with('-'); ++at) {
    if (words[at] == "--") {
      ++at;
      break;
    }
    const auto equals = words[at].find('=');
    const std::string_view option = std::string_view(words[at]).substr(0, equals);
    const bool is_module = std::ranges::find(modules, option) != modules.end();
    const bool is_text = std::ranges::find(texts, option) != texts.end();
    if (!is_module && !is_text && std::ranges::find(with_value, option) == with_value.end()) continue;
    if (equals == std::string::npos && at + 1 >= words.size()) break;
    const std::string value = equals == std::string::npos ? words[++at] : words[at].substr(equals + 1);
    if (is_module) {
      const bool require = option == "-r" || option == "--require";
      module(edges, value, require ? NodeLoader::require : NodeLoader::import, place);
    }
    if (!is_text) continue;
    for (const CodeName& found : scan_javascript(value)) {
      const auto use = static_cast<ScriptUse>(found.use & ~optional_script_name);
      if (use == ScriptUse::require || use == ScriptUse::import) {
        module(edges, found.text, use == ScriptUse::require ? NodeLoader::require : NodeLoader::import,
               place);
      }
    }
    script = words.size();  // what follows are the text's arguments
    return;
  }
  script = at;
}

void JavascriptEdges::arguments(std::vector<Edge>& edges, NodeId from, NodeId program,
                                std::span<const std::string> arguments, const std::string& where) {
  // npm and its kin are links to scripts that lie elsewhere: npm-cli.js, yarn.js
  std::string_view name = tree_->node(program).name;
  for (const std::string_view ending : {".js", ".cjs", ".mjs", "-cli"}) {
    if (name.ends_with(ending)) name.remove_suffix(ending.size());
  }
  constexpr auto tools = std::to_array<std::string_view>({"npm", "npx", "yarn", "yarnpkg", "pnpm", "pnpx"});
  if (std::ranges::find(tools, name) != tools.end()) {
    package_script(edges, from, arguments, name, where);
    return;
  }
  if (!is_javascript_interpreter(name)) return;
  const Place place{.from = from, .folder = working_folder_, .where = where, .strength = Strength::required};
  std::size_t script = 0;
  options(edges, arguments, place, script);
  constexpr auto words = std::to_array<std::string_view>({"inspect", "run", "watch"});
  if (script < arguments.size() && std::ranges::find(words, arguments[script]) != words.end()) ++script;
  if (script >= arguments.size()) return;
  const std::string& file = arguments[script];
  // Where the file is: as a path, although it need not begin like one.
  const std::string path =
      file.starts_with('/') || file.starts_with("./") || file.starts_with("../") ? file : "./" + file;
  Resolution target = modules_.resolve(path, working_folder_, NodeLoader::require);
  if (target.node == no_node) target = modules_.resolve_loosely(path, working_folder_);
  if (target.node == no_node) return;
  add_path_edges(*tree_, edges, target,
                 {.from = from,
                  .to = no_node,
                  .kind = EdgeKind::import,
                  .strength = Strength::required,
                  .detail = fmt::format("{}: {}", where, file)});
}

/// The scripts of the package in the working folder that `tool` runs: npm start, npm run X, yarn X, npx X.
void JavascriptEdges::package_script(std::vector<Edge>& edges, NodeId from,
                                     std::span<const std::string> arguments, std::string_view tool,
                                     const std::string& where) {
  NodeId folder = working_folder_;
  std::vector<std::string> words;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const bool names_folder = arguments[i] == "--prefix" || arguments[i] == "-C" || arguments[i] == "--cwd" ||
                              arguments[i] == "--dir";
    if (names_folder && i + 1 < arguments.size()) {
      const NodeId named = tree_->resolve(arguments[++i], working_folder_).node;
      if (named != no_node && tree_->is(named, EntryType::directory)) folder = named;
    } else if (!arguments[i].starts_with('-')) {
      words.push_back(arguments[i]);
    }
  }
  std::string name = words.empty() ? "start" : words[0];
  constexpr auto runs = std::to_array<std::string_view>({"run", "run-script", "exec", "x", "dlx", "node"});
  const bool by_name = words.size() > 1 && std::ranges::find(runs, words[0]) != runs.end();
  if (by_name) name = words[1];
  const Place place{.from = from,
                    .folder = folder,
                    .where = fmt::format("{}: {} {}", where, tool, name),
                    .strength = Strength::required};
  const NodeId description = tree_->child(folder, "package.json");
  const NodePackage* package = modules_.package(folder);
  if (description != no_node) {
    edges.push_back({.from = from,
                     .to = description,
                     .kind = EdgeKind::named_path,
                     .strength = Strength::required,
                     .detail = fmt::format("{}: {} reads it", where, tool)});
  }
  const bool program =
      tool == "npx" || tool == "pnpx" || (by_name && words[0] != "run" && words[0] != "run-script");
  bool found = false;
  if (package != nullptr && !program) {
    for (const std::string& each : {"pre" + name, name, "post" + name}) {
      const auto script = package->scripts.find(each);
      if (script == package->scripts.end()) continue;
      found = true;
      run_script(edges, script->second, place);
    }
  }
  if (!found) run_script(edges, name, place);  // npx X, yarn X
}

/// A command line with the folders node_modules/.bin in its PATH.
void JavascriptEdges::run_script(std::vector<Edge>& edges, const std::string& text, const Place& place) {
  for (const std::string& word : blank_separated(text)) {
    for (NodeId at = place.folder;; at = tree_->node(at).parent) {
      const Resolution found = tree_->resolve("node_modules/.bin/" + word, at);
      if (word.find('/') == std::string::npos && found.node != no_node &&
          tree_->is(found.node, EntryType::file)) {
        add_path_edges(*tree_, edges, found,
                       {.from = place.from,
                        .to = no_node,
                        .kind = EdgeKind::command,
                        .strength = Strength::required,
                        .detail = fmt::format("{}, {}", word, place.where)});
        break;
      }
      if (at == root_node) break;
    }
  }
  shell_(edges, text,
         {.from = place.from,
          .to = no_node,
          .kind = EdgeKind::command,
          .strength = Strength::required,
          .detail = place.where});
}

}  // namespace slim
