// One process as a loader sees it while it maps libraries: the ground that the searches of glibc and of musl
// stand on. Internal to the loader.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "analyzer/elf.h"
#include "analyzer/error.h"
#include "analyzer/file_tree.h"
#include "analyzer/ld_cache.h"
#include "analyzer/loader.h"

namespace slim {

/// What is the same for every program of an image.
struct LoaderWorld {
  const FileTree& tree;
  LoaderEnvironment environment;
  LdCache cache;
  std::vector<std::string> conf_folders;  ///< of ld.so.conf: searched by ldconfig only
  std::vector<std::string> preload_file;  ///< the names in /etc/ld.so.preload
  std::string musl_loader;                ///< /lib/ld-musl-ARCH.so.1, where there is one
  std::vector<Diagnostic> diagnostics;
};

/// One processor to answer for.
struct Processor {
  std::span<const std::string_view> hwcaps;  ///< glibc-hwcaps folders that it may use, best first
  std::string_view platform;                 ///< what $PLATFORM stands for
};

/// A program or library in the process.
struct LoadedObject {
  LoadedLibrary library;  ///< `needed_by` is an index into Session::objects
  const ElfFacts* elf = nullptr;
  std::string origin;              ///< what $ORIGIN stands for in it
  std::vector<std::string> names;  ///< by which it was asked for
  std::string short_name;          ///< musl: by which it may be found again; empty where it has none
  bool done = false;               ///< its needs have been followed
  bool opened_late = false;        ///< by dlopen
};

struct Session {
  bool secure = false;                ///< secure-execution mode, see is_secure()
  std::string interpreter;            ///< path of the loader itself, as the program names it
  std::vector<LoadedObject> objects;  ///< the first is the program
  std::vector<std::size_t> order;     ///< objects as they are mapped
  std::vector<MissingLibrary> missing;
  std::vector<LoadedLibrary> legacy;  ///< what old-style hwcap entries of the cache name
  bool varies = false;                ///< a better processor, or another platform, may get other files
  std::size_t places_left = 200'000;  ///< hostile files could ask for searches without end
};

/// The program itself, which is mapped first; `origin` is what $ORIGIN stands for in it.
void put_program(const LoaderWorld& world, Session& session, NodeId program, std::string origin);

/// What is at a path that a loader tries.
struct TriedPath {
  enum class Result : std::uint8_t { absent, other_abi, unusable, usable };
  Result result = Result::absent;
  NodeId node = no_node;
  std::vector<NodeId> symlinks;
  const ElfFacts* elf = nullptr;
};

/// Looks at `path` for a process like `program`; what is no use is added to `tried`.
TriedPath probe(const LoaderWorld& world, Session& session, const ElfFacts& program, const std::string& path,
                std::vector<std::string>& tried);

/// `text` at each of `separators`; empty parts stay.
std::vector<std::string_view> split_list(std::string_view text, std::string_view separators);

/// Whether the kernel starts `program` in secure-execution mode, for a user who does not own it.
bool is_secure(const FileTree& tree, NodeId program);

Session load_glibc(const LoaderWorld& world, NodeId program, const std::string& interpreter,
                   const Processor& processor, bool secure);
/// The processes of their own that LD_AUDIT and the program's DT_AUDIT make, one for each name.
std::vector<Session> audit_glibc(const LoaderWorld& world, NodeId program, const std::string& interpreter,
                                 const Processor& processor, bool secure);
/// Returns the object's index, or LoadedLibrary::program where `name` was not found.
std::size_t dlopen_glibc(const LoaderWorld& world, Session& session, std::string_view name, NodeId caller,
                         const Processor& processor);

Session load_musl(const LoaderWorld& world, NodeId program, const std::string& interpreter, bool secure);
std::size_t dlopen_musl(const LoaderWorld& world, Session& session, std::string_view name);

}  // namespace slim
