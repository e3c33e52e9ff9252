#include "analyzer/named_paths.h"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace slim {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

std::vector<std::string> texts(std::string_view text) {
  std::vector<std::string> found;
  for (const NamedPath& named : named_paths(text)) found.push_back(named.text);
  return found;
}

TEST(NamedPaths, AbsoluteAndRelativeWords) {
  EXPECT_THAT(
      texts("include /etc/nginx/mime.types;\nroot html/public;\nerror_log stderr warn;\nindex index.html"),
      ElementsAre("/etc/nginx/mime.types", "html/public", "index.html"));
}

TEST(NamedPaths, WordsEndAtQuotesBracketsAndSeparators) {
  EXPECT_THAT(texts("{\"a\": \"/x/a.json\", 'b': [/x/b,/x/c]}"), ElementsAre("/x/a.json", "/x/b", "/x/c"));
  EXPECT_THAT(texts("A=/x/a:/x/b cmd </x/c >/x/d|/x/e&(/x/f);`/x/g`"),
              ElementsAre("/x/a", "/x/b", "/x/c", "/x/d", "/x/e", "/x/f", "/x/g"));
  EXPECT_THAT(texts("<Dir>/srv/www</Dir>"), ElementsAre("/srv/www", "/Dir"));
}

TEST(NamedPaths, LinesAreOfTheFirstMention) {
  const auto found = named_paths("\n/a/b\n# /c/d\n/e/f /a/b\r\n\t/g/h\n");
  ASSERT_THAT(found, SizeIs(3));
  EXPECT_EQ(found[0].text, "/a/b");
  EXPECT_EQ(found[0].line, 2U);
  EXPECT_EQ(found[1].text, "/e/f");
  EXPECT_EQ(found[1].line, 4U);
  EXPECT_EQ(found[2].text, "/g/h");
  EXPECT_EQ(found[2].line, 5U);
}

TEST(NamedPaths, CommentsNameNothing) {
  EXPECT_THAT(texts("# /a/b\n\t# /c/d\n/e/f # /g/h\n"), ElementsAre("/e/f"));
  EXPECT_THAT(texts("/a/b#c\n"), ElementsAre("/a/b#c"));
  EXPECT_THAT(texts("x=1 #"), IsEmpty());
}

TEST(NamedPaths, GlobsStayWhole) {
  EXPECT_THAT(texts("include /etc/nginx/conf.d/*.conf;"), ElementsAre("/etc/nginx/conf.d/*.conf"));
  EXPECT_THAT(texts("files = conf.d/*.ini\n"), ElementsAre("conf.d/*.ini"));
  EXPECT_THAT(texts("/etc/v?/x"), ElementsAre("/etc/v?/x"));
}

TEST(NamedPaths, BracketsAndBracesAreAGlobsWhereTheyCloseInTheWord) {
  EXPECT_THAT(texts("include /etc/app/*.{conf,ini};"), ElementsAre("/etc/app/*.{conf,ini}"));
  EXPECT_THAT(texts("include /etc/app/[0-9]*.conf"), ElementsAre("/etc/app/[0-9]*.conf"));
  EXPECT_THAT(texts("{include /etc/app}"), ElementsAre("/etc/app"));
  EXPECT_THAT(texts("location /api {root /srv/api;}"), ElementsAre("/api", "/srv/api"));
}

TEST(NamedPaths, SignsBeforeAPathAreNotOfIt) {
  EXPECT_THAT(texts("-I/usr/include ${1:-/srv/log} @/etc/list -/etc/optional !/x/y"),
              ElementsAre("/usr/include", "/srv/log", "/etc/list", "/etc/optional", "/x/y"));
}

TEST(NamedPaths, EndsAreTrimmed) {
  EXPECT_THAT(texts("See /etc/app/. Or /srv/www/, or /srv/data..."),
              ElementsAre("/etc/app", "/srv/www", "/srv/data"));
}

TEST(NamedPaths, AddressesAndUnfinishedPathsAreNone) {
  EXPECT_THAT(texts("proxy_pass http://localhost/x; see https://example.org/a"), IsEmpty());
  EXPECT_THAT(texts("root /srv/$host/x; log %h/%l C:\\temp\\x"), IsEmpty());
  EXPECT_THAT(texts("// a comment of json"), IsEmpty());
  EXPECT_THAT(texts("/ . .. a 12"), IsEmpty());
}

TEST(NamedPaths, HostileTextIsOnlyText) {
  EXPECT_THAT(texts("/" + std::string(5000, 'a')), IsEmpty());
  EXPECT_THAT(texts(std::string_view("/a/b\0/c\n/d/e", 12)), testing::Contains("/d/e"));
  std::string many;
  for (std::size_t i = 0; i < 50'000; ++i) many += "{[(/";
  EXPECT_THAT(texts(many + " /x/y"), testing::Contains("/x/y"));
  EXPECT_THAT(texts(std::string(200'000, '{') + "/x/y"), testing::Contains("/x/y"));
  EXPECT_THAT(texts(std::string(200'000, '#')), IsEmpty());
}

}  // namespace
}  // namespace slim
