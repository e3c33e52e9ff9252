// How each kind of file names what it needs. A required edge is what the kernel or the loader will
// follow; a likely one is a name that exists in the image and is held by something that is kept.
#include "analyzer/dependency_graph.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "analyzer/apache.h"
#include "analyzer/code_facts.h"
#include "analyzer/command_wrapper.h"
#include "analyzer/configured_modules.h"
#include "analyzer/edge.h"
#include "analyzer/elf.h"
#include "analyzer/file_tree.h"
#include "analyzer/glob.h"
#include "analyzer/image.h"
#include "analyzer/layer_index.h"
#include "analyzer/loader.h"
#include "analyzer/login_shell.h"
#include "analyzer/named_paths.h"
#include "analyzer/rules.h"
#include "analyzer/script_names.h"
#include "analyzer/shell.h"
#include "analyzer/system_folders.h"

namespace slim {
namespace {

constexpr std::size_t max_glob_matches = 10'000;
constexpr int deepest_shell = 8;
constexpr int most_shell_texts = 1000;  ///< that one text leads to: scripts may name each other many times

// Libraries whose strings are evidence of nothing, because rules say what they open: libc alone names
// /bin/sh, /etc/shadow and the zoneinfo folder.
constexpr auto covered_by_rules = std::to_array<std::string_view>(
    {"libc.so", "libc.so.*", "libc-*.so", "ld-linux*.so.*", "ld-*.so.*", "ld-musl-*", "libc.musl-*",
     "libstdc++.so.*", "libcrypto.so.*", "libssl.so.*", "libgcc_s.so.*", "libm.so.*", "libpthread.so.*",
     "libdl.so.*", "librt.so.*", "libresolv.so.*", "libnss_*.so.*",
     // loads a policy into the kernel with libsepol, as init does
     "libselinux.so.*",
     // drivers: by what the modules of its callers import
     "libaprutil-1.so.*",
     // Java knows what they open (java_edges.cpp)
     "libnet.so", "libawt_headless.so", "libawt_xawt.so"});

LoaderEnvironment loader_environment(const ImageConfig& config, NodeId working_folder) {
  return {.library_path = env_value(config, "LD_LIBRARY_PATH").value_or(""),
          .preload = env_value(config, "LD_PRELOAD").value_or(""),
          .audit = env_value(config, "LD_AUDIT").value_or(""),
          .working_folder = working_folder};
}

/// A program by the letter of its header: it names an interpreter, or is an executable without one.
bool is_program(const ElfFacts& elf) {
  return !elf.interpreter.empty() || elf.type == ElfType::executable;
}

/// How sure an edge a note makes; a note without a priority recommends (UAPI group, ELF dlopen metadata).
Strength note_strength(const DlopenNote& note) {
  if (note.priority == "required") return Strength::required;
  return note.priority == "suggested" ? Strength::possible : Strength::likely;
}

std::string note_words(const DlopenNote& note) {
  std::string words =
      "its note: dlopen " + std::string(note.priority.empty() ? "recommended" : note.priority);
  if (!note.feature.empty()) words += " for " + note.feature;
  return words;
}

/// "libz.so.1, found by ld.so.cache"
std::string how(const LoadedLibrary& library, std::string_view purpose = "") {
  return fmt::format("{}{}, found by {}", library.name, purpose, to_string(library.found_by));
}

/// Tables about other people's files: magic(5) knows "#!/usr/bin/perl" as a line that a Perl script begins
/// with.
bool is_table(std::string_view name) {
  return name == "magic" || name == "magic.mime" || name == "mime.types";
}

bool is_executable_file(const FileTree& tree, NodeId node) {
  return tree.is(node, EntryType::file) && (tree.entry(node).mode & 0111U) != 0;
}

}  // namespace

bool strings_are_evidence(std::string_view name) {
  return std::ranges::none_of(covered_by_rules,
                              [name](std::string_view glob) { return component_match(glob, name); });
}

DependencyGraph::DependencyGraph(const FileTree& tree, const ImageConfig& config)
    : tree_(&tree),
      places_(script_places(tree, config)),
      loader_(tree, loader_environment(config, places_.working_folder)),
      languages_(tree, config, loader_,
                 [this](std::vector<Edge>& edges, std::string_view text, const Edge& like) {
                   add_shell_text(edges, text, like);
                 }) {}

Resolution DependencyGraph::find_command(std::string_view word) const {
  return find_program(*tree_, places_, word);
}

Resolution DependencyGraph::find_argument(std::string_view word) const {
  return tree_->resolve(word, places_.working_folder);
}

void DependencyGraph::add_path(std::vector<Edge>& edges, const Resolution& target, const Edge& like) const {
  add_path_edges(*tree_, edges, target, like);
}

std::vector<UnresolvedName> DependencyGraph::unresolved_names() const {
  std::vector<UnresolvedName> names = unresolved_names_;
  const std::vector<UnresolvedName>& modules = languages_.unresolved();
  names.insert(names.end(), modules.begin(), modules.end());
  return names;
}

std::vector<Edge> DependencyGraph::edges(NodeId node, NodeId program, bool read_text) {
  std::vector<Edge> found;
  if (tree_->is(node, EntryType::symlink)) {
    const Resolution target = tree_->resolve(tree_->path(node));
    Edge edge{.from = node, .to = no_node, .kind = EdgeKind::symlink, .detail = "the link's target"};
    if (target.node != no_node && target.node != root_node) {
      add_path(found, target, edge);
    } else {
      // What the links lead to may come when the container runs; each has to lead on until then.
      for (const NodeId link : target.symlinks) {
        edge.to = link;
        found.push_back(edge);
      }
    }
    std::erase_if(found, [node](const Edge& made) { return made.to == node; });
    return found;
  }
  const FileFacts* facts = tree_->facts(node);
  if (facts == nullptr) {
    static const FileFacts empty;  // an empty file may be a module all the same
    if (tree_->is(node, EntryType::file) && code_language(tree_->path(node), "") != Language::none)
      languages_.code(found, node, empty);
    return found;
  }
  if (facts->elf) {
    if (program == no_node) add_program(found, node);
    add_late_libraries(found, node, program);
    add_strings(found, node);
    languages_.interpreter(found, node);
    languages_.code(found, node, *facts);
    return found;
  }
  const bool is_code = facts->code.language != Language::none;
  // A module of a library may have a #! line that nobody runs.
  if (!facts->shebang.empty() && (!is_code || is_executable_file(*tree_, node)))
    add_shebang(found, node, *facts);
  if (is_code) languages_.code(found, node, *facts);
  if (facts->text) add_configured(found, node, *facts->text);
  if (facts->text && !is_code && may_be_apaches(tree_->path(node)))
    add_server_paths(found, node, *facts->text);
  const bool sourced = facts->text && facts->shebang.empty() && !is_code && read_text;
  if (sourced && (scripts_.contains(node) || is_shell_library(tree_->path(node), *facts->text)))
    add_script(found, node, *facts->text);
  // Of code, its scanner knows which words are names.
  const bool says_paths = !is_code && !is_table(tree_->node(node).name);
  if (facts->text && says_paths && (read_text || !facts->shebang.empty()))
    add_text(found, node, *facts->text);
  return found;
}

void DependencyGraph::add_program(std::vector<Edge>& edges, NodeId node) {
  const LoadResult result = loader_.load(node);
  if (result.interpreter_node != no_node) {
    add_path(edges, {.node = result.interpreter_node, .symlinks = result.interpreter_symlinks, .missing = {}},
             {.from = node, .to = no_node, .kind = EdgeKind::interpreter, .detail = result.interpreter});
  } else if (!result.interpreter.empty()) {
    unresolved_libraries_.push_back(
        {.file = tree_->path(node), .name = result.interpreter, .tried = {result.interpreter}});
  }
  add_libraries(edges, node, result);
  for (const MissingLibrary& missing : result.missing) {
    unresolved_libraries_.push_back(
        {.file = missing.needed_by, .name = missing.name, .tried = missing.tried});
  }
}

/// What the loader maps for `program`, and what it would map on better processors.
void DependencyGraph::add_libraries(std::vector<Edge>& edges, NodeId program,
                                    const LoadResult& result) const {
  for (const auto* libraries : {&result.libraries, &result.variants, &result.audit}) {
    for (const LoadedLibrary& library : *libraries) {
      if (library.node == no_node) continue;
      const NodeId needed_by =
          library.needed_by == LoadedLibrary::program ? program : result.libraries[library.needed_by].node;
      add_path(edges, {.node = library.node, .symlinks = library.symlinks, .missing = {}},
               {.from = needed_by,
                .to = no_node,
                .kind = EdgeKind::needed,
                .detail = how(library, libraries == &result.audit ? " for auditing" : "")});
    }
  }
}

std::vector<LateLibrary> DependencyGraph::late_libraries(NodeId node, NodeId program) const {
  std::vector<LateLibrary> late;
  const ElfFacts* elf = tree_->elf(node);
  if (elf == nullptr) return late;
  for (const DlopenNote& note : elf->dlopen_notes) {
    if (note.sonames.empty()) continue;
    LateLibrary library{.name = note.sonames.front(),
                        .said_by = note_words(note),
                        .strength = note_strength(note),
                        .result = loader_.dlopen(note.sonames.front(), node, program)};
    for (std::size_t i = 1; i < note.sonames.size() && library.result.libraries.empty(); ++i) {
      LoadResult other = loader_.dlopen(note.sonames[i], node, program);
      if (other.libraries.empty()) continue;
      library.name = note.sonames[i];
      library.result = std::move(other);
    }
    late.push_back(std::move(library));
  }
  if (!strings_are_evidence(tree_->node(node).name)) return late;
  for (const std::string& name : elf->library_names) {
    if (name == elf->soname || name == tree_->node(node).name) continue;
    LoadResult result = loader_.dlopen(name, node, program);
    if (result.libraries.empty() || result.libraries.front().node == node) continue;
    late.push_back({.name = name,
                    .said_by = fmt::format("the string \"{}\"", name),
                    .strength = Strength::likely,
                    .result = std::move(result)});
  }
  return late;
}

/// What a file opens while it runs, with what that needs in the same process: the program's RPATH and what it
/// has loaded serve a plug-in as well.
void DependencyGraph::add_late_libraries(std::vector<Edge>& edges, NodeId node, NodeId program) const {
  for (const LateLibrary& late : late_libraries(node, program == no_node ? node : program)) {
    const std::vector<LoadedLibrary>& libraries = late.result.libraries;
    const auto add = [&](const LoadedLibrary& library, NodeId from, EdgeKind kind,
                         const std::string& detail) {
      if (library.node == no_node || library.node == node) return;
      add_path(edges, {.node = library.node, .symlinks = library.symlinks, .missing = {}},
               {.from = from, .to = no_node, .kind = kind, .strength = late.strength, .detail = detail});
    };
    if (libraries.empty()) continue;
    add(libraries.front(), node, EdgeKind::library_name, late.said_by);
    for (const LoadedLibrary& library : std::span(libraries).subspan(1)) {
      const bool by_library = library.needed_by < libraries.size();
      add(library, by_library ? libraries[library.needed_by].node : node, EdgeKind::needed, how(library));
    }
    for (const LoadedLibrary& variant : late.result.variants) {
      if (variant.name == late.name) add(variant, node, EdgeKind::library_name, late.said_by);
    }
  }
}

void DependencyGraph::add_strings(std::vector<Edge>& edges, NodeId node) {
  const ElfFacts& elf = *tree_->elf(node);
  if (!strings_are_evidence(tree_->node(node).name)) return;
  const bool in_program = is_program(elf);
  if (in_program) add_shell_texts(edges, node, elf);
  for (const std::string& path : elf.absolute_paths) {
    Resolution target = tree_->resolve(path);
    if (target.node == no_node && !is_kernel_path(target.missing))
      target = tree_->resolve(path_at_start(path));
    // That a library can start a program says little: rules ask whether somebody calls system or popen.
    const bool runs = target.node != no_node && is_executable_file(*tree_, target.node) &&
                      tree_->node(target.node).name.find(".so") == std::string::npos;
    add_named_edges(*tree_, edges, target,
                    {.from = node,
                     .to = no_node,
                     .kind = EdgeKind::named_path,
                     .strength = runs && !in_program ? Strength::possible : Strength::likely,
                     .detail = fmt::format("the string \"{}\"", path)});
  }
}

/// A program that starts others by their names (exec(3), posix_spawn(3)), or says of none that it does, since
/// it is static. Text whose commands are not there is none for a shell.
void DependencyGraph::add_shell_texts(std::vector<Edge>& edges, NodeId node, const ElfFacts& elf) {
  const auto imports = [&elf](std::string_view name) {
    return std::ranges::binary_search(elf.imports, name);
  };
  if (elf.dynamic && !imports("execvp") && !imports("posix_spawnp")) return;
  for (const std::string& text : elf.shell_texts) {
    constexpr std::size_t shown = 60;
    const Edge like{.from = node,
                    .to = no_node,
                    .kind = EdgeKind::command,
                    .strength = Strength::likely,
                    .detail = fmt::format("the string \"sh-c{}\"", text.substr(0, shown))};
    const std::size_t before = edges.size();
    add_shell_text(edges, text, like);
    const std::string_view first = std::string_view(text).substr(0, text.find(' '));
    if (edges.size() != before || find_command(first).node != no_node)
      add_named_edges(*tree_, edges, find_command("sh"), like);
  }
}

/// Go and Rust put strings side by side without an end: of "/srv/pagesindex", /srv/pages is the path. The
/// longest existing name that the string starts with; empty where only a folder of the system would be left.
std::string DependencyGraph::path_at_start(std::string_view text) const {
  NodeId at = root_node;
  std::string path;
  while (text.starts_with('/')) {
    text.remove_prefix(1);
    const std::string_view part = text.substr(0, text.find('/'));
    NodeId next = tree_->child(at, part);
    if (next == no_node) {      // the last component of the path, with other text behind it
      std::size_t longest = 2;  // shorter names would match by chance
      for (const NodeId child : tree_->node(at).children) {
        const std::string& name = tree_->node(child).name;
        if (name.size() > longest && part.starts_with(name)) {
          longest = name.size();
          next = child;
        }
      }
      return next == no_node || at == root_node ? "" : path + "/" + tree_->node(next).name;
    }
    path += "/";
    path += part;
    const Resolution folder = tree_->resolve(path);
    if (folder.node == no_node || !tree_->is(folder.node, EntryType::directory)) return path;
    at = folder.node;
    text.remove_prefix(part.size());
  }
  return "";
}

void DependencyGraph::add_shebang(std::vector<Edge>& edges, NodeId node, const FileFacts& facts) {
  const Shebang shebang = parse_shebang(facts.shebang);
  for (const std::string& word : {shebang.program, shebang.command}) {
    if (word.empty()) continue;
    const Resolution found = find_command(word);
    if (found.node == no_node) {
      unresolved_names_.push_back({.file = tree_->path(node), .line = 1, .name = word});
      continue;
    }
    add_path(edges, found,
             {.from = node, .to = no_node, .kind = EdgeKind::shebang, .detail = "#!" + facts.shebang});
  }
  const std::string& interpreter = shebang.command.empty() ? shebang.program : shebang.command;
  if (is_shell(interpreter) && facts.text) add_script(edges, node, *facts.text);
}

/// With the files that the script reads, whatever they are called: each of them once.
void DependencyGraph::add_script(std::vector<Edge>& edges, NodeId node, std::string_view script) {
  std::vector<Script> open{{.node = node, .text = script}};
  for (std::size_t i = 0; i < open.size(); ++i) {
    const Script next = open[i];
    add_names(edges, next, open);
  }
}

/// What one script names. Files that it reads and that are not known for scripts are put behind `open`.
void DependencyGraph::add_names(std::vector<Edge>& edges, const Script& script, std::vector<Script>& open) {
  const NodeId node = script.node;
  // Of its programs only who starts a login shell has need (add_startup_files).
  const bool at_login = is_shell_startup_file(tree_->path(node));
  for (const ScriptName& name : script_names(*tree_, places_, script.text, node)) {
    const NodeId target = name.target.node;
    if (target == no_node) {
      if (name.missed)
        unresolved_names_.push_back({.file = tree_->path(node), .line = name.line, .name = name.word});
      continue;
    }
    const Edge edge{.from = node,
                    .to = no_node,
                    .kind = name.command ? EdgeKind::command : EdgeKind::named_path,
                    .strength = at_login && name.runs ? Strength::possible : Strength::likely,
                    .detail = fmt::format("{}, line {}", name.word, name.line)};
    add_named_edges(*tree_, edges, name.target, edge);
    if (name.runs) arguments(edges, node, target, name.arguments, fmt::format("line {}", name.line));
    const FileFacts* facts = name.sourced ? tree_->facts(target) : nullptr;
    const bool unknown = facts != nullptr && facts->text && facts->shebang.empty() && target != node;
    if (unknown && sourced_.insert(target).second) open.push_back({.node = target, .text = *facts->text});
  }
}

/// What code hands to a shell, or starts by itself. Which strings these are is not always known: words that
/// are no commands say nothing. What is run may name further text (the scripts of a package.json).
void DependencyGraph::add_shell_text(std::vector<Edge>& edges, std::string_view text, const Edge& like) {
  if (shell_depth_ == 0) shell_texts_left_ = most_shell_texts;
  if (shell_depth_ >= deepest_shell || shell_texts_left_-- <= 0) return;
  ++shell_depth_;
  for (const ScriptName& name : script_names(*tree_, places_, text, no_node)) {
    if (name.target.node == no_node || !tree_->is(name.target.node, EntryType::file)) continue;
    Edge edge = like;
    edge.detail = fmt::format("{}, {}", name.word, like.detail);
    if (!name.command) edge.kind = EdgeKind::named_path;
    add_named_edges(*tree_, edges, name.target, edge);
    if (name.runs) arguments(edges, like.from, name.target.node, name.arguments, like.detail);
  }
  --shell_depth_;
}

void DependencyGraph::arguments(std::vector<Edge>& edges, NodeId from, NodeId program,
                                std::span<const std::string> arguments, const std::string& where) {
  languages_.arguments(edges, from, program, arguments, where);
  if (program != no_node && reads_startup_files(tree_->node(program).name, arguments))
    add_startup_files(edges, from, where);
}

/// The profile of the system, with the programs that it runs.
void DependencyGraph::add_startup_files(std::vector<Edge>& edges, NodeId from,
                                        const std::string& where) const {
  for (const std::string_view pattern : shell_startup_files) {
    for (const NodeId file : tree_->glob(pattern)) {
      Edge edge{.from = from,
                .to = no_node,
                .kind = EdgeKind::named_path,
                .strength = Strength::likely,
                .detail = fmt::format("a login shell, {}", where)};
      add_named_edges(*tree_, edges, tree_->resolve(tree_->path(file)), edge);
      const FileFacts* facts = tree_->facts(file);
      if (facts == nullptr || !facts->text) continue;
      edge.kind = EdgeKind::command;
      for (const ScriptName& name : script_names(*tree_, places_, *facts->text, file)) {
        edge.detail = fmt::format("{}, line {} of {}, which a login shell reads, {}", name.word, name.line,
                                  tree_->path(file), where);
        if (name.runs) add_named_edges(*tree_, edges, name.target, edge);
      }
    }
  }
}

/// Modules lie in the folders of libraries or in one below them, which the library that opens them is built
/// with.
void DependencyGraph::add_configured(std::vector<Edge>& edges, NodeId node, std::string_view text) {
  for (const ConfiguredModule& module : configured_modules(tree_->path(node), text)) {
    const Edge edge{.from = node,
                    .to = no_node,
                    .kind = EdgeKind::library_name,
                    .strength = Strength::likely,
                    .detail = fmt::format("{}, line {}", module.name, module.line)};
    if (module.name.starts_with('/')) {
      add_named_edges(*tree_, edges, tree_->resolve(module.name), edge);
      continue;
    }
    if (library_folders_.empty()) find_library_folders();
    for (const std::string& folder : library_folders_)
      add_named_edges(*tree_, edges,
                      tree_->resolve(fmt::format("{}/{}/{}", folder, module.folder, module.name)), edge);
  }
}

/// Where Apache's paths start: what the main files of the distributions say, and what they are built with.
void DependencyGraph::find_server_roots() {
  std::vector<std::string> roots;
  const auto add = [&roots](std::string root) {
    if (std::ranges::find(roots, root) == roots.end()) roots.push_back(std::move(root));
  };
  for (const char* main : {"/etc/apache2/apache2.conf", "/etc/apache2/httpd.conf",
                           "/etc/httpd/conf/httpd.conf", "/usr/local/apache2/conf/httpd.conf"}) {
    const NodeId node = tree_->resolve(main).node;
    const FileFacts* facts = node == no_node ? nullptr : tree_->facts(node);
    if (facts == nullptr || !facts->text) continue;
    if (ApacheFacts apache = read_apache(*facts->text); !apache.server_root.empty())
      add(std::move(apache.server_root));
  }
  for (const char* built_in : {"/etc/apache2", "/etc/httpd", "/usr/local/apache2"}) add(built_in);
  server_roots_ = std::move(roots);
}

void DependencyGraph::add_server_paths(std::vector<Edge>& edges, NodeId node, std::string_view text) {
  const ApacheFacts apache = read_apache(text);
  if (apache.paths.empty()) return;
  if (!server_roots_) find_server_roots();
  const std::vector<std::string> own = {apache.server_root};
  const std::vector<std::string>& roots = apache.server_root.empty() && server_roots_ ? *server_roots_ : own;
  for (const ServerPath& path : apache.paths) {
    for (const std::string& root : roots) {
      const Edge edge{.from = node,
                      .to = no_node,
                      .kind = EdgeKind::named_path,
                      .strength = Strength::likely,
                      .detail = fmt::format("{}, line {}, below {}", path.text, path.line, root)};
      const std::string full = root + "/" + path.text;
      if (!has_glob(path.text)) {
        add_named_edges(*tree_, edges, tree_->resolve(full), edge);
        continue;
      }
      const std::vector<NodeId> matches = tree_->glob(full);
      if (matches.size() > max_glob_matches) continue;
      for (const NodeId match : matches)
        add_named_edges(*tree_, edges, tree_->resolve(tree_->path(match)), edge);
    }
  }
}

void DependencyGraph::find_library_folders() {
  library_folders_ = {"/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/local/lib"};
  for (const char* multiarch : {"/lib/*-linux-*", "/usr/lib/*-linux-*"})
    for (const NodeId folder : tree_->glob(multiarch)) {
      std::string path = tree_->path(folder);
      if (std::ranges::find(library_folders_, path) == library_folders_.end())
        library_folders_.push_back(std::move(path));
    }
}

void DependencyGraph::add_text(std::vector<Edge>& edges, NodeId node, std::string_view text) {
  // They describe any file there is, and name programs only to know them by their #! line.
  const std::string& name = tree_->node(node).name;
  if (name == "magic" || name == "magic.mime" || name == "mime.types") return;
  const NodeId folder = tree_->node(node).parent;
  for (const NamedPath& named : named_paths(text)) {
    const Edge edge{.from = node,
                    .to = no_node,
                    .kind = EdgeKind::named_path,
                    .strength = Strength::likely,
                    .detail = fmt::format("{}, line {}", named.text, named.line)};
    if (!has_glob(named.text)) {
      add_named_edges(*tree_, edges, tree_->resolve(named.text, folder), edge);
      continue;
    }
    const bool absolute = named.text.starts_with('/');
    const std::string pattern = absolute ? named.text : tree_->path(folder) + "/" + named.text;
    // "/*", "/usr/bin/*" and the like name no application: the folder above the wildcard must be one's own.
    const std::string above = pattern.substr(0, pattern.rfind('/'));
    const NodeId base = has_glob(above) ? no_node : tree_->resolve(above).node;
    if (base == no_node || is_system_folder(tree_->path(base))) continue;
    const auto matches = tree_->glob(pattern);
    if (matches.size() > max_glob_matches) continue;
    for (const NodeId match : matches) {
      Resolution target;
      target.node = match;
      add_named_edges(*tree_, edges, target, edge);
    }
  }
}

}  // namespace slim
