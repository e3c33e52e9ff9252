#include "analyzer/dependency_graph.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "analyzer/image.h"
#include "analyzer/layer_index.h"
#include "tests/analyzer/tree_fixture.h"

namespace slim {
namespace {

using test::elf_file;
using test::elf_file_of_strings;
using test::ElfSpec;
using test::file;
using test::folder;
using test::OwnedTree;
using test::program;
using test::script;
using test::symlink;
using test::text_file;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::IsSupersetOf;
using testing::Not;
using testing::UnorderedElementsAre;

constexpr const char* loader_path = "/lib64/ld-linux-x86-64.so.2";

std::string name_of(EdgeKind kind) {
  switch (kind) {
    case EdgeKind::interpreter:
      return "interpreter";
    case EdgeKind::needed:
      return "needed";
    case EdgeKind::shebang:
      return "shebang";
    case EdgeKind::symlink:
      return "symlink";
    case EdgeKind::library_name:
      return "library_name";
    case EdgeKind::named_path:
      return "named_path";
    case EdgeKind::command:
      return "command";
    case EdgeKind::import:
      return "import";
    case EdgeKind::module_data:
      return "module data";
  }
  return "unknown";
}

/// An image, its graph, and edges as text: "FROM KIND TO" with " likely", " possible" and " whole" behind.
class DependencyGraphTest : public testing::Test {
 protected:
  void make(std::vector<LayerEntry> entries) {
    image_.emplace(std::move(entries));
    graph_.emplace(image_->tree, config_);
  }
  void set_env(const std::string& variable) { config_.env.push_back(variable); }

  std::vector<Edge> edges(const std::string& path, const std::string& in_program = {},
                          bool read_text = true) {
    const NodeId node = image_->tree.find(path);
    EXPECT_NE(node, no_node) << path;
    const NodeId process = in_program.empty() ? no_node : image_->tree.find(in_program);
    return graph_->edges(node, process, read_text);
  }
  std::vector<std::string> lines(const std::string& path, const std::string& in_program = {},
                                 bool read_text = true) {
    std::vector<std::string> found;
    for (const Edge& edge : edges(path, in_program, read_text)) {
      std::string line =
          image_->tree.path(edge.from) + " " + name_of(edge.kind) + " " + image_->tree.path(edge.to);
      if (edge.strength != Strength::required) line += " " + std::string(to_string(edge.strength));
      if (edge.with_content) line += " whole";
      found.push_back(line);
    }
    return found;
  }
  std::vector<std::string> details(const std::string& path) {
    std::vector<std::string> found;
    for (const Edge& edge : edges(path)) found.push_back(edge.detail);
    return found;
  }
  std::vector<std::string> missing_libraries() {
    std::vector<std::string> found;
    for (const UnresolvedLibrary& library : graph_->unresolved_libraries())
      found.push_back(library.file + ": " + library.name);
    return found;
  }
  std::vector<std::string> missing_names() {
    std::vector<std::string> found;
    for (const UnresolvedName& name : graph_->unresolved_names())
      found.push_back(name.file + ":" + std::to_string(name.line) + ": " + name.name);
    return found;
  }

  ImageConfig config_;
  std::optional<OwnedTree> image_;
  std::optional<DependencyGraph> graph_;
};

LayerEntry library(const std::string& path, std::vector<std::string> needed = {}) {
  return elf_file(path, {.soname = path.substr(path.rfind('/') + 1), .needed = std::move(needed)});
}
LayerEntry loader_file() {
  return elf_file("lib64/ld-linux-x86-64.so.2", {.soname = "ld-linux-x86-64.so.2"});
}

TEST_F(DependencyGraphTest, ProgramsNeedTheirInterpreterAndLibraries) {
  make({loader_file(), elf_file("bin/app", {.interpreter = loader_path, .needed = {"liba.so.1"}}),
        library("usr/lib/liba.so.1.2", {"libb.so"}), symlink("usr/lib/liba.so.1", "liba.so"),
        symlink("usr/lib/liba.so", "liba.so.1.2"), library("usr/lib/libb.so")});
  EXPECT_THAT(lines("/bin/app"),
              UnorderedElementsAre("/bin/app interpreter /lib64/ld-linux-x86-64.so.2",
                                   "/bin/app symlink /usr/lib/liba.so.1", "/bin/app symlink /usr/lib/liba.so",
                                   "/bin/app needed /usr/lib/liba.so.1.2",
                                   // Who needs it is the library, although it was asked for the program.
                                   "/usr/lib/liba.so.1.2 needed /usr/lib/libb.so"));
  EXPECT_THAT(details("/bin/app"),
              IsSupersetOf({"/lib64/ld-linux-x86-64.so.2", "liba.so.1, found by default folder",
                            "on the way to /usr/lib/liba.so.1.2"}));
  EXPECT_THAT(missing_libraries(), IsEmpty());
}

TEST_F(DependencyGraphTest, DlopenNotesAreEdgesAsStrongAsTheySay) {
  make({loader_file(),
        elf_file("bin/app",
                 {.interpreter = loader_path,
                  .dlopen_json = R"([{"soname":["libfirst.so","libsecond.so"],"priority":"required"},
                                     {"soname":["libthird.so"],"feature":"zip"},
                                     {"soname":["libfourth.so"],"priority":"suggested"}])"}),
        library("usr/lib/libsecond.so"), library("usr/lib/libthird.so"), library("usr/lib/libfourth.so")});
  EXPECT_THAT(lines("/bin/app"),
              UnorderedElementsAre("/bin/app interpreter /lib64/ld-linux-x86-64.so.2",
                                   "/bin/app library_name /usr/lib/libsecond.so",
                                   "/bin/app library_name /usr/lib/libthird.so likely",
                                   "/bin/app library_name /usr/lib/libfourth.so possible"));
  EXPECT_THAT(details("/bin/app"), Contains("its note: dlopen recommended for zip"));
}

TEST_F(DependencyGraphTest, AuditorsAreNeededByTheProgram) {
  set_env("LD_AUDIT=libaudit.so");
  make({loader_file(), elf_file("bin/app", {.interpreter = loader_path}), library("usr/lib/libaudit.so")});
  EXPECT_THAT(lines("/bin/app"), Contains("/bin/app needed /usr/lib/libaudit.so"));
  EXPECT_THAT(details("/bin/app"), Contains("libaudit.so for auditing, found by default folder"));
}

TEST_F(DependencyGraphTest, ModulesThatConfigurationNamesAreLikelyWhoeverKeepsIt) {
  make({symlink("lib", "usr/lib"), library("usr/lib/x86_64-linux-gnu/security/pam_unix.so"),
        library("usr/lib/x86_64-linux-gnu/security/pam_other.so"), library("opt/pam_own.so"),
        text_file("etc/pam.d/app", "auth required pam_unix.so\nauth required /opt/pam_own.so\n")});
  EXPECT_THAT(lines("/etc/pam.d/app", "", false),
              UnorderedElementsAre(
                  "/etc/pam.d/app library_name /usr/lib/x86_64-linux-gnu/security/pam_unix.so likely",
                  "/etc/pam.d/app library_name /opt/pam_own.so likely"));
}

TEST_F(DependencyGraphTest, LinksOnTheWayToTheInterpreterAreKept) {
  make({symlink("lib64", "usr/lib64"), elf_file("usr/lib64/ld-2.so", {.soname = "ld-linux-x86-64.so.2"}),
        symlink("usr/lib64/ld-linux-x86-64.so.2", "ld-2.so"),
        elf_file("bin/app", {.interpreter = loader_path})});
  EXPECT_THAT(lines("/bin/app"),
              ElementsAre("/bin/app symlink /lib64", "/bin/app symlink /usr/lib64/ld-linux-x86-64.so.2",
                          "/bin/app interpreter /usr/lib64/ld-2.so"));
}

TEST_F(DependencyGraphTest, ALibraryInAProcessBringsNothingTwice) {
  make({loader_file(), elf_file("bin/app", {.interpreter = loader_path, .needed = {"liba.so"}}),
        library("usr/lib/liba.so", {"libb.so"}), library("usr/lib/libb.so")});
  EXPECT_THAT(lines("/usr/lib/liba.so", "/bin/app"), IsEmpty());
  EXPECT_THAT(lines("/usr/lib/liba.so"), ElementsAre("/usr/lib/liba.so needed /usr/lib/libb.so"));
}

TEST_F(DependencyGraphTest, BetterProcessorsGetTheirLibrariesToo) {
  make({loader_file(),
        elf_file("bin/app", {.interpreter = loader_path, .needed = {"liba.so"}, .runpath = "/opt"}),
        library("opt/liba.so"), library("opt/glibc-hwcaps/x86-64-v3/liba.so", {"libfast.so"}),
        library("usr/lib/libfast.so")});
  EXPECT_THAT(lines("/bin/app"), IsSupersetOf({"/bin/app needed /opt/liba.so",
                                               "/bin/app needed /opt/glibc-hwcaps/x86-64-v3/liba.so",
                                               "/bin/app needed /usr/lib/libfast.so"}));
}

TEST_F(DependencyGraphTest, LibraryNamesAreLikelyWhereTheLoaderFindsThem) {
  make({loader_file(),
        elf_file("bin/app", {.interpreter = loader_path, .runpath = "/opt"},
                 {"libplug.so", "libgone.so", "libapp.so"}),
        library("opt/libplug.so"), library("opt/glibc-hwcaps/x86-64-v2/libplug.so"),
        library("elsewhere/libgone.so")});
  EXPECT_THAT(lines("/bin/app"),
              ElementsAre("/bin/app interpreter /lib64/ld-linux-x86-64.so.2",
                          "/bin/app library_name /opt/libplug.so likely",
                          "/bin/app library_name /opt/glibc-hwcaps/x86-64-v2/libplug.so likely"));
  EXPECT_THAT(details("/bin/app"), Contains("the string \"libplug.so\""));
  EXPECT_THAT(missing_libraries(), IsEmpty());
}

TEST_F(DependencyGraphTest, WhatAPlugInNeedsIsFoundAsInItsProcess) {
  make({loader_file(),
        elf_file("bin/app", {.interpreter = loader_path, .needed = {"liba.so"}, .rpath = "/opt"},
                 {"libplug.so"}),
        library("opt/liba.so"), library("opt/libplug.so", {"liba.so", "libdeep.so"}),
        library("opt/libdeep.so")});
  EXPECT_THAT(lines("/bin/app"),
              ElementsAre("/bin/app interpreter /lib64/ld-linux-x86-64.so.2", "/bin/app needed /opt/liba.so",
                          "/bin/app library_name /opt/libplug.so likely",
                          "/opt/libplug.so needed /opt/libdeep.so likely"));
}

TEST_F(DependencyGraphTest, ALibrarysOwnNameIsNoEvidence) {
  make({elf_file("usr/lib/libx.so.1", {.soname = "libx.so.1"}, {"libx.so.1", "libx.so"}),
        symlink("usr/lib/libx.so", "libx.so.1")});
  EXPECT_THAT(lines("/usr/lib/libx.so.1"), IsEmpty());
}

TEST_F(DependencyGraphTest, UnresolvedLibrariesAreListed) {
  make({elf_file("bin/app", {.interpreter = loader_path, .needed = {"liba.so"}}),
        library("usr/lib/liba.so", {"libgone.so"})});
  edges("/bin/app");
  EXPECT_THAT(missing_libraries(),
              UnorderedElementsAre("/bin/app: /lib64/ld-linux-x86-64.so.2", "/usr/lib/liba.so: libgone.so"));
  EXPECT_THAT(graph_->unresolved_libraries().back().tried, Contains("/usr/lib/libgone.so"));
}

TEST_F(DependencyGraphTest, ScriptsNeedTheirInterpreter) {
  make({script("app/run", "/bin/tool -x", "text"), symlink("bin", "usr/bin"), program("usr/bin/tool")});
  EXPECT_THAT(lines("/app/run"), ElementsAre("/app/run symlink /bin", "/app/run shebang /usr/bin/tool"));
  EXPECT_THAT(details("/app/run"), Contains("#!/bin/tool -x"));
}

TEST_F(DependencyGraphTest, EnvLooksTheInterpreterUp) {
  set_env("PATH=/opt/none:/opt/bin");
  make({script("app/run", "/usr/bin/env -S A=1 python3 -u", ""), program("usr/bin/env"),
        program("usr/bin/python3"), program("opt/bin/python3.11"), symlink("opt/bin/python3", "python3.11")});
  EXPECT_THAT(lines("/app/run"),
              ElementsAre("/app/run shebang /usr/bin/env", "/app/run symlink /opt/bin/python3",
                          "/app/run shebang /opt/bin/python3.11"));
}

TEST_F(DependencyGraphTest, FilesThatAScriptReadsAreScripts) {
  make({script("app/run.sh", "/bin/sh", ". /app/commands/$1"), program("bin/sh"), program("bin/date"),
        text_file("app/commands/now", "date\n. /app/more"),
        text_file("app/more", "gone; . /app/commands/now")});
  EXPECT_THAT(lines("/app/run.sh"), IsSupersetOf({"/app/run.sh command /app/commands/now likely",
                                                  "/app/commands/now command /bin/date likely",
                                                  "/app/commands/now command /app/more likely"}));
  EXPECT_THAT(missing_names(), ElementsAre("/app/more:1: gone"));
}

TEST_F(DependencyGraphTest, PathsOfApacheAreBelowItsServerRoot) {
  make({text_file("etc/apache2/httpd.conf", "ServerRoot /var/www\nIncludeOptional extra/*.conf\n"),
        symlink("var/www/modules", "../../usr/lib/apache2"), file("usr/lib/apache2/mod_x.so"),
        text_file("var/www/extra/a.conf", "A\n"),
        text_file("etc/apache2/conf.d/x.conf", "LoadModule x modules/mod_x.so\n"),
        text_file("srv/other.conf", "ServerRoot /srv/none\nLoadModule x modules/mod_x.so\n")});
  EXPECT_THAT(lines("/etc/apache2/httpd.conf"),
              Contains("/etc/apache2/httpd.conf named_path /var/www/extra/a.conf likely"));
  EXPECT_THAT(lines("/etc/apache2/conf.d/x.conf"),
              IsSupersetOf({"/etc/apache2/conf.d/x.conf named_path /usr/lib/apache2/mod_x.so likely",
                            "/etc/apache2/conf.d/x.conf symlink /var/www/modules likely"}));
  EXPECT_THAT(details("/etc/apache2/conf.d/x.conf"), Contains("modules/mod_x.so, line 1, below /var/www"));
  EXPECT_THAT(lines("/srv/other.conf"), Not(Contains(HasSubstr("mod_x.so"))));
}

TEST_F(DependencyGraphTest, ProgramsOfTheProfileAreForLoginShells) {
  make({text_file("etc/profile", "#!/bin/sh\nif [ \"$(id -u)\" = 0 ]; then . /etc/more; fi\n"),
        text_file("etc/more", "A=1\n"), program("bin/id"), program("bin/bash"), program("bin/date"),
        script("app/plain", "/bin/bash", "bash -c date"), script("app/login", "/bin/bash", "bash -lc date")});
  graph_->read_as_script(image_->tree.find("/etc/profile"));
  EXPECT_THAT(lines("/etc/profile"), IsSupersetOf({"/etc/profile command /bin/id possible",
                                                   "/etc/profile command /etc/more likely"}));
  EXPECT_THAT(lines("/app/plain"), Not(Contains(HasSubstr("/etc/profile"))));
  EXPECT_THAT(lines("/app/login"),
              IsSupersetOf({"/app/login named_path /etc/profile likely", "/app/login command /bin/id likely",
                            "/app/login command /bin/date likely"}));
  EXPECT_THAT(details("/app/login"),
              Contains("id, line 2 of /etc/profile, which a login shell reads, line 2"));
}

TEST_F(DependencyGraphTest, CommandsOfScriptsAreLikely) {
  config_.working_dir = "/app";
  make({script("app/run.sh", "/bin/sh -e",
               "x=$(date)\n. ./env.sh\nexec gosu user server --x\ngone\nnot-run\n"),
        program("bin/sh"), program("bin/date"), text_file("app/env.sh", "A=1"), program("usr/local/bin/gosu"),
        program("usr/sbin/server"), file("bin/not-run"), folder("bin/gone")});
  EXPECT_THAT(
      lines("/app/run.sh"),
      ElementsAre("/app/run.sh shebang /bin/sh", "/app/run.sh command /bin/date likely",
                  "/app/run.sh command /app/env.sh likely", "/app/run.sh command /usr/local/bin/gosu likely",
                  "/app/run.sh command /usr/sbin/server likely",
                  "/app/run.sh named_path /app/env.sh likely"));
  EXPECT_THAT(missing_names(), ElementsAre("/app/run.sh:5: gone", "/app/run.sh:6: not-run"));
  EXPECT_THAT(details("/app/run.sh"), IsSupersetOf({"date, line 2", "./env.sh, line 3", "server, line 4"}));
}

TEST_F(DependencyGraphTest, WordsOfOtherInterpretersAreNoCommands) {
  make({script("app/run", "/bin/python3", "date\nopen('/app/data.json')\n"), program("bin/python3"),
        program("bin/date"), file("app/data.json")});
  EXPECT_THAT(lines("/app/run"),
              ElementsAre("/app/run shebang /bin/python3", "/app/run named_path /app/data.json likely"));
}

TEST_F(DependencyGraphTest, AMissingInterpreterIsListed) {
  make({script("app/run", "/bin/gone", "")});
  EXPECT_THAT(lines("/app/run"), IsEmpty());
  EXPECT_THAT(missing_names(), ElementsAre("/app/run:1: /bin/gone"));
}

TEST_F(DependencyGraphTest, PathsInProgramsAreLikely) {
  make({elf_file("bin/app", {}, {},
                 {"/srv/page.html", "/opt/app", "/usr/share", "/no/such", "/proc/self", "/"}),
        file("srv/page.html"), folder("opt/app"), file("opt/app/x"), folder("usr/share"),
        file("usr/share/x")});
  EXPECT_THAT(lines("/bin/app"), ElementsAre("/bin/app named_path /srv/page.html likely",
                                             "/bin/app named_path /opt/app likely whole",
                                             "/bin/app named_path /usr/share likely"));
  EXPECT_THAT(details("/bin/app"), Contains("the string \"/srv/page.html\""));
}

TEST_F(DependencyGraphTest, ProgramsNamedInALibraryAreOnlyPossible) {
  const std::vector<std::string> paths = {"/bin/sh", "/usr/lib/libz.so", "/etc/lib.conf"};
  make({elf_file("usr/lib/libx.so", {.soname = "libx.so"}, {}, paths),
        elf_file("bin/app", {.interpreter = loader_path}, {}, paths), loader_file(), program("bin/sh"),
        library("usr/lib/libz.so"), file("etc/lib.conf")});
  EXPECT_THAT(lines("/usr/lib/libx.so"), ElementsAre("/usr/lib/libx.so named_path /bin/sh possible",
                                                     "/usr/lib/libx.so named_path /usr/lib/libz.so likely",
                                                     "/usr/lib/libx.so named_path /etc/lib.conf likely"));
  EXPECT_THAT(lines("/bin/app"), Contains("/bin/app named_path /bin/sh likely"));
}

TEST_F(DependencyGraphTest, StringsOfTheCLibraryAreNoEvidence) {
  make({elf_file("lib/libc.so.6", {.soname = "libc.so.6"}, {"libgcc_s.so.1"}, {"/bin/sh", "/etc/shadow"}),
        elf_file("lib/libcrypto.so.3", {.soname = "libcrypto.so.3"}, {}, {"/bin/sh"}),
        library("lib/libgcc_s.so.1"), program("bin/sh"), file("etc/shadow")});
  EXPECT_THAT(lines("/lib/libc.so.6"), IsEmpty());
  EXPECT_THAT(lines("/lib/libcrypto.so.3"), IsEmpty());
}

TEST_F(DependencyGraphTest, StringsSideBySideNameTheLongestPathThatExists) {
  make({elf_file("bin/app", {}, {},
                 {"/srv/pagesindex.html", "/srv/pages/a.htmlrange", "/etc/passwdgroup", "/usr/sharex",
                  "/srv/xyz", "/srvpages"}),
        folder("srv/pages"), file("srv/pages/a.html"), file("srv/page"), file("srv/xy"), file("etc/passwd"),
        folder("usr/share")});
  EXPECT_THAT(lines("/bin/app"),
              ElementsAre("/bin/app named_path /srv/pages likely whole",
                          "/bin/app named_path /srv/pages/a.html likely",
                          "/bin/app named_path /etc/passwd likely", "/bin/app named_path /usr/share likely"));
}

/// A program with strings as Rust lays them.
LayerEntry program_with_text(const std::string& path, const std::string& rodata,
                             std::vector<std::string> imports) {
  return elf_file_of_strings(path,
                             {.interpreter = loader_path, .imports = std::move(imports), .rodata = rodata});
}

TEST_F(DependencyGraphTest, TextForAShellRunsItsCommands) {
  const std::string text = std::string("localhostsh-cecho $((6 * 7)) | tr 4 5no address") + '\0';
  make({program_with_text("bin/app", text, {"execvp"}), program_with_text("bin/other", text, {"open"}),
        program_with_text("bin/named", std::string("fresh-cut flowers") + '\0', {"posix_spawnp"}),
        loader_file(), program("bin/sh"), program("usr/bin/tr"), program("usr/bin/cut")});
  EXPECT_THAT(lines("/bin/app"),
              IsSupersetOf({"/bin/app command /usr/bin/tr likely", "/bin/app command /bin/sh likely"}));
  EXPECT_THAT(lines("/bin/other"), ElementsAre("/bin/other interpreter " + std::string(loader_path)))
      << "it starts no programs";
  EXPECT_THAT(lines("/bin/named"), ElementsAre("/bin/named interpreter " + std::string(loader_path)))
      << "no command is called so";
}

TEST_F(DependencyGraphTest, LinksToTheKernelsFilesAreKept) {
  make({text_file("etc/app.conf", "log /var/log/app/access.log\nerr /dev/stderr\n"),
        symlink("var/log/app/access.log", "/var/log/app/out"), symlink("var/log/app/out", "/dev/stdout")});
  EXPECT_THAT(lines("/etc/app.conf"), ElementsAre("/etc/app.conf symlink /var/log/app/access.log likely",
                                                  "/etc/app.conf symlink /var/log/app/out likely"));
}

TEST_F(DependencyGraphTest, ALinkLeadsToItsTarget) {
  make({symlink("a", "b"), symlink("b", "c"), file("c"), symlink("gone", "nowhere"), symlink("loop", "loop"),
        symlink("top", "/"), symlink("to-top", "top"), symlink("out", "/dev/stdout"), symlink("log", "out")});
  EXPECT_THAT(lines("/a"), ElementsAre("/a symlink /b", "/a symlink /c"));
  EXPECT_THAT(lines("/b"), ElementsAre("/b symlink /c"));
  for (const std::string path : {"/gone", "/loop", "/top", "/out"})
    EXPECT_THAT(lines(path), IsEmpty()) << path;
  // Without the link in the middle the first one would lead nowhere.
  EXPECT_THAT(lines("/log"), ElementsAre("/log symlink /out"));
  EXPECT_THAT(lines("/to-top"), ElementsAre("/to-top symlink /top"));
}

TEST_F(DependencyGraphTest, ConfigurationNamesFilesBesideIt) {
  make({text_file("etc/app/app.conf",
                  "include mime.types;\ninclude conf.d/*.conf;\ninclude ../shared/x.conf;\n"
                  "data /var/lib/app;\nlogs /var/log;\nnone not/here.conf\n"),
        file("etc/app/mime.types"), file("etc/app/conf.d/a.conf"), file("etc/app/conf.d/b.conf"),
        file("etc/app/conf.d/c.off"), file("etc/shared/x.conf"), folder("var/lib/app"), folder("var/log")});
  EXPECT_THAT(lines("/etc/app/app.conf"),
              ElementsAre("/etc/app/app.conf named_path /etc/app/mime.types likely",
                          "/etc/app/app.conf named_path /etc/app/conf.d/a.conf likely",
                          "/etc/app/app.conf named_path /etc/app/conf.d/b.conf likely",
                          "/etc/app/app.conf named_path /etc/shared/x.conf likely",
                          "/etc/app/app.conf named_path /var/lib/app likely whole",
                          "/etc/app/app.conf named_path /var/log likely"));
  EXPECT_THAT(details("/etc/app/app.conf"), IsSupersetOf({"mime.types, line 1", "conf.d/*.conf, line 2"}));
  EXPECT_THAT(missing_names(), IsEmpty());
}

TEST_F(DependencyGraphTest, GlobsOverFoldersOfTheSystemNameNothing) {
  make({text_file("etc/app/app.conf", "a /usr/bin/*\nb /etc/*.conf\nc /*/app/*\nd /etc/app/*.d/x\n"),
        program("usr/bin/x"), file("etc/y.conf"), file("etc/app/q.d/x")});
  EXPECT_THAT(lines("/etc/app/app.conf"), IsEmpty());
}

TEST_F(DependencyGraphTest, ATableOfWhatFilesBeginWithNamesNoPrograms) {
  make({text_file("etc/magic", "0 string #!/usr/bin/perl Perl script\n"), program("usr/bin/perl")});
  EXPECT_THAT(lines("/etc/magic"), IsEmpty());
}

TEST_F(DependencyGraphTest, ATextThatIsNotReadNamesNothing) {
  make({text_file("etc/passwd", "root:x:0:0:root:/root:/bin/sh\n"), program("bin/sh"), folder("root"),
        script("app/run", "/bin/sh", "ls\n"), program("bin/ls")});
  EXPECT_THAT(lines("/etc/passwd", "", false), IsEmpty());
  EXPECT_THAT(lines("/etc/passwd"), Contains("/etc/passwd named_path /bin/sh likely"));
  EXPECT_THAT(lines("/app/run", "", false), Contains("/app/run command /bin/ls likely"));
}

TEST_F(DependencyGraphTest, FilesWithoutFactsHaveNoEdges) {
  make({file("data"), folder("d"), file("d/x")});
  EXPECT_THAT(lines("/data"), IsEmpty());
  EXPECT_THAT(lines("/d"), IsEmpty());
}

TEST_F(DependencyGraphTest, CommandsAreLookedUpAsExecvpDoes) {
  set_env("PATH=/a::/b");
  config_.working_dir = "/work";
  make(
      {file("a/x"), program("b/x"), program("work/y"), program("work/bin/z"), folder("a/w"), program("b/w")});
  const auto found = [&](const std::string& word) {
    const NodeId node = graph_->find_command(word).node;
    return node == no_node ? std::string("none") : image_->tree.path(node);
  };
  EXPECT_EQ(found("x"), "/b/x");
  EXPECT_EQ(found("w"), "/b/w");
  EXPECT_EQ(found("y"), "/work/y");
  EXPECT_EQ(found("bin/z"), "/work/bin/z");
  EXPECT_EQ(found("./y"), "/work/y");
  EXPECT_EQ(found("z"), "none");
  EXPECT_EQ(found("/a/x"), "/a/x");
  EXPECT_EQ(graph_->find_argument("y").node, image_->tree.find("/work/y"));
}

TEST_F(DependencyGraphTest, WithoutPathTheDefaultIsSearched) {
  make({program("usr/bin/x"), program("bin/x"), program("opt/y")});
  EXPECT_EQ(graph_->find_command("x").node, image_->tree.find("/usr/bin/x"));
  EXPECT_EQ(graph_->find_command("y").node, no_node);
}

}  // namespace
}  // namespace slim
