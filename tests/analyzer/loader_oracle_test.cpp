// What the loader of this machine says is compared with what we say, path by path: for the machine's own
// programs and libraries, and for small files that were made to try one rule each.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <ios>
#include <iterator>
#include <memory>
#include <ostream>
#include <span>
#include <string>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <system_error>
#include <unistd.h>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "analyzer/elf.h"
#include "analyzer/file_tree.h"
#include "analyzer/layer_index.h"
#include "analyzer/loader.h"
#include "tests/analyzer/elf_fixture.h"

namespace slim {
namespace {

namespace fs = std::filesystem;
using test::ElfSpec;
using test::make_elf;

constexpr const char* host_loader = "/lib64/ld-linux-x86-64.so.2";

/// What a loader says about one file.
struct Answer {
  std::vector<std::string> paths;  ///< as it maps them
  std::vector<std::string> missing;
  std::string error;  ///< what it died of
  bool operator==(const Answer&) const = default;
};

void PrintTo(const Answer& answer, std::ostream* out) {
  for (const auto& path : answer.paths) *out << "\n  " << path;
  for (const auto& name : answer.missing) *out << "\n  missing " << name;
  *out << "\n  " << answer.error;
}

Answer parse_trace(const std::string& output) {
  Answer answer;
  std::size_t at = 0;
  while (at < output.size()) {
    const std::size_t end = std::min(output.find('\n', at), output.size());
    std::string line = output.substr(at, end - at);
    at = end + 1;
    if (!line.starts_with('\t')) {
      answer.error += line;
      continue;
    }
    line.erase(0, 1);
    if (line.starts_with("linux-vdso.so.1 ") || line == "statically linked") continue;
    const std::size_t arrow = line.find(" => ");
    const std::string path = arrow == std::string::npos ? line : line.substr(arrow + 4);
    if (path == "not found") {
      answer.missing.push_back(line.substr(0, arrow));
      continue;
    }
    answer.paths.push_back(path.substr(0, path.rfind(" (0x")));
  }
  return answer;
}

/// Runs the machine's loader in "/", so that it names what it would map; the file itself is not started.
/// The mask keeps it from folders of better processors.
Answer ask_host(const std::string& file, std::vector<std::string> environment) {
  std::array<int, 2> ends{};
  if (pipe(ends.data()) != 0) return {.paths = {}, .missing = {}, .error = "pipe"};
  environment.insert(environment.end(), {"LD_TRACE_LOADED_OBJECTS=1", "LC_ALL=C"});
  std::vector<std::string> arguments{host_loader, "--glibc-hwcaps-mask", "none-at-all", file};
  const auto pointers = [](std::vector<std::string>& strings) {
    std::vector<char*> result;
    result.reserve(strings.size() + 1);
    for (auto& string : strings) result.push_back(string.data());
    result.push_back(nullptr);
    return result;
  };
  const std::vector<char*> argv = pointers(arguments);
  const std::vector<char*> envp = pointers(environment);
  const pid_t child = fork();
  if (child == 0) {
    dup2(ends[1], 1);
    dup2(ends[1], 2);
    close(ends[0]);
    if (chdir("/") == 0) execve(host_loader, argv.data(), envp.data());
    _exit(127);
  }
  close(ends[1]);
  std::string output;
  std::array<char, 4096> buffer{};
  for (ssize_t got = 0; (got = read(ends[0], buffer.data(), buffer.size())) > 0;)
    output.append(buffer.data(), static_cast<std::size_t>(got));
  close(ends[0]);
  int status = 0;
  waitpid(child, &status, 0);
  return parse_trace(output);
}

Answer ask_slim(const Loader& loader, const FileTree& tree, const std::string& file) {
  Answer answer;
  const NodeId node = tree.resolve(file).node;
  if (node == no_node) return {.paths = {}, .missing = {}, .error = "not in the tree"};
  const LoadResult result = loader.load(node);
  for (const LoadedLibrary& library : result.libraries) answer.paths.push_back(library.path);
  for (const MissingLibrary& missing : result.missing) answer.missing.push_back(missing.name);
  return answer;
}

std::shared_ptr<const FileFacts> facts_of(const fs::path& path) {
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return nullptr;
  struct stat status{};
  void* map = MAP_FAILED;
  if (fstat(fd, &status) == 0 && status.st_size > 64)
    map = mmap(nullptr, static_cast<std::size_t>(status.st_size), PROT_READ, MAP_PRIVATE, fd, 0);
  close(fd);
  if (map == MAP_FAILED) return nullptr;
  const std::span bytes(static_cast<const std::byte*>(map), static_cast<std::size_t>(status.st_size));
  auto facts = std::make_shared<FileFacts>();
  if (auto elf = parse_elf(bytes)) facts->elf = std::make_unique<const ElfFacts>(std::move(*elf));
  munmap(map, bytes.size());
  return facts;
}

std::shared_ptr<const FileFacts> text_facts(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  auto facts = std::make_shared<FileFacts>();
  facts->text.emplace(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
  return facts;
}

/// The machine's folders as if they were an image's layer.
class HostLayer {
 public:
  void add_tree(const fs::path& root) {
    add(root);
    if (fs::is_symlink(root) || !fs::is_directory(root)) return;
    for (const auto& entry :
         fs::recursive_directory_iterator(root, fs::directory_options::skip_permission_denied))
      add(entry.path());
  }
  FileTree squash() { return FileTree::squash(layers_); }

 private:
  void add(const fs::path& path) {
    std::error_code error;
    const fs::file_status status = fs::symlink_status(path, error);
    LayerEntry entry;
    entry.path = path.string().substr(1);
    entry.mode = static_cast<std::uint32_t>(status.permissions()) & 07777U;
    switch (status.type()) {
      case fs::file_type::directory:
        entry.type = EntryType::directory;
        break;
      case fs::file_type::symlink:
        entry.type = EntryType::symlink;
        entry.link = fs::read_symlink(path, error).string();
        break;
      case fs::file_type::regular:
        entry.facts = entry.path.starts_with("etc/") ? text_facts(path) : facts_of(path);
        break;
      default:
        return;
    }
    layers_.front().entries.push_back(std::move(entry));
  }

  std::vector<LayerIndex> layers_ = std::vector<LayerIndex>(1);
};

bool has_host_loader() {
  return access(host_loader, X_OK) == 0;
}

void add_host(HostLayer& layer) {
  for (const char* root : {"/etc/ld.so.cache", "/etc/ld.so.conf", "/etc/ld.so.conf.d", "/etc/ld.so.preload"})
    if (fs::exists(root)) layer.add_tree(root);
  for (const char* root :
       {"/lib", "/lib64", "/lib32", "/libx32", "/bin", "/sbin", "/usr/lib64", "/usr/lib32"})
    if (fs::exists(fs::symlink_status(root))) layer.add_tree(root);
}

/// At most `count` of `all`, evenly spread.
std::vector<std::string> sample(const std::vector<std::string>& all, std::size_t count) {
  std::vector<std::string> result;
  const std::size_t step = std::max<std::size_t>(1, all.size() / count);
  for (std::size_t i = 0; i < all.size() && result.size() < count; i += step) result.push_back(all[i]);
  return result;
}

TEST(LoaderOracle, AgreesWithThisMachinesLoaderOnItsOwnPrograms) {
  if (!has_host_loader()) GTEST_SKIP() << "no " << host_loader << " on this machine to compare with";
  HostLayer layer;
  add_host(layer);
  for (const char* root : {"/usr/bin", "/usr/sbin", "/usr/lib"})
    if (fs::exists(root)) layer.add_tree(root);
  const FileTree tree = layer.squash();
  const Loader loader(tree, {});
  std::vector<std::string> programs;
  std::vector<std::string> libraries;
  for (const NodeId node : tree.walk()) {
    const ElfFacts* elf = tree.elf(node);
    if (elf == nullptr || elf->elf_class != 64 || !elf->dynamic || elf->debug_only) continue;
    const std::string path = tree.path(node);
    if ((tree.entry(node).mode & 06000U) != 0) continue;  // the loader traces nothing for these
    if (elf->interpreter == host_loader && !path.ends_with(".so.6"))
      programs.push_back(path);
    else if (elf->interpreter.empty() && elf->type == ElfType::shared && (elf->flags_1 & 0x08000000) == 0 &&
             !elf->needed.empty())
      libraries.push_back(path);
  }
  std::size_t compared = 0;
  for (const auto& list : {sample(programs, 200), sample(libraries, 100)}) {
    for (const std::string& file : list) {
      EXPECT_EQ(ask_slim(loader, tree, file), ask_host(file, {})) << file;
      ++compared;
    }
  }
  RecordProperty("compared", static_cast<int>(compared));
  EXPECT_GT(compared, 20U);
}

/// Files in a folder of their own, seen by the machine's loader and, together with what the machine has, by
/// us.
class CraftedFiles : public testing::Test {
 protected:
  void SetUp() override {
    if (!has_host_loader()) GTEST_SKIP() << "no " << host_loader << " on this machine to compare with";
    std::string pattern = (fs::temp_directory_path() / "slim-loader-XXXXXX").string();
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    root_ = fs::canonical(pattern);
  }
  void TearDown() override {
    if (!root_.empty()) fs::remove_all(root_);
  }

  [[nodiscard]] std::string at(const std::string& name) const { return (root_ / name).string(); }

  void put(const std::string& name, const std::string& content) const {
    fs::create_directories((root_ / name).parent_path());
    std::ofstream(root_ / name, std::ios::binary) << content;
    fs::permissions(root_ / name, fs::perms::owner_all);
  }
  void put(const std::string& name, ElfSpec spec) const {
    for (auto* text : {&spec.rpath, &spec.runpath, &spec.filter, &spec.auxiliary}) replace_root(*text);
    for (auto& text : spec.needed) replace_root(text);
    put(name, make_elf(spec));
  }
  void link(const std::string& name, const std::string& target) const {
    fs::create_directories((root_ / name).parent_path());
    fs::create_symlink(target, root_ / name);
  }

  /// Compares both loaders' answers for `name` and returns ours.
  Answer agree(const std::string& name, const LoaderEnvironment& environment = {}) {
    HostLayer layer;
    add_host(layer);
    layer.add_tree(root_);
    for (const char* file :
         {"/usr/lib/x86_64-linux-gnu/libc.so.6", "/usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2",
          "/usr/lib/x86_64-linux-gnu/libm.so.6"})
      if (fs::exists(file)) layer.add_tree(file);
    const FileTree tree = layer.squash();
    LoaderEnvironment expanded = environment;
    std::vector<std::string> variables;
    replace_root(expanded.library_path);
    replace_root(expanded.preload);
    if (!expanded.library_path.empty()) variables.push_back("LD_LIBRARY_PATH=" + expanded.library_path);
    if (!expanded.preload.empty()) variables.push_back("LD_PRELOAD=" + expanded.preload);
    const Loader loader(tree, expanded);
    Answer ours = ask_slim(loader, tree, at(name));
    EXPECT_EQ(ours, ask_host(at(name), variables)) << name;
    for (auto& path : ours.paths)
      if (path.starts_with(root_.string() + "/")) path = "@/" + path.substr(root_.string().size() + 1);
    return ours;
  }

 private:
  void replace_root(std::string& text) const {
    for (std::size_t found = 0; (found = text.find('@', found)) != std::string::npos;)
      text.replace(found, 1, root_.string());
  }
  fs::path root_;
};

ElfSpec program(std::vector<std::string> needed) {
  return {.interpreter = host_loader, .needed = std::move(needed), .flags_1 = 0x08000000};
}
ElfSpec library(std::string soname, std::vector<std::string> needed = {}) {
  return {.soname = std::move(soname), .needed = std::move(needed)};
}
using Paths = std::vector<std::string>;

TEST_F(CraftedFiles, RunpathServesDirectNeedsOnly) {
  ElfSpec spec = program({"liba.so"});
  spec.runpath = "@/lib";
  put("program", spec);
  put("lib/liba.so", library("liba.so", {"libb.so"}));
  put("lib/libb.so", library("libb.so"));
  const Answer answer = agree("program");
  EXPECT_EQ(answer.paths, (Paths{"@/lib/liba.so"}));
  EXPECT_EQ(answer.missing, (Paths{"libb.so"}));
}

TEST_F(CraftedFiles, RpathServesNeedsOfNeeds) {
  ElfSpec spec = program({"liba.so"});
  spec.rpath = "@/lib";
  put("program", spec);
  put("lib/liba.so", library("liba.so", {"libb.so"}));
  put("lib/libb.so", library("libb.so"));
  EXPECT_EQ(agree("program").paths, (Paths{"@/lib/liba.so", "@/lib/libb.so"}));
}

TEST_F(CraftedFiles, AnObjectWithRunpathDoesNotInheritRpath) {
  ElfSpec spec = program({"liba.so"});
  spec.rpath = "@/lib";
  put("program", spec);
  ElfSpec a = library("liba.so", {"libb.so"});
  a.runpath = "@/nowhere";
  put("lib/liba.so", a);
  put("lib/libb.so", library("libb.so"));
  EXPECT_EQ(agree("program").missing, (Paths{"libb.so"}));
}

TEST_F(CraftedFiles, AnEmptyRunpathStillTurnsRpathOff) {
  ElfSpec spec = program({"liba.so"});
  spec.rpath = "@/lib";
  spec.empty_runpath = true;
  put("program", spec);
  put("lib/liba.so", library("liba.so"));
  EXPECT_EQ(agree("program").missing, (Paths{"liba.so"}));
}

TEST_F(CraftedFiles, RpathComesBeforeAndRunpathBehindTheLibraryPath) {
  for (const char* folder : {"rpath", "environment", "runpath"})
    put(std::string(folder) + "/liba.so", library("liba.so"));
  ElfSpec old_style = program({"liba.so"});
  old_style.rpath = "@/rpath";
  put("old", old_style);
  ElfSpec new_style = program({"liba.so"});
  new_style.runpath = "@/runpath";
  put("new", new_style);
  const LoaderEnvironment environment{.library_path = "@/environment", .preload = {}};
  EXPECT_EQ(agree("old", environment).paths, (Paths{"@/rpath/liba.so"}));
  EXPECT_EQ(agree("new", environment).paths, (Paths{"@/environment/liba.so"}));
  EXPECT_EQ(agree("new").paths, (Paths{"@/runpath/liba.so"}));
}

TEST_F(CraftedFiles, OriginIsTheFolderOfTheNameThatALibraryWasFoundBy) {
  ElfSpec spec = program({"liba.so"});
  spec.runpath = "$ORIGIN/link";
  put("program", spec);
  ElfSpec a = library("liba.so", {"libb.so"});
  a.runpath = "${ORIGIN}";
  put("real/liba.so.1", a);
  put("real/libb.so", library("libb.so"));
  link("link/liba.so", "../real/liba.so.1");
  put("link/libb.so", library("libb.so"));
  EXPECT_EQ(agree("program").paths, (Paths{"@/link/liba.so", "@/link/libb.so"}));
}

TEST_F(CraftedFiles, ALoadedSonameIsTakenWhereverItCameFrom) {
  ElfSpec spec = program({"libx.so", "liba.so"});
  spec.runpath = "@/lib";
  put("program", spec);
  put("lib/libx.so", library("liba.so"));  // says it is liba.so
  put("lib/liba.so", library("liba.so"));
  EXPECT_EQ(agree("program").paths, (Paths{"@/lib/libx.so"}));
}

TEST_F(CraftedFiles, OneFileUnderTwoNamesIsLoadedOnce) {
  ElfSpec spec = program({"liba.so", "libalias.so"});
  spec.runpath = "@/lib";
  put("program", spec);
  put("lib/liba.so", library(""));
  link("lib/libalias.so", "liba.so");
  EXPECT_EQ(agree("program").paths, (Paths{"@/lib/liba.so"}));
}

TEST_F(CraftedFiles, AnotherClassOrMachineAndADanglingLinkAreSkipped) {
  ElfSpec spec = program({"liba.so"});
  spec.runpath = "@/narrow:@/arm:@/dangling:@/good";
  put("program", spec);
  ElfSpec narrow = library("liba.so");
  narrow.wide = false;
  narrow.machine = 3;
  put("narrow/liba.so", narrow);
  ElfSpec arm = library("liba.so");
  arm.machine = 183;
  put("arm/liba.so", arm);
  link("dangling/liba.so", "nowhere");
  put("good/liba.so", library("liba.so"));
  EXPECT_EQ(agree("program").paths, (Paths{"@/good/liba.so"}));
}

TEST_F(CraftedFiles, NamesWithASlashAreNotSearchedFor) {
  put("program", program({"@/lib/liba.so", "$ORIGIN/lib/libb.so"}));
  put("lib/liba.so", library(""));
  put("lib/libb.so", library(""));
  EXPECT_EQ(agree("program").paths, (Paths{"@/lib/liba.so", "@/lib/libb.so"}));
}

TEST_F(CraftedFiles, PreloadsComeFirstAndTheirNeedsBehindTheProgramsOwn) {
  ElfSpec spec = program({"liba.so"});
  spec.rpath = "@/lib";
  put("program", spec);
  put("lib/liba.so", library("liba.so"));
  put("lib/libp.so", library("libp.so", {"libq.so"}));
  put("lib/libq.so", library("libq.so"));
  EXPECT_EQ(agree("program", {.library_path = {}, .preload = "@/lib/libp.so"}).paths,
            (Paths{"@/lib/libp.so", "@/lib/liba.so", "@/lib/libq.so"}));
}

TEST_F(CraftedFiles, BreadthComesBeforeDepth) {
  ElfSpec spec = program({"liba.so", "libc.so.6", "libb.so"});
  spec.rpath = "@/lib";
  put("program", spec);
  put("lib/liba.so", library("liba.so", {"libd.so", "libb.so"}));
  put("lib/libb.so", library("libb.so", {"libe.so"}));
  put("lib/libd.so", library("libd.so"));
  put("lib/libe.so", library("libe.so", {"liba.so"}));
  agree("program");
}

TEST_F(CraftedFiles, LibAndPlatformAreThisLoadersOwn) {
  ElfSpec spec = program({"liba.so"});
  spec.runpath = "@/x/$LIB:@/y/${LIB}";
  put("program", spec);
  for (const char* lib : {"lib", "lib64", "lib/x86_64-linux-gnu"})
    put("y/" + std::string(lib) + "/liba.so", library("liba.so"));
  agree("program");
}

TEST_F(CraftedFiles, WithoutDefaultFoldersSystemLibrariesAreMissing) {
  ElfSpec spec = program({"libm.so.6"});
  spec.flags_1 |= 0x800;
  put("program", spec);
  EXPECT_EQ(agree("program").missing, (Paths{"libm.so.6"}));
}

TEST_F(CraftedFiles, RelativeAndEmptyFoldersAreThoseOfTheWorkingFolder) {
  ElfSpec spec = program({"liba.so"});
  spec.runpath = "@/a//:@/b/";
  put("program", spec);
  put("b/liba.so", library("liba.so"));
  EXPECT_EQ(agree("program", {.library_path = "::@/none;relative", .preload = {}}).paths,
            (Paths{"@/b/liba.so"}));
}

TEST_F(CraftedFiles, EachNeedOfAMissingLibraryIsReported) {
  ElfSpec spec = program({"libgone.so", "liba.so"});
  spec.rpath = "@/lib";
  put("program", spec);
  put("lib/liba.so", library("liba.so", {"libgone.so"}));
  EXPECT_EQ(agree("program").missing, (Paths{"libgone.so", "libgone.so"}));
}

TEST_F(CraftedFiles, FiltersAndAuxiliariesComeBeforeTheFileThatHasThem) {
  ElfSpec spec = program({"liba.so", "libz.so"});
  spec.rpath = "@/lib";
  put("program", spec);
  ElfSpec a = library("liba.so", {"libb.so"});
  a.auxiliary = "libaux.so";
  put("lib/liba.so", a);
  for (const char* name : {"libb.so", "libaux.so", "libz.so"}) put("lib/" + std::string(name), library(name));
  agree("program");
}

TEST_F(CraftedFiles, ALibraryIsLoadedAsIfItWereAProgram) {
  ElfSpec top = library("libtop.so", {"liba.so"});
  top.runpath = "$ORIGIN";
  put("lib/libtop.so", top);
  put("lib/liba.so", library("liba.so", {"libtop.so"}));
  EXPECT_EQ(agree("lib/libtop.so").paths, (Paths{"@/lib/liba.so"}));
}

}  // namespace
}  // namespace slim
