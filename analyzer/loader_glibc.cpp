// glibc's search, as ld.so(8) describes it and elf/dl-load.c and elf/dl-deps.c do it: breadth first over
// DT_NEEDED; a name that some loaded object has already is that object; else RPATHs along the chain of
// loaders, LD_LIBRARY_PATH, RUNPATH, ld.so.cache and the folders that the loader was built with.
#include <algorithm>
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
#include "analyzer/loader_tokens.h"

namespace slim {
namespace {

constexpr std::uint64_t df_1_nodeflib = 0x800;
constexpr std::uint64_t df_1_pie = 0x08000000;
constexpr std::size_t nobody = LoadedLibrary::program;
constexpr std::size_t max_objects = 4096;
constexpr std::size_t max_audits = 16;  ///< as many as there are namespaces
constexpr std::string_view cache_path = "/etc/ld.so.cache";

class GlibcSearch {
 public:
  GlibcSearch(const LoaderWorld& world, Session& session, const Processor& processor)
      : world_(world), session_(session), processor_(processor) {}

  void start(NodeId program, const std::string& interpreter) {
    begin(program, interpreter);
    preload();
    follow();
  }

  /// Fills a session with what one name of LD_AUDIT or DT_AUDIT loads. The loader itself opens it, so that of
  /// RPATHs the program's alone serves.
  void start_audit(NodeId program, const std::string& interpreter, std::string_view name) {
    begin(program, interpreter);
    constexpr std::size_t loader = 1;
    session_.objects.front().done = true;
    if (session_.objects.size() <= loader || session_.objects[loader].elf == nullptr || !is_allowed(name))
      return;
    need(name, loader, {.silent = true, .secure = session_.secure});
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
    const std::size_t mapped = session_.objects.size();
    const std::size_t found = need(name, by, {});
    // the loader forgets who called dlopen: RPATHs of callers do not serve what the library needs
    if (found != nobody && found >= mapped) session_.objects[found].opened_late = true;
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

  /// The process before anything is searched for.
  void begin(NodeId program, const std::string& interpreter) {
    session_.interpreter = interpreter;
    put_program(world_, session_, program, folder_of(world_.tree.path(program)));
    know_surroundings();
    add_loader_object();
  }

  [[nodiscard]] const ElfFacts& program() const { return *session_.objects.front().elf; }

  void know_surroundings() {
    abi_ = &loader_abi(program());
    cache_flags_ = ld_cache_flags(program());
    find_system_folders();
    if (!session_.secure && !world_.environment.library_path.empty())
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
    const std::string own = node == no_node ? "" : folder_of(world_.tree.path(node));
    if (!own.empty() && std::ranges::find(candidates, own) == candidates.end())
      candidates.insert(candidates.begin(), own);  // a glibc with a prefix of its own
    const ElfFacts* loader = node == no_node ? nullptr : world_.tree.elf(node);
    constexpr unsigned last_with_legacy = 36;
    searches_legacy_ = loader != nullptr && loader->glibc_minor <= last_with_legacy;
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
    loader.origin = session_.objects.front().origin;
    loader.done = true;
    session_.objects.push_back(std::move(loader));
  }

  /// What is not found, the loader tells on standard error, and goes on without it. In secure-execution mode
  /// only names without a slash count that lead to setuid files in the system's folders; of those in
  /// /etc/ld.so.preload also paths.
  void preload() {
    for (const std::string_view name : split_list(world_.environment.preload, " :"))
      if (is_allowed(name)) need(name, 0, {.silent = true, .secure = session_.secure});
    for (const std::string& name : world_.preload_file)
      need(name, 0, {.silent = true, .secure = session_.secure});
    for (std::size_t i = 1; i < session_.order.size(); ++i) {
      LoadedLibrary& library = session_.objects[session_.order[i]].library;
      if (library.found_by != FoundBy::already_loaded) library.found_by = FoundBy::preload;
    }
  }

  /// Whether a name of LD_PRELOAD or LD_AUDIT counts.
  [[nodiscard]] bool is_allowed(std::string_view name) const {
    return !name.empty() && (!session_.secure || name.find('/') == std::string_view::npos);
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
      for (const std::string& name : elf->needed) need(name, at, {});
      for (const std::string& filter : elf->filters) put_before(need(filter, at, {}), at);
      for (const std::string& filter : elf->auxiliaries) put_before(need(filter, at, {.silent = true}), at);
    }
  }

  /// What a filter stands for is searched for symbols before the filter itself.
  void put_before(std::size_t object, std::size_t filter) {
    std::vector<std::size_t>& order = session_.order;
    const auto place = std::ranges::find(order, filter);
    const auto behind = std::find(place, order.end(), object);
    if (object != filter && behind != order.end()) std::rotate(place, behind, behind + 1);
  }

  std::size_t need(std::string_view raw, std::size_t by, Want want) {
    const ExpandedText expansion = expanded(raw, session_.objects[by]);
    if (expansion.refused || (session_.secure && expansion.has_token)) return refuse(raw, by, want);
    const std::string& name = expansion.text;
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
    // the program itself is known by its names only: the kernel mapped it, and nobody noted its inode
    for (std::size_t i = 1; i < session_.objects.size(); ++i) {
      const NodeId known = session_.objects[i].library.node;
      if (known != no_node && world_.tree.node(known).inode == world_.tree.node(found->node).inode)
        return take_known(i, name, by);
    }
    if (session_.objects.size() >= max_objects) return nobody;
    found->name = name;
    found->needed_by = by;
    LoadedObject object;
    object.elf = world_.tree.elf(found->node);
    object.origin = origin_of(found->path);
    object.names.push_back(name);
    object.library = std::move(*found);
    session_.objects.push_back(std::move(object));
    session_.order.push_back(session_.objects.size() - 1);
    return session_.objects.size() - 1;
  }

  /// The folder of a file by the name that it was found under; relative ones begin at the working folder.
  [[nodiscard]] std::string origin_of(const std::string& path) const {
    if (path.starts_with('/')) return folder_of(path);
    const std::string working_folder = world_.tree.path(world_.environment.working_folder);
    return folder_of(working_folder + (working_folder.ends_with('/') ? "" : "/") + path);
  }

  /// A name with a token that has no value, or with any in a setuid program: the loader gives up.
  std::size_t refuse(std::string_view name, std::size_t by, Want want) {
    if (!want.silent)
      session_.missing.push_back(
          {.name = std::string(name),
           .needed_by = world_.tree.path(session_.objects[by].library.node),
           .tried = {std::string(name) + (session_.secure ? " (tokens are not allowed in a setuid program)"
                                                          : " (a token has no value)")},
           .hint = {}});
    return nobody;
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
    TriedPath found = probe(world_, session_, program(), path, tried);
    if (found.result != TriedPath::Result::usable || !can_be_library(found, path, tried)) return std::nullopt;
    return make(std::move(found), path, FoundBy::path, path);
  }

  static LoadedLibrary make(TriedPath found, std::string path, FoundBy by, std::string detail) {
    LoadedLibrary library;
    library.path = std::move(path);
    library.node = found.node;
    library.symlinks = std::move(found.symlinks);
    library.found_by = by;
    library.detail = std::move(detail);
    return library;
  }

  static bool can_be_library(const TriedPath& found, const std::string& path,
                             std::vector<std::string>& tried) {
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
      at = object.opened_late ? nobody : object.library.needed_by;
    }
    if (!did_program && !hunt.over() && !program().has_runpath && !program().rpath.empty())
      search_folders(hunt, search_path_of(0), FoundBy::rpath);
  }

  void try_file(Hunt& hunt, const std::string& path, FoundBy by, const std::string& detail) {
    TriedPath found = probe(world_, session_, program(), path, hunt.tried);
    if (found.result == TriedPath::Result::unusable) hunt.stopped = true;
    if (found.result != TriedPath::Result::usable) return;
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

  /// What a folder of a search path has besides its own files.
  struct Subfolders {
    std::vector<std::string_view> hwcaps;  ///< levels below glibc-hwcaps, best first
    std::vector<std::string> legacy;       ///< "tls/x86_64/": as every processor searches them
    std::vector<std::string> others;       ///< the same for better processors
  };

  void search_folders(Hunt& hunt, const std::vector<std::string>& list, FoundBy by) {
    for (const std::string& folder : list) {
      const std::string prefix = folder.empty() || folder.ends_with('/') ? folder : folder + "/";
      const Subfolders& below = subfolders_of(prefix);
      for (const std::string_view level : below.hwcaps) {
        const std::string path = prefix + "glibc-hwcaps/" + std::string(level) + "/" + hunt.name;
        if (std::ranges::find(processor_.hwcaps, level) != processor_.hwcaps.end())
          try_file(hunt, path, by, folder);
        else if (exists(path))
          session_.varies = true;
        if (hunt.over()) return;
      }
      for (const std::string& other : below.others) remember_legacy(prefix + other + hunt.name, by, folder);
      for (const std::string& legacy : below.legacy) {
        try_file(hunt, prefix + legacy + hunt.name, by, folder);
        if (hunt.over()) return;
      }
      try_file(hunt, prefix + hunt.name, by, folder);
      if (hunt.over()) return;
    }
  }

  [[nodiscard]] bool exists(const std::string& path) const {
    return world_.tree.resolve(path, world_.environment.working_folder).node != no_node;
  }

  const Subfolders& subfolders_of(const std::string& prefix) {
    const auto [entry, is_new] = subfolders_.try_emplace(prefix);
    Subfolders& below = entry->second;
    if (!is_new) return below;
    if (exists(prefix + "glibc-hwcaps")) {
      for (const std::string_view level : abi_->hwcaps)
        if (exists(prefix + "glibc-hwcaps/" + std::string(level))) below.hwcaps.push_back(level);
    }
    if (searches_legacy_) find_legacy(prefix, below);
    return below;
  }

  /// Until glibc 2.36 a loader tried every choice out of the names that its processor has, nested:
  /// dl-hwcaps.c.
  void find_legacy(const std::string& prefix, Subfolders& below) const {
    std::vector<std::string_view> names(abi_->legacy_always.begin(), abi_->legacy_always.end());
    if (!abi_->platforms.empty()) names.push_back(abi_->platforms.front());
    names.emplace_back("tls");
    for (std::size_t choice = (std::size_t{1} << names.size()) - 1; choice != 0; --choice) {
      std::string path;
      for (std::size_t i = names.size(); i-- > 0;)
        if ((choice >> i & 1U) != 0) path.append(names[i]).append("/");
      if (std::ranges::find(below.legacy, path) == below.legacy.end() && exists(prefix + path))
        below.legacy.push_back(std::move(path));
    }
    std::vector<std::string_view> better(abi_->legacy_some.begin(), abi_->legacy_some.end());
    for (std::size_t i = 1; i < abi_->platforms.size(); ++i) better.push_back(abi_->platforms[i]);
    names.insert(names.end(), better.begin(), better.end());
    for (const std::string_view outer : names) {
      const std::string folder = std::string(outer) + "/";
      if (!exists(prefix + folder)) continue;
      if (std::ranges::find(better, outer) != better.end()) below.others.push_back(folder);
      for (const std::string_view inner : names) {
        std::string nested = folder + std::string(inner) + "/";
        const bool plain = std::ranges::find(below.legacy, nested) != below.legacy.end();
        if (!plain && exists(prefix + nested)) below.others.push_back(std::move(nested));
      }
    }
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
        remember_legacy(entry.path, FoundBy::cache, std::string(cache_path));
        continue;
      }
      const bool is_level = best_level < static_cast<std::ptrdiff_t>(processor_.hwcaps.size());
      if (best == nullptr || (!is_level && best->flags != cache_flags_ && entry.flags == cache_flags_))
        best = &entry;
    }
    return best;
  }

  /// A file that old loaders take on some processors.
  void remember_legacy(const std::string& path, FoundBy by, const std::string& detail) {
    std::vector<std::string> tried;
    TriedPath found = probe(world_, session_, program(), path, tried);
    if (found.result == TriedPath::Result::usable)
      session_.legacy.push_back(make(std::move(found), path, by, detail));
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

  /// Whether a setuid program may look there although whoever starts it chooses its $ORIGIN by a hard link.
  [[nodiscard]] bool is_trusted(std::string_view folder) const {
    const std::string path = normalized_folder(folder);
    return std::ranges::any_of(
        system_folders_, [&path](const std::string& trusted) { return path.starts_with(trusted + "/"); });
  }

  /// The folders of a search path; the empty one is the working folder.
  std::vector<std::string> folders(std::string_view list, std::string_view separators, std::size_t object) {
    std::vector<std::string> result;
    if (list.empty()) return result;
    for (const std::string_view part : split_list(list, separators)) {
      const ExpandedText folder = expanded(part, session_.objects[object]);
      const bool dropped = folder.refused || (folder.text.empty() && !part.empty());
      if (dropped || (session_.secure && object == 0 && folder.has_origin && !is_trusted(folder.text)))
        continue;
      std::string text = folder.text;
      while (text.size() > 1 && text.ends_with('/')) text.pop_back();
      if (std::ranges::find(result, text) == result.end()) result.push_back(std::move(text));
    }
    return result;
  }

  ExpandedText expanded(std::string_view text, const LoadedObject& object) {
    ExpandedText result = expand_tokens(
        text, {.origin = object.origin, .lib = lib_, .platform = processor_.platform}, session_.secure);
    session_.varies = session_.varies || result.has_platform;
    return result;
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
  std::int32_t cache_flags_ = -1;
  std::string lib_;  ///< what $LIB stands for
  std::vector<std::string> system_folders_;
  std::vector<std::string> library_path_;
  std::map<std::size_t, std::vector<std::string>> search_paths_;
  std::map<std::string, Subfolders> subfolders_;
  bool searches_legacy_ = false;  ///< see find_legacy()
};

}  // namespace

Session load_glibc(const LoaderWorld& world, NodeId program, const std::string& interpreter,
                   const Processor& processor, bool secure) {
  Session session;
  session.secure = secure;
  GlibcSearch(world, session, processor).start(program, interpreter);
  return session;
}

std::vector<Session> audit_glibc(const LoaderWorld& world, NodeId program, const std::string& interpreter,
                                 const Processor& processor, bool secure) {
  std::vector<Session> sessions;
  const auto add = [&](std::string_view list) {
    for (const std::string_view name : split_list(list, ":")) {
      if (name.empty() || sessions.size() >= max_audits) continue;
      sessions.emplace_back().secure = secure;
      GlibcSearch(world, sessions.back(), processor).start_audit(program, interpreter, name);
    }
  };
  add(world.environment.audit);
  for (const std::string& list : world.tree.elf(program)->audit) add(list);
  return sessions;
}

std::size_t dlopen_glibc(const LoaderWorld& world, Session& session, std::string_view name, NodeId caller,
                         const Processor& processor) {
  return GlibcSearch(world, session, processor).open_late(name, caller);
}

}  // namespace slim
