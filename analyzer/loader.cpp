// Which loader a file gets, and what its search comes to. The searches themselves follow ld.so(8) for glibc
// (loader_glibc.cpp) and musl's dynlink.c (loader_musl.cpp).
#include "analyzer/loader.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "analyzer/elf.h"
#include "analyzer/error.h"
#include "analyzer/file_tree.h"
#include "analyzer/layer_index.h"
#include "analyzer/ld_cache.h"
#include "analyzer/loader_abi.h"
#include "analyzer/loader_session.h"

namespace slim {
namespace {

constexpr std::uint64_t df_1_pie = 0x08000000;
constexpr std::size_t max_remembered = 256;

const std::string* text_of(const FileTree& tree, std::string_view path) {
  const NodeId node = tree.resolve(path).node;
  const FileFacts* facts = node == no_node ? nullptr : tree.facts(node);
  return facts != nullptr && facts->text ? &*facts->text : nullptr;
}

/// Names apart by blanks and colons; '#' begins a comment. Comments are blanked as glibc's rtld.c does it:
/// after each, the end that it looks up to moves towards the beginning, so that a later one may be taken for
/// names.
std::vector<std::string> preload_names(std::string text) {
  std::size_t rest = text.size();
  while (rest > 0) {
    std::size_t at = text.find('#');
    if (at >= rest) break;
    rest -= at;
    do text[at] = ' ';
    while (--rest > 0 && text[++at] != '\n');
  }
  std::vector<std::string> names;
  for (const std::string_view name : split_list(text, " \t\r\n:"))
    if (!name.empty()) names.emplace_back(name);
  return names;
}

LoaderWorld make_world(const FileTree& tree, LoaderEnvironment environment) {
  LoaderWorld world{.tree = tree,
                    .environment = std::move(environment),
                    .cache = {},
                    .conf_folders = ld_so_conf_folders(tree),
                    .preload_file = {},
                    .musl_loader = {},
                    .diagnostics = {}};
  if (const std::string* text = text_of(tree, "/etc/ld.so.cache")) {
    if (auto cache = parse_ld_cache(*text)) {
      world.cache = std::move(*cache);
    } else {
      world.diagnostics.push_back(
          {"/etc/ld.so.cache", "not read: " + cache.error() + "; the loader does without it too"});
    }
  }
  if (const std::string* text = text_of(tree, "/etc/ld.so.preload"))
    world.preload_file = preload_names(*text);
  for (const NodeId node : tree.glob("/lib/ld-musl-*.so.1")) {
    const std::string& name = tree.node(node).name;
    world.musl_loader = "/lib/" + name;
    break;
  }
  return world;
}

bool names_musl(const FileTree& tree, const std::string& interpreter) {
  if (interpreter.find("ld-musl") != std::string::npos) return true;
  const NodeId node = tree.resolve(interpreter).node;
  return node != no_node && tree.path(node).find("musl") != std::string::npos;
}

/// A library names no loader: its need of a C library says which one it was linked for, or else the image.
bool library_wants_musl(const LoaderWorld& world, const ElfFacts& elf) {
  if (world.musl_loader.empty()) return false;
  for (const std::string& name : elf.needed) {
    if (name == "libc.so.6") return false;
    if (name == "libc.so" || name.starts_with("libc.musl-")) return true;
  }
  const std::string_view glibc_loader = loader_abi(elf).interpreter;
  return glibc_loader.empty() || world.tree.resolve(glibc_loader).node == no_node;
}

struct Choice {
  bool musl = false;
  std::string interpreter;
};

Choice choose(const LoaderWorld& world, const ElfFacts& elf) {
  if (!elf.interpreter.empty())
    return {.musl = names_musl(world.tree, elf.interpreter), .interpreter = elf.interpreter};
  if (library_wants_musl(world, elf)) return {.musl = true, .interpreter = world.musl_loader};
  return {.musl = false, .interpreter = std::string(loader_abi(elf).interpreter)};
}

/// The processors whose answers make up the union: the plainest, each level, each platform.
std::vector<Processor> processors(const LoaderAbi& abi) {
  const std::span<const std::string_view> levels(abi.hwcaps);
  const std::string_view plain = abi.platforms.empty() ? std::string_view() : abi.platforms.front();
  std::vector<Processor> result{{.hwcaps = {}, .platform = plain}};
  for (std::size_t i = levels.size(); i-- > 0;)
    result.push_back({.hwcaps = levels.subspan(i), .platform = plain});
  for (std::size_t i = 1; i < abi.platforms.size(); ++i)
    result.push_back({.hwcaps = levels, .platform = abi.platforms[i]});
  return result;
}

/// The processor of one level; the plainest where the architecture has no such level.
Processor processor_of(const LoaderAbi& abi, std::string_view level) {
  Processor result = processors(abi).front();
  const auto best = std::ranges::find(abi.hwcaps, level);
  result.hwcaps = {best, abi.hwcaps.end()};
  if (std::ranges::find(abi.platforms, level) != abi.platforms.end()) result.platform = level;
  return result;
}

bool has_node(const std::vector<LoadedLibrary>& libraries, NodeId node) {
  return std::ranges::any_of(libraries,
                             [node](const LoadedLibrary& library) { return library.node == node; });
}

/// Objects of a session from `first` in the order on, as libraries that count each other from 0.
std::vector<LoadedLibrary> libraries_of(const Session& session, const std::vector<std::size_t>& order) {
  std::unordered_map<std::size_t, std::size_t> place;
  for (std::size_t i = 0; i < order.size(); ++i) place.emplace(order[i], i);
  std::vector<LoadedLibrary> libraries;
  libraries.reserve(order.size());
  for (const std::size_t object : order) {
    LoadedLibrary library = session.objects[object].library;
    const auto needed_by = place.find(library.needed_by);
    library.needed_by = needed_by == place.end() ? LoadedLibrary::program : needed_by->second;
    libraries.push_back(std::move(library));
  }
  return libraries;
}

/// All but the program itself.
std::vector<LoadedLibrary> in_process(const Session& session) {
  return libraries_of(session, {session.order.begin() + 1, session.order.end()});
}

/// Adds what `other` has and `result` lacks.
void add_variants(LoadResult& result, std::vector<LoadedLibrary> other,
                  const std::vector<LoadedLibrary>& needers) {
  for (LoadedLibrary& library : other) {
    if (has_node(result.libraries, library.node) || has_node(result.variants, library.node)) continue;
    const std::size_t needed_by = std::exchange(library.needed_by, LoadedLibrary::program);
    if (needed_by < needers.size()) {
      const auto same = std::ranges::find(result.libraries, needers[needed_by].node, &LoadedLibrary::node);
      if (same != result.libraries.end())
        library.needed_by = static_cast<std::size_t>(same - result.libraries.begin());
    }
    result.variants.push_back(std::move(library));
  }
}

void add_audits(LoadResult& result, const std::vector<Session>& sessions) {
  for (const Session& session : sessions) {
    for (LoadedLibrary& library : in_process(session)) {
      library.needed_by = LoadedLibrary::program;
      if (!has_node(result.audit, library.node)) result.audit.push_back(std::move(library));
    }
  }
}

}  // namespace

std::string_view to_string(FoundBy found_by) {
  switch (found_by) {
    case FoundBy::preload:
      return "preload";
    case FoundBy::path:
      return "path";
    case FoundBy::rpath:
      return "RPATH";
    case FoundBy::library_path:
      return "LD_LIBRARY_PATH";
    case FoundBy::runpath:
      return "RUNPATH";
    case FoundBy::cache:
      return "ld.so.cache";
    case FoundBy::default_folder:
      return "default folder";
    case FoundBy::already_loaded:
      return "already loaded";
  }
  return "";
}

std::vector<std::string_view> split_list(std::string_view text, std::string_view separators) {
  std::vector<std::string_view> parts;
  for (;;) {
    const std::size_t end = text.find_first_of(separators);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

void put_program(const LoaderWorld& world, Session& session, NodeId program, std::string origin) {
  LoadedObject main;
  main.library.node = program;
  main.library.path = world.tree.path(program);
  main.library.needed_by = LoadedLibrary::program;
  main.elf = world.tree.elf(program);
  main.origin = std::move(origin);
  session.objects.push_back(std::move(main));
  session.order.push_back(0);
}

bool is_secure(const FileTree& tree, NodeId program) {
  const LayerEntry& entry = tree.entry(program);
  if ((entry.mode & 06000U) != 0) return true;
  return std::ranges::any_of(entry.xattrs,
                             [](const Xattr& xattr) { return xattr.name == "security.capability"; });
}

TriedPath probe(const LoaderWorld& world, Session& session, const ElfFacts& program, const std::string& path,
                std::vector<std::string>& tried) {
  TriedPath result;
  if (session.places_left == 0) return result;
  if (--session.places_left == 0) {
    tried.emplace_back("(given up: too many places)");
    return result;
  }
  Resolution found = world.tree.resolve(path, world.environment.working_folder);
  if (found.node == no_node) {
    tried.push_back(path);
    return result;
  }
  result.node = found.node;
  result.symlinks = std::move(found.symlinks);
  result.elf = world.tree.elf(found.node);
  // a loader gives up at the other byte order, but goes on at another class or machine
  const bool turned = result.elf != nullptr && result.elf->elf_class == program.elf_class &&
                      result.elf->little_endian != program.little_endian;
  if (turned || result.elf == nullptr || result.elf->debug_only ||
      (result.elf->type != ElfType::shared && result.elf->type != ElfType::executable)) {
    result.result = TriedPath::Result::unusable;
    tried.push_back(path + " (no shared library; the loader fails here)");
  } else if (!same_abi(*result.elf, program)) {
    result.result = TriedPath::Result::other_abi;
    tried.push_back(path + " (for another machine)");
  } else {
    result.result = TriedPath::Result::usable;
  }
  return result;
}

struct Loader::State {
  State(const FileTree& tree, LoaderEnvironment environment)
      : world(make_world(tree, std::move(environment))) {}

  [[nodiscard]] Session run(NodeId program, const Choice& choice, const Processor& processor) const {
    return run(program, choice, processor, is_secure(world.tree, program));
  }
  [[nodiscard]] Session run(NodeId program, const Choice& choice, const Processor& processor,
                            bool secure) const {
    return choice.musl ? load_musl(world, program, choice.interpreter, secure)
                       : load_glibc(world, program, choice.interpreter, processor, secure);
  }

  /// The process of `program` on the plainest processor; dlopen asks for the same one again and again.
  std::shared_ptr<const Session> process(NodeId program, const Choice& choice, const Processor& processor) {
    {
      const std::scoped_lock lock(mutex);
      if (const auto known = remembered.find(program); known != remembered.end()) return known->second;
    }
    auto session = std::make_shared<const Session>(run(program, choice, processor));
    const std::scoped_lock lock(mutex);
    if (remembered.size() >= max_remembered) remembered.clear();
    remembered.emplace(program, session);
    return session;
  }

  LoaderWorld world;
  std::mutex mutex;
  std::unordered_map<NodeId, std::shared_ptr<const Session>> remembered;
};

Loader::Loader(const FileTree& tree, LoaderEnvironment environment)
    : state_(std::make_unique<State>(tree, std::move(environment))) {}
Loader::~Loader() = default;

/// What is known of a file before anything is searched for.
struct Loader::Start {
  LoadResult result;              ///< all but libraries, variants and missing
  const ElfFacts* elf = nullptr;  ///< null: nothing to load
  Choice choice;
};

Loader::Start Loader::start(NodeId program) const {
  Start start;
  LoadResult& result = start.result;
  const LoaderWorld& world = state_->world;
  const ElfFacts* elf = world.tree.elf(program);
  if (elf == nullptr || elf->debug_only || elf->type == ElfType::core || elf->type == ElfType::relocatable)
    return start;
  result.interpreter = elf->interpreter;
  const bool is_library = elf->type == ElfType::shared && (elf->flags_1 & df_1_pie) == 0;
  result.is_static = elf->interpreter.empty() && (!elf->dynamic || !is_library);
  if (!result.interpreter.empty()) {
    Resolution found = world.tree.resolve(result.interpreter);
    result.interpreter_node = found.node;
    result.interpreter_symlinks = std::move(found.symlinks);
  }
  if (result.is_static || !elf->dynamic) return start;
  start.elf = elf;
  start.choice = choose(world, *elf);
  result.is_musl = start.choice.musl;
  return start;
}

LoadResult Loader::load(NodeId program) const {
  auto [result, elf, choice] = start(program);
  if (elf == nullptr) return result;
  const LoaderWorld& world = state_->world;
  const std::vector<Processor> all = processors(loader_abi(*elf));
  const auto session = state_->process(program, choice, all.front());
  result.libraries = in_process(*session);
  result.missing = session->missing;
  if (session->varies) {
    for (const Processor& processor : std::span(all).subspan(1)) {
      std::vector<LoadedLibrary> other = in_process(state_->run(program, choice, processor));
      const std::vector<LoadedLibrary> needers = other;
      add_variants(result, std::move(other), needers);
    }
  }
  if (session->secure) {
    std::vector<LoadedLibrary> other = in_process(state_->run(program, choice, all.front(), false));
    const std::vector<LoadedLibrary> needers = other;
    add_variants(result, std::move(other), needers);
  }
  add_variants(result, session->legacy, {});
  if (!choice.musl)
    add_audits(result, audit_glibc(world, program, choice.interpreter, all.front(), session->secure));
  return result;
}

const std::vector<Diagnostic>& Loader::diagnostics() const {
  return state_->world.diagnostics;
}

LoadResult Loader::load_on(NodeId program, std::string_view level) const {
  auto [result, elf, choice] = start(program);
  if (elf == nullptr) return result;
  Session session = state_->run(program, choice, processor_of(loader_abi(*elf), level));
  result.libraries = in_process(session);
  result.missing = std::move(session.missing);
  if (!choice.musl)
    add_audits(result, audit_glibc(state_->world, program, choice.interpreter,
                                   processor_of(loader_abi(*elf), level), session.secure));
  return result;
}

LoadResult Loader::dlopen(std::string_view name, NodeId caller, NodeId program) const {
  LoadResult result;
  const LoaderWorld& world = state_->world;
  const ElfFacts* elf = world.tree.elf(program);
  if (elf == nullptr || !elf->dynamic || name.empty() || elf->debug_only || elf->type == ElfType::core ||
      elf->type == ElfType::relocatable)
    return result;
  const Choice choice = choose(world, *elf);
  result.interpreter = elf->interpreter;
  result.is_musl = choice.musl;
  const std::vector<Processor> all = processors(loader_abi(*elf));
  const auto open = [&](Session session, const Processor& processor, std::vector<MissingLibrary>* missing) {
    const std::size_t mapped = session.order.size();
    session.missing.clear();
    const std::size_t found = choice.musl ? dlopen_musl(world, session, name)
                                          : dlopen_glibc(world, session, name, caller, processor);
    std::vector<std::size_t> order;
    if (found != LoadedLibrary::program) order.push_back(found);
    for (std::size_t i = mapped; i < session.order.size(); ++i)
      if (session.order[i] != found) order.push_back(session.order[i]);
    auto libraries = libraries_of(session, order);
    if (!order.empty() &&
        std::ranges::find(session.order.begin(), session.order.begin() + static_cast<std::ptrdiff_t>(mapped),
                          found) != session.order.begin() + static_cast<std::ptrdiff_t>(mapped))
      libraries.front().found_by = FoundBy::already_loaded;
    if (missing != nullptr) *missing = std::move(session.missing);
    return std::pair(std::move(libraries), session.varies);
  };
  auto [libraries, varies] =
      open(*state_->process(program, choice, all.front()), all.front(), &result.missing);
  result.libraries = std::move(libraries);
  if (varies) {
    for (const Processor& processor : std::span(all).subspan(1)) {
      auto other = open(state_->run(program, choice, processor), processor, nullptr).first;
      const std::vector<LoadedLibrary> needers = other;
      add_variants(result, std::move(other), needers);
    }
  }
  return result;
}

}  // namespace slim
