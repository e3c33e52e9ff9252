// The config says what runs, in exec form or as text for a shell. Wrappers (tini, gosu, env, ...) are
// seen through, and so is a start script that gets the real program as its argument.
#include "slimmer/roots.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "analyzer/command_wrapper.h"
#include "analyzer/dangling_links.h"
#include "analyzer/dependency_graph.h"
#include "analyzer/edge.h"
#include "analyzer/file_tree.h"
#include "analyzer/glob.h"
#include "analyzer/image.h"
#include "analyzer/layer_index.h"
#include "analyzer/named_paths.h"
#include "analyzer/rules.h"
#include "analyzer/script_names.h"
#include "analyzer/system_folders.h"
#include "slimmer/plan.h"

namespace slim {
namespace {

// Folders in which programs search: what they take from there is followed piece by piece, or made anew. Of
// those that other variables name, nothing but the name is known.
constexpr auto searched_folders = std::to_array<std::string_view>(
    {"*PATH", "*_CACHE*", "*CACHE_DIR", "CARGO_HOME", "CONDA_PREFIX", "GOROOT", "HOME", "JAVA_HOME",
     "JDK_HOME", "JRE_HOME", "OLDPWD", "PWD", "PYTHONHOME", "PYTHONUSERBASE", "RUSTUP_HOME", "TEMP", "TMP",
     "TMPDIR", "VIRTUAL_ENV"});

bool is_searched(std::string_view variable) {
  return std::ranges::any_of(searched_folders,
                             [&](std::string_view glob) { return component_match(glob, variable); });
}

/// Whether `value` is a list of absolute paths, as of PATH (environ(7)).
bool is_path_list(std::string_view value) {
  if (value.find(':') == std::string_view::npos) return false;
  while (!value.empty()) {
    const auto colon = std::min(value.find(':'), value.size());
    if (colon > 0 && value[0] != '/') return false;
    value.remove_prefix(std::min(colon + 1, value.size()));
  }
  return true;
}

class RootFinder {
 public:
  RootFinder(const FileTree& tree, DependencyGraph& graph) : tree_(&tree), graph_(&graph) {}

  /// A whole command line; `from` says where the config has it.
  void command(const std::vector<std::string>& argv, const std::string& from, ReasonKind kind) {
    if (argv.empty() || argv[0].empty()) return;
    kind_ = kind;
    from_ = from;
    const Resolution program = graph_->find_command(argv[0]);
    found_.entrypoints.push_back(
        {.argv = argv, .path = program.node == no_node ? "" : tree_->path(program.node), .from = from});
    if (program.node != no_node) add(program, from, false);
    arguments(argv, program.node);
  }

  /// Programs and files that the words behind argv[0] name.
  void arguments(const std::vector<std::string>& argv, NodeId program) {
    const std::vector<std::string> rest(argv.begin() + 1, argv.end());
    if (is_shell(argv[0])) {
      shell(rest);
      return;
    }
    for (const std::string& word : rest) named_file(word);
    told_to_run(program, rest);
    const bool script =
        program != no_node && tree_->facts(program) != nullptr && !tree_->facts(program)->shebang.empty();
    std::size_t start = rest.size();
    if (is_command_wrapper(argv[0])) {
      start = wrapped_command(argv[0], rest);
    } else if (script) {
      start = 0;  // docker-entrypoint.sh and its kin end in: exec "$@"
    }
    if (script) forwarded(program, rest);
    if (start < rest.size()) wrapped({rest.begin() + static_cast<std::ptrdiff_t>(start), rest.end()});
  }

  void includes(const std::vector<std::string>& patterns) {
    kind_ = ReasonKind::include;
    for (const std::string& pattern : patterns) {
      const std::string absolute = pattern.starts_with('/') ? pattern : "/**/" + pattern;
      auto matches = tree_->glob(absolute);
      if (matches.empty()) {
        const Resolution exact = tree_->resolve(absolute);
        if (exact.node == no_node) {
          found_.warnings.push_back(fmt::format("--include {}: matches nothing in the image", pattern));
          continue;
        }
        matches.push_back(exact.node);
      }
      for (const NodeId match : matches)
        add(tree_->resolve(tree_->path(match)), "--include " + pattern, true, match);
    }
  }

  /// Absolute paths in the values of variables, as of a configuration file: SETTINGS=/etc/shop.toml,
  /// OPTIONS="--data=/srv/data". Lists, as of PATH, and folders to search say nothing of what lies there.
  void environment(const std::vector<std::string>& variables) {
    kind_ = ReasonKind::environment;
    for (const std::string& variable : variables) {
      const auto equals = variable.find('=');
      if (equals == std::string::npos || equals == 0) continue;
      const std::string name = variable.substr(0, equals);
      const std::string value = variable.substr(equals + 1);
      const bool searched = is_searched(name) || is_path_list(value);
      if (value.starts_with('/') && tree_->resolve(value).node != no_node) {  // blanks and commas are its own
        setting(name, value, searched);
        continue;
      }
      for (const NamedPath& named : named_paths(value)) {
        if (named.text.starts_with('/') && !has_glob(named.text)) setting(name, named.text, searched);
      }
    }
  }

  Roots take() { return std::move(found_); }

 private:
  void setting(const std::string& name, const std::string& path, bool searched) {
    std::vector<Edge> edges;
    Edge likely;
    likely.strength = Strength::likely;
    add_named_edges(*tree_, edges, tree_->resolve(path), likely);
    for (const Edge& edge : edges) {
      Resolution target;
      target.node = edge.to;
      found_.roots.push_back({.target = std::move(target),
                              .kind = kind_,
                              .detail = "config.Env " + name,
                              .strength = edge.strength,
                              .with_content = edge.with_content && !searched});
    }
  }

  /// `match`: the path that was named, which may be a link whose target is the root.
  void add(Resolution target, const std::string& detail, bool with_content, NodeId match = no_node) {
    if (target.node == no_node) {  // a dangling link is kept as the link that it is
      if (match == no_node) return;
      target.node = match;
      std::erase(target.symlinks, match);
    }
    found_.roots.push_back(
        {.target = std::move(target), .kind = kind_, .detail = detail, .with_content = with_content});
  }

  /// sh -c TEXT, or sh SCRIPT ARGUMENT...; options of a shell end at its first word that is none (sh(1)).
  void shell(const std::vector<std::string>& words) {
    std::size_t at = 0;
    bool text_follows = false;
    while (at < words.size() && words[at].size() > 1 && (words[at][0] == '-' || words[at][0] == '+')) {
      const std::string& option = words[at++];
      if (option == "--") break;
      if (option.starts_with("--")) continue;
      text_follows = text_follows || (option[0] == '-' && option.find('c') != std::string::npos);
      const char last = option.back();
      if (last == 'o' || last == 'O') ++at;  // its value is the next word: -o pipefail
    }
    if (at >= words.size()) return;
    if (text_follows) {
      shell_text(words[at]);
      return;
    }
    for (std::size_t i = at; i < words.size(); ++i) named_file(words[i]);
    // The script is given the command, as one that is started by itself.
    wrapped({words.begin() + static_cast<std::ptrdiff_t>(at) + 1, words.end()});
  }

  /// A command that ends another one's words.
  void wrapped(const std::vector<std::string>& argv) {
    if (argv.empty()) return;
    const Resolution program = graph_->find_command(argv[0]);
    if (program.node == no_node || !tree_->is(program.node, EntryType::file)) return;
    add(program, fmt::format("{}: {}", from_, argv[0]), false);
    arguments(argv, program.node);
  }

  /// python -m NAME, gunicorn MODULE:NAME, ...: modules that no word names as a file.
  void told_to_run(NodeId program, const std::vector<std::string>& arguments) {
    if (program == no_node) return;
    std::vector<Edge> edges;
    graph_->arguments(edges, no_node, program, arguments, from_);
    for (const Edge& edge : edges) {
      Resolution target;
      target.node = edge.to;
      add(std::move(target), edge.detail, edge.with_content);
    }
  }

  /// exec java "$@": what the script gives to an interpreter is what it was given.
  void forwarded(NodeId script, const std::vector<std::string>& given) {
    const FileFacts& facts = *tree_->facts(script);
    const Shebang shebang = parse_shebang(facts.shebang);
    if (!facts.text || !is_shell(shebang.command.empty() ? shebang.program : shebang.command)) return;
    for (ScriptName& name : script_names(*tree_, graph_->places(), *facts.text, script)) {
      if (!name.runs || !name.forwards) continue;
      name.arguments.insert(name.arguments.end(), given.begin(), given.end());
      told_to_run(name.target.node, name.arguments);
    }
  }

  void shell_text(std::string_view text) {
    for (ScriptName& name : script_names(*tree_, graph_->places(), text, no_node)) {
      const NodeId node = name.target.node;
      if (node == no_node || is_kernel_path(tree_->path(node))) continue;
      const bool folder = tree_->is(node, EntryType::directory);
      if (name.runs) told_to_run(node, name.arguments);
      if (name.sourced) graph_->read_as_script(node);
      add(std::move(name.target), fmt::format("{}: {}", from_, name.word),
          folder && !is_system_folder(tree_->path(node)));
    }
    while (!text.empty()) {  // files that the command names
      const auto blank = text.find_first_of(" \t\n;&|\"'()<>");
      named_file(std::string(text.substr(0, blank)));
      text = blank == std::string_view::npos ? std::string_view() : text.substr(blank + 1);
    }
  }

  void named_file(const std::string& word) {
    std::string name = word;
    const auto equals = word.find('=');
    if (word.starts_with('-')) {
      if (equals == std::string::npos) return;
      name = word.substr(equals + 1);
    }
    if (name.empty() || name == "." || name == "/") return;
    Resolution target = graph_->find_argument(name);
    if (target.node == no_node || target.node == root_node) return;
    const std::string path = tree_->path(target.node);
    if (is_kernel_path(path)) return;
    const bool folder = tree_->is(target.node, EntryType::directory);
    add(std::move(target), fmt::format("{}: {}", from_, word), folder && !is_system_folder(path));
  }

  const FileTree* tree_;
  DependencyGraph* graph_;
  Roots found_;
  ReasonKind kind_ = ReasonKind::entrypoint;
  std::string from_;
};

}  // namespace

std::optional<Root> seen_root(const FileTree& tree, const std::string& path, ReasonKind kind,
                              std::string detail) {
  if (is_kernel_path(path)) return std::nullopt;
  std::string place = path;
  Resolution found = tree.resolve(place);
  if (found.node == no_node) {  // links that lead nowhere in the image may do so in a container: into /proc
    const auto links = dangling_links(tree, found);
    if (!links.empty()) {
      found.node = links.front();
      std::erase(found.symlinks, found.node);
    }
  }
  while (found.node == no_node && place.size() > 1) {
    place.resize(std::max<std::size_t>(place.rfind('/'), 1));
    found = tree.resolve(place);
    // Below a file there is nothing to make.
    if (found.node != no_node && !tree.is(found.node, EntryType::directory)) return std::nullopt;
  }
  if (found.node == no_node || found.node == root_node) return std::nullopt;
  return Root{.target = std::move(found),
              .kind = kind,
              .detail = std::move(detail),
              .with_content = false,
              .seen = true};
}

std::vector<std::string> start_command(const ImageConfig& config) {
  std::vector<std::string> argv = config.entrypoint;
  argv.insert(argv.end(), config.cmd.begin(), config.cmd.end());
  return argv;
}

Roots find_roots(const FileTree& tree, const ImageConfig& config, DependencyGraph& graph,
                 const std::vector<std::string>& include) {
  RootFinder finder(tree, graph);
  finder.command(start_command(config), config.entrypoint.empty() ? "cmd" : "entrypoint",
                 ReasonKind::entrypoint);
  if (config.healthcheck && !config.healthcheck->test.empty()) {
    const std::vector<std::string>& test = config.healthcheck->test;
    const std::vector<std::string> words(test.begin() + 1, test.end());
    if (test[0] == "CMD") {
      finder.command(words, "healthcheck", ReasonKind::healthcheck);
    } else if (test[0] == "CMD-SHELL" && !words.empty()) {
      std::vector<std::string> argv =
          config.shell.empty() ? std::vector<std::string>{"/bin/sh", "-c"} : config.shell;
      argv.push_back(words[0]);
      finder.command(argv, "healthcheck", ReasonKind::healthcheck);
    }
  }
  finder.environment(config.env);
  finder.includes(include);
  return finder.take();
}

}  // namespace slim
