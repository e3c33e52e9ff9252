// Images with a Python in them, for tests: a tar made by hand, read as any layer is, and its graph.
#pragma once

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "analyzer/byte_stream.h"
#include "analyzer/dependency_graph.h"
#include "analyzer/edge.h"
#include "analyzer/file_tree.h"
#include "analyzer/image.h"
#include "analyzer/layer_index.h"
#include "tests/analyzer/elf_fixture.h"
#include "tests/analyzer/tar_builder.h"

namespace slim::test {

class PythonImage {
 public:
  ImageConfig config;

  PythonImage& file(const std::string& path, const std::string& content) {
    tar_.file(path, content);
    return changed();
  }
  PythonImage& symlink(const std::string& path, const std::string& target) {
    tar_.symlink(path, target);
    return changed();
  }
  PythonImage& script(const std::string& path, const std::string& program, const std::string& body) {
    tar_.file(path, "#!" + program + "\n" + body, 0755);
    return changed();
  }
  PythonImage& program(const std::string& path) {
    ElfSpec spec;
    spec.type = 2;  // ET_EXEC
    tar_.file(path, make_elf(spec), 0755);
    return changed();
  }
  /// `strings`: what its constant data holds.
  PythonImage& library(const std::string& path, const std::vector<std::string>& strings) {
    ElfSpec spec;
    spec.soname = path.substr(path.rfind('/') + 1);
    for (const std::string& text : strings) spec.rodata += '\0' + text + '\0';
    tar_.file(path, make_elf(spec));
    return changed();
  }
  /// /usr/bin/python3.11 and the file that its library is known by.
  PythonImage& interpreter() {
    program("usr/bin/python3.11");
    symlink("usr/bin/python3", "python3.11");
    return file("usr/lib/python3.11/os.py", "x = 1\n");
  }

  /// "KIND PATH", with the strength where it is not required, and " whole".
  std::vector<std::string> edges(const std::string& path) {
    std::vector<std::string> lines;
    for (const Edge& edge : edges_of(path)) {
      std::string line = kind_name(edge.kind) + " " + tree_.path(edge.to);
      if (edge.strength != Strength::required) line += " " + std::string(to_string(edge.strength));
      if (edge.with_content) line += " whole";
      lines.push_back(std::move(line));
    }
    return lines;
  }
  std::vector<std::string> details(const std::string& path) {
    std::vector<std::string> lines;
    for (const Edge& edge : edges_of(path)) lines.push_back(edge.detail);
    return lines;
  }
  std::vector<std::string> arguments(const std::string& program, const std::vector<std::string>& words) {
    read();
    std::vector<Edge> edges;
    graph_->arguments(edges, no_node, tree_.find(program), words, "cmd");
    std::vector<std::string> paths;
    for (const Edge& edge : edges) paths.push_back(tree_.path(edge.to));
    return paths;
  }
  std::vector<std::string> unresolved() {
    std::vector<std::string> lines;
    for (const UnresolvedName& name : graph_->unresolved_names())
      lines.push_back(name.file + ":" + std::to_string(name.line) + ": " + name.name);
    return lines;
  }
  const FileTree& tree() {
    read();
    return tree_;
  }

 private:
  static std::string kind_name(EdgeKind kind) {
    switch (kind) {
      case EdgeKind::import:
        return "import";
      case EdgeKind::module_data:
        return "module data";
      case EdgeKind::named_path:
        return "named path";
      case EdgeKind::command:
        return "command";
      case EdgeKind::library_name:
        return "library name";
      case EdgeKind::symlink:
        return "symlink";
      case EdgeKind::shebang:
        return "shebang";
      default:
        return "other";
    }
  }
  PythonImage& changed() {
    graph_.reset();
    return *this;
  }
  void read() {
    if (graph_) return;
    layers_.clear();
    const std::string bytes = tar_.str();
    layers_.push_back(index_layer(memory_reader(bytes_of(bytes)), "image"));
    tree_ = FileTree::squash(layers_);
    graph_ = std::make_unique<DependencyGraph>(tree_, config);
  }
  /// Without the links on the way.
  std::vector<Edge> edges_of(const std::string& path) {
    read();
    const NodeId node = tree_.find(path);
    EXPECT_NE(node, no_node) << path;
    if (node == no_node) return {};
    std::vector<Edge> made = graph_->edges(node, no_node, true);
    std::erase_if(made, [](const Edge& edge) {
      return edge.kind == EdgeKind::symlink || edge.kind == EdgeKind::shebang;
    });
    return made;
  }

  TarBuilder tar_;
  std::vector<LayerIndex> layers_;
  FileTree tree_;
  std::unique_ptr<DependencyGraph> graph_;
};

}  // namespace slim::test
