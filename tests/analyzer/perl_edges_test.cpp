#include "analyzer/perl_edges.h"

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "analyzer/code_facts.h"
#include "analyzer/edge.h"
#include "analyzer/image.h"
#include "analyzer/layer_index.h"
#include "analyzer/perl.h"
#include "tests/analyzer/tree_fixture.h"

namespace slim {
namespace {

using test::file;
using test::OwnedTree;
using test::program;
using test::symlink;
using testing::Contains;
using testing::ElementsAre;
using testing::IsSupersetOf;
using testing::Not;

class PerlEdgesTest : public testing::Test {
 protected:
  void make(std::vector<LayerEntry> entries) {
    image_ = std::make_unique<OwnedTree>(std::move(entries));
    edges_ = std::make_unique<PerlEdges>(image_->tree, config_, unresolved_);
  }
  /// The paths that the code of the file at `path` leads to.
  std::vector<std::string> code(const std::string& path, std::string_view text) {
    FileFacts facts;
    facts.code = {.language = Language::perl, .names = scan_perl(text)};
    std::vector<Edge> edges;
    edges_->code(edges, image_->tree.find(path), facts);
    return paths(edges);
  }
  std::vector<std::string> run(const std::vector<std::string>& arguments) {
    std::vector<Edge> edges;
    edges_->arguments(edges, no_node, image_->tree.find("/usr/bin/perl"), arguments, "entrypoint");
    return paths(edges);
  }
  [[nodiscard]] std::vector<std::string> paths(const std::vector<Edge>& edges) const {
    std::vector<std::string> found;
    for (const Edge& edge : edges)
      found.push_back(image_->tree.path(edge.to) + (edge.with_content ? " whole" : ""));
    return found;
  }

  ImageConfig config_;
  std::vector<UnresolvedName> unresolved_;
  std::unique_ptr<OwnedTree> image_;
  std::unique_ptr<PerlEdges> edges_;
};

TEST_F(PerlEdgesTest, ModulesAreFoundAsDebiansPerlFindsThem) {
  make({file("usr/share/perl5/A/B.pm"), file("usr/share/perl/5.36.0/A/B.pm"),
        file("usr/share/perl/5.36.0/C.pm"), symlink("usr/share/perl/5.36", "5.36.0"), file("app/x.pl")});
  EXPECT_THAT(
      code("/app/x.pl", "use A::B;\nuse C ();\nuse Gone::One;\n"),
      IsSupersetOf({"/usr/share/perl5/A/B.pm", "/usr/share/perl/5.36", "/usr/share/perl/5.36.0/C.pm"}));
  EXPECT_THAT(code("/app/x.pl", "use A::B;\n"), Not(Contains("/usr/share/perl/5.36.0/A/B.pm")));
  ASSERT_EQ(unresolved_.size(), 1U);
  EXPECT_EQ(unresolved_[0].name, "Gone::One");
  EXPECT_EQ(unresolved_[0].line, 3U);
}

TEST_F(PerlEdgesTest, AModuleBringsItsCompiledPartAndItsData) {
  make({file("usr/lib/x86_64-linux-gnu/perl5/5.36/DBI.pm"),
        file("usr/lib/x86_64-linux-gnu/perl5/5.36/auto/DBI/DBI.so"), file("usr/share/perl5/Date/Zone.pm"),
        file("usr/share/perl5/auto/share/dist/Date-Zone/de.pl"), file("app/x.pl")});
  EXPECT_THAT(
      code("/app/x.pl", "require DBI; require Date::Zone;"),
      ElementsAre("/usr/lib/x86_64-linux-gnu/perl5/5.36/DBI.pm",
                  "/usr/lib/x86_64-linux-gnu/perl5/5.36/auto/DBI/DBI.so", "/usr/share/perl5/Date/Zone.pm",
                  "/usr/share/perl5/auto/share/dist/Date-Zone whole"));
}

TEST_F(PerlEdgesTest, OfTwoCompiledPartsTheOneBesideTheModuleIsLoaded) {
  const std::string base = "usr/lib/x86_64-linux-gnu/perl-base/";
  const std::string full = "usr/lib/x86_64-linux-gnu/perl/5.36.0/";
  make({file(base + "re.pm"), file(base + "auto/re/re.so"), file(full + "re.pm"),
        file(full + "auto/re/re.so"), file(full + "B.pm"), file(full + "auto/B/B.so"),
        file(base + "auto/B/B.so"), file("app/x.pl")});
  EXPECT_THAT(code("/app/x.pl", "require re;"),
              ElementsAre("/" + base + "re.pm", "/" + base + "auto/re/re.so"));
  // DynaLoader takes the first in @INC, XSLoader the one beside the module.
  EXPECT_THAT(code("/app/x.pl", "require B;"),
              ElementsAre("/" + full + "B.pm", "/" + base + "auto/B/B.so", "/" + full + "auto/B/B.so"));
}

TEST_F(PerlEdgesTest, WhatOthersAreCompiledWithIsNotLoaded) {
  make({file("usr/share/perl5/DBI.pm"), file("usr/share/perl5/auto/DBI/DBI.so"),
        file("usr/share/perl5/auto/DBI/dbipport.h"), file("usr/share/perl5/auto/DBI/Driver.xst"),
        file("app/x.pl")});
  EXPECT_THAT(code("/app/x.pl", "require DBI;"),
              ElementsAre("/usr/share/perl5/DBI.pm", "/usr/share/perl5/auto/DBI/DBI.so"));
}

TEST_F(PerlEdgesTest, AFileIsTheFirstInTheFolders) {
  make({file("usr/share/perl5/x/data.pl"), file("usr/share/perl/5.36.0/x/data.pl"), file("app/x.pl"),
        file("app/x/data.pl")});
  EXPECT_THAT(code("/app/x.pl", "do 'x/data.pl';"),
              ElementsAre("/usr/share/perl5/x/data.pl", "/app/x/data.pl"));
}

TEST_F(PerlEdgesTest, BelowAPrefixToo) {
  const std::string base = "usr/lib/x86_64-linux-gnu/perl-base/";
  const std::string full = "usr/lib/x86_64-linux-gnu/perl/5.36.0/";
  make({file(base + "List/Util.pm"), file(base + "auto/List/Util/Util.so"), file(full + "List/Util.pm"),
        file(full + "auto/List/Util/Util.so"), file(full + "auto/List/Other/Other.so"), file("app/x.pl")});
  EXPECT_THAT(code("/app/x.pl", "eval \"require List::$d\";"),
              ElementsAre("/" + base + "List/Util.pm", "/" + full + "auto/List/Other/Other.so",
                          "/" + base + "auto/List/Util/Util.so"));
}

TEST_F(PerlEdgesTest, APrefixKeepsWhatIsBelow) {
  make({file("usr/share/perl5/DBD/One.pm"), file("usr/share/perl5/DBD/Two/Three.pm"),
        file("usr/share/perl5/DBDx.pm"), file("app/x.pl")});
  EXPECT_THAT(code("/app/x.pl", "eval \"require DBD::$d\";"),
              ElementsAre("/usr/share/perl5/DBD/One.pm", "/usr/share/perl5/DBD/Two/Three.pm"));
}

TEST_F(PerlEdgesTest, LibrariesOfAScriptServeItsModules) {
  make({file("usr/local/bin/tool"), file("usr/local/share/tool/lib/Tool/Main.pm"),
        file("usr/local/share/tool/lib/Tool/Other.pm"), file("opt/perl/P.pm")});
  EXPECT_THAT(code("/usr/local/bin/tool",
                   "use FindBin;\nuse lib \"$FindBin::Bin/../share/tool/lib\";\nuse Tool::Main;"),
              Contains("/usr/local/share/tool/lib/Tool/Main.pm"));
  EXPECT_THAT(code("/usr/local/share/tool/lib/Tool/Main.pm", "require Tool::Other;"),
              Contains("/usr/local/share/tool/lib/Tool/Other.pm"));
}

TEST_F(PerlEdgesTest, TheEnvironmentNamesFolders) {
  config_.env = {"PERL5LIB=/opt/perl:/none"};
  make({file("opt/perl/P.pm"), file("app/x.pl")});
  EXPECT_THAT(code("/app/x.pl", "use P;"), ElementsAre("/opt/perl/P.pm"));
}

TEST_F(PerlEdgesTest, CommandsAndTheirShellAreKept) {
  make({program("bin/sh"), program("usr/bin/tr"), program("usr/bin/git"), file("app/x.pl")});
  EXPECT_THAT(code("/app/x.pl", "print `echo x | tr x y`;"), IsSupersetOf({"/usr/bin/tr", "/bin/sh"}));
  EXPECT_THAT(code("/app/x.pl", "system('git', 'status');"), ElementsAre("/usr/bin/git"));
}

TEST_F(PerlEdgesTest, ArgumentsOfPerl) {
  make({program("usr/bin/perl"), file("usr/share/perl5/M/N.pm"), file("opt/l/O.pm"), file("app/x.pl")});
  EXPECT_THAT(run({"-MM::N=x", "-I", "/opt/l", "-wne", "use O; print"}),
              ElementsAre("/usr/share/perl5/M/N.pm", "/opt/l/O.pm"));
  EXPECT_THAT(run({"-w", "/app/x.pl", "-MNo"}), ElementsAre("/app/x.pl"));
}

TEST_F(PerlEdgesTest, TheInterpreterNeedsItsPragmas) {
  make({program("usr/bin/perl"), file("usr/lib/x86_64-linux-gnu/perl-base/Errno.pm"),
        file("usr/lib/x86_64-linux-gnu/perl-base/POSIX.pm"), program("usr/bin/perldoc")});
  std::vector<Edge> edges;
  edges_->interpreter(edges, image_->tree.find("/usr/bin/perl"));
  EXPECT_THAT(paths(edges), ElementsAre("/usr/lib/x86_64-linux-gnu/perl-base/Errno.pm"));
  edges.clear();
  edges_->interpreter(edges, image_->tree.find("/usr/bin/perldoc"));
  EXPECT_TRUE(edges.empty());
}

}  // namespace
}  // namespace slim
