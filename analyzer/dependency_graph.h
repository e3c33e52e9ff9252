// Who needs whom: vertices are paths of the image, edges are reasons. Edges are made when they are asked
// for, since what a loader finds belongs to the program that is kept and not to a library alone.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "analyzer/edge.h"
#include "analyzer/file_tree.h"
#include "analyzer/image.h"
#include "analyzer/language_edges.h"
#include "analyzer/loader.h"
#include "analyzer/rules.h"
#include "analyzer/script_names.h"

namespace slim {

/// A library that a kept file needs and no search path has.
struct UnresolvedLibrary {
  std::string file;
  std::string name;
  std::vector<std::string> tried;
};

/// A library that a file says it opens while it runs.
struct LateLibrary {
  std::string name;     ///< as it is given to dlopen
  std::string said_by;  ///< what says so: a note, or the string itself
  Strength strength = Strength::likely;
  LoadResult result;  ///< what opening it maps, itself first; no libraries where it is not found
};

/// Whether strings in a file of this name say anything: not in libraries whose behaviour rules describe
/// (libc, the loader, libstdc++, libcrypto, ...).
bool strings_are_evidence(std::string_view name);

class DependencyGraph {
 public:
  /// Keeps a reference to `tree`. The environment of `config` (PATH, LD_LIBRARY_PATH, LD_PRELOAD) and its
  /// working folder say where names are looked up.
  DependencyGraph(const FileTree& tree, const ImageConfig& config);

  /// Edges out of `node`. `program`: in whose process a library is loaded; no_node where the node
  /// stands for itself (a program, a plug-in, a script). `read_text`: whether a text file's words count;
  /// those of a file that only a rule keeps (/etc/passwd names shells and homes) are no evidence. Unresolved
  /// names are collected on the way.
  std::vector<Edge> edges(NodeId node, NodeId program, bool read_text);

  /// What an interpreter, or a script of one, is told to run (LanguageEdges::arguments), and what a shell
  /// reads before it does what it is told.
  void arguments(std::vector<Edge>& edges, NodeId from, NodeId program,
                 std::span<const std::string> arguments, const std::string& where);

  /// Whatever its name says, `node` is a script that a shell reads.
  void read_as_script(NodeId node) { scripts_.insert(node); }

  /// Edges to `target` and to every symlink on the way, all from `from`.
  void add_path(std::vector<Edge>& edges, const Resolution& target, const Edge& like) const;

  /// What `node`, loaded into the process of `program` (which may be itself), says that it opens: its dlopen
  /// notes (of alternatives the first that is there, or else the first) and names of libraries in its
  /// constant data that are there.
  [[nodiscard]] std::vector<LateLibrary> late_libraries(NodeId node, NodeId program) const;

  /// Looks a command up as execvp would: a name in PATH, a path with a slash from the working folder.
  [[nodiscard]] Resolution find_command(std::string_view word) const;
  /// A file or folder named on a command line, from the working folder.
  [[nodiscard]] Resolution find_argument(std::string_view word) const;

  [[nodiscard]] const ScriptPlaces& places() const { return places_; }
  [[nodiscard]] const Loader& loader() const { return loader_; }
  [[nodiscard]] const std::vector<UnresolvedLibrary>& unresolved_libraries() const {
    return unresolved_libraries_;
  }
  /// Commands and files of scripts, then modules, that are not in the image.
  [[nodiscard]] std::vector<UnresolvedName> unresolved_names() const;

 private:
  struct Script {
    NodeId node = no_node;
    std::string_view text;  ///< the tree holds it
  };

  void add_program(std::vector<Edge>& edges, NodeId node);
  void add_libraries(std::vector<Edge>& edges, NodeId program, const LoadResult& result) const;
  void add_late_libraries(std::vector<Edge>& edges, NodeId node, NodeId program) const;
  void add_strings(std::vector<Edge>& edges, NodeId node);
  void add_shell_texts(std::vector<Edge>& edges, NodeId node, const ElfFacts& elf);
  [[nodiscard]] std::string path_at_start(std::string_view text) const;
  void add_shebang(std::vector<Edge>& edges, NodeId node, const FileFacts& facts);
  void add_script(std::vector<Edge>& edges, NodeId node, std::string_view script);
  void add_shell_text(std::vector<Edge>& edges, std::string_view text, const Edge& like);
  void add_names(std::vector<Edge>& edges, const Script& script, std::vector<Script>& open);
  void add_startup_files(std::vector<Edge>& edges, NodeId from, const std::string& where) const;
  void add_configured(std::vector<Edge>& edges, NodeId node, std::string_view text);
  void add_server_paths(std::vector<Edge>& edges, NodeId node, std::string_view text);
  void find_server_roots();
  void find_library_folders();
  void add_text(std::vector<Edge>& edges, NodeId node, std::string_view text);

  const FileTree* tree_;
  ScriptPlaces places_;
  std::set<NodeId> scripts_;  ///< files that are scripts because somebody reads them as such
  std::set<NodeId> sourced_;  ///< those that were read with the script that reads them
  std::optional<std::vector<std::string>> server_roots_;  ///< Apache's, made when they are first asked for
  std::vector<std::string> library_folders_;              ///< made when they are first asked for
  Loader loader_;
  LanguageEdges languages_;
  int shell_depth_ = 0;  ///< of texts that name each other
  int shell_texts_left_ = 0;
  std::vector<UnresolvedLibrary> unresolved_libraries_;
  std::vector<UnresolvedName> unresolved_names_;
};

}  // namespace slim
