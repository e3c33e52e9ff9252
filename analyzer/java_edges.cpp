// A jar that is named is kept whole, whatever is in it; what counts here is what it needs outside of itself.
// Follows the `java` command's manual (options, @argument files, class path wildcards), the JAR File
// Specification (Class-Path) and Spring Boot's documentation of external configuration.
#include "analyzer/java_edges.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "analyzer/code_facts.h"
#include "analyzer/edge.h"
#include "analyzer/elf.h"
#include "analyzer/file_tree.h"
#include "analyzer/image.h"
#include "analyzer/java.h"
#include "analyzer/layer_index.h"
#include "analyzer/loader.h"
#include "analyzer/rules.h"
#include "analyzer/system_folders.h"

namespace slim {
namespace {

constexpr std::size_t most_words = 10'000;  // of argument files

bool is_java(std::string_view program) {
  return program.substr(program.rfind('/') + 1) == "java";
}

/// Words as the launcher and the virtual machine read them: apart by blanks, quotes of both kinds.
std::vector<std::string> option_words(std::string_view text) {
  std::vector<std::string> words;
  std::string word;
  bool open = false;
  char quote = '\0';
  const auto end = [&] {
    if (open) words.push_back(std::exchange(word, {}));
    open = false;
  };
  for (std::size_t i = 0; i < text.size() && words.size() < most_words; ++i) {
    const char c = text[i];
    if (quote != '\0') {
      if (c == quote) {
        quote = '\0';
      } else {
        word += c;
      }
    } else if (c == '"' || c == '\'') {
      quote = c;
      open = true;
    } else if (c == '#' && !open) {
      i = std::min(text.find('\n', i), text.size());
    } else if (c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f') {
      end();
    } else {
      word += c;
      open = true;
    }
  }
  end();
  return words;
}

std::vector<std::string_view> colon_separated(std::string_view text) {
  std::vector<std::string_view> parts;
  while (true) {
    const auto colon = text.find(':');
    parts.push_back(text.substr(0, colon));
    if (colon == std::string_view::npos) return parts;
    text.remove_prefix(colon + 1);
  }
}

/// Whether a library of the runtime serves this part of it.
bool is_desktop_library(std::string_view name, JavaDesktop part) {
  constexpr auto debugging =
      std::to_array<std::string_view>({"libjdwp.so", "libdt_socket.so", "libsaproc.so"});
  if (!name.ends_with(".so") || std::ranges::find(debugging, name) != debugging.end()) return false;
  if (name == "libjsound.so") return part == JavaDesktop::sound;
  if (name == "libj2pcsc.so" || part == JavaDesktop::smart_cards)
    return name == "libj2pcsc.so" && part == JavaDesktop::smart_cards;
  if (part == JavaDesktop::sound) return false;
  return true;  // of graphics, which the others stand on
}

bool is_folder(const FileTree& tree, NodeId node) {
  return node != no_node && tree.is(node, EntryType::directory);
}

}  // namespace

JavaEdges::JavaEdges(const FileTree& tree, const ImageConfig& config, const Loader& loader, ShellEdges shell,
                     std::vector<UnresolvedName>& unresolved)
    : tree_(&tree),
      loader_(&loader),
      shell_(std::move(shell)),
      unresolved_(&unresolved),
      class_path_(env_value(config, "CLASSPATH").value_or("")),
      library_folders_{"/usr/java/packages/lib"} {
  if (!config.working_dir.empty()) {
    const NodeId folder = tree.resolve(config.working_dir).node;
    if (folder != no_node) working_folder_ = folder;
  }
  for (const char* variable : {"JAVA_TOOL_OPTIONS", "_JAVA_OPTIONS", "JDK_JAVA_OPTIONS"}) {
    for (std::string& word : option_words(env_value(config, variable).value_or(""))) {
      environment_options_.push_back(std::move(word));
    }
  }
  for (const char* multiarch : {"/usr/lib/*-linux-*/jni", "/lib/*-linux-*", "/usr/lib/*-linux-*"}) {
    for (const NodeId folder : tree.glob(multiarch)) library_folders_.push_back(tree.path(folder));
  }
  library_folders_.insert(library_folders_.end(),
                          {"/usr/lib/jni", "/lib", "/usr/lib", "/lib64", "/usr/lib64"});
}

void JavaEdges::code(std::vector<Edge>& edges, NodeId node, const FileFacts& facts) {
  for (const CodeName& name : facts.code.names) {
    const Edge like{.from = node,
                    .to = no_node,
                    .kind = EdgeKind::named_path,
                    .strength = Strength::likely,
                    .detail = fmt::format("the string \"{}\"", name.text)};
    switch (static_cast<JavaUse>(name.use)) {
      case JavaUse::class_path: {
        Edge edge = like;
        edge.kind = EdgeKind::import;
        edge.strength = Strength::required;
        edge.detail = fmt::format("Class-Path: {}", name.text);
        std::string_view path = name.text;
        if (path.starts_with("file:")) path.remove_prefix(5);
        file(edges, path, tree_->node(node).parent, edge);
        break;
      }
      case JavaUse::path:
        add_named_edges(*tree_, edges, tree_->resolve(name.text), like);
        break;
      case JavaUse::command: {
        Edge edge = like;
        edge.kind = EdgeKind::command;
        shell_(edges, name.text, edge);
        break;
      }
      case JavaUse::library:
        library(edges, name.text, like);
        break;
      case JavaUse::needed:
      case JavaUse::desktop: {
        Edge edge = like;
        edge.detail = name.text;
        late(edges, static_cast<JavaUse>(name.use), name.text, edge);
        break;
      }
      case JavaUse::spring:
        spring_configuration(edges, node, like);
        break;
      case JavaUse::coordinates:  // what it is, not what it needs: read_language_packages
        break;
      case JavaUse::unread:
        unresolved_->push_back(
            {.file = tree_->path(node), .line = 0, .name = name.text + ": not read, too large"});
        break;
    }
  }
}

void JavaEdges::interpreter(std::vector<Edge>& edges, NodeId program) {
  if (!is_java(tree_->node(program).name)) return;
  java_ = program;
  for (const Late& waiting : std::exchange(late_, {})) late(edges, waiting.use, waiting.text, waiting.like);
  const Edge like{.from = program,
                  .to = no_node,
                  .kind = EdgeKind::import,
                  .strength = Strength::required,
                  .detail = "JAVA_TOOL_OPTIONS, JDK_JAVA_OPTIONS or CLASSPATH names it"};
  options(edges, environment_options_, like);
  if (!class_path_.empty()) class_path(edges, class_path_, like);
}

void JavaEdges::arguments(std::vector<Edge>& edges, NodeId from, NodeId program,
                          std::span<const std::string> arguments, const std::string& where) {
  if (!is_java(tree_->node(program).name)) return;
  java_ = program;
  const Edge like{
      .from = from, .to = no_node, .kind = EdgeKind::import, .strength = Strength::required, .detail = where};
  options(edges, expanded(arguments, like), like);
}

/// @FILE stands for the words in it, where its text is known; the file itself is kept like any that is named.
std::vector<std::string> JavaEdges::expanded(std::span<const std::string> words, const Edge& like) {
  std::vector<std::string> all;
  for (const std::string& word : words) {
    if (!word.starts_with('@') || word.size() < 2 || word[1] == '@') {
      all.push_back(word);
      continue;
    }
    const NodeId file = tree_->resolve(word.substr(1), working_folder_).node;
    const FileFacts* facts = file == no_node ? nullptr : tree_->facts(file);
    all.push_back(word);
    if (facts != nullptr && facts->text) {
      for (std::string& inside : option_words(*facts->text)) all.push_back(std::move(inside));
    } else {
      unresolved_->push_back({.file = like.from == no_node ? like.detail : tree_->path(like.from),
                              .line = 0,
                              .name = word + ": the words in it are not known"});
    }
    if (all.size() > most_words) break;
  }
  return all;
}

void JavaEdges::options(std::vector<Edge>& edges, std::vector<std::string> words, const Edge& like) {
  constexpr auto paths = std::to_array<std::string_view>(
      {"-cp", "-classpath", "--class-path", "-p", "--module-path", "--upgrade-module-path"});
  constexpr auto with_value = std::to_array<std::string_view>(
      {"--add-modules", "--add-exports", "--add-opens", "--add-reads", "--limit-modules", "--patch-module",
       "--source", "--describe-module", "-d", "--enable-native-access"});
  bool has_class_path = false;
  for (std::size_t at = 0; at < words.size(); ++at) {
    const std::string& word = words[at];
    const auto equals = word.find('=');
    const std::string_view option = std::string_view(word).substr(0, equals);
    const bool long_value = option.starts_with("--") && equals != std::string::npos;
    if (word.starts_with('@')) {
      file(edges, std::string_view(word).substr(1), working_folder_, like);
    } else if (std::ranges::find(paths, option) != paths.end()) {
      if (!long_value && at + 1 >= words.size()) return;
      const std::string value = long_value ? word.substr(equals + 1) : words[++at];
      has_class_path = has_class_path || !option.ends_with("module-path");
      Edge edge = like;
      edge.detail += fmt::format(": {} {}", option, value);
      class_path(edges, value, edge);
    } else if (word == "-jar" && at + 1 < words.size()) {
      Edge edge = like;
      edge.detail += ": -jar " + words[at + 1];
      file(edges, words[at + 1], working_folder_, edge);
      return;  // what follows are the program's own arguments
    } else if (word == "-m" || option == "--module") {
      return;
    } else if (std::ranges::find(with_value, option) != with_value.end()) {
      if (!long_value) ++at;
    } else if (!word.starts_with('-')) {
      // The main class, found in the working folder where no class path says otherwise; or a source file.
      if (!has_class_path && class_path_.empty()) class_path(edges, ".", like);
      if (word.ends_with(".java")) file(edges, word, working_folder_, like);
      return;
    } else {
      plain_option(edges, word, like);
    }
  }
}

/// One word that names a file or library by itself.
bool JavaEdges::plain_option(std::vector<Edge>& edges, std::string_view option, const Edge& like) {
  const auto value_of = [option](std::string_view start) {
    return option.starts_with(start) ? option.substr(start.size()) : std::string_view();
  };
  for (const std::string_view start : {"-javaagent:", "-agentpath:"}) {
    if (const auto value = value_of(start); !value.empty()) {
      file(edges, value.substr(0, value.find('=')), working_folder_, like);
      return true;
    }
  }
  if (const auto value = value_of("-agentlib:"); !value.empty()) {
    library(edges, value.substr(0, value.find('=')), like);
    if (value.starts_with("jdwp")) library(edges, "dt_socket", like);
    return true;
  }
  if (const auto value = value_of("-Djava.library.path="); !value.empty()) {
    for (const std::string_view folder : colon_separated(value)) {
      if (!folder.empty()) library_folders_.insert(library_folders_.begin(), std::string(folder));
    }
    return true;
  }
  for (const std::string_view start : {"-Xbootclasspath/a:", "-Xbootclasspath/p:", "-Xbootclasspath:",
                                       "-Djava.class.path=", "-Dloader.path="}) {
    if (const auto value = value_of(start); !value.empty()) {
      class_path(edges, value, like);
      return true;
    }
  }
  if (!option.starts_with("-D") && !option.starts_with("-XX:") && !option.starts_with("-Xlog")) return false;
  std::string_view value = option.substr(std::min(option.find('=') + 1, option.size()));
  if (value.starts_with("file:")) value.remove_prefix(5);
  if (option.find('=') == std::string_view::npos || value.find('/') == std::string_view::npos) return false;
  Edge edge = like;
  edge.kind = EdgeKind::named_path;
  edge.detail += fmt::format(": {}", option);
  add_named_edges(*tree_, edges, tree_->resolve(value, working_folder_), edge);
  return true;
}

/// Files, folders, and FOLDER/*, which are the jars in it.
void JavaEdges::class_path(std::vector<Edge>& edges, std::string_view path, const Edge& like) {
  for (std::string_view entry : colon_separated(path)) {
    if (entry.find('$') != std::string_view::npos) continue;  // not known here
    if (entry != "*" && !entry.ends_with("/*")) {
      file(edges, entry.empty() ? "." : entry, working_folder_, like);
      continue;
    }
    entry.remove_suffix(entry.size() == 1 ? 1 : 2);
    const Resolution folder = tree_->resolve(entry.empty() ? std::string_view(".") : entry, working_folder_);
    if (!is_folder(*tree_, folder.node)) continue;
    for (const NodeId child : tree_->node(folder.node).children) {
      const std::string& name = tree_->node(child).name;
      if (!name.ends_with(".jar") && !name.ends_with(".JAR")) continue;
      Resolution target = tree_->resolve(tree_->path(child));
      if (target.node == no_node || is_folder(*tree_, target.node)) continue;
      target.symlinks.insert(target.symlinks.end(), folder.symlinks.begin(), folder.symlinks.end());
      add_path_edges(*tree_, edges, target, like);
    }
  }
}

/// A file, or a folder with all that is in it.
void JavaEdges::file(std::vector<Edge>& edges, std::string_view path, NodeId folder, const Edge& like) {
  const Resolution target = tree_->resolve(path, folder);
  if (target.node == no_node || target.node == root_node) return;
  Edge edge = like;
  edge.with_content = is_folder(*tree_, target.node) && !is_system_folder(tree_->path(target.node));
  add_path_edges(*tree_, edges, target, edge);
}

/// System.loadLibrary
void JavaEdges::library(std::vector<Edge>& edges, std::string_view name, const Edge& like) {
  const std::string file_name =
      name.find(".so") == std::string_view::npos ? fmt::format("lib{}.so", name) : std::string(name);
  Edge edge = like;
  edge.kind = EdgeKind::library_name;
  std::vector<std::string> folders = library_folders_;
  if (java_ != no_node) folders.push_back(tree_->path(tree_->node(java_).parent) + "/../lib");
  for (const std::string& folder : folders) {
    const Resolution target = tree_->resolve(folder + "/" + file_name, working_folder_);
    if (target.node == no_node || !tree_->is(target.node, EntryType::file)) continue;
    add_path_edges(*tree_, edges, target, edge);
    return;
  }
}

/// A library inside of a jar is unpacked and loaded when it is wanted; what it needs has to be there.
void JavaEdges::needed(std::vector<Edge>& edges, std::string_view text, const Edge& like) {
  const auto colon = text.find(':');
  unsigned machine = 0;
  const std::string_view digits = text.substr(0, colon);
  if (colon == std::string_view::npos ||
      std::from_chars(digits.data(), digits.data() + digits.size(), machine).ec != std::errc())
    return;
  const ElfFacts* java = java_ == no_node ? nullptr : tree_->elf(java_);
  if (java == nullptr || java->machine != machine) return;
  Edge edge = like;
  edge.kind = EdgeKind::needed;
  edge.detail = fmt::format("a library inside of it needs {}", text.substr(colon + 1));
  opened(edges, text.substr(colon + 1), edge);
}

/// A library that is opened in the process of java, with what it needs in turn.
void JavaEdges::opened(std::vector<Edge>& edges, std::string_view name, const Edge& like) const {
  const LoadResult result = loader_->dlopen(name, java_, java_);
  for (const LoadedLibrary& library : result.libraries) {
    if (library.node == no_node || library.node == java_) continue;
    add_path_edges(*tree_, edges, {.node = library.node, .symlinks = library.symlinks, .missing = {}}, like);
  }
}

/// What is found beside the java that runs: it may be reached behind the archives.
void JavaEdges::late(std::vector<Edge>& edges, JavaUse use, std::string_view text, const Edge& like) {
  if (java_ == no_node) {
    late_.push_back({.use = use, .text = std::string(text), .like = like});
  } else if (use == JavaUse::needed) {
    needed(edges, text, like);
  } else {
    desktop(edges, like);
  }
}

/// The parts of the runtime that draw, print and play, what they load by names of their own, and fonts.
void JavaEdges::desktop(std::vector<Edge>& edges, const Edge& like) {
  const JavaDesktop part = java_desktop_part(like.detail);
  Edge edge = like;
  edge.kind = EdgeKind::library_name;
  edge.detail = fmt::format("the runtime loads it: the class path uses {}", like.detail);
  const NodeId lib = tree_->resolve("../lib", tree_->node(java_).parent).node;
  if (is_folder(*tree_, lib)) {
    for (const NodeId child : tree_->node(lib).children) {
      const Resolution target = tree_->resolve(tree_->path(child));
      if (target.node != no_node && is_desktop_library(tree_->node(child).name, part))
        add_path_edges(*tree_, edges, target, edge);
    }
  }
  if (part == JavaDesktop::printing) opened(edges, "libcups.so.2", edge);
  if (part != JavaDesktop::text) return;
  opened(edges, "libfontconfig.so.1", edge);
  for (const char* path : {"/etc/fonts", "/usr/share/fontconfig", "/usr/share/fonts",
                           "/usr/local/share/fonts", "/var/cache/fontconfig"}) {
    const Resolution target = tree_->resolve(path);
    if (!is_folder(*tree_, target.node)) continue;
    edge.kind = EdgeKind::module_data;
    edge.detail = fmt::format("text is drawn in these fonts: the class path uses {}", like.detail);
    edge.with_content = true;
    add_path_edges(*tree_, edges, target, edge);
  }
}

/// application*.properties and .yml, beside the archive and in the working folder, and the folder config
/// there.
void JavaEdges::spring_configuration(std::vector<Edge>& edges, NodeId archive, const Edge& like) {
  Edge edge = like;
  edge.kind = EdgeKind::module_data;
  edge.detail = "Spring Boot reads its configuration there";
  const auto keep = [&](NodeId child, bool with_content) {
    const Resolution target = tree_->resolve(tree_->path(child));
    edge.with_content = with_content;
    if (target.node != no_node) add_path_edges(*tree_, edges, target, edge);
  };
  for (const NodeId folder : {tree_->node(archive).parent, working_folder_}) {
    if (folder == root_node) continue;
    for (const NodeId child : tree_->node(folder).children) {
      const std::string& name = tree_->node(child).name;
      const bool configuration =
          name.ends_with(".properties") || name.ends_with(".yml") || name.ends_with(".yaml");
      if (name.starts_with("application") && configuration) {
        keep(child, false);
      } else if (name == "config" && tree_->is(child, EntryType::directory)) {
        keep(child, true);
      }
    }
  }
}

}  // namespace slim
