#include "runner/links.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "runner/http.h"

namespace slim {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<std::string> in_html(const std::string& body, const std::string& path = "/") {
  HttpReply response;
  response.headers = {{"Content-Type", "text/html; charset=utf-8"}};
  response.body = body;
  return links_of(response, {.path = path, .port = 8080});
}

TEST(Links, AreFoundInAttributesSortedAndOnce) {
  EXPECT_THAT(in_html(R"(<a href="/b">b</a><A HREF='/a'>a</A><img src=/c.png><link href="/b">)"
                      R"(<video poster="/p.jpg"></video><object data="/o"></object>)"),
              ElementsAre("/a", "/b", "/c.png", "/o", "/p.jpg"));
}

TEST(Links, OfSourceSetsAndForms) {
  EXPECT_THAT(in_html(R"(<img srcset="/1.png 1x, /2.png 2x,/3.png">)"),
              ElementsAre("/1.png", "/2.png", "/3.png"));
  EXPECT_THAT(
      in_html(R"(<form action="/find"><form method=GET action="/get"><form method="POST" action="/no">)"),
      ElementsAre("/find", "/get"));
}

TEST(Links, KeepQueriesAndLoseFragments) {
  EXPECT_THAT(in_html(R"(<a href="/list?a=1&amp;b=2#top"><a href="#here"><a href="?page=2">)", "/list"),
              ElementsAre("/list?a=1&b=2", "/list?page=2"));
}

TEST(Links, OfOtherServersAndSchemesAreNone) {
  EXPECT_THAT(in_html(R"(<a href="https://localhost/x"><a href="http://example.org/"><a href="//cdn/x.js">)"
                      R"(<a href="mailto:a@b"><a href="javascript:f(1)+2" > <img src = "data:,x">
                      <a href = "http://localhost:9/x">) "),
              IsEmpty());
  EXPECT_THAT(
      in_html(R"(<a href="http://localhost:8080/a"><a href="http://127.0.0.1/b"><a href="//LOCALHOST">)"),
              ElementsAre("/", "/a", "/b"));
}

TEST(Links, AreResolvedAgainstThePageAndItsBase) {
  EXPECT_THAT(in_html(R"(<a href="c"><a href="../d/./e/"><a href="../../../../f">)", "/a/b/page?x=/y"),
              ElementsAre("/a/b/c", "/a/d/e/", "/f"));
  EXPECT_THAT(in_html(R"(<base href="/other/"><a href="c">)", "/a"), ElementsAre("/other/c"));
}

TEST(Links, InCommentsScriptsAndBrokenTagsAreNone) {
  EXPECT_THAT(
      in_html(
          R"(<!-- <a href="/no"> --><script>x = '<a href="/no">'</script><a href="/yes">< a href="/no">)"),
      ElementsAre("/yes"));
  EXPECT_THAT(in_html("<a href=\"/open"), ElementsAre("/open"));
  EXPECT_THAT(in_html("<"), IsEmpty());
  EXPECT_THAT(in_html("<!-- <a href=/x>"), IsEmpty());
}

TEST(Links, OfStyleSheets) {
  HttpReply response;
  response.headers = {{"content-type", "text/css"}};
  response.body =
      "@import \"a.css\"; @import url('b.css'); p { background: url( c.png ) } q { src: url(\"d.woff\") }";
  EXPECT_THAT(links_of(response, {.path = "/s/main.css"}),
              ElementsAre("/s/a.css", "/s/b.css", "/s/c.png", "/s/d.woff"));
  EXPECT_THAT(in_html("<style>p{background:url(/x.png)}</style><p style=\"background:url(/y.png)\">"),
              ElementsAre("/x.png", "/y.png"));
}

TEST(Links, OfRedirects) {
  HttpReply response;
  response.status = 302;
  response.headers = {{"Location", "login?next=%2F"}};
  EXPECT_THAT(links_of(response, {}), ElementsAre("/login?next=%2F"));
}

TEST(Links, OfWhatIsNoPageAreNone) {
  HttpReply response;
  response.headers = {{"Content-Type", "application/json"}};
  response.body = "<a href=\"/x\">";
  EXPECT_THAT(links_of(response, {}), IsEmpty());
}

TEST(Links, AreSentAsARequestCanHoldThem) {
  EXPECT_EQ(resolve_link("/a b\"\xc3\xa4", {}), "/a%20b%22%C3%A4");
  EXPECT_EQ(resolve_link("/a\r\nX: y", {}), "/a%0D%0AX:%20y");
}

TEST(Links, AreBounded) {
  std::string body;
  for (int i = 0; i < 5000; ++i) body += "<a href=/" + std::to_string(i) + ">";
  EXPECT_EQ(in_html(body).size(), 1000U);
  EXPECT_THAT(in_html("<a href=/" + std::string(5000, 'x') + ">"), IsEmpty());
}

}  // namespace
}  // namespace slim
