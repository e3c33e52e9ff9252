#include "analyzer/python_literal.h"

#include <cstddef>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

namespace slim {
namespace {

/// The literal at the start of `source`: a prefix or none, then a quote.
PythonLiteral literal_of(std::string_view source) {
  const std::size_t quote = source.find_first_of("\"'");
  return PythonLiterals(source).read(quote, source.substr(0, quote));
}

/// "TEXT|REST", where a field follows the text "TEXT{|REST".
std::string read(std::string_view source) {
  const PythonLiteral literal = literal_of(source);
  return std::string(literal.text) + (literal.has_field ? "{|" : "|") +
         std::string(source.substr(literal.end));
}

TEST(PythonLiteral, EndsAtTheQuotesThatItBeganWith) {
  EXPECT_EQ(read("'a' b"), "a| b");
  EXPECT_EQ(read("\"it's\"+c"), "it's|+c");
  EXPECT_EQ(read("''''a' \"\"\" ''' b"), "'a' \"\"\" | b");
  EXPECT_EQ(read("'' 'b'"), "| 'b'");
  EXPECT_EQ(read("'''a\nb'''\nc"), "a\nb|\nc");
}

TEST(PythonLiteral, ABackslashTakesTheNextCharacterAlong) {
  EXPECT_EQ(read("'a\\'b' c"), "a\\'b| c");
  EXPECT_EQ(read("'a\\\\' b"), "a\\\\| b");
  EXPECT_EQ(read("'a\\\r\nb' c"), "a\\\r\nb| c");
  EXPECT_EQ(read("r'\\' b' c"), "\\' b| c");
  EXPECT_TRUE(literal_of("b'a\\n'").escaped);
  EXPECT_FALSE(literal_of("rb'a\\n'").escaped);
  EXPECT_FALSE(literal_of("'a'").escaped);
  EXPECT_FALSE(literal_of("f'a{b}\\n'").escaped) << "what comes before the field is known";
}

TEST(PythonLiteral, EndsWithItsLineOrTheSourceWhereNothingClosesIt) {
  EXPECT_EQ(read("'a\nb'"), "a|\nb'");
  EXPECT_EQ(read("'a\r\nb'"), "a|\r\nb'");
  EXPECT_EQ(read("'''a\nb''"), "a\nb''|");
  EXPECT_EQ(read("'a\\"), "a\\|");
  EXPECT_EQ(read("'"), "|");
}

TEST(PythonLiteral, LinesAreCountedAsPythonDoes) {
  EXPECT_EQ(literal_of("'''a\nb\r\nc\rd'''\n").lines, 3U);
  EXPECT_EQ(literal_of("'a\\\nb'\n").lines, 1U);
  EXPECT_EQ(literal_of("f'''a\n{b}\nc'''").lines, 2U) << "those behind the field count too";
  EXPECT_EQ(literal_of("'a\nb").lines, 0U);
}

TEST(PythonLiteral, QuotesInFieldsAreThoseOfOtherStrings) {
  EXPECT_EQ(read("f'{a['b']}' c"), "{| c");
  EXPECT_EQ(read("f'a{f'{'b'}'}' c"), "a{| c");
  EXPECT_EQ(read("f'a{\"\"\"'\"\"\"}' c"), "a{| c");
  EXPECT_EQ(read("f'{ {1: '}'}[1] }' c"), "{| c");
  EXPECT_EQ(read("f'''{\n'''b'''\n}''' c"), "{| c");
}

TEST(PythonLiteral, FormatsHaveFieldsOfTheirOwn) {
  EXPECT_EQ(read("f'a{b!r:>{width}}' c"), "a{| c");
  EXPECT_EQ(read("f'{b:\"^{c[':']}}' d"), "{| d");
  EXPECT_EQ(read("f'{b[1:2]}' d"), "{| d");
}

TEST(PythonLiteral, DoubledBracesAreNoFieldsButEndWhatIsKnown) {
  EXPECT_EQ(read("f'a{{\"b' c"), "a{| c");
  EXPECT_EQ(read("f'a{{{b}}}' c"), "a{| c");
  EXPECT_EQ(read("'{a}' c"), "{a}| c");
}

TEST(PythonLiteral, FieldsThatMakeNoSenseEndWithTheNextQuote) {
  EXPECT_EQ(read("f'a{b' c"), "a{| c");
  EXPECT_EQ(read("f'a{b\n' c"), "a{|\n' c");
  EXPECT_EQ(read("f'{b:'} c"), "{|} c");
}

TEST(PythonLiteral, AFieldIsSeenHoweverDeepItIsAndHoweverOftenOneFailed) {
  std::string deep = "x";
  for (int i = 0; i < 100; ++i) deep = "f'{" + deep + "}'";
  EXPECT_TRUE(literal_of(deep).has_field);
  std::string source;
  for (int i = 0; i < 1000; ++i) source += "f'a{b' ";
  PythonLiterals literals(source);
  for (std::size_t at = 1; at < source.size(); at += 7) {
    const PythonLiteral literal = literals.read(at, "f");
    ASSERT_EQ(literal.text, "a");
    ASSERT_TRUE(literal.has_field);
    ASSERT_EQ(literal.end, at + 5);
  }
}

}  // namespace
}  // namespace slim
