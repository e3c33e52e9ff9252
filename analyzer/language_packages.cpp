// Python: "Recording installed projects" of the Python packaging specifications (RECORD is a CSV file of
// path, hash, size; paths are relative to the folder that holds dist-info). npm: package.json(5). Ruby: the
// layout of GEM_HOME. Jars: pom.properties of the Maven archiver, the JAR File Specification's
// Implementation-Title, OSGi's Bundle-SymbolicName; NAME-VERSION.jar is how repositories name what says none.
// Programs of Go and Rust: analyzer/built_modules.h.
#include "analyzer/language_packages.h"

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "analyzer/built_modules.h"
#include "analyzer/code_facts.h"
#include "analyzer/elf.h"
#include "analyzer/file_tree.h"
#include "analyzer/java.h"
#include "analyzer/layer_index.h"
#include "analyzer/packages.h"

namespace slim {
namespace {

constexpr auto npos = std::string_view::npos;

std::string_view text_of(const FileTree& tree, NodeId node) {
  const FileFacts* facts = node == no_node ? nullptr : tree.facts(node);
  return facts != nullptr && facts->text ? std::string_view(*facts->text) : std::string_view();
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

/// "typing_extensions-4.8.0" -> its two parts: the version begins with the last "-" that a digit follows and
/// none of the others does before it.
bool split_version(std::string_view text, Package& package) {
  for (std::size_t dash = text.find('-'); dash != npos; dash = text.find('-', dash + 1)) {
    if (dash == 0 || dash + 1 >= text.size() || !is_digit(text[dash + 1])) continue;
    package.name = text.substr(0, dash);
    package.version = text.substr(dash + 1);
    return true;
  }
  return false;
}

/// All below `folder` that is no folder, without what lies in folders called `but`.
void add_below(const FileTree& tree, NodeId folder, std::string_view but, std::vector<NodeId>& files) {
  std::vector<NodeId> open{folder};
  while (!open.empty()) {
    const NodeId at = open.back();
    open.pop_back();
    for (const NodeId child : tree.node(at).children) {
      if (!tree.is(child, EntryType::directory)) {
        files.push_back(child);
      } else if (tree.node(child).name != but) {
        open.push_back(child);
      }
    }
  }
}

/// The first field of a line of CSV (RFC 4180).
std::string first_field(std::string_view line) {
  if (!line.starts_with('"')) return std::string(line.substr(0, line.find(',')));
  std::string field;
  for (std::size_t i = 1; i < line.size(); ++i) {
    if (line[i] != '"') {
      field += line[i];
    } else if (i + 1 < line.size() && line[i + 1] == '"') {
      field += line[++i];
    } else {
      break;
    }
  }
  return field;
}

/// The value of a field of METADATA (core metadata: headers as in e-mail, up to the first empty line); ""
/// where there is none.
std::string_view metadata_field(std::string_view text, std::string_view name) {
  while (!text.empty() && text.front() != '\n') {
    const auto end = text.find('\n');
    std::string_view line = text.substr(0, end);
    text = end == npos ? std::string_view() : text.substr(end + 1);
    if (!line.starts_with(name) || !line.substr(name.size()).starts_with(": ")) continue;
    line.remove_prefix(name.size() + 2);
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line != "UNKNOWN") return line;
  }
  return {};
}

/// Version 2.4 of the metadata has an expression; before, a text for people.
std::string_view python_license(std::string_view text) {
  const std::string_view expression = metadata_field(text, "License-Expression");
  return expression.empty() ? metadata_field(text, "License") : expression;
}

class LanguagePackages {
 public:
  LanguagePackages(const FileTree& tree, const std::vector<bool>& owned) : tree_(tree), owned_(owned) {}

  std::vector<Package> run() {
    for (NodeId node = 1; node < tree_.size(); ++node) {
      const std::string_view name = tree_.node(node).name;
      if (name.ends_with(".dist-info") || name.ends_with(".egg-info")) {
        python(node, name);
      } else if (name == "package.json") {
        npm(node);
      } else if (name.ends_with(".gemspec")) {
        gem(node, name);
      } else if ((name.ends_with(".jar") || name.ends_with(".war") || name.ends_with(".ear")) &&
                 tree_.is(node, EntryType::file)) {
        jar(node, name);
      }
      const ElfFacts* elf = tree_.elf(node);
      if (elf != nullptr && elf->built.language != BuildLanguage::none && first_name(node))
        built(node, elf->built);
    }
    return std::move(found_);
  }

 private:
  void add(Package package, std::string type, NodeId database) {
    if (owned_[database]) return;
    package.type = std::move(type);
    package.database = database;
    found_.push_back(std::move(package));
  }

  /// A further name is the same file again.
  [[nodiscard]] bool first_name(NodeId node) const { return tree_.inode_of(node).names.front() == node; }

  void built(NodeId node, const BuiltModules& built) {
    const std::string type = built.language == BuildLanguage::go ? "golang" : "cargo";
    const auto inside = [&](std::string name, std::string version) {
      Package package;
      package.name = std::move(name);
      package.version = std::move(version);
      package.type = type;
      package.database = package.inside = node;
      found_.push_back(std::move(package));
    };
    for (const BuiltModule& module : built.modules) {
      if (!module.main) {
        inside(module.name, module.version);
        continue;
      }
      Package package;
      package.name = module.name;
      package.version = module.version;
      package.files.push_back(node);
      add(std::move(package), type, node);
    }
    if (built.language != BuildLanguage::go) return;
    const std::string_view toolchain = std::string_view(built.toolchain).substr(0, built.toolchain.find(' '));
    inside("stdlib", std::string(toolchain.starts_with("go") ? toolchain.substr(2) : toolchain));
  }

  void python(NodeId node, std::string_view name) {
    Package package;
    const auto ending = name.rfind('.');
    if (!split_version(name.substr(0, ending), package)) return;
    if (name.ends_with(".egg-info")) package.version = package.version.substr(0, package.version.find("-py"));
    NodeId described_by = node;
    if (tree_.is(node, EntryType::directory)) {
      add_below(tree_, node, "", package.files);
      for (const std::string_view file : {"METADATA", "PKG-INFO"}) {
        const NodeId metadata = tree_.child(node, file);
        if (metadata != no_node) described_by = metadata;
      }
      if (described_by == node) return;  // a folder that describes nothing
      record(node, package);
    } else {
      package.files.push_back(node);
    }
    package.license = python_license(text_of(tree_, described_by));
    add(std::move(package), "pypi", described_by);
  }

  void record(NodeId folder, Package& package) const {
    const NodeId from = tree_.node(folder).parent;
    std::string_view text = text_of(tree_, tree_.child(folder, "RECORD"));
    while (!text.empty()) {
      const auto end = text.find('\n');
      const std::string path = first_field(text.substr(0, end));
      text = end == npos ? std::string_view() : text.substr(end + 1);
      const NodeId file = path.empty() ? no_node : tree_.resolve(path, from, false).node;
      if (file != no_node && !tree_.is(file, EntryType::directory)) package.files.push_back(file);
    }
  }

  void npm(NodeId node) {
    const NodeId folder = tree_.node(node).parent;
    NodeId above = tree_.node(folder).parent;
    if (tree_.node(above).name.starts_with('@')) above = tree_.node(above).parent;
    if (tree_.node(above).name != "node_modules") return;
    const auto document = nlohmann::json::parse(text_of(tree_, node), nullptr, false);
    if (!document.is_object()) return;
    const auto text = [&document](const char* key) {
      const auto value = document.find(key);
      return value != document.end() && value->is_string() ? value->get<std::string>() : std::string();
    };
    Package package;
    package.name = text("name");
    package.version = text("version");
    package.license = text("license");
    if (package.name.empty() || package.version.empty()) return;
    add_below(tree_, folder, "node_modules", package.files);
    add(std::move(package), "npm", node);
  }

  void gem(NodeId node, std::string_view name) {
    const NodeId specifications = tree_.node(node).parent;
    const bool by_default = tree_.node(specifications).name == "default";  // those that come with Ruby
    const NodeId folder = by_default ? tree_.node(specifications).parent : specifications;
    if (tree_.node(folder).name != "specifications") return;
    Package package;
    const std::string_view full = name.substr(0, name.size() - std::string_view(".gemspec").size());
    if (!split_version(full, package)) return;
    package.files.push_back(node);
    const NodeId gems = tree_.child(tree_.node(folder).parent, "gems");
    const NodeId content = gems == no_node ? no_node : tree_.child(gems, full);
    if (content != no_node) add_below(tree_, content, "", package.files);
    add(std::move(package), "gem", node);
  }

  void jar(NodeId node, std::string_view name) {
    constexpr auto ending = std::string_view(".jar").size();
    const std::string_view stem = name.substr(0, name.size() - ending);
    std::vector<Package> own;
    const FileFacts* facts = tree_.facts(node);
    if (facts != nullptr && facts->code.language == Language::java) {
      for (const CodeName& one : facts->code.names) {
        if (static_cast<JavaUse>(one.use) != JavaUse::coordinates) continue;
        const JavaCoordinates what = java_coordinates(one.text);
        const std::string_view path = what.inside.empty() ? name : what.inside;
        const std::string_view file = path.substr(path.rfind('/') + 1);  // npos + 1 is 0
        Package package;
        package.inside = node;
        // A title for people, "Spring Boot", is no name: spring-boot-3.3.jar says it better.
        const bool title = what.name.empty() || what.name.find(' ') != npos;
        const bool split =
            title && file.size() > ending && split_version(file.substr(0, file.size() - ending), package);
        if (!split && what.name.empty()) continue;
        if (!split) {
          package.name = what.name;
          package.version = what.version;
        }
        if (what.inside.empty()) {
          own.push_back(std::move(package));
        } else {
          add(std::move(package), "jar", node);
        }
      }
    }
    if (own.empty()) {
      Package package;
      if (!split_version(stem, package)) return;
      own.push_back(std::move(package));
    }
    // Of those that were put into one, it is the one that it is called by.
    const auto called = std::ranges::find_if(own, [stem](const Package& package) {
      return stem.starts_with(std::string_view(package.name).substr(package.name.rfind(':') + 1));
    });
    Package& whole = called == own.end() ? own.front() : *called;
    whole.inside = no_node;
    whole.files.push_back(node);
    for (Package& package : own) add(std::move(package), "jar", node);
  }

  const FileTree& tree_;
  const std::vector<bool>& owned_;
  std::vector<Package> found_;
};

}  // namespace

std::vector<Package> read_language_packages(const FileTree& tree, const std::vector<bool>& owned) {
  return LanguagePackages(tree, owned).run();
}

}  // namespace slim
