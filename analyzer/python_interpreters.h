// The Python interpreters of an image and where each searches for modules: sys.path as its start computes it.
// After sys.path's initialization (library reference, sys_path_init), the site module, PEP 405 (virtual
// environments), and Debian's and Fedora's changes to site.py.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "analyzer/file_tree.h"
#include "analyzer/image.h"
#include "analyzer/python_modules.h"

namespace slim {

struct PythonInterpreter {
  NodeId program = no_node;  ///< python3.11, or what has libpython3.11 in it
  PythonTags tags;
  NodeId stdlib = no_node;           ///< the folder that has os.py
  std::vector<NodeId> path;          ///< sys.path without the script's folder, in order
  std::vector<NodeId> sites;         ///< those of `path` that are site-packages or dist-packages
  std::vector<NodeId> start_files;   ///< pyvenv.cfg, .pth files: what the start reads
  std::vector<Resolution> archives;  ///< zip archives of sys.path, in order
};

/// Where a file lies.
struct PythonPlace {
  const PythonInterpreter* interpreter = nullptr;  ///< null: in no search path
  NodeId entry = no_node;                          ///< the folder of the path
};

class PythonInterpreters {
 public:
  /// Keeps references.
  PythonInterpreters(const FileTree& tree, const ImageConfig& config);

  /// The interpreter that the ELF file `program` is or has in it; null where it is none. Stays where it is.
  const PythonInterpreter* of_program(NodeId program);
  /// The one that a #! line or a command names; null where it is none.
  const PythonInterpreter* of_command(std::string_view command);
  /// In whose search path `node` lies; of several that share it, `preferred` where it is one of them.
  PythonPlace of_file(NodeId node, const PythonInterpreter* preferred);
  /// Of scripts that say nothing: the first that was asked for, or the one that PATH has.
  const PythonInterpreter* fallback();

  /// Folders of PYTHONPATH, then the working folder.
  [[nodiscard]] const std::vector<NodeId>& given() const { return given_; }
  [[nodiscard]] Resolution find_in_path(std::string_view command) const;
  [[nodiscard]] NodeId working_folder() const { return working_folder_; }

 private:
  struct VirtualEnvironment {
    NodeId file = no_node;  ///< pyvenv.cfg
    NodeId folder = no_node;
    std::string home;  ///< where its interpreter lies
  };

  void find_environments();
  const PythonInterpreter* make(NodeId program);
  [[nodiscard]] bool find_stdlib(PythonInterpreter& made, NodeId start) const;
  void add_sites(PythonInterpreter& made, NodeId prefix);
  void add_folder(PythonInterpreter& made, NodeId folder, bool is_site);
  void add_site(PythonInterpreter& made, const std::string& path);
  void add_pth_files(PythonInterpreter& made, NodeId site);
  void add_archive(PythonInterpreter& made, const std::string& entry, NodeId start) const;
  void add_zip_and_dynload(PythonInterpreter& made);

  const FileTree* tree_;
  const ImageConfig* config_;
  NodeId working_folder_ = root_node;
  std::vector<NodeId> given_;
  std::vector<std::string> python_path_;  ///< PYTHONPATH as it stands
  std::vector<std::string> command_path_;
  std::vector<VirtualEnvironment> environments_;
  bool environments_found_ = false;
  std::vector<std::unique_ptr<PythonInterpreter>> all_;
  std::unordered_map<NodeId, const PythonInterpreter*> by_program_;  ///< null: known to be none
  std::unordered_map<NodeId, std::vector<const PythonInterpreter*>> by_folder_;
};

}  // namespace slim
