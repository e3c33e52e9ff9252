// musl's search, as its ldso/dynlink.c does it: breadth first; a name that was found by searching before is
// that object; else LD_LIBRARY_PATH, the RPATH or RUNPATH of who needs it, of who needed that, and so on,
// then one system path. musl takes the first file that it can open and fails where that is the wrong one.
#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "analyzer/elf.h"
#include "analyzer/file_tree.h"
#include "analyzer/layer_index.h"
#include "analyzer/loader.h"
#include "analyzer/loader_session.h"

namespace slim {
namespace {

constexpr std::size_t nobody = LoadedLibrary::program;
constexpr std::size_t max_objects = 4096;
constexpr std::string_view default_system_path = "/lib:/usr/local/lib:/usr/lib";

/// Names that stand for musl itself: libc.so, libpthread.so.0, libc.musl-x86_64.so.1, ...
bool is_musl_itself(std::string_view name) {
  constexpr std::array<std::string_view, 7> reserved{"c.", "pthread.", "rt.", "m.", "dl.", "util.", "xnet."};
  return name.starts_with("lib") && std::ranges::any_of(reserved, [name](std::string_view part) {
           return name.substr(3).starts_with(part);
         });
}

class MuslSearch {
 public:
  MuslSearch(const LoaderWorld& world, Session& session) : world_(world), session_(session) {}

  void start(NodeId program, const std::string& interpreter) {
    session_.interpreter = interpreter;
    put_program(world_, session_, program, folder_of(world_.tree.path(program)));
    add_loader_object();
    know_surroundings();
    if (!session_.secure) {
      for (const std::string_view name : split_list(world_.environment.preload, " \t\n\r\f\v:"))
        if (!name.empty()) need(std::string(name), nobody);
      session_.missing.clear();  // told on standard error, and done without
      for (std::size_t i = 1; i < session_.order.size(); ++i)
        if (session_.order[i] != loader_object)
          session_.objects[session_.order[i]].library.found_by = FoundBy::preload;
    }
    follow();
  }

  /// musl does not ask who calls dlopen: it searches as for the program.
  std::size_t open_late(const std::string& name) {
    know_surroundings();
    const std::size_t found = need(name, 0);
    follow();
    return found;
  }

 private:
  static constexpr std::size_t loader_object = 1;

  static std::string folder_of(const std::string& path) {
    const std::size_t slash = path.rfind('/');
    if (slash == std::string::npos) return ".";
    return path.substr(0, slash);
  }

  static std::string base_name(const std::string& path) { return path.substr(path.rfind('/') + 1); }

  void add_loader_object() {
    Resolution found = world_.tree.resolve(session_.interpreter);
    LoadedObject loader;
    loader.library.path = session_.interpreter;
    loader.library.node = found.node;
    loader.library.symlinks = std::move(found.symlinks);
    loader.library.found_by = FoundBy::already_loaded;
    loader.library.detail = "the loader itself";
    loader.elf = loader.library.node == no_node ? nullptr : world_.tree.elf(loader.library.node);
    loader.done = true;
    session_.objects.push_back(std::move(loader));
  }

  void know_surroundings() {
    system_path_ = default_system_path;
    // PREFIX/lib/ld-musl-ARCH.so.1 reads PREFIX/etc/ld-musl-ARCH.path
    const std::string& loader = session_.interpreter;
    const std::size_t slash = loader.rfind('/');
    const std::size_t before =
        slash == std::string::npos || slash == 0 ? std::string::npos : loader.rfind('/', slash - 1);
    const std::string prefix = before == std::string::npos ? "" : loader.substr(0, before);
    std::string name = loader.substr(slash == std::string::npos ? 0 : slash + 1);
    name = name.substr(0, name.find(".so"));
    system_path_file_ = prefix + "/etc/" + name + ".path";
    const NodeId node = world_.tree.resolve(system_path_file_).node;
    if (node == no_node) {
      system_path_file_.clear();
      return;
    }
    const FileFacts* facts = world_.tree.facts(node);
    system_path_ = facts != nullptr && facts->text ? *facts->text : std::string();
  }

  void follow() {
    // NOLINTNEXTLINE(modernize-loop-convert): need() makes the order longer
    for (std::size_t i = 0; i < session_.order.size(); ++i) {
      const std::size_t at = session_.order[i];
      if (session_.objects[at].done) continue;
      session_.objects[at].done = true;
      const ElfFacts* elf = session_.objects[at].elf;
      if (elf == nullptr) continue;
      for (const std::string& name : elf->needed) need(name, at);
    }
  }

  std::size_t take_loader(const std::string& name, std::size_t by) {
    LoadedLibrary& loader = session_.objects[loader_object].library;
    if (loader.name.empty()) {
      loader.name = name;
      loader.needed_by = by;
      session_.order.push_back(loader_object);
    }
    return loader_object;
  }

  /// `by` is nobody for preloads: the program's RUNPATH does not serve them, nor what they need.
  std::size_t need(const std::string& name, std::size_t by) {
    if (is_musl_itself(name) || name == session_.interpreter) return take_loader(name, by);
    const bool searched = name.find('/') == std::string::npos;
    if (searched) {
      for (std::size_t i = 0; i < session_.objects.size(); ++i)
        if (session_.objects[i].short_name == name) return i;
    }
    MissingLibrary missing{.name = name, .needed_by = {}, .tried = {}, .hint = {}};
    std::optional<LoadedLibrary> found =
        searched ? search(name, by, missing.tried) : at_path(name, FoundBy::path, name, missing.tried).found;
    if (!found) {
      missing.needed_by = world_.tree.path(session_.objects[by == nobody ? 0 : by].library.node);
      session_.missing.push_back(std::move(missing));
      return nobody;
    }
    return take(std::move(*found), name, by, searched);
  }

  std::size_t take(LoadedLibrary found, const std::string& name, std::size_t by, bool searched) {
    // musl does not look at the program itself, which the kernel mapped
    for (std::size_t i = loader_object; i < session_.objects.size(); ++i) {
      LoadedObject& known = session_.objects[i];
      if (known.library.node == no_node ||
          world_.tree.node(known.library.node).inode != world_.tree.node(found.node).inode)
        continue;
      if (i == loader_object) return take_loader(name, by);
      if (searched && known.short_name.empty()) known.short_name = base_name(known.library.path);
      return i;
    }
    if (session_.objects.size() >= max_objects) return nobody;
    found.name = name;
    found.needed_by = by;
    LoadedObject object;
    object.elf = world_.tree.elf(found.node);
    object.origin = folder_of(found.path);
    if (searched) object.short_name = base_name(found.path);
    object.library = std::move(found);
    session_.objects.push_back(std::move(object));
    session_.order.push_back(session_.objects.size() - 1);
    return session_.objects.size() - 1;
  }

  struct Attempt {
    std::optional<LoadedLibrary> found;
    bool stopped = false;
    [[nodiscard]] bool over() const { return found.has_value() || stopped; }
  };

  Attempt at_path(const std::string& path, FoundBy by, const std::string& detail,
                  std::vector<std::string>& tried) {
    Attempt attempt;
    TriedPath there = probe(world_, session_, *session_.objects.front().elf, path, tried);
    attempt.stopped = there.result != TriedPath::Result::absent;
    if (there.result != TriedPath::Result::usable) return attempt;
    LoadedLibrary library;
    library.path = path;
    library.node = there.node;
    library.symlinks = std::move(there.symlinks);
    library.found_by = by;
    library.detail = detail;
    attempt.found = std::move(library);
    return attempt;
  }

  Attempt in_folders(const std::string& name, std::string_view list, FoundBy by,
                     std::vector<std::string>& tried) {
    for (const std::string_view folder : split_list(list, ":\n")) {
      if (folder.empty()) continue;
      Attempt attempt = at_path(std::string(folder) + "/" + name, by, std::string(folder), tried);
      if (attempt.over()) return attempt;
    }
    return {};
  }

  std::optional<LoadedLibrary> search(const std::string& name, std::size_t by,
                                      std::vector<std::string>& tried) {
    Attempt attempt;
    if (!session_.secure)
      attempt = in_folders(name, world_.environment.library_path, FoundBy::library_path, tried);
    std::size_t at = by;
    for (std::size_t steps = 0; at != nobody && steps <= session_.objects.size() && !attempt.over();
         ++steps) {
      const LoadedObject& object = session_.objects[at];
      if (object.elf != nullptr)
        attempt = in_folders(name, run_path(object, at == 0),
                             object.elf->has_runpath ? FoundBy::runpath : FoundBy::rpath, tried);
      at = object.library.needed_by;
    }
    if (!attempt.over()) {
      attempt = in_folders(name, system_path_, FoundBy::default_folder, tried);
      if (attempt.found && !system_path_file_.empty()) attempt.found->detail += ", of " + system_path_file_;
    }
    return std::move(attempt.found);
  }

  /// RUNPATH or RPATH with $ORIGIN replaced; a path with any other variable is ignored as a whole.
  [[nodiscard]] std::string run_path(const LoadedObject& object, bool is_program) const {
    std::string_view text = object.elf->has_runpath ? object.elf->runpath : object.elf->rpath;
    std::string result;
    for (;;) {
      const std::size_t dollar = text.find('$');
      result += text.substr(0, dollar);
      if (dollar == std::string_view::npos) return result;
      text.remove_prefix(dollar);
      constexpr std::string_view plain = "$ORIGIN";
      constexpr std::string_view braced = "${ORIGIN}";
      if (!text.starts_with(plain) && !text.starts_with(braced)) return {};
      if (session_.secure && (is_program || !object.origin.starts_with('/'))) return {};
      result += object.origin;
      text.remove_prefix(text.starts_with(plain) ? plain.size() : braced.size());
    }
  }

  const LoaderWorld& world_;
  Session& session_;
  std::string system_path_;
  std::string system_path_file_;  ///< empty where the path is the built-in one
};

}  // namespace

Session load_musl(const LoaderWorld& world, NodeId program, const std::string& interpreter, bool secure) {
  Session session;
  session.secure = secure;
  MuslSearch(world, session).start(program, interpreter);
  return session;
}

std::size_t dlopen_musl(const LoaderWorld& world, Session& session, std::string_view name) {
  return MuslSearch(world, session).open_late(std::string(name));
}

}  // namespace slim
