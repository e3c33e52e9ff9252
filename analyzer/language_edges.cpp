#include "analyzer/language_edges.h"

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "analyzer/code_facts.h"
#include "analyzer/edge.h"
#include "analyzer/file_tree.h"
#include "analyzer/image.h"
#include "analyzer/java_edges.h"
#include "analyzer/javascript_edges.h"
#include "analyzer/layer_index.h"
#include "analyzer/literal_edges.h"
#include "analyzer/loader.h"
#include "analyzer/perl_edges.h"
#include "analyzer/python_edges.h"

namespace slim {

LanguageEdges::LanguageEdges(const FileTree& tree, const ImageConfig& config, const Loader& loader,
                             const ShellEdges& shell)
    : tree_(&tree),
      python_(std::make_unique<PythonEdges>(tree, config, loader, unresolved_)),
      javascript_(std::make_unique<JavascriptEdges>(tree, config, shell, unresolved_)),
      java_(std::make_unique<JavaEdges>(tree, config, loader, shell, unresolved_)),
      perl_(std::make_unique<PerlEdges>(tree, config, unresolved_)),
      literals_(std::make_unique<LiteralEdges>(tree, config)) {}

LanguageEdges::~LanguageEdges() = default;

void LanguageEdges::code(std::vector<Edge>& edges, NodeId node, const FileFacts& facts) {
  if (facts.code.language == Language::python) python_->code(edges, node, facts);
  if (facts.code.language == Language::javascript) javascript_->code(edges, node, facts);
  if (facts.code.language == Language::java) java_->code(edges, node, facts);
  if (facts.code.language == Language::perl) perl_->code(edges, node, facts);
  literals_->code(edges, node, facts);
}

void LanguageEdges::interpreter(std::vector<Edge>& edges, NodeId program) {
  python_->interpreter(edges, program);
  javascript_->interpreter(edges, program);
  java_->interpreter(edges, program);
  perl_->interpreter(edges, program);
}

void LanguageEdges::arguments(std::vector<Edge>& edges, NodeId from, NodeId program,
                              std::span<const std::string> arguments, const std::string& where) {
  if (program == no_node) return;
  python_->arguments(edges, from, program, arguments, where);
  javascript_->arguments(edges, from, program, arguments, where);
  java_->arguments(edges, from, program, arguments, where);
  perl_->arguments(edges, from, program, arguments, where);
  literals_->arguments(edges, from, program, arguments, where);
}

}  // namespace slim
