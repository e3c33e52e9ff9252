#include "slimmer/mark.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "analyzer/image.h"
#include "analyzer/rules.h"
#include "tests/analyzer/tar_builder.h"
#include "tests/slimmer/sample_tree.h"

namespace slim {
namespace {

using test::config_of;
using test::mark_with;
using test::Sample;
using test::sample_plan;
using test::TarBuilder;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const std::string libraries = "usr/lib/x86_64-linux-gnu/";

/// A program that needs libneeded, names a plug-in and a file; a package that holds all of it; and a file of
/// nobody.
TarBuilder application() {
  return TarBuilder()
      .folder("app")
      .file("app/server",
            test::dynamic_program({"libneeded.so.1"}, {}, {"libplugin.so.2", "/usr/share/app/data.txt"}),
            0755)
      .folder("lib64")
      .file("lib64/ld-linux-x86-64.so.2", test::library("ld-linux-x86-64.so.2"), 0755)
      .folder(libraries)
      .file(libraries + "libneeded.so.1", test::library("libneeded.so.1"))
      .file(libraries + "libplugin.so.2", test::library("libplugin.so.2"))
      .folder("usr/share/app")
      .file("usr/share/app/data.txt", "data")
      .file("usr/share/app/more.txt", "more")
      .file("usr/share/app/nobody.txt", "nobody's")
      .folder("var/lib/dpkg/info")
      .file("var/lib/dpkg/status", "Package: app\nStatus: install ok installed\nVersion: 1.0\n\n")
      .file("var/lib/dpkg/info/app.list",
            "/.\n/app/server\n/usr/share/app/data.txt\n/usr/share/app/more.txt\n/" + libraries +
                "libneeded.so.1\n");
}

std::unique_ptr<Sample> planned(Profile profile, std::vector<std::string> include = {},
                                std::vector<std::string> exclude = {}, const std::string& rules = "[]") {
  return sample_plan(application(), config_of({"/app/server"}),
                     mark_with(profile, std::move(include), std::move(exclude)), parse_rules(rules, "test"));
}

std::string rule(const std::string& when, const std::string& verbs) {
  return R"([{"id":"r","why":"a test","source":"none","when":)" + when + "," + verbs + "}]";
}

const std::string always = R"({"exists":"/app"})";

// The profiles: each follows what the one before it follows, and more.

TEST(Profiles, MinimalFollowsWhatIsRequired) {
  const auto sample = planned(Profile::minimal);
  EXPECT_THAT(sample->kept_files(),
              ElementsAre("/app/server", "/lib64/ld-linux-x86-64.so.2", "/" + libraries + "libneeded.so.1"));
  EXPECT_EQ(sample->reason("/app/server").kind, ReasonKind::entrypoint);
  EXPECT_EQ(sample->reason("/lib64/ld-linux-x86-64.so.2").kind, ReasonKind::interpreter);
  EXPECT_EQ(sample->reason("/" + libraries + "libneeded.so.1").kind, ReasonKind::needed);
  EXPECT_EQ(sample->cause("/" + libraries + "libneeded.so.1"), "/app/server");
}

TEST(Profiles, BalancedFollowsWhatIsNamed) {
  const auto sample = planned(Profile::balanced);
  EXPECT_THAT(sample->kept_files(),
              ElementsAre("/app/server", "/lib64/ld-linux-x86-64.so.2", "/" + libraries + "libneeded.so.1",
                          "/" + libraries + "libplugin.so.2", "/usr/share/app/data.txt"));
  EXPECT_EQ(sample->reason("/" + libraries + "libplugin.so.2").kind, ReasonKind::library_name);
  EXPECT_EQ(sample->reason("/usr/share/app/data.txt").kind, ReasonKind::named_path);
}

TEST(Profiles, SafeFollowsThePackage) {
  const auto sample = planned(Profile::safe);
  EXPECT_TRUE(sample->keeps("/usr/share/app/more.txt"));
  EXPECT_EQ(sample->reason("/usr/share/app/more.txt").kind, ReasonKind::package);
  EXPECT_EQ(sample->reason("/usr/share/app/more.txt").detail, "app");
  EXPECT_FALSE(sample->keeps("/usr/share/app/nobody.txt")) << "in the folder, but of no package";
}

TEST(Profiles, PackagesCountInSafeOnly) {
  for (const Profile profile : {Profile::minimal, Profile::balanced})
    EXPECT_FALSE(planned(profile)->keeps("/usr/share/app/more.txt"));
}

TEST(Profiles, ThePlanSaysWhichItWas) {
  for (const Profile profile : {Profile::minimal, Profile::balanced, Profile::safe})
    EXPECT_EQ(planned(profile)->plan.profile, profile);
}

TEST(Profiles, WhatWasDeclinedSaysWhy) {
  const auto sample = planned(Profile::minimal);
  const Reason& reason = sample->reason("/usr/share/app/data.txt");
  EXPECT_EQ(reason.kind, ReasonKind::unreached);
  EXPECT_EQ(sample->cause("/usr/share/app/data.txt"), "/app/server");
  EXPECT_EQ(reason.detail, "named path (likely): the string \"/usr/share/app/data.txt\"");
  EXPECT_EQ(sample->cause("/usr/share/app/nobody.txt"), "") << "nothing leads there";
}

// Precedence: include > exclude > required edge or rule keep > rule drop > likely or possible > unreached.

TEST(Precedence, IncludeWinsOverExclude) {
  const auto sample = planned(Profile::balanced, {"/usr/share/app/more.txt"}, {"/usr/share/app/**"});
  EXPECT_TRUE(sample->keeps("/usr/share/app/more.txt"));
  EXPECT_EQ(sample->reason("/usr/share/app/more.txt").kind, ReasonKind::include);
  EXPECT_EQ(sample->reason("/usr/share/app/data.txt").kind, ReasonKind::excluded);
}

TEST(Precedence, AnIncludedFolderWinsOverAnExcludeInIt) {
  const auto sample = planned(Profile::balanced, {"/usr/share/app"}, {"/usr/share/app/more.txt"});
  EXPECT_TRUE(sample->keeps("/usr/share/app/more.txt"));
  EXPECT_TRUE(sample->keeps("/usr/share/app/nobody.txt"));
}

TEST(Precedence, IncludeWinsOverARuleDrop) {
  const auto sample = planned(Profile::balanced, {"/usr/share/app/more.txt"}, {},
                              rule(always, R"("drop":"/usr/share/app/**")"));
  EXPECT_TRUE(sample->keeps("/usr/share/app/more.txt"));
}

TEST(Precedence, ExcludeCutsARequiredEdgeAndNamesIt) {
  const auto sample = planned(Profile::balanced, {}, {"**/libneeded.so.*"});
  EXPECT_FALSE(sample->keeps("/" + libraries + "libneeded.so.1"));
  ASSERT_EQ(sample->plan.warnings.size(), 1U);
  EXPECT_THAT(sample->plan.warnings[0],
              AllOf(HasSubstr("--exclude **/libneeded.so.*"), HasSubstr("/" + libraries + "libneeded.so.1"),
                    HasSubstr("/app/server requires")));
}

TEST(Precedence, ExcludeCutsALikelyEdgeInSilence) {
  const auto sample = planned(Profile::balanced, {}, {"**/libplugin.so.*"});
  EXPECT_FALSE(sample->keeps("/" + libraries + "libplugin.so.2"));
  EXPECT_THAT(sample->plan.warnings, IsEmpty());
}

TEST(Precedence, ExcludeCutsTheRootItself) {
  const auto sample = planned(Profile::balanced, {}, {"/app"});
  EXPECT_FALSE(sample->keeps("/app/server")) << "what lies in an excluded folder is excluded with it";
  EXPECT_THAT(sample->kept_files(), IsEmpty());
  EXPECT_THAT(sample->plan.warnings, ElementsAre(HasSubstr("entrypoint requires")));
}

TEST(Precedence, ExcludeCutsARuleAndNamesIt) {
  const auto sample = planned(Profile::balanced, {}, {"*.txt"},
                              rule(R"({"kept":"/app/server"})", R"("keep":"/usr/share/app/more.txt")"));
  EXPECT_FALSE(sample->keeps("/usr/share/app/more.txt"));
  EXPECT_THAT(sample->plan.warnings, ElementsAre(AllOf(HasSubstr("the rule r"), HasSubstr("/app/server"))));
}

TEST(Precedence, APathThatManyRequireIsWarnedOfOnce) {
  TarBuilder tar = application();
  tar.file("app/other", test::dynamic_program({"libneeded.so.1"}), 0755);
  const auto sample =
      sample_plan(tar, config_of({"/bin/true"}),
                  mark_with(Profile::minimal, {"/app/server", "/app/other"}, {"**/libneeded.so.1"}));
  EXPECT_EQ(sample->plan.warnings.size(), 1U);
}

TEST(Precedence, ARequiredEdgeWinsOverARuleDrop) {
  const auto sample = planned(Profile::balanced, {}, {}, rule(always, R"("drop":"/**/libneeded.so.1")"));
  EXPECT_TRUE(sample->keeps("/" + libraries + "libneeded.so.1"));
}

TEST(Precedence, ARuleKeepWinsOverARuleDrop) {
  const auto sample =
      planned(Profile::balanced, {}, {},
              R"([{"id":"a","why":"w","source":"s","when":{"exists":"/app"},"drop":"/**/*.txt"},
                                  {"id":"b","why":"w","source":"s","when":{"exists":"/app"},
                                   "keep":"/usr/share/app/more.txt"}])");
  EXPECT_TRUE(sample->keeps("/usr/share/app/more.txt"));
  EXPECT_EQ(sample->reason("/usr/share/app/more.txt").detail, "b");
  EXPECT_FALSE(sample->keeps("/usr/share/app/data.txt"));
}

TEST(Precedence, ARuleDropWinsOverALikelyEdge) {
  const auto sample = planned(Profile::balanced, {}, {}, rule(always, R"("drop":"/usr/share/app/data.txt")"));
  EXPECT_FALSE(sample->keeps("/usr/share/app/data.txt"));
  EXPECT_EQ(sample->reason("/usr/share/app/data.txt").kind, ReasonKind::rule_drop);
  EXPECT_EQ(sample->reason("/usr/share/app/data.txt").detail, "r");
}

TEST(Precedence, ARuleDropWinsOverAPossibleEdge) {
  const auto sample = planned(Profile::safe, {}, {}, rule(always, R"("drop":"/usr/share/app/more.txt")"));
  EXPECT_EQ(sample->reason("/usr/share/app/more.txt").kind, ReasonKind::rule_drop);
}

TEST(Precedence, ALikelyRuleGivesWayToADrop) {
  const auto sample =
      planned(Profile::balanced, {}, {},
              R"([{"id":"a","why":"w","source":"s","when":{"exists":"/app"},"drop":"/**/more.txt"},
                                  {"id":"b","why":"w","source":"s","when":{"exists":"/app"},
                                   "strength":"likely","keep":"/usr/share/app/*.txt"}])");
  EXPECT_FALSE(sample->keeps("/usr/share/app/more.txt"));
  EXPECT_TRUE(sample->keeps("/usr/share/app/nobody.txt"));
}

TEST(Precedence, WhatNothingReachesIsUnreached) {
  const auto sample = planned(Profile::safe);
  EXPECT_EQ(sample->reason("/usr/share/app/nobody.txt").kind, ReasonKind::unreached);
}

TEST(Mark, FollowsChainsOfLinks) {
  TarBuilder tar;
  tar.folder("app")
      .file("app/real", test::static_program(), 0755)
      .symlink("app/second", "real")
      .symlink("app/first", "second")
      .symlink("app/aside", "real");
  const auto sample = sample_plan(tar, config_of({"/app/first"}));
  EXPECT_THAT(sample->kept_files(), ElementsAre("/app/first", "/app/real", "/app/second"));
}

TEST(Mark, KeepsTheTargetOfALinkThatARuleKeeps) {
  TarBuilder tar;
  tar.folder("app").file("app/server", test::static_program(), 0755);
  tar.folder("etc").symlink("etc/name", "../usr/lib/name").folder("usr/lib").symlink("usr/lib/name", "real");
  tar.file("usr/lib/real", "text");
  const auto sample = sample_plan(tar, config_of({"/app/server"}), {},
                                  parse_rules(rule(always, R"("keep":"/etc/name")"), "test"));
  EXPECT_THAT(sample->kept_files(),
              ElementsAre("/app/server", "/etc/name", "/usr/lib/name", "/usr/lib/real"));
  EXPECT_EQ(sample->cause("/usr/lib/real"), "/etc/name");
  EXPECT_EQ(sample->reason("/usr/lib/real").kind, ReasonKind::symlink);
}

TEST(Mark, EndsAtALoopOfLinks) {
  TarBuilder tar;
  tar.folder("app").symlink("app/a", "b").symlink("app/b", "a");
  const auto sample = sample_plan(tar, config_of({}), mark_with(Profile::safe, {"/app"}));
  EXPECT_THAT(sample->kept_files(), ElementsAre("/app/a", "/app/b"));
}

TEST(Mark, ALibraryThatWasDeclinedBringsItsNeedsWhenItIsKeptAfterAll) {
  TarBuilder tar;
  tar.folder("app").file("app/server", test::dynamic_program({}, {}, {"libplugin.so.2"}), 0755);
  tar.folder("lib64").file("lib64/ld-linux-x86-64.so.2", test::library("ld-linux-x86-64.so.2"), 0755);
  tar.folder(libraries).file(libraries + "libplugin.so.2", test::library("libplugin.so.2", {"libdeep.so"}));
  tar.file(libraries + "libdeep.so", test::library("libdeep.so", {"libdeeper.so"}));
  tar.file(libraries + "libdeeper.so", test::library("libdeeper.so"));
  const std::string keep = rule(R"({"kept":"/app/server"})", R"("keep":"/)" + libraries + R"(libdeep.so")");
  const auto sample =
      sample_plan(tar, config_of({"/app/server"}), mark_with(Profile::minimal), parse_rules(keep, "test"));
  EXPECT_FALSE(sample->keeps("/" + libraries + "libplugin.so.2"));
  EXPECT_TRUE(sample->keeps("/" + libraries + "libdeeper.so"));
}

TEST(Mark, ScriptsBringTheirInterpreterAndCommands) {
  TarBuilder tar;
  tar.folder("bin").file("bin/sh", test::static_program(), 0755).file("bin/ls", test::static_program(), 0755);
  tar.file("bin/cat", test::static_program(), 0755);
  tar.folder("app").file("app/start", "#!/bin/sh\nls /nowhere\n", 0755);
  const auto sample = sample_plan(tar, config_of({"/app/start"}));
  EXPECT_THAT(sample->kept_files(), ElementsAre("/app/start", "/bin/ls", "/bin/sh"));
  EXPECT_EQ(sample->reason("/bin/sh").kind, ReasonKind::shebang);
  EXPECT_EQ(sample->reason("/bin/ls").kind, ReasonKind::command);
  EXPECT_EQ(sample->reason("/bin/ls").detail, "ls, line 2");
}

TEST(Mark, TheTextOfAFileThatOnlyARuleKeepsIsNoEvidence) {
  TarBuilder tar;
  tar.folder("app").file("app/server", test::static_program(), 0755);
  tar.folder("bin").file("bin/sh", test::static_program(), 0755);
  tar.folder("etc").file("etc/passwd", "root:x:0:0:root:/root:/bin/sh\n");
  const auto sample = sample_plan(tar, config_of({"/app/server"}), {},
                                  parse_rules(rule(always, R"("keep":"/etc/passwd")"), "test"));
  EXPECT_THAT(sample->kept_files(), ElementsAre("/app/server", "/etc/passwd"));
}

TEST(Mark, RootsAsFoldersBringTheirContent) {
  const auto sample =
      sample_plan(application(), config_of({"/app/server", "/usr/share/app"}), mark_with(Profile::minimal));
  EXPECT_TRUE(sample->keeps("/usr/share/app/nobody.txt"));
  EXPECT_EQ(sample->reason("/usr/share/app/nobody.txt").kind, ReasonKind::inside);
  EXPECT_EQ(sample->cause("/usr/share/app/nobody.txt"), "/usr/share/app");
}

TEST(Mark, WhatIsThereToBeSwitchedOnIsKeptForItsLinkAlone) {
  const auto sample =
      sample_plan(TarBuilder()
                      .folder("app")
                      .file("app/server", test::dynamic_program({}, {}, {"/etc/web"}), 0755)
                      .folder("etc/web/mods-available")
                      .folder("etc/web/mods-enabled")
                      .file("etc/web/main.conf", "text")
                      .file("etc/web/mods-available/on.load", "text")
                      .file("etc/web/mods-available/off.load", "text")
                      .symlink("etc/web/mods-enabled/on.load", "../mods-available/on.load"),
                  config_of({"/app/server"}), mark_with(Profile::balanced), parse_rules("[]", "test"));
  EXPECT_TRUE(sample->keeps("/etc/web/main.conf"));
  EXPECT_TRUE(sample->keeps("/etc/web/mods-enabled/on.load"));
  EXPECT_TRUE(sample->keeps("/etc/web/mods-available/on.load"));
  EXPECT_FALSE(sample->keeps("/etc/web/mods-available/off.load"));
}

TEST(Mark, WarningsOfTheRootsComeFirst) {
  const auto sample = planned(Profile::balanced, {"/gone"}, {"**/libneeded.so.*"});
  EXPECT_THAT(sample->plan.warnings,
              ElementsAre(HasSubstr("--include /gone"), HasSubstr("--exclude **/libneeded")));
}

/// The plan for `application()`, with what a run asked for.
std::unique_ptr<Sample> seen_plan(const std::vector<std::string>& paths, const MarkOptions& options) {
  auto sample = sample_plan(application(), config_of({"/app/server"}), options);
  for (const auto& path : paths) {
    auto root = seen_root(sample->tree, path, ReasonKind::observed, "in a run");
    if (root) sample->roots.roots.push_back(std::move(*root));
  }
  sample->plan = make_plan(sample->tree, sample->config, sample->packages, sample->roots, sample->rules,
                           *sample->graph, options);
  return sample;
}

TEST(Mark, WhatARunAskedForIsKeptAndStaticReasonsComeFirst) {
  const auto sample = seen_plan({"/app/server", "/usr/share/app/nobody.txt"}, mark_with(Profile::minimal));
  EXPECT_EQ(sample->reason("/app/server").kind, ReasonKind::entrypoint);
  EXPECT_EQ(sample->reason("/usr/share/app/nobody.txt").kind, ReasonKind::observed);
}

TEST(Mark, ExcludeWinsOverWhatARunAskedForAndSaysSo) {
  auto options = mark_with(Profile::minimal);
  options.exclude = {"/usr/share/app/*"};
  const auto sample = seen_plan({"/usr/share/app/nobody.txt"}, options);
  EXPECT_FALSE(sample->keeps("/usr/share/app/nobody.txt"));
  EXPECT_THAT(sample->plan.warnings, testing::Contains(HasSubstr("leaves out /usr/share/app/nobody.txt")));
}

TEST(Mark, WhatTheEnvironmentNamesIsKeptFromBalancedOn) {
  TarBuilder tar;
  tar.folder("app")
      .file("app/server", test::static_program(), 0755)
      .folder("etc")
      .file("etc/shop.toml", "port = 1");
  ImageConfig config = config_of({"/app/server"});
  config.env = {"SHOP_SETTINGS=/etc/shop.toml"};
  EXPECT_FALSE(sample_plan(tar, config, mark_with(Profile::minimal))->keeps("/etc/shop.toml"));
  const auto sample = sample_plan(tar, config);
  ASSERT_TRUE(sample->keeps("/etc/shop.toml"));
  EXPECT_EQ(sample->reason("/etc/shop.toml").kind, ReasonKind::environment);
}

}  // namespace
}  // namespace slim
