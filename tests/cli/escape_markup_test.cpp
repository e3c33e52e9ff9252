#include <string>
#include <string_view>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/escape.h"

namespace slim {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(XmlText, HasReferencesForWhatMeansSomething) {
  EXPECT_EQ(xml_text("<a b=\"c\" d='e'>&amp;]]>"),
            "&lt;a b=&quot;c&quot; d=&apos;e&apos;&gt;&amp;amp;]]&gt;");
  EXPECT_EQ(xml_lines("a<\n\tb\n"), "a&lt;\n\tb\n");
}

TEST(XmlText, HasNoCharacterThatXmlHasNoPlaceFor) {
  EXPECT_EQ(xml_text(std::string_view("\0\x01\x1b\x0b", 4)), "\\x00\\x01\\x1b\\x0b");
  EXPECT_EQ(xml_text("\ufffe\uffff"), "\\u{fffe}\\u{ffff}");
  EXPECT_EQ(xml_text("\xed\xa0\x80\xff"), "\\xed\\xa0\\x80\\xff");
  EXPECT_EQ(xml_lines("a\x1b\nb"), "a\\x1b\nb\n");
}

TEST(MarkdownCode, HoldsInATable) {
  EXPECT_EQ(markdown_code("/usr/lib/libz.so.1"), "`/usr/lib/libz.so.1`");
  EXPECT_EQ(markdown_code("a|b\\|c``d"), "`a\\x7cb\\\\x7cc\\x60\\x60d`");
  EXPECT_EQ(markdown_code("a\nb"), "`a\\x0ab`");
  EXPECT_EQ(markdown_code(""), "");
}

TEST(MarkdownCode, KeepsBlanksAtItsEnds) {
  EXPECT_EQ(markdown_code(" a "), "`\\x20a\\x20`");
  EXPECT_EQ(markdown_code(" "), "`\\x20`");
}

TEST(MarkdownCode, IsCutToItsColumns) {
  EXPECT_EQ(markdown_code("0123456789", 5), "`01…89`");
}

TEST(MarkdownText, LeavesProseAlone) {
  EXPECT_EQ(markdown_text("runs as uid 0, whoever starts it; chmod u-s (see: the manual)"),
            "runs as uid 0, whoever starts it; chmod u-s (see: the manual)");
}

TEST(MarkdownText, HasReferencesForMarkUp) {
  EXPECT_EQ(markdown_text("*a* _b_ `c` <d> [e](f) ~g~ |"),
            "&#42;a&#42; &#95;b&#95; &#96;c&#96; &#60;d&#62; &#91;e&#93;(f) &#126;g&#126; &#124;");
  EXPECT_EQ(markdown_text("&lt; \\* a\n- b"), "&#38;lt; &#92;&#42; a&#92;x0a- b");
}

TEST(MarkdownText, BeginsNoList) {
  EXPECT_EQ(markdown_text("- a -- b - c --d"), "&#45; a &#45;&#45; b &#45; c &#45;&#45;d");
}

TEST(MarkdownText, NamesNobodyAndLinksNowhere) {
  EXPECT_EQ(markdown_text("@team"), "&#64;&#8203;team");
  EXPECT_EQ(markdown_text("#12"), "&#35;&#8203;12");
  EXPECT_EQ(markdown_text("http://a.test"), "http&#58;&#8203;/&#8203;/a.test");
  EXPECT_EQ(markdown_text("www.b.test WWW.c"), "www&#46;&#8203;b.test WWW&#46;&#8203;c");
}

TEST(MarkdownBlock, CannotBeEndedByItsText) {
  EXPECT_EQ(markdown_block("a\n```\n````b"), "`````text\na\n```\n````b\n`````\n");
  EXPECT_EQ(markdown_block("::error::x"), "```text\n\\x3a\\x3aerror::x\n```\n");
}

TEST(SarifText, HasNoLinksAndNoPlaceholders) {
  EXPECT_EQ(sarif_text("[a](http://b) {0}\x1b"), "[a]\\x28http://b) {{0}}\\x1b");
}

TEST(UriPath, EscapesByteByByte) {
  EXPECT_EQ(uri_path("/usr/lib/a b"), "usr/lib/a%20b");
  EXPECT_EQ(uri_path("/a%0A:\n?#[]\xff\u00e9"), "a%250A%3A%0A%3F%23%5B%5D%FF%C3%A9");
  EXPECT_EQ(uri_path("slim.test/nginx:latest"), "slim.test/nginx%3Alatest");
  EXPECT_EQ(uri_path("///"), "");
}

TEST(GitHubCommand, StaysOnOneLine) {
  EXPECT_EQ(github_message("50% of it\n::error::x"), "50%25 of it\\x0a::error::x");
  EXPECT_EQ(github_property("a:b,c%"), "a%3Ab%2Cc%25");
  EXPECT_THAT(github_message("::set-env name=a::b"), Not(HasSubstr("::set-env")));
}

}  // namespace
}  // namespace slim
