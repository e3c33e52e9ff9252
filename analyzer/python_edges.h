// How Python finds what code imports, on the tree of an image: from the names that the scanner found to
// edges.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "analyzer/code_facts.h"
#include "analyzer/edge.h"
#include "analyzer/file_tree.h"
#include "analyzer/image.h"
#include "analyzer/layer_index.h"
#include "analyzer/loader.h"
#include "analyzer/python_distributions.h"
#include "analyzer/python_interpreters.h"
#include "analyzer/python_modules.h"

namespace slim {

class PythonEdges {
 public:
  /// Keeps references to all of them; names that are not found join `unresolved`.
  PythonEdges(const FileTree& tree, const ImageConfig& config, const Loader& loader,
              std::vector<UnresolvedName>& unresolved);

  /// What a kept module, script or .pth file names; `facts` may be empty, as those of an empty file are.
  void code(std::vector<Edge>& edges, NodeId node, const FileFacts& facts);
  /// What `program` imports at start, where it is an interpreter or has one in it.
  void interpreter(std::vector<Edge>& edges, NodeId program);
  /// Of an interpreter or a script of it: -m, -c, MODULE:NAME, names of modules.
  void arguments(std::vector<Edge>& edges, NodeId from, NodeId program,
                 std::span<const std::string> arguments, const std::string& where);

 private:
  /// Who imports: where its names are looked up.
  struct Importer {
    NodeId node = no_node;  ///< no_node: the config, or a command line
    const PythonInterpreter* interpreter = nullptr;
    NodeId entry = no_node;  ///< the folder of the search path that it lies in; no_node: an application
    NodeId script_folder = no_node;  ///< sys.path[0] of the application
    bool is_stdlib = false;
    bool is_extension = false;
    // NOLINTBEGIN(readability-redundant-member-init): g++ warns of members that are left out and have none
    std::string package = {};  ///< __package__, dotted
    std::string module = {};   ///< __name__, dotted
    // NOLINTEND(readability-redundant-member-init)
  };
  /// An import to make edges of.
  struct Wanted {
    std::string module;  ///< absolute and dotted
    std::string detail;  ///< "line 12 (import sqlite3)"
    Strength strength = Strength::likely;
    std::uint32_t line = 0;
    bool listed = false;  ///< where it is not found, it is listed as unresolved
  };
  struct Found {
    PythonModule module;  ///< the deepest part that was found
    std::size_t depth = 0;
    std::size_t parts = 0;
  };

  Importer importer_of(NodeId node, const FileFacts& facts);
  [[nodiscard]] NodeId package_root(NodeId node) const;
  [[nodiscard]] std::vector<NodeId> search_path(const Importer& importer) const;
  [[nodiscard]] std::string dotted_path(NodeId entry, NodeId node, bool& is_package) const;

  Found import(std::vector<Edge>& edges, const Importer& importer, const Wanted& wanted);
  void import_all(std::vector<Edge>& edges, const Importer& importer, const Wanted& package,
                  const PythonModule& module);
  void import_prefix(std::vector<Edge>& edges, const Importer& importer, Wanted wanted);
  void import_dotted(std::vector<Edge>& edges, const Importer& importer, Wanted wanted);
  void import_from(std::vector<Edge>& edges, const Importer& importer, Wanted wanted, std::string_view names);
  bool import_archived(std::vector<Edge>& edges, const Importer& importer, const Wanted& wanted);
  void archive(std::vector<Edge>& edges, const Importer& importer, const FileFacts& facts);
  void place_inside(std::vector<Edge>& edges, std::size_t first_edge, std::size_t first_name,
                    const std::string& module);
  const std::unordered_set<std::string>& tops_of_archive(NodeId archive);
  void import_implied(std::vector<Edge>& edges, const Importer& importer);
  void add_module(std::vector<Edge>& edges, const Importer& importer, const Wanted& wanted,
                  const PythonModule& module);
  [[nodiscard]] static std::string absolute_name(const Importer& importer, std::string_view name);
  [[nodiscard]] static bool could_be_builtin(const Importer& importer, std::string_view module);
  [[nodiscard]] static bool is_no_evidence(const Importer& importer, const CodeName& name);
  void run_as_main(std::vector<Edge>& edges, NodeId node);

  void name(std::vector<Edge>& edges, const Importer& importer, const CodeName& name);
  void other_name(std::vector<Edge>& edges, const Importer& importer, const CodeName& name);
  void command(std::vector<Edge>& edges, const Importer& importer, std::string_view word, std::uint32_t line,
               bool sourced);
  void shell(std::vector<Edge>& edges, const Importer& importer, const CodeName& name);
  void library(std::vector<Edge>& edges, const Importer& importer, const CodeName& name);
  void any_library(std::vector<Edge>& edges, const Importer& importer, const CodeName& name);
  void group(std::vector<Edge>& edges, const Importer& importer, const CodeName& name);

  void companions(std::vector<Edge>& edges, const Importer& importer);
  void folder_data(std::vector<Edge>& edges, NodeId node, NodeId folder);
  [[nodiscard]] bool holds_modules(NodeId folder);
  void distribution(std::vector<Edge>& edges, const Importer& importer);
  void requirements(std::vector<Edge>& edges, const Importer& importer, const PythonDistribution& owner);
  void whole(std::vector<Edge>& edges, const Importer& importer, const std::string& why);
  const PythonDistribution* distribution_of(const Importer& importer);
  void environment(std::vector<Edge>& edges, const Importer& importer, std::string_view program);
  void argument(std::vector<Edge>& edges, const Importer& importer, const std::string& word,
                const std::string& where);
  std::size_t interpreter_options(std::vector<Edge>& edges, const Importer& importer,
                                  std::span<const std::string> arguments, const std::string& where);

  const FileTree* tree_;
  const ImageConfig* config_;
  const Loader* loader_;
  std::vector<UnresolvedName>* unresolved_;
  PythonInterpreters interpreters_;
  std::unordered_map<const PythonInterpreter*, std::unique_ptr<PythonDistributions>> distributions_;
  std::unordered_map<NodeId, const PythonInterpreter*> run_by_;  ///< of modules: who imported it first
  std::unordered_map<NodeId, NodeId> script_folders_;            ///< of an application's modules
  std::unordered_set<NodeId> whole_;                             ///< folders that are kept as a whole already
  std::unordered_set<NodeId> data_done_;                         ///< folders whose data was named
  std::unordered_set<NodeId> records_done_;                      ///< distributions that were named
  std::unordered_set<NodeId> started_;                           ///< interpreters whose start was followed
  std::unordered_map<NodeId, bool> holds_modules_;
  std::unordered_map<NodeId, std::unordered_set<std::string>> tops_of_archives_;
  std::unordered_set<NodeId> reached_;  ///< by the edges of the file in hand
};

}  // namespace slim
