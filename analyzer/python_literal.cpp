// Strings by the lexical rules of Python (reference, 2.4.1 to 2.4.3, and PEP 701: strings in the fields of an
// f-string may use its own quotes). Fields that make no sense are a sign that the text was misread; the
// string then ends at the next quotes of its kind, as one without fields does.
#include "analyzer/python_literal.h"

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace slim {
namespace {

constexpr unsigned most_bad_fields = 16;  ///< each of them is read twice
constexpr unsigned deepest_fields = 8;    ///< formatted strings in the fields of others

std::uint32_t count_line_ends(std::string_view text) {
  std::uint32_t count = 0;
  for (std::size_t i = 0; i < text.size(); ++i)
    if (text[i] == '\n' || (text[i] == '\r' && !text.substr(i + 1).starts_with('\n'))) ++count;
  return count;
}

/// What opens and closes a string.
struct Quotes {
  char quote = '\0';
  bool triple = false;

  [[nodiscard]] std::size_t size() const { return triple ? 3U : 1U; }
};

class LiteralReader {
 public:
  LiteralReader(std::string_view source, std::size_t at) : source_(source), at_(at) {}

  [[nodiscard]] std::size_t at() const { return at_; }

  Quotes open() {
    const char quote = peek();
    const Quotes quotes{.quote = quote, .triple = peek(1) == quote && peek(2) == quote};
    at_ += quotes.size();
    return quotes;
  }

  /// To behind the closing quotes; false where there are none: at the end of the line or source, or where
  /// `fields` are to be told apart and can't be. `level`: in so many fields it stands.
  bool skip(const Quotes& quotes, bool fields, unsigned level) {
    while (at_ < source_.size()) {
      const char c = peek();
      if (c == '\\') {
        ++at_;
        at_ += peek() == '\r' && peek(1) == '\n' ? 2U : 1U;
      } else if (fields && c == '{') {
        if (!skip_brace(quotes, level)) return false;
      } else if (c == quotes.quote && (!quotes.triple || (peek(1) == c && peek(2) == c))) {
        at_ += quotes.size();
        return true;
      } else if (at_line_end() && !quotes.triple) {
        return false;
      } else {
        ++at_;
      }
    }
    at_ = source_.size();
    return false;
  }

 private:
  [[nodiscard]] char peek(std::size_t ahead = 0) const {
    return at_ + ahead < source_.size() ? source_[at_ + ahead] : '\0';
  }
  [[nodiscard]] bool at_line_end() const { return peek() == '\n' || peek() == '\r'; }

  /// Two braces stand for one; one begins a field.
  bool skip_brace(const Quotes& quotes, unsigned level) {
    if (peek(1) == '{') {
      at_ += 2;
      return true;
    }
    ++at_;
    return level < deepest_fields && skip_field(quotes, level);
  }

  /// From behind { to behind its }: an expression, then perhaps a colon and a format with fields of its own.
  bool skip_field(const Quotes& around, unsigned level) {
    std::size_t depth = 0;
    std::size_t formats = 0;  // fields that are open inside of formats
    bool in_format = false;
    while (at_ < source_.size()) {
      const char c = peek();
      if (at_line_end() && !around.triple) return false;
      if (!in_format && (c == '"' || c == '\'')) {
        if (!skip_inner(level)) return false;
        continue;
      }
      if (in_format && c == around.quote) return false;
      ++at_;
      if (c == '{') {
        ++(in_format ? formats : depth);
        in_format = false;
      } else if (c == '(' || c == '[') {
        if (!in_format) ++depth;
      } else if ((c == ')' || c == ']') && !in_format) {
        if (depth > 0) --depth;
      } else if (c == '}') {
        if (!in_format && depth > 0) {
          --depth;
        } else if (formats > 0) {
          --formats;
          in_format = true;
        } else {
          return true;
        }
      } else if (c == ':' && depth == 0) {
        in_format = true;
      }
    }
    return false;
  }

  /// A string inside of a field.
  bool skip_inner(unsigned level) {
    const bool formatted = source_[at_ - 1] == 'f' || source_[at_ - 1] == 'F';
    const Quotes quotes = open();
    return skip(quotes, formatted && !quotes.triple, level + 1);
  }

  std::string_view source_;
  std::size_t at_;
};

}  // namespace

PythonLiteral PythonLiterals::read(std::size_t at, std::string_view prefix) {
  const bool fields = prefix.find_first_of("fFtT") != std::string_view::npos;
  LiteralReader reader(source_, at);
  const Quotes quotes = reader.open();
  const std::size_t begin = reader.at();
  bool closed = fields && bad_fields_ < most_bad_fields && reader.skip(quotes, true, 0);
  if (!closed) {
    if (fields) ++bad_fields_;
    reader = LiteralReader(source_, begin);
    closed = reader.skip(quotes, false, 0);
  }
  const std::size_t end = reader.at() - (closed ? quotes.size() : 0);
  PythonLiteral literal{.text = source_.substr(begin, end - begin), .end = reader.at()};
  literal.lines = count_line_ends(literal.text);
  const std::size_t brace = fields ? literal.text.find('{') : std::string_view::npos;
  literal.has_field = brace != std::string_view::npos;
  literal.text = literal.text.substr(0, brace);
  const bool raw = prefix.find_first_of("rR") != std::string_view::npos;
  literal.escaped = !raw && literal.text.find('\\') != std::string_view::npos;
  return literal;
}

}  // namespace slim
