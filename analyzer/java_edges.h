// What Java programs need of an image: class paths, what jars name outside of themselves, options of the
// virtual machine. The Java runtime itself is kept by rules (rules/java.json): its module image is one opaque
// file.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "analyzer/edge.h"
#include "analyzer/file_tree.h"
#include "analyzer/image.h"
#include "analyzer/java.h"
#include "analyzer/layer_index.h"
#include "analyzer/loader.h"

namespace slim {

class JavaEdges {
 public:
  /// Keeps references to `tree`, `loader` and `unresolved`, which names that are not found join.
  JavaEdges(const FileTree& tree, const ImageConfig& config, const Loader& loader, ShellEdges shell,
            std::vector<UnresolvedName>& unresolved);

  void code(std::vector<Edge>& edges, NodeId node, const FileFacts& facts);
  /// What JAVA_TOOL_OPTIONS, JDK_JAVA_OPTIONS and CLASSPATH name, where `program` is a java.
  void interpreter(std::vector<Edge>& edges, NodeId program);
  /// java -jar FILE, java -cp A:B/* MAIN, java -p MODULES -m MAIN, with its other options.
  void arguments(std::vector<Edge>& edges, NodeId from, NodeId program,
                 std::span<const std::string> arguments, const std::string& where);

 private:
  void options(std::vector<Edge>& edges, std::vector<std::string> words, const Edge& like);
  bool plain_option(std::vector<Edge>& edges, std::string_view option, const Edge& like);
  void class_path(std::vector<Edge>& edges, std::string_view path, const Edge& like);
  void file(std::vector<Edge>& edges, std::string_view path, NodeId folder, const Edge& like);
  void library(std::vector<Edge>& edges, std::string_view name, const Edge& like);
  void needed(std::vector<Edge>& edges, std::string_view text, const Edge& like);
  void late(std::vector<Edge>& edges, JavaUse use, std::string_view text, const Edge& like);
  void opened(std::vector<Edge>& edges, std::string_view name, const Edge& like) const;
  void desktop(std::vector<Edge>& edges, const Edge& like);
  void spring_configuration(std::vector<Edge>& edges, NodeId archive, const Edge& like);
  std::vector<std::string> expanded(std::span<const std::string> words, const Edge& like);

  const FileTree* tree_;
  const Loader* loader_;
  ShellEdges shell_;
  std::vector<UnresolvedName>* unresolved_;
  NodeId working_folder_ = root_node;
  std::vector<std::string> environment_options_;  ///< words of JAVA_TOOL_OPTIONS and JDK_JAVA_OPTIONS
  std::string class_path_;                        ///< CLASSPATH
  std::vector<std::string> library_folders_;      ///< java.library.path, ours and the default
  NodeId java_ = no_node;                         ///< the last java that is kept
  struct Late {
    JavaUse use;
    std::string text;
    Edge like;
  };
  std::vector<Late> late_;  ///< what waits for it to be known
};

}  // namespace slim
