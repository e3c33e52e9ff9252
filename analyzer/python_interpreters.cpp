// An interpreter is where its program lies: its prefix is the nearest folder above that has
// lib/pythonX.Y/os.py. A virtual environment adds its own site-packages to the interpreter that its
// pyvenv.cfg names as home; since what is reached is a file, and not the link that led to it, the
// environments of an interpreter count together.
#include "analyzer/python_interpreters.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "analyzer/code_facts.h"
#include "analyzer/elf.h"
#include "analyzer/file_tree.h"
#include "analyzer/image.h"
#include "analyzer/layer_index.h"
#include "analyzer/python.h"

namespace slim {
namespace {

constexpr std::size_t most_path_entries = 1000;
constexpr std::size_t most_environments = 1000;
constexpr std::string_view default_path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

std::vector<std::string> split_colons(std::string_view text) {
  std::vector<std::string> parts;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(':'), text.size());
    parts.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return parts;
}

/// "3.11" of python3.11, libpython3.11.so.1.0 and python3.11d; empty where the name has no such number.
std::string version_in(std::string_view name) {
  const std::size_t at = name.find("python3.");
  if (at == std::string_view::npos) return {};
  const std::size_t start = at + 6;
  std::size_t end = start + 2;
  while (end < name.size() && name[end] >= '0' && name[end] <= '9') ++end;
  return end == start + 2 ? std::string() : std::string(name.substr(start, end - start));
}

/// "home = /usr/bin" of pyvenv.cfg.
std::string home_in(std::string_view text) {
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    const std::size_t equals = line.find('=');
    if (equals == std::string_view::npos) continue;
    const auto trim = [](std::string_view part) {
      const std::size_t first = part.find_first_not_of(" \t\r");
      if (first == std::string_view::npos) return std::string_view();
      return part.substr(first, part.find_last_not_of(" \t\r") - first + 1);
    };
    if (trim(line.substr(0, equals)) == "home") return std::string(trim(line.substr(equals + 1)));
  }
  return {};
}

}  // namespace

PythonInterpreters::PythonInterpreters(const FileTree& tree, const ImageConfig& config)
    : tree_(&tree), config_(&config) {
  if (!config.working_dir.empty()) {
    const NodeId folder = tree.resolve(config.working_dir).node;
    if (folder != no_node) working_folder_ = folder;
  }
  command_path_ = split_colons(env_value(config, "PATH").value_or(std::string(default_path)));
  python_path_ = split_colons(env_value(config, "PYTHONPATH").value_or(""));
  for (const std::string& entry : python_path_) {
    const NodeId folder = tree.resolve(entry, working_folder_).node;
    if (folder != no_node && given_.size() < most_path_entries) given_.push_back(folder);
  }
  if (working_folder_ != root_node) given_.push_back(working_folder_);
}

Resolution PythonInterpreters::find_in_path(std::string_view command) const {
  if (command.find('/') != std::string_view::npos) return tree_->resolve(command, working_folder_);
  for (const std::string& folder : command_path_) {
    Resolution found = tree_->resolve(folder + "/" + std::string(command), working_folder_);
    if (found.node != no_node && tree_->is(found.node, EntryType::file)) return found;
  }
  return {};
}

const PythonInterpreter* PythonInterpreters::of_command(std::string_view command) {
  if (!is_python_interpreter(command)) return nullptr;
  const Resolution found = find_in_path(command);
  return found.node == no_node ? nullptr : of_program(found.node);
}

const PythonInterpreter* PythonInterpreters::fallback() {
  if (!all_.empty()) return all_.front().get();
  for (const std::string_view name : {"python3", "python"}) {
    if (const PythonInterpreter* found = of_command(name)) return found;
  }
  for (const std::string_view pattern :
       {"/usr/local/bin/python3*", "/usr/bin/python3*", "/opt/*/bin/python3*"}) {
    for (const NodeId node : tree_->glob(pattern)) {
      const NodeId program = tree_->resolve(tree_->path(node)).node;
      if (program == no_node) continue;
      if (const PythonInterpreter* found = of_program(program)) return found;
    }
  }
  return nullptr;
}

PythonPlace PythonInterpreters::of_file(NodeId node, const PythonInterpreter* preferred) {
  for (NodeId at = tree_->node(node).parent;; at = tree_->node(at).parent) {
    const auto found = by_folder_.find(at);
    if (found != by_folder_.end()) {
      const auto& sharing = found->second;
      const bool shares = std::ranges::find(sharing, preferred) != sharing.end();
      return {.interpreter = shares ? preferred : sharing.front(), .entry = at};
    }
    if (at == root_node) return {};
  }
}

const PythonInterpreter* PythonInterpreters::of_program(NodeId program) {
  const auto known = by_program_.find(program);
  if (known != by_program_.end()) return known->second;
  const ElfFacts* elf = tree_->elf(program);
  const std::string& name = tree_->node(program).name;
  const bool named = is_python_interpreter(name) || name.starts_with("libpython3");
  const PythonInterpreter* made = elf != nullptr && named ? make(program) : nullptr;
  by_program_.emplace(program, made);
  return made;
}

void PythonInterpreters::find_environments() {
  if (environments_found_) return;
  environments_found_ = true;
  for (NodeId node = 1; node < tree_->size() && environments_.size() < most_environments; ++node) {
    if (tree_->node(node).name != "pyvenv.cfg") continue;
    const FileFacts* facts = tree_->facts(node);
    if (facts == nullptr || !facts->text) continue;
    environments_.push_back(
        {.file = node, .folder = tree_->node(node).parent, .home = home_in(*facts->text)});
  }
}

/// The nearest folder from `start` upwards that has lib/pythonX.Y/os.py.
bool PythonInterpreters::find_stdlib(PythonInterpreter& made, NodeId start) const {
  const auto has_os = [this](NodeId folder) {
    return folder != no_node && tree_->is(folder, EntryType::directory) &&
           (tree_->child(folder, "os.py") != no_node || tree_->child(folder, "os.pyc") != no_node);
  };
  for (NodeId at = start;; at = tree_->node(at).parent) {
    for (const std::string_view lib : {"lib", "lib64"}) {
      const NodeId folder = tree_->resolve(lib, at).node;
      if (folder == no_node || !tree_->is(folder, EntryType::directory)) continue;
      for (const NodeId child : tree_->node(folder).children) {
        const std::string version = version_in(tree_->node(child).name);
        const bool fits = !version.empty() && tree_->node(child).name == "python" + version &&
                          (made.tags.version.empty() || made.tags.version == version);
        if (!fits || !has_os(child)) continue;
        made.tags.version = version;
        made.stdlib = child;
        return true;
      }
    }
    if (at == root_node) return false;
  }
}

void PythonInterpreters::add_folder(PythonInterpreter& made, NodeId folder, bool is_site) {
  if (folder == no_node || made.path.size() >= most_path_entries || !tree_->is(folder, EntryType::directory))
    return;
  if (std::ranges::find(made.path, folder) != made.path.end()) return;
  made.path.push_back(folder);
  if (is_site) made.sites.push_back(folder);
  by_folder_[folder].push_back(&made);
}

void PythonInterpreters::add_site(PythonInterpreter& made, const std::string& path) {
  const NodeId site = tree_->resolve(path).node;
  if (site == no_node || std::ranges::find(made.path, site) != made.path.end()) return;
  add_folder(made, site, true);
  add_pth_files(made, site);
}

void PythonInterpreters::add_pth_files(PythonInterpreter& made, NodeId site) {
  if (!tree_->is(site, EntryType::directory)) return;
  for (const NodeId child : tree_->node(site).children) {
    if (!tree_->node(child).name.ends_with(".pth")) continue;
    const NodeId file = tree_->resolve(tree_->node(child).name, site).node;
    if (file == no_node) continue;
    made.start_files.push_back(child);
    if (tree_->facts(file) == nullptr) continue;
    for (const CodeName& name : tree_->facts(file)->code.names) {
      if ((name.use & python_use_mask) != static_cast<std::uint8_t>(PythonUse::search_path)) continue;
      add_folder(made, tree_->resolve(name.text, site).node, true);
      add_archive(made, name.text, site);
    }
  }
}

const PythonInterpreter* PythonInterpreters::make(NodeId program) {
  auto made = std::make_unique<PythonInterpreter>();
  made->program = program;
  made->tags.version = version_in(tree_->node(program).name);
  find_environments();
  // A copied interpreter lies in its environment; its library lies where home says.
  NodeId start = tree_->node(program).parent;
  bool copied = false;
  for (const VirtualEnvironment& environment : environments_) {
    if (environment.folder != start && environment.folder != tree_->node(start).parent) continue;
    const NodeId home = tree_->resolve(environment.home).node;
    if (home == no_node) continue;
    start = home;
    copied = true;
  }
  if (!find_stdlib(*made, start)) return nullptr;
  for (const auto& other : all_) {  // libpython and python are one
    if (other->stdlib == made->stdlib && !copied) return other.get();
  }
  for (const NodeId folder : given_) {
    if (folder != working_folder_) add_folder(*made, folder, false);
  }
  add_zip_and_dynload(*made);
  add_sites(*made, tree_->node(tree_->node(made->stdlib).parent).parent);
  all_.push_back(std::move(made));
  return all_.back().get();
}

/// An entry of sys.path that is a file, or names a folder inside of one: "lib.zip/shop" (zipimport).
void PythonInterpreters::add_archive(PythonInterpreter& made, const std::string& entry, NodeId start) const {
  if (made.archives.size() >= most_path_entries) return;
  std::string path = entry;
  Resolution found = tree_->resolve(path, start);
  while (found.node == no_node && path.find('/', 1) != std::string::npos) {
    path.resize(path.rfind('/'));
    found = tree_->resolve(path, start);
    if (found.node != no_node && !tree_->is(found.node, EntryType::file)) return;
  }
  if (found.node != no_node && tree_->is(found.node, EntryType::file))
    made.archives.push_back(std::move(found));
}

void PythonInterpreters::add_zip_and_dynload(PythonInterpreter& made) {
  add_folder(made, made.stdlib, false);
  add_folder(made, tree_->child(made.stdlib, "lib-dynload"), false);
  // Where libraries of programs and data lie apart (lib64), so do the extension modules.
  const NodeId prefix = tree_->node(tree_->node(made.stdlib).parent).parent;
  for (const std::string& entry : python_path_) add_archive(made, entry, working_folder_);
  std::string digits = made.tags.version;
  std::erase(digits, '.');
  add_archive(made, "lib/python" + digits + ".zip", prefix);
  for (const std::string_view lib : {"lib", "lib64"}) {
    const std::string folder = std::string(lib) + "/python" + made.tags.version;
    add_folder(made, tree_->resolve(folder + "/lib-dynload", prefix).node, false);
  }
}

void PythonInterpreters::add_sites(PythonInterpreter& made, NodeId prefix) {
  const std::string versioned = "/python" + made.tags.version;
  for (const VirtualEnvironment& environment : environments_) {
    const NodeId home = tree_->resolve(environment.home).node;
    bool ours = environment.folder == tree_->node(tree_->node(made.program).parent).parent;
    for (const std::string& name :
         {"python" + made.tags.version, std::string("python3"), std::string("python")}) {
      if (home != no_node) ours = ours || tree_->resolve(name, home).node == made.program;
      const NodeId own = tree_->resolve("bin/" + name, environment.folder).node;
      ours = ours || own == made.program;
    }
    if (!ours) continue;
    made.start_files.push_back(environment.file);
    const std::string folder = tree_->path(environment.folder);
    for (const std::string_view lib : {"/lib", "/lib64"})
      add_site(made, folder + std::string(lib) + versioned + "/site-packages");
  }
  const std::string base = prefix == root_node ? "" : tree_->path(prefix);
  for (const std::string& home : {env_value(*config_, "HOME").value_or("/root"), std::string("/root")})
    add_site(made, home + "/.local/lib" + versioned + "/site-packages");
  const std::string local = base == "/usr" ? "/usr/local" : base;
  for (const std::string& place :
       {local + "/lib" + versioned + "/dist-packages", local + "/lib" + versioned + "/site-packages",
        local + "/lib64" + versioned + "/site-packages", base + "/lib" + versioned + "/site-packages",
        base + "/lib64" + versioned + "/site-packages", base + "/lib/python3/dist-packages",
        base + "/lib" + versioned + "/dist-packages"})
    add_site(made, place);
}

}  // namespace slim
