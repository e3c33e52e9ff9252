#include "slimmer/roots.h"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "analyzer/image.h"
#include "tests/analyzer/tar_builder.h"
#include "tests/slimmer/sample_tree.h"

namespace slim {
namespace {

using test::config_of;
using test::Sample;
using test::sample_roots;
using test::TarBuilder;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

TarBuilder system_tree() {
  return TarBuilder()
      .folder("app")
      .file("app/server", "binary", 0755)
      .file("app/server.conf", "x=1")
      .folder("app/pages")
      .file("app/pages/index.html", "hello")
      .folder("bin")
      .file("bin/sh", "binary", 0755)
      .file("bin/ls", "binary", 0755)
      .file("bin/plain", "no program", 0644)
      .folder("etc")
      .file("etc/start.sh", "#!/bin/sh\nexec \"$@\"\n", 0755)
      .folder("sbin")
      .file("sbin/tini", "binary", 0755)
      .file("sbin/gosu", "binary", 0755)
      .folder("usr/bin")
      .file("usr/bin/env", "binary", 0755);
}

const Root& root_of(const Sample& sample, const std::string& path) {
  const auto found = std::ranges::find_if(
      sample.roots.roots, [&](const Root& root) { return root.target.node == sample.at(path); });
  if (found == sample.roots.roots.end()) throw std::runtime_error(path + " is no root");
  return *found;
}

ImageConfig with_healthcheck(std::vector<std::string> test) {
  ImageConfig config = config_of({"/app/server"});
  config.healthcheck = HealthCheck{.test = std::move(test)};
  return config;
}

TEST(Roots, ExecFormNamesTheProgram) {
  const auto sample = sample_roots(system_tree(), config_of({"/app/server"}, {"-v"}));
  EXPECT_THAT(sample->root_paths(), ElementsAre("/app/server"));
  ASSERT_EQ(sample->roots.entrypoints.size(), 1U);
  EXPECT_EQ(sample->roots.entrypoints[0].path, "/app/server");
  EXPECT_THAT(sample->roots.entrypoints[0].argv, ElementsAre("/app/server", "-v"));
  EXPECT_EQ(sample->roots.entrypoints[0].from, "entrypoint");
  EXPECT_EQ(sample->roots.roots[0].kind, ReasonKind::entrypoint);
}

TEST(Roots, CmdAloneIsSaidToBeCmd) {
  const auto sample = sample_roots(system_tree(), config_of({}, {"/app/server"}));
  EXPECT_EQ(sample->roots.entrypoints.at(0).from, "cmd");
  EXPECT_THAT(start_command(sample->config), ElementsAre("/app/server"));
}

TEST(Roots, NothingToRunHasNone) {
  const auto sample = sample_roots(system_tree(), config_of({}));
  EXPECT_THAT(sample->roots.roots, IsEmpty());
  EXPECT_THAT(sample->roots.entrypoints, IsEmpty());
}

TEST(Roots, AProgramThatIsNotThereHasNoPath) {
  const auto sample = sample_roots(system_tree(), config_of({"/app/gone"}));
  EXPECT_EQ(sample->roots.entrypoints.at(0).path, "");
  EXPECT_THAT(sample->roots.roots, IsEmpty());
}

TEST(Roots, ANameIsLookedUpInPath) {
  ImageConfig config = config_of({"server"});
  EXPECT_EQ(sample_roots(system_tree(), config)->roots.entrypoints.at(0).path, "");
  config.env = {"PATH=/nowhere:/app"};
  EXPECT_EQ(sample_roots(system_tree(), config)->roots.entrypoints.at(0).path, "/app/server");
}

TEST(Roots, FilesInPathThatCannotBeRunAreNoPrograms) {
  EXPECT_EQ(sample_roots(system_tree(), config_of({"plain"}))->roots.entrypoints.at(0).path, "");
}

TEST(Roots, ARelativePathStartsAtTheWorkingFolder) {
  ImageConfig config = config_of({"./server"});
  config.working_dir = "/app";
  EXPECT_EQ(sample_roots(system_tree(), config)->roots.entrypoints.at(0).path, "/app/server");
}

TEST(Roots, LinksOnTheWayAreNamed) {
  TarBuilder tar = system_tree();
  tar.symlink("app/current", "server");
  const auto sample = sample_roots(tar, config_of({"/app/current"}));
  EXPECT_EQ(sample->roots.entrypoints.at(0).path, "/app/server");
  EXPECT_THAT(sample->roots.roots.at(0).target.symlinks, ElementsAre(sample->at("/app/current")));
}

TEST(Roots, ShellFormRunsItsCommands) {
  const auto sample =
      sample_roots(system_tree(), config_of({}, {"/bin/sh", "-c", "cd /tmp && ls | /app/server"}));
  EXPECT_THAT(sample->root_paths(), ElementsAre("/bin/sh", "/bin/ls", "/app/server", "/app/server"));
  EXPECT_EQ(root_of(*sample, "/bin/ls").detail, "cmd: ls");
}

TEST(Roots, ShellFormNamesFiles) {
  const auto sample = sample_roots(
      system_tree(), config_of({"/bin/sh", "-ec", "exec /app/server --config=/app/server.conf"}));
  EXPECT_THAT(sample->root_paths(), Contains("/app/server.conf"));
}

TEST(Roots, AShellMayHaveOptionsBeforeItsCommand) {
  const auto sample = sample_roots(system_tree(), config_of({"/bin/sh", "-o", "pipefail", "-c", "ls"}));
  EXPECT_THAT(sample->root_paths(), ElementsAre("/bin/sh", "/bin/ls"));
}

TEST(Roots, TheScriptOfAShellGetsTheCommandAsItsArgument) {
  const auto sample = sample_roots(system_tree(), config_of({"sh", "/etc/start.sh"}, {"ls", "-c", "tini"}));
  EXPECT_THAT(sample->root_paths(), ElementsAre("/bin/sh", "/etc/start.sh", "/bin/ls"))
      << "-c is an option of ls, not of the shell";
}

TEST(Roots, WrappersAreSeenThrough) {
  const auto sample =
      sample_roots(system_tree(), config_of({"tini", "--", "gosu", "nobody", "env", "A=b", "ls"}));
  EXPECT_THAT(sample->root_paths(), ElementsAre("/sbin/tini", "/sbin/gosu", "/usr/bin/env", "/bin/ls"));
}

TEST(Roots, AStartScriptGetsTheCommandAsItsArgument) {
  const auto sample = sample_roots(system_tree(), config_of({"/etc/start.sh"}, {"ls", "/app/server.conf"}));
  EXPECT_THAT(sample->root_paths(),
              ElementsAre("/etc/start.sh", "/app/server.conf", "/bin/ls", "/app/server.conf"));
}

TEST(Roots, AProgramThatIsNoScriptHasPlainWords) {
  const auto sample = sample_roots(system_tree(), config_of({"/app/server"}, {"ls"}));
  EXPECT_THAT(sample->root_paths(), Not(Contains("/bin/ls")));
}

TEST(Roots, ArgumentsNameFilesAndFolders) {
  const auto sample = sample_roots(
      system_tree(), config_of({"/app/server", "--pages=/app/pages", "/etc", "/app/server.conf"}));
  EXPECT_TRUE(root_of(*sample, "/app/pages").with_content) << "a folder of the application";
  EXPECT_FALSE(root_of(*sample, "/etc").with_content) << "a folder of the system";
  EXPECT_EQ(root_of(*sample, "/app/server.conf").detail, "entrypoint: /app/server.conf");
}

TEST(Roots, TheKernelsFilesAndTheRootAreNoArguments) {
  TarBuilder tar = system_tree();
  tar.folder("dev").file("dev/null", "").folder("proc");
  const auto sample = sample_roots(tar, config_of({"/app/server", "/dev/null", "/proc", "/", ".", ""}));
  EXPECT_THAT(sample->root_paths(), ElementsAre("/app/server"));
}

TEST(Roots, HealthcheckInExecForm) {
  const auto sample = sample_roots(system_tree(), with_healthcheck({"CMD", "ls", "/app/server.conf"}));
  EXPECT_EQ(root_of(*sample, "/bin/ls").kind, ReasonKind::healthcheck);
  EXPECT_EQ(root_of(*sample, "/app/server.conf").kind, ReasonKind::healthcheck);
  EXPECT_EQ(root_of(*sample, "/app/server").kind, ReasonKind::entrypoint);
  EXPECT_EQ(sample->roots.entrypoints.at(1).from, "healthcheck");
}

TEST(Roots, HealthcheckOfAShell) {
  const auto sample = sample_roots(system_tree(), with_healthcheck({"CMD-SHELL", "ls || exit 1"}));
  EXPECT_THAT(sample->root_paths(), ElementsAre("/app/server", "/bin/sh", "/bin/ls"));
}

TEST(Roots, HealthcheckOfTheConfiguredShell) {
  TarBuilder tar = system_tree();
  tar.file("bin/bash", "binary", 0755);
  ImageConfig config = with_healthcheck({"CMD-SHELL", "ls"});
  config.shell = {"/bin/bash", "-eo", "pipefail", "-c"};
  EXPECT_THAT(sample_roots(tar, config)->root_paths(), ElementsAre("/app/server", "/bin/bash", "/bin/ls"));
}

TEST(Roots, HealthchecksThatRunNothing) {
  for (const auto& test : {std::vector<std::string>{"NONE"}, {"CMD"}, {"CMD-SHELL"}, {}}) {
    EXPECT_THAT(sample_roots(system_tree(), with_healthcheck(test))->root_paths(),
                ElementsAre("/app/server"));
  }
}

TEST(Roots, TheEnvironmentNamesFilesAndFoldersOfTheApplication) {
  ImageConfig config = config_of({"/app/server"});
  config.env = {"SERVER_CONF=/app/server.conf", "PAGES=/app/pages", "ETC=/etc", "PORT=80", "=/bin/ls"};
  const auto sample = sample_roots(system_tree(), config);
  EXPECT_THAT(sample->root_paths(), ElementsAre("/app/server", "/app/server.conf", "/app/pages", "/etc"));
  const Root& file = root_of(*sample, "/app/server.conf");
  EXPECT_EQ(file.kind, ReasonKind::environment);
  EXPECT_EQ(file.detail, "config.Env SERVER_CONF");
  EXPECT_EQ(file.strength, Strength::likely) << "a setting, no promise to run it";
  EXPECT_TRUE(root_of(*sample, "/app/pages").with_content) << "a folder of the application";
  EXPECT_FALSE(root_of(*sample, "/etc").with_content) << "a folder of the system";
}

TEST(Roots, TheEnvironmentNamesPathsAmongOtherWords) {
  TarBuilder tar = system_tree();
  tar.folder("app/my pages").symlink("app/current.conf", "server.conf");
  ImageConfig config = config_of({"/app/server"});
  config.env = {"OPTIONS=--pages=/app/pages -v",   "FOLDER=/app/my pages", "CONF=/app/current.conf",
                "URL=http://host/app/server.conf", "GLOB=/bin/l*",         "RELATIVE=app/server.conf"};
  const auto sample = sample_roots(tar, config);
  EXPECT_THAT(sample->root_paths(), ElementsAre("/app/server", "/app/pages", "/app/my pages",
                                                "/app/current.conf", "/app/server.conf"));
  EXPECT_EQ(root_of(*sample, "/app/current.conf").detail, "config.Env CONF") << "the link on the way";
  EXPECT_EQ(root_of(*sample, "/app/server.conf").detail, "config.Env CONF") << "not the one of the URL";
}

TEST(Roots, ListsAndFoldersThatAreSearchedSayNothingOfWhatLiesThere) {
  for (const char* variable : {"DIRS=/app/pages:/app", "NODE_PATH=/app/pages", "VIRTUAL_ENV=/app/pages",
                               "HOME=/app/pages", "PIP_CACHE_DIR=/app/pages", "DIRS=:/app/pages"}) {
    ImageConfig config = config_of({"/app/server"});
    config.env = {variable};
    const auto sample = sample_roots(system_tree(), config);
    EXPECT_FALSE(root_of(*sample, "/app/pages").with_content) << variable;
  }
}

TEST(Roots, TheEnvironmentDoesNotNameWhatIsNotThereOrTheKernels) {
  TarBuilder tar = system_tree();
  tar.folder("dev").file("dev/null", "").folder("proc");
  ImageConfig config = config_of({"/app/server"});
  config.env = {"A=/dev/null", "B=/proc", "C=/", "D=/app/gone", "E=", "F", "G=/app/gone:/dev/null"};
  EXPECT_THAT(sample_roots(tar, config)->root_paths(), ElementsAre("/app/server"));
}

TEST(Roots, IncludedFoldersComeWithTheirContent) {
  const auto sample = sample_roots(system_tree(), config_of({}), {"/app/pages"});
  const Root& root = root_of(*sample, "/app/pages");
  EXPECT_TRUE(root.with_content);
  EXPECT_EQ(root.kind, ReasonKind::include);
  EXPECT_EQ(root.detail, "--include /app/pages");
}

TEST(Roots, IncludedGlobsMatchAtAnyDepthUnlessAbsolute) {
  EXPECT_THAT(sample_roots(system_tree(), config_of({}), {"*.html"})->root_paths(),
              ElementsAre("/app/pages/index.html"));
  EXPECT_THAT(sample_roots(system_tree(), config_of({}), {"/app/server*"})->root_paths(),
              ElementsAre("/app/server", "/app/server.conf"));
  EXPECT_THAT(sample_roots(system_tree(), config_of({}), {"/*.html"})->root_paths(), IsEmpty());
}

TEST(Roots, AnIncludedDanglingLinkIsKeptAsItIs) {
  TarBuilder tar = system_tree();
  tar.symlink("app/log", "/dev/stdout");
  const auto sample = sample_roots(tar, config_of({}), {"/app/log"});
  EXPECT_THAT(sample->root_paths(), ElementsAre("/app/log"));
  EXPECT_THAT(sample->roots.roots.at(0).target.symlinks, IsEmpty());
  EXPECT_THAT(sample->roots.warnings, IsEmpty());
}

TEST(Roots, AnIncludedLinkBringsItsTarget) {
  TarBuilder tar = system_tree();
  tar.symlink("app/www", "pages");
  const auto sample = sample_roots(tar, config_of({}), {"/app/www"});
  EXPECT_THAT(sample->root_paths(), ElementsAre("/app/pages"));
  EXPECT_THAT(sample->roots.roots.at(0).target.symlinks, ElementsAre(sample->at("/app/www")));
}

TEST(Roots, AnIncludeThatMatchesNothingIsSaid) {
  const auto sample = sample_roots(system_tree(), config_of({}), {"/opt/**", "/app/server"});
  ASSERT_EQ(sample->roots.warnings.size(), 1U);
  EXPECT_THAT(sample->roots.warnings[0], HasSubstr("--include /opt/**"));
  EXPECT_THAT(sample->root_paths(), ElementsAre("/app/server")) << "the others count";
}

TEST(SeenRoot, IsThePathOrTheNearestFolderAboveIt) {
  TarBuilder tar = system_tree();
  tar.symlink("app/www", "pages")
      .symlink("app/log", "/nowhere/log")
      .symlink("app/kernel", "/proc")
      .folder("data")
      .folder("data/deep");
  const auto sample = sample_roots(tar, config_of({}));
  const auto target = [&](const std::string& path) {
    const auto root = seen_root(sample->tree, path, ReasonKind::observed, "in a run");
    return root ? sample->tree.path(root->target.node) : "";
  };
  EXPECT_EQ(target("/app/server"), "/app/server");
  EXPECT_EQ(target("/app/www"), "/app/pages");
  EXPECT_EQ(target("/app/log"), "/app/log") << "a link that leads nowhere is still there to be read";
  EXPECT_EQ(target("/app/kernel/meminfo"), "/app/kernel") << "and may lead to more than the image has";
  EXPECT_EQ(target("/data/deep/new/file"), "/data/deep") << "where a program may make it";
  EXPECT_EQ(target("/data/deep/../x"), "/data");
  EXPECT_EQ(target("/app/server/x"), "") << "below a file there is nothing to make";
  EXPECT_EQ(target("/missing"), "") << "the root is always there";
  EXPECT_EQ(target("/proc/self/exe"), "");
}

}  // namespace
}  // namespace slim
