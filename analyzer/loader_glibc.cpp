// glibc's search, as ld.so(8) describes it and elf/dl-load.c and elf/dl-deps.c do it: breadth first over
// DT_NEEDED; a name that some loaded object has already is that object; else RPATHs along the chain of
// loaders, LD_LIBRARY_PATH, RUNPATH, ld.so.cache and the folders that the loader was built with.
#include <algorithm>
#include <cctype>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "analyzer/elf.h"
#include "analyzer/file_tree.h"
#include "analyzer/ld_cache.h"
#include "analyzer/loader.h"
#include "analyzer/loader_abi.h"
#include "analyzer/loader_session.h"

namespace slim {
namespace {

constexpr std::uint64_t df_1_nodeflib = 0x800;
constexpr std::uint64_t df_1_pie = 0x08000000;
constexpr std::size_t nobody = LoadedLibrary::program;
constexpr std::size_t max_objects = 4096;
constexpr std::string_view cache_path = "/etc/ld.so.cache";

bool is_identifier(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
}

/// Without "." and ".." and doubled slashes, by the text alone.
std::string normalized(std::string_view path) {
  std::vector<std::string_view> parts;
  for (const std::string_view part : split_list(path, "/")) {
    if (part == "..") {
      if (!parts.empty()) parts.pop_back();
    } else if (!part.empty() && part != ".") {
      parts.push_back(part);
    }
  }
  std::string result;
  for (const std::string_view part : parts) result.append("/").append(part);
  return result + "/";
}

class GlibcSearch {
 public:
  GlibcSearch(const LoaderWorld& world, Session& session, const Processor& processor)
      : world_(world), session_(session), processor_(processor) {}

  void start(NodeId program, const std::string& interpreter) {
    session_.interpreter = interpreter;
    LoadedObject main;
    main.library.node = program;
    main.library.path = world_.tree.path(program);
    main.library.needed_by = nobody;
    main.elf = world_.tree.elf(program);
    main.origin = folder_of(main.library.path);
    session_.objects.push_back(std::move(main));
    session_.order.push_back(0);
    know_surroundings();
    add_loader_object();
    preload();
    follow();
  }

  /// For a session that start() made.
  std::size_t open_late(std::string_view name, NodeId caller) {
    know_surroundings();
    std::size_t by = 0;
    while (by < session_.objects.size() && session_.objects[by].library.node != caller) ++by;
    if (by == session_.objects.size()) {
      // a library that was itself opened late: whoever did it is not known
      const ElfFacts* elf = world_.tree.elf(caller);
      if (elf == nullptr) {
        by = 0;
      } else {
        LoadedObject object;
        object.library.node = caller;
        object.library.path = world_.tree.path(caller);
        object.library.needed_by = nobody;
        object.elf = elf;
        object.origin = folder_of(object.library.path);
        object.done = true;
        session_.objects.push_back(std::move(object));
      }
    }
    const std::size_t found = need(name, by, {});
    follow();
    return found;
  }

 private:
  struct Want {
    bool silent = false;  ///< DT_AUXILIARY and preloads: no harm if it is not there
    bool secure = false;  ///< LD_PRELOAD in secure-execution mode
  };

  static std::string folder_of(const std::string& path) {
    const std::size_t slash = path.rfind('/');
    if (slash == std::string::npos) return "/";
    return slash == 0 ? "/" : path.substr(0, slash);
  }

  [[nodiscard]] const ElfFacts& program() const { return *session_.objects.front().elf; }

  void know_surroundings() {
    abi_ = &loader_abi(program());
    secure_ = is_secure(world_.tree, session_.objects.front().library.node);
    cache_flags_ = ld_cache_flags(program());
    find_system_folders();
    if (!secure_ && !world_.environment.library_path.empty())
      library_path_ = folders(world_.environment.library_path, ":;", 0);
  }

  /// The folders that a loader was built with stand in its read-only data; where it is not there to ask,
  /// those that the image has.
  void find_system_folders() {
    std::vector<std::string> candidates;
    const auto add = [&candidates](std::string_view lib) {
      if (lib.empty()) return;
      candidates.push_back("/" + std::string(lib));
      candidates.push_back("/usr/" + std::string(lib));
    };
    if (!abi_->triplet.empty()) add("lib/" + std::string(abi_->triplet));
    if (abi_->lib != "lib") add(abi_->lib);
    add("lib");
    const NodeId node = world_.tree.resolve(session_.interpreter).node;
    const ElfFacts* loader = node == no_node ? nullptr : world_.tree.elf(node);
    for (const std::string& folder : candidates)
      if (loader != nullptr && std::ranges::binary_search(loader->absolute_paths, folder))
        system_folders_.push_back(folder);
    if (system_folders_.empty()) {
      for (const std::string& folder : candidates)
        if (world_.tree.resolve(folder).node != no_node) system_folders_.push_back(folder);
    }
    lib_ = system_folders_.empty() ? std::string(abi_->lib) : system_folders_.front().substr(1);
    if (lib_.starts_with("usr/")) lib_.erase(0, 4);
  }

  /// The loader is in the process before it maps anything; it takes its place in the order when it is needed.
  void add_loader_object() {
    if (session_.interpreter.empty()) return;
    Resolution found = world_.tree.resolve(session_.interpreter);
    LoadedObject loader;
    loader.library.path = session_.interpreter;
    loader.library.node = found.node;
    loader.library.symlinks = std::move(found.symlinks);
    loader.library.found_by = FoundBy::already_loaded;
    loader.library.detail = "the loader itself";
    loader.elf = loader.library.node == no_node ? nullptr : world_.tree.elf(loader.library.node);
    loader.names = {session_.interpreter, session_.interpreter.substr(session_.interpreter.rfind('/') + 1)};
    loader.done = true;
    session_.objects.push_back(std::move(loader));
  }

  void preload() {
    for (const std::string_view name :
         split_list(secure_ ? std::string_view() : world_.environment.preload, " :"))
      if (!name.empty()) need(name, 0, {.silent = false, .secure = false});
    if (secure_) {
      // only names without a slash, only from the system's folders, only files that are setuid themselves
      for (const std::string_view name : split_list(world_.environment.preload, " :"))
        if (!name.empty() && name.find('/') == std::string_view::npos)
          need(name, 0, {.silent = true, .secure = true});
    }
    for (const std::string& name : world_.preload_file) need(name, 0, {});
    for (std::size_t i = 1; i < session_.order.size(); ++i) {
      LoadedLibrary& library = session_.objects[session_.order[i]].library;
      if (library.found_by != FoundBy::already_loaded) library.found_by = FoundBy::preload;
    }
  }

  void follow() {
    for (;;) {
      const auto next =
          std::ranges::find_if(session_.order, [this](std::size_t i) { return !session_.objects[i].done; });
      if (next == session_.order.end()) return;
      const std::size_t at = *next;
      session_.objects[at].done = true;
      const ElfFacts* elf = session_.objects[at].elf;
      if (elf == nullptr) continue;
      for (const std::string& filter : elf->filters) put_before(need(filter, at, {.silent = true}), at);
      for (const std::string& name : elf->needed) need(name, at, {});
    }
  }

  /// What a filter stands for is searched for symbols before the filter itself.
  void put_before(std::size_t object, std::size_t filter) {
    if (object == nobody || session_.order.empty() || session_.order.back() != object) return;
    session_.order.pop_back();
    session_.order.insert(std::ranges::find(session_.order, filter), object);
  }

  std::size_t need(std::string_view raw, std::size_t by, Want want) {
    const std::string name = expanded(raw, session_.objects[by], false).value_or(std::string(raw));
    if (const std::size_t known = find_loaded(name); known != nobody) return take_known(known, name, by);
    MissingLibrary missing{.name = name, .needed_by = {}, .tried = {}, .hint = {}};
    std::optional<LoadedLibrary> found = name.find('/') == std::string::npos
                                             ? search(name, by, want, missing.tried)
                                             : at_path(name, missing.tried);
    if (!found) {
      if (want.silent) return nobody;
      missing.needed_by = world_.tree.path(session_.objects[by].library.node);
      missing.hint = hint_for(name);
      session_.missing.push_back(std::move(missing));
      return nobody;
    }
    for (std::size_t i = 0; i < session_.objects.size(); ++i) {
      const NodeId known = session_.objects[i].library.node;
      if (known != no_node && world_.tree.node(known).inode == world_.tree.node(found->node).inode)
        return take_known(i, name, by);
    }
    if (session_.objects.size() >= max_objects) return nobody;
    found->name = name;
    found->needed_by = by;
    LoadedObject object;
    object.elf = world_.tree.elf(found->node);
    object.origin = found->path.starts_with('/') ? folder_of(found->path) : folder_of("/" + found->path);
    object.names.push_back(name);
    object.library = std::move(*found);
    session_.objects.push_back(std::move(object));
    session_.order.push_back(session_.objects.size() - 1);
    return session_.objects.size() - 1;
  }

  [[nodiscard]] std::size_t find_loaded(const std::string& name) const {
    for (std::size_t i = 0; i < session_.objects.size(); ++i) {
      const LoadedObject& object = session_.objects[i];
      if (i != 0 && object.library.path == name) return i;
      if (std::ranges::find(object.names, name) != object.names.end()) return i;
      if (object.elf != nullptr && object.elf->soname == name && !name.empty()) return i;
    }
    return nobody;
  }

  std::size_t take_known(std::size_t object, const std::string& name, std::size_t by) {
    LoadedObject& known = session_.objects[object];
    if (std::ranges::find(known.names, name) == known.names.end()) known.names.push_back(name);
    // the loader itself comes into the order with its first need
    if (known.library.found_by == FoundBy::already_loaded && known.library.name.empty()) {
      known.library.name = name;
      known.library.needed_by = by;
      session_.order.push_back(object);
    }
    return object;
  }

  std::optional<LoadedLibrary> at_path(const std::string& path, std::vector<std::string>& tried) {
    Probe found = probe(world_, session_, program(), path, tried);
    if (found.result != Probe::Result::usable || !can_be_library(found, path, tried)) return std::nullopt;
    return make(std::move(found), path, FoundBy::path, path);
  }

  static LoadedLibrary make(Probe found, std::string path, FoundBy by, std::string detail) {
    LoadedLibrary library;
    library.path = std::move(path);
    library.node = found.node;
    library.symlinks = std::move(found.symlinks);
    library.found_by = by;
    library.detail = std::move(detail);
    return library;
  }

  static bool can_be_library(const Probe& found, const std::string& path, std::vector<std::string>& tried) {
    if (found.elf->type == ElfType::shared && (found.elf->flags_1 & df_1_pie) == 0) return true;
    tried.push_back(path + " (a program)");
    return false;
  }

  /// One search for one name; it ends at the first file that will do, or that the loader gives up at.
  struct Hunt {
    const std::string& name;
    std::vector<std::string>& tried;
    bool secure = false;
    std::optional<LoadedLibrary> found;
    bool stopped = false;

    [[nodiscard]] bool over() const { return found.has_value() || stopped; }
  };

  std::optional<LoadedLibrary> search(const std::string& name, std::size_t by, Want want,
                                      std::vector<std::string>& tried) {
    Hunt hunt{.name = name, .tried = tried, .secure = want.secure, .found = {}, .stopped = false};
    if (!session_.objects[by].elf->has_runpath) search_rpaths(hunt, by);
    if (!hunt.over()) search_folders(hunt, library_path_, FoundBy::library_path);
    if (!hunt.over() && session_.objects[by].elf->has_runpath)
      search_folders(hunt, search_path_of(by), FoundBy::runpath);
    const bool no_default = (session_.objects[by].elf->flags_1 & df_1_nodeflib) != 0;
    if (!hunt.over() && !want.secure) search_cache(hunt, no_default);
    if (!hunt.over() && !no_default) search_folders(hunt, system_folders_, FoundBy::default_folder);
    return std::move(hunt.found);
  }

  /// The needing object's RPATH, then its loader's, and on up; the program's in any case.
  void search_rpaths(Hunt& hunt, std::size_t by) {
    bool did_program = false;
    std::size_t at = by;
    for (std::size_t steps = 0; at != nobody && steps <= session_.objects.size() && !hunt.over(); ++steps) {
      const LoadedObject& object = session_.objects[at];
      if (object.elf != nullptr && !object.elf->has_runpath && !object.elf->rpath.empty())
        search_folders(hunt, search_path_of(at), FoundBy::rpath);
      did_program = did_program || at == 0;
      at = object.library.needed_by;
    }
    if (!did_program && !hunt.over() && !program().has_runpath && !program().rpath.empty())
      search_folders(hunt, search_path_of(0), FoundBy::rpath);
  }

  void try_file(Hunt& hunt, const std::string& path, FoundBy by, const std::string& detail) {
    Probe found = probe(world_, session_, program(), path, hunt.tried);
    if (found.result == Probe::Result::unusable) hunt.stopped = true;
    if (found.result != Probe::Result::usable) return;
    if (hunt.secure && (world_.tree.entry(found.node).mode & 04000U) == 0) {
      hunt.tried.push_back(path + " (not setuid, preloaded into a setuid program)");
      return;
    }
    if (!can_be_library(found, path, hunt.tried)) {
      hunt.stopped = true;
      return;
    }
    hunt.found = make(std::move(found), path, by, detail);
  }

  void search_folders(Hunt& hunt, const std::vector<std::string>& list, FoundBy by) {
    for (const std::string& folder : list) {
      const std::string prefix = folder.ends_with('/') ? folder : folder + "/";
      for (const std::string_view level : hwcaps_below(prefix)) {
        const std::string path = prefix + "glibc-hwcaps/" + std::string(level) + "/" + hunt.name;
        if (std::ranges::find(processor_.hwcaps, level) != processor_.hwcaps.end())
          try_file(hunt, path, by, folder);
        else if (world_.tree.resolve(path).node != no_node)
          session_.varies = true;
        if (hunt.over()) return;
      }
      try_file(hunt, prefix + hunt.name, by, folder);
      if (hunt.over()) return;
    }
  }

  /// The processor levels that a folder has files for, best first.
  const std::vector<std::string_view>& hwcaps_below(const std::string& prefix) {
    const auto [entry, is_new] = hwcaps_of_folder_.try_emplace(prefix);
    if (is_new && world_.tree.resolve(prefix + "glibc-hwcaps").node != no_node) {
      for (const std::string_view level : abi_->hwcaps)
        if (world_.tree.resolve(prefix + "glibc-hwcaps/" + std::string(level)).node != no_node)
          entry->second.push_back(level);
    }
    return entry->second;
  }

  void search_cache(Hunt& hunt, bool no_default) {
    const auto entries = world_.cache.entries.find(hunt.name);
    const LdCacheEntry* best = nullptr;
    if (entries != world_.cache.entries.end()) best = best_entry(entries->second);
    if (best == nullptr) {
      hunt.tried.emplace_back(cache_path);
      return;
    }
    const bool in_system_folder = std::ranges::any_of(
        system_folders_, [best](const std::string& folder) { return best->path.starts_with(folder + "/"); });
    if (no_default && in_system_folder) return;
    try_file(hunt, best->path, FoundBy::cache, std::string(cache_path));
  }

  const LdCacheEntry* best_entry(const std::vector<LdCacheEntry>& entries) {
    const LdCacheEntry* best = nullptr;
    auto best_level = static_cast<std::ptrdiff_t>(processor_.hwcaps.size());
    constexpr std::uint64_t tls = 1ULL << 63U;  // every kernel has had thread-local storage for long
    constexpr std::int32_t plain_elf = 1;
    for (const LdCacheEntry& entry : entries) {
      if (entry.flags != cache_flags_ && entry.flags != plain_elf) continue;
      if (!entry.hwcaps_name.empty()) {
        const auto level = std::ranges::find(processor_.hwcaps, entry.hwcaps_name);
        if (level == processor_.hwcaps.end()) {
          session_.varies = true;
        } else if (level - processor_.hwcaps.begin() < best_level) {
          best_level = level - processor_.hwcaps.begin();
          best = &entry;
        }
        continue;
      }
      if ((entry.hwcap & ~tls) != 0) {
        remember_legacy(entry);
        continue;
      }
      const bool is_level = best_level < static_cast<std::ptrdiff_t>(processor_.hwcaps.size());
      if (best == nullptr || (!is_level && best->flags != cache_flags_ && entry.flags == cache_flags_))
        best = &entry;
    }
    return best;
  }

  void remember_legacy(const LdCacheEntry& entry) {
    std::vector<std::string> tried;
    Probe found = probe(world_, session_, program(), entry.path, tried);
    if (found.result == Probe::Result::usable)
      session_.legacy.push_back(make(std::move(found), entry.path, FoundBy::cache, std::string(cache_path)));
  }

  /// RUNPATH or RPATH of an object as folders; made once.
  const std::vector<std::string>& search_path_of(std::size_t object) {
    const auto [entry, is_new] = search_paths_.try_emplace(object);
    if (is_new) {
      const ElfFacts& elf = *session_.objects[object].elf;
      entry->second = folders(elf.has_runpath ? elf.runpath : elf.rpath, ":", object);
    }
    return entry->second;
  }

  std::vector<std::string> folders(std::string_view list, std::string_view separators, std::size_t object) {
    std::vector<std::string> result;
    if (list.empty()) return result;
    for (const std::string_view part : split_list(list, separators)) {
      std::optional<std::string> folder = expanded(part, session_.objects[object], secure_ && object == 0);
      if (!folder) continue;
      while (folder->size() > 1 && folder->ends_with('/')) folder->pop_back();
      if (folder->empty()) *folder = ".";  // the working folder
      if (std::ranges::find(result, *folder) == result.end()) result.push_back(std::move(*folder));
    }
    return result;
  }

  /// With $ORIGIN, $LIB and $PLATFORM replaced; nothing where the loader refuses: an $ORIGIN of a setuid
  /// program that leads out of the system's folders.
  std::optional<std::string> expanded(std::string_view text, const LoadedObject& object, bool only_trusted) {
    std::string result;
    bool has_origin = false;
    while (!text.empty()) {
      const std::size_t dollar = std::min(text.find('$'), text.size());
      result += text.substr(0, dollar);
      text.remove_prefix(dollar);
      if (text.empty()) break;
      text.remove_prefix(1);
      if (take_token(text, "ORIGIN")) {
        result += object.origin;
        has_origin = true;
      } else if (take_token(text, "LIB")) {
        result += lib_;
      } else if (take_token(text, "PLATFORM")) {
        result += processor_.platform;
        session_.varies = true;
      } else {
        result += '$';
      }
    }
    if (only_trusted && has_origin) {
      const std::string path = normalized(result);
      if (!std::ranges::any_of(system_folders_,
                               [&path](const std::string& folder) { return path.starts_with(folder + "/"); }))
        return std::nullopt;
    }
    return result;
  }

  /// Eats NAME or {NAME} at the beginning of `text`.
  static bool take_token(std::string_view& text, std::string_view name) {
    const bool braced = text.starts_with('{');
    const std::string_view rest = text.substr(braced ? 1 : 0);
    if (!rest.starts_with(name)) return false;
    const std::string_view behind = rest.substr(name.size());
    if (braced ? !behind.starts_with('}') : !behind.empty() && is_identifier(behind.front())) return false;
    text = braced ? behind.substr(1) : behind;
    return true;
  }

  [[nodiscard]] std::string hint_for(const std::string& name) const {
    if (name.find('/') != std::string::npos) return {};
    for (const std::string& folder : world_.conf_folders) {
      std::string path = folder;
      path.append("/").append(name);
      const NodeId node = world_.tree.resolve(path).node;
      const ElfFacts* elf = node == no_node ? nullptr : world_.tree.elf(node);
      if (elf != nullptr && same_abi(*elf, program()))
        return path + " is in a folder of ld.so.conf, but ld.so.cache does not name it";
    }
    return {};
  }

  const LoaderWorld& world_;
  Session& session_;
  const Processor& processor_;
  const LoaderAbi* abi_ = nullptr;
  bool secure_ = false;
  std::int32_t cache_flags_ = -1;
  std::string lib_;  ///< what $LIB stands for
  std::vector<std::string> system_folders_;
  std::vector<std::string> library_path_;
  std::map<std::size_t, std::vector<std::string>> search_paths_;
  std::map<std::string, std::vector<std::string_view>> hwcaps_of_folder_;
};

}  // namespace

Session load_glibc(const LoaderWorld& world, NodeId program, const std::string& interpreter,
                   const Processor& processor) {
  Session session;
  GlibcSearch(world, session, processor).start(program, interpreter);
  return session;
}

std::size_t dlopen_glibc(const LoaderWorld& world, Session& session, std::string_view name, NodeId caller,
                         const Processor& processor) {
  return GlibcSearch(world, session, processor).open_late(name, caller);
}

}  // namespace slim
