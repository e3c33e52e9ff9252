// What the dynamic loader would load for a program, found without running anything.
// Follows ld.so(8) for glibc and ld-musl's documented search for musl. What a loader finds belongs to
// a program and not to a library: the answer is made for one program at a time.
// It looks at the facts of ELF files and the text of /etc/ld.so.cache, /etc/ld.so.conf and what that
// includes, /etc/ld.so.preload and /etc/ld-musl-ARCH.path: whoever makes FileFacts has to keep these.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "analyzer/error.h"
#include "analyzer/file_tree.h"

namespace slim {

enum class FoundBy : std::uint8_t {
  preload,  ///< LD_PRELOAD or /etc/ld.so.preload
  path,     ///< the name has a slash
  rpath,
  library_path,  ///< LD_LIBRARY_PATH
  runpath,
  cache,           ///< ld.so.cache
  default_folder,  ///< /lib, /usr/lib and their kin; for musl also ld-musl-ARCH.path
  already_loaded,  ///< the loader itself, which the kernel maps; of dlopen: the program has it already
};

std::string_view to_string(FoundBy found_by);

struct LoadedLibrary {
  std::string name;       ///< as it is needed
  std::string path;       ///< as the loader would print it (not resolved)
  NodeId node = no_node;  ///< the file in the end
  FoundBy found_by = FoundBy::cache;
  std::string detail;            ///< the search entry that had it: a folder, or the cache
  std::size_t needed_by = 0;     ///< index into LoadResult::libraries of who needs it; npos: the program
  std::vector<NodeId> symlinks;  ///< links on the way from `path` to `node`
  static constexpr std::size_t program = static_cast<std::size_t>(-1);
};

struct MissingLibrary {
  std::string name;
  std::string needed_by;           ///< absolute path of the file that needs it
  std::vector<std::string> tried;  ///< every place, in order; "PATH (REASON)" for a file that will not do
  std::string hint;                ///< a place that has it and is not searched, in words; may be empty
};

struct LoadResult {
  std::string interpreter;            ///< PT_INTERP as it stands; empty for libraries and static programs
  NodeId interpreter_node = no_node;  ///< no_node where it is missing
  std::vector<NodeId> interpreter_symlinks;
  bool is_static = false;
  bool is_musl = false;
  /// Breadth first, as the loader maps them, on the plainest processor.
  std::vector<LoadedLibrary> libraries;
  /// What better processors get beside or instead of that (glibc-hwcaps, $PLATFORM), and a setuid program
  /// when its owner starts it. `needed_by` counts in `libraries`, or is `program`. Keep the union, or the
  /// result depends on a processor.
  std::vector<LoadedLibrary> variants;
  /// What LD_AUDIT and the program's DT_AUDIT load, each in a namespace of its own, with what that needs; all
  /// needed by `program`. The loader only warns of one that is missing.
  std::vector<LoadedLibrary> audit;
  std::vector<MissingLibrary> missing;
};

/// What the loader sees of its surroundings.
struct LoaderEnvironment {
  // NOLINTBEGIN(readability-redundant-member-init): g++ warns of members that are left out and have none
  std::string library_path = {};      ///< LD_LIBRARY_PATH
  std::string preload = {};           ///< LD_PRELOAD
  std::string audit = {};             ///< LD_AUDIT
  NodeId working_folder = root_node;  ///< what relative search paths start at
  // NOLINTEND(readability-redundant-member-init)
};

/// Searches one image. Parses ld.so.cache and the configuration once, at construction.
class Loader {
 public:
  Loader(const FileTree& tree, LoaderEnvironment environment);
  ~Loader();
  Loader(const Loader&) = delete;
  Loader& operator=(const Loader&) = delete;

  /// The answer for one ELF file: a program, or a library taken as if it were one (as dlopen, or the
  /// loader's own trace, treats it). A file that is no dynamic ELF gives an empty result.
  [[nodiscard]] LoadResult load(NodeId program) const;

  /// The same on one processor: the best one that may use the glibc-hwcaps folder `level` ("x86-64-v3"), or
  /// the plainest where `level` is empty or belongs to another architecture. There are no variants then.
  [[nodiscard]] LoadResult load_on(NodeId program, std::string_view level) const;

  /// What dlopen(name) in `caller`, running inside `program`, would find; libraries that it needs in
  /// turn come behind it. Nothing found: `missing` says where it was looked for.
  [[nodiscard]] LoadResult dlopen(std::string_view name, NodeId caller, NodeId program) const;

  /// What is wrong with the loader's own files: an ld.so.cache that cannot be read.
  [[nodiscard]] const std::vector<Diagnostic>& diagnostics() const;

 private:
  struct State;
  struct Start;
  [[nodiscard]] Start start(NodeId program) const;
  std::unique_ptr<State> state_;
};

}  // namespace slim
