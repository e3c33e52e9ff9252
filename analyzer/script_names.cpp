// Names of commands are looked up in PATH, in what the script adds to it, and where it goes by cd; patterns
// are matched with the tree; $0 becomes the path of the script. A pattern that ends in nothing but a wildcard
// says something of an application's folder only: of /usr/bin/* no program is meant.
#include "analyzer/script_names.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "analyzer/file_tree.h"
#include "analyzer/image.h"
#include "analyzer/layer_index.h"
#include "analyzer/shell.h"
#include "analyzer/system_folders.h"

namespace slim {
namespace {

constexpr std::string_view default_path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
constexpr std::size_t max_matches = 10'000;  // of one pattern
constexpr std::size_t max_readings = 16;     // of one command's arguments
constexpr std::size_t max_globs = 1000;      // of one script: each walks a part of the tree

std::vector<std::string> split_colons(std::string_view text) {
  std::vector<std::string> parts;
  while (true) {
    const auto colon = text.find(':');
    parts.emplace_back(text.substr(0, colon));
    if (colon == std::string_view::npos) return parts;
    text.remove_prefix(colon + 1);
  }
}

std::string_view base_name(std::string_view path) {
  return path.substr(path.rfind('/') + 1);
}

/// How an interpreter is told to run a text: what it reads from a here-document is no less.
std::string_view text_option(std::string_view program) {
  struct Interpreter {
    std::string_view name;
    std::string_view option;
  };
  constexpr auto interpreters = std::to_array<Interpreter>({{.name = "python", .option = "-c"},
                                                            {.name = "pypy", .option = "-c"},
                                                            {.name = "perl", .option = "-e"},
                                                            {.name = "ruby", .option = "-e"},
                                                            {.name = "node", .option = "-e"},
                                                            {.name = "php", .option = "-r"},
                                                            {.name = "lua", .option = "-e"},
                                                            {.name = "Rscript", .option = "-e"}});
  const std::string_view name = base_name(program);
  const auto* const found = std::ranges::find_if(
      interpreters, [name](const Interpreter& known) { return name.starts_with(known.name); });
  return found == interpreters.end() ? std::string_view() : found->option;
}

class NameFinder {
 public:
  NameFinder(const FileTree& tree, const ScriptPlaces& places, NodeId script, const ShellFacts& facts)
      : tree_(&tree), places_(&places), script_(script) {
    for (const std::string& folder : facts.search_path) search_path_.push_back(placed(folder));
    folders_.push_back(places.working_folder);
    for (const std::string& folder : facts.folders) {
      const NodeId node = tree.resolve(placed(folder), places.working_folder).node;
      if (node != no_node && tree.is(node, EntryType::directory)) folders_.push_back(node);
    }
  }

  void command(const ShellCommand& command) {
    const std::string word = placed(command.word);
    if (word.empty()) return;
    std::vector<Resolution> targets =
        command.glob ? matches(word, true) : std::vector<Resolution>{find(word, command.sourced())};
    for (Resolution& target : targets) {
      ScriptName name;
      name.word = word;
      name.line = command.line;
      name.command = true;
      name.sourced = command.sourced();
      name.runs = command.use == ShellUse::run;
      name.missed = command.certain && command.use != ShellUse::asked;
      if (target.node != no_node && !tree_->is(target.node, EntryType::file)) continue;
      if (target.node == no_node && !name.missed) continue;
      name.target = std::move(target);
      add(command, std::move(name));
    }
    for (const ShellArgument& argument : command.arguments)
      for (const std::string& value : argument.values) named(value, command, argument.glob);
  }

  void path(const ShellPath& path) {
    const std::string text = placed(path.text);
    if (text.empty()) return;
    if (path.glob) {
      for (Resolution& target : matches(text, false)) add_path(std::move(target), text, path.line);
    } else {
      for (const NodeId folder : folders_) {
        Resolution target = tree_->resolve(text, folder);
        if (target.node == no_node) continue;
        add_path(std::move(target), text, path.line);
        return;
      }
    }
  }

  std::vector<ScriptName> take() { return std::move(found_); }

 private:
  /// With the script's own path in the place of a mark; empty where there is none to put in.
  [[nodiscard]] std::string placed(const std::string& word) const {
    const bool itself = word.starts_with(script_mark);
    if (!itself && !word.starts_with(script_folder_mark)) return word;
    if (script_ == no_node) return {};
    const std::string place = tree_->path(itself ? script_ : tree_->node(script_).parent);
    return (place == "/" ? "" : place) + word.substr(1);
  }

  [[nodiscard]] Resolution find(const std::string& word, bool sourced) const {
    const bool plain = word.find('/') == std::string::npos;
    if (sourced || !plain) {
      for (const NodeId folder : folders_) {
        Resolution found = tree_->resolve(word, folder);
        if (found.node != no_node) return found;
      }
    }
    if (!plain) return {};
    for (const std::string& folder : search_path_) {
      Resolution found =
          tree_->resolve(std::string(folder).append("/").append(word), places_->working_folder);
      if (found.node != no_node && tree_->is(found.node, EntryType::file)) return found;
    }
    return find_program(*tree_, *places_, word);
  }

  /// What a pattern matches. `meant`: the script runs or reads each of the files.
  std::vector<Resolution> matches(const std::string& word, bool meant) {
    std::vector<Resolution> found;
    const std::size_t wild = word.find_first_of("*?[");
    const std::size_t slash = word.rfind('/', wild);
    if (wild == std::string::npos || slash == std::string::npos || ++globs_ > max_globs) return found;
    const Resolution base = tree_->resolve(word.substr(0, slash + 1), places_->working_folder);
    if (base.node == no_node) return found;
    const std::string folder = tree_->path(base.node);
    const std::string rest = word.substr(slash + 1);
    const bool vague =
        rest.find_first_not_of("*?") == std::string::npos || rest.find('/') != std::string::npos;
    if (is_kernel_path(folder) || (is_system_folder(folder) && (vague || !meant))) return found;
    const std::vector<NodeId> nodes = tree_->glob((folder == "/" ? "" : folder) + "/" + rest);
    if (nodes.size() > max_matches) return found;
    for (const NodeId node : nodes) {
      Resolution target = tree_->resolve(tree_->path(node));
      target.symlinks.insert(target.symlinks.begin(), base.symlinks.begin(), base.symlinks.end());
      if (target.node != no_node) found.push_back(std::move(target));
    }
    return found;
  }

  /// An argument that is a file: as it stands, or behind the sign of an option.
  void named(const std::string& value, const ShellCommand& command, bool glob) {
    if (glob) return;  // such words come as paths
    std::string text = placed(value);
    if (text.starts_with('-')) {
      const auto equals = text.find('=');
      if (equals == std::string::npos) return;
      text.erase(0, equals + 1);
    }
    if (text.empty() || text == "." || text == "/") return;
    const bool parts = base_name(command.word) == "run-parts";
    for (const NodeId folder : folders_) {
      Resolution target = tree_->resolve(text, folder);
      if (target.node == no_node || target.node == root_node) continue;
      const bool is_folder = tree_->is(target.node, EntryType::directory);
      if (is_folder && parts) {
        for (const NodeId child : tree_->node(target.node).children) {
          Resolution part = tree_->resolve(tree_->path(child));
          if (part.node != no_node) add_path(std::move(part), text, command.line);
        }
      }
      // A bare name of a folder may be anything: `mkdir data`, `apt-get install lib`.
      if (is_folder && text.find('/') == std::string::npos) continue;
      add_path(std::move(target), text, command.line);
      return;
    }
  }

  void add_path(Resolution target, const std::string& word, std::size_t line) {
    ScriptName name;
    name.target = std::move(target);
    name.word = word;
    name.line = line;
    found_.push_back(std::move(name));
  }

  /// Each way in which the arguments may read: the first values, and each other one in their place.
  void add(const ShellCommand& command, ScriptName name) {
    std::vector<std::pair<std::size_t, std::string>> others;  // place, value
    for (const ShellArgument& argument : command.arguments) {
      name.forwards = name.forwards || argument.forwards;
      if (argument.forwards) continue;
      for (std::size_t i = 1; i < argument.values.size(); ++i)
        others.emplace_back(name.arguments.size(), placed(argument.values[i]));
      name.arguments.push_back(argument.values.empty() ? "" : placed(argument.values[0]));
    }
    const std::string_view option = command.input.empty() ? std::string_view() : text_option(name.word);
    if (!option.empty() && (name.arguments.empty() || name.arguments[0] == "-")) {
      name.arguments = {std::string(option), command.input};
      others.clear();
    }
    others.resize(std::min(others.size(), max_readings - 1));
    found_.push_back(name);
    if (!name.runs) return;
    for (auto& [place, value] : others) {
      ScriptName reading = name;
      reading.arguments[place] = std::move(value);
      found_.push_back(std::move(reading));
    }
  }

  const FileTree* tree_;
  const ScriptPlaces* places_;
  NodeId script_;
  std::vector<std::string> search_path_;
  std::vector<NodeId> folders_;
  std::size_t globs_ = 0;
  std::vector<ScriptName> found_;
};

}  // namespace

ScriptPlaces script_places(const FileTree& tree, const ImageConfig& config) {
  ScriptPlaces places;
  places.search_path = split_colons(env_value(config, "PATH").value_or(std::string(default_path)));
  if (!config.working_dir.empty()) {
    const NodeId folder = tree.resolve(config.working_dir).node;
    if (folder != no_node) places.working_folder = folder;
  }
  for (const std::string& variable : config.env) {
    const auto equals = variable.find('=');
    if (equals != std::string::npos)
      places.environment[variable.substr(0, equals)] = variable.substr(equals + 1);
  }
  return places;
}

Resolution find_program(const FileTree& tree, const ScriptPlaces& places, std::string_view word) {
  if (word.find('/') != std::string_view::npos) return tree.resolve(word, places.working_folder);
  for (const std::string& folder : places.search_path) {
    const std::string path = folder.empty() ? std::string(word) : folder + "/" + std::string(word);
    Resolution found = tree.resolve(path, places.working_folder);
    const bool runs = found.node != no_node && tree.is(found.node, EntryType::file) &&
                      (tree.entry(found.node).mode & 0111U) != 0;
    if (runs) return found;
  }
  return {};
}

std::vector<ScriptName> script_names(const FileTree& tree, const ScriptPlaces& places, std::string_view text,
                                     NodeId script) {
  const ShellFacts facts = read_shell(text, places.environment);
  NameFinder finder(tree, places, script, facts);
  for (const ShellCommand& command : facts.commands) finder.command(command);
  for (const ShellPath& path : facts.paths) finder.path(path);
  return finder.take();
}

}  // namespace slim
