#include "analyzer/literal_edges.h"

#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "analyzer/code_facts.h"
#include "analyzer/edge.h"
#include "analyzer/image.h"
#include "analyzer/layer_index.h"
#include "analyzer/literals.h"
#include "tests/analyzer/tree_fixture.h"

namespace slim {
namespace {

using test::file;
using test::OwnedTree;
using test::program;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::IsSupersetOf;

std::vector<std::string> paths(const OwnedTree& image, const std::vector<Edge>& edges) {
  std::vector<std::string> found;
  for (const Edge& edge : edges)
    found.push_back(image.tree.path(edge.to) + (edge.with_content ? " whole" : ""));
  return found;
}

TEST(LiteralEdges, TheApplicationIsKeptWhole) {
  ImageConfig config;
  config.working_dir = "/app";
  const OwnedTree image(
      {program("usr/bin/ruby3.1"), file("app/x.rb"), file("opt/tool/bin/run.rb"), program("bin/ls")});
  const LiteralEdges edges(image.tree, config);
  const auto run = [&](const std::string& program_path, const std::vector<std::string>& arguments) {
    std::vector<Edge> found;
    edges.arguments(found, no_node, image.tree.find(program_path), arguments, "entrypoint");
    return paths(image, found);
  };
  EXPECT_THAT(run("/usr/bin/ruby3.1", {"-w", "/opt/tool/bin/run.rb"}),
              ElementsAre("/app whole", "/opt/tool/bin/run.rb", "/opt/tool/bin whole"));
  EXPECT_THAT(run("/bin/ls", {"/opt/tool/bin/run.rb"}), IsEmpty());
}

TEST(LiteralEdges, TheSystemsFoldersAreNot) {
  const OwnedTree image({program("usr/bin/php8.2"), file("usr/local/bin/x.php")});
  std::vector<Edge> found;
  LiteralEdges(image.tree, ImageConfig{})
      .arguments(found, no_node, image.tree.find("/usr/bin/php8.2"),
                 std::vector<std::string>{"/usr/local/bin/x.php"}, "cmd");
  EXPECT_THAT(paths(image, found), ElementsAre("/usr/local/bin/x.php"));
}

TEST(LiteralEdges, ComposersMapsLeadOutOfTheDocumentRoot) {
  const OwnedTree image({file("srv/shop/public/index.php"), file("srv/shop/vendor/autoload.php"),
                         file("srv/shop/vendor/composer/autoload_psr4.php"),
                         file("srv/shop/vendor/psr/log/src/L.php"), file("srv/shop/vendor/psr/log/README.md"),
                         file("srv/shop/app/Model.php")});
  const auto leads = [&image](const std::string& path, std::string_view text) {
    FileFacts facts;
    facts.code = {.language = Language::php, .names = scan_literals(Language::php, text)};
    std::vector<Edge> found;
    LiteralEdges(image.tree, ImageConfig{}).code(found, image.tree.find(path), facts);
    return paths(image, found);
  };
  EXPECT_THAT(leads("/srv/shop/public/index.php", "require dirname(__DIR__).'/vendor/autoload.php';\n"),
              ElementsAre("/srv/shop/vendor/autoload.php"));
  EXPECT_THAT(leads("/srv/shop/vendor/composer/autoload_psr4.php",
                    "array($vendorDir . '/psr/log/src', $baseDir . '/app', $baseDir . '/gone');\n"),
              ElementsAre("/srv/shop/vendor/psr/log/src whole", "/srv/shop/app whole"));
}

TEST(LiteralEdges, CodeNamesFilesWithoutTheirEnding) {
  const OwnedTree image({file("app/main.rb"), file("app/lib/x.rb"), file("srv/data.yml"), program("bin/sh"),
                         program("usr/bin/tr")});
  FileFacts facts;
  facts.code = {.language = Language::ruby,
                .names = scan_literals(Language::ruby,
                                       "require_relative 'lib/x'\nFile.read('/srv/data.yml')\n`tr a b`\n")};
  std::vector<Edge> found;
  LiteralEdges(image.tree, ImageConfig{}).code(found, image.tree.find("/app/main.rb"), facts);
  EXPECT_THAT(paths(image, found),
              IsSupersetOf({"/app/lib/x.rb", "/srv/data.yml", "/usr/bin/tr", "/bin/sh"}));
}

}  // namespace
}  // namespace slim
