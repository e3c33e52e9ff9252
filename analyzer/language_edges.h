// How code names other files of the image: the part of the dependency graph that knows languages. It only
// hands on: each language resolves by its own rules, in files of its own.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "analyzer/edge.h"
#include "analyzer/file_tree.h"
#include "analyzer/image.h"
#include "analyzer/layer_index.h"
#include "analyzer/loader.h"

namespace slim {

class JavaEdges;
class JavascriptEdges;
class LiteralEdges;
class PerlEdges;
class PythonEdges;

class LanguageEdges {
 public:
  /// Keeps references to `tree` and `loader`. `shell` finds what commands in code run.
  LanguageEdges(const FileTree& tree, const ImageConfig& config, const Loader& loader,
                const ShellEdges& shell);
  ~LanguageEdges();
  LanguageEdges(const LanguageEdges&) = delete;
  LanguageEdges& operator=(const LanguageEdges&) = delete;

  /// What a kept source file, module or archive names. `facts` are those of `node`.
  void code(std::vector<Edge>& edges, NodeId node, const FileFacts& facts);

  /// What an interpreter (python3.11, node, java, perl, ...) loads at start by itself. `program` is any
  /// ELF file that is kept; one that interprets no language adds nothing.
  void interpreter(std::vector<Edge>& edges, NodeId program);

  /// What an interpreter, or a script of one, is told to run: python -m NAME, gunicorn MODULE:NAME, ...
  /// `from` is who says so (no_node: the image's config), `program` the file in the end, `arguments` the
  /// words behind its name, `where` the place in words: "entrypoint", "line 12".
  void arguments(std::vector<Edge>& edges, NodeId from, NodeId program,
                 std::span<const std::string> arguments, const std::string& where);

  /// Names that were not found so far: modules that are not in the image.
  [[nodiscard]] const std::vector<UnresolvedName>& unresolved() const { return unresolved_; }

 private:
  const FileTree* tree_;
  std::vector<UnresolvedName> unresolved_;
  std::unique_ptr<PythonEdges> python_;
  std::unique_ptr<JavascriptEdges> javascript_;
  std::unique_ptr<JavaEdges> java_;
  std::unique_ptr<PerlEdges> perl_;
  std::unique_ptr<LiteralEdges> literals_;
};

}  // namespace slim
