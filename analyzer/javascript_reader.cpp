// A slash is the only thing that tokens alone do not tell: behind an operand it divides, else it begins a
// regular expression. Behind `)` of if, while, for and with, and behind `}`, a statement begins; where a
// regular expression would not end on its line it is taken for a division after all.
#include "analyzer/javascript_reader.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace slim {
namespace {

constexpr std::size_t deepest = std::size_t{1} << 20;  // brackets that are remembered
constexpr std::size_t most_in_vain = 32;               // times that a line is searched for where a / ends

// Words behind which an expression begins.
constexpr auto operators =
    std::to_array<std::string_view>({"await", "case", "delete", "do", "else", "in", "instanceof", "new", "of",
                                     "return", "throw", "typeof", "void", "yield"});
constexpr auto conditions = std::to_array<std::string_view>({"for", "if", "while", "with"});

constexpr std::uint8_t starts_word = 1;
constexpr std::uint8_t in_word = 2;
constexpr std::uint8_t is_digit = 4;
constexpr std::uint8_t is_blank = 8;

constexpr std::array<std::uint8_t, 256> classes = [] {
  std::array<std::uint8_t, 256> made{};
  for (std::size_t c = 0; c < made.size(); ++c) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '$' || c >= 0x80;
    if (letter || c == '#' || c == '@') made[c] = starts_word | in_word;
    if (c >= '0' && c <= '9') made[c] = in_word | is_digit;
    if (c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\f' || c == '\v') made[c] = is_blank;
  }
  return made;
}();

std::uint8_t class_of(char c) {
  return classes[static_cast<unsigned char>(c)];
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

int hex_value(std::string_view digits) {
  int value = 0;
  for (const char c : digits) {
    const int digit = hex_digit(c);
    if (digit < 0) return -1;
    value = value * 16 + digit;
  }
  return digits.empty() ? -1 : value;
}

void append_utf8(std::string& out, int code) {
  const auto byte = [&out](int value) { out += static_cast<char>(static_cast<unsigned char>(value)); };
  if (code < 0x80) {
    byte(code);
  } else if (code < 0x800) {
    byte(0xc0 + code / 64);
    byte(0x80 + code % 64);
  } else if (code < 0x10000) {
    byte(0xe0 + code / 4096);
    byte(0x80 + code / 64 % 64);
    byte(0x80 + code % 64);
  } else {
    byte(0xf0 + code / 262144 % 8);
    byte(0x80 + code / 4096 % 64);
    byte(0x80 + code / 64 % 64);
    byte(0x80 + code % 64);
  }
}

/// The escape behind a backslash at the start of `text`; returns how many bytes it takes.
std::size_t unescape(std::string_view text, std::string& out) {
  constexpr std::string_view letters = "nrtbfv0";
  constexpr std::string_view meanings{"\n\r\t\b\f\v\0", 7};
  const char c = text.front();
  if (c == '\n') return 1;  // a line that goes on
  if (c == 'x' || c == 'u') {
    const bool braces = c == 'u' && text.size() > 1 && text[1] == '{';
    const std::size_t from = braces ? 2 : 1;
    std::size_t length = c == 'x' ? 2 : 4;
    if (braces) length = std::min(text.substr(0, from + 6).find('}', from), from + 6) - from;
    const int code = text.size() < from + length ? -1 : hex_value(text.substr(from, length));
    if (code < 0 || code > 0x10ffff) {
      out += c;
      return 1;
    }
    append_utf8(out, code);
    return from + length + (braces ? 1 : 0);
  }
  const auto letter = letters.find(c);
  out += letter == std::string_view::npos ? c : meanings[letter];
  return 1;
}

}  // namespace

std::string script_string_value(const ScriptToken& token) {
  if (!token.escaped) return std::string(token.text);
  std::string value;
  std::string_view rest = token.text;
  while (true) {
    const auto slash = rest.find('\\');
    value += rest.substr(0, slash);
    if (slash == std::string_view::npos || slash + 1 >= rest.size()) break;
    rest.remove_prefix(slash + 1);
    rest.remove_prefix(std::min(unescape(rest, value), rest.size()));
  }
  return value;
}

ScriptReader::ScriptReader(std::string_view text) : text_(text) {
  if (text_.starts_with("\xef\xbb\xbf")) at_ = 3;
  if (text_.substr(at_).starts_with("#!")) skip_line_comment();
}

ScriptToken ScriptReader::made(ScriptTokenKind kind, std::size_t from, std::size_t to) const {
  return {.kind = kind, .text = text_.substr(from, to - from), .line = line_};
}

void ScriptReader::skip_line_comment() {
  at_ = std::min(text_.find('\n', at_), text_.size());
}

void ScriptReader::skip_block_comment() {
  const std::size_t end = text_.find("*/", at_ + 2);
  const std::size_t behind = end == std::string_view::npos ? text_.size() : end + 2;
  line_ += static_cast<std::uint32_t>(std::ranges::count(text_.substr(at_, behind - at_), '\n'));
  at_ = behind;
}

void ScriptReader::skip_blanks() {
  while (at_ < text_.size()) {
    const char c = text_[at_];
    if ((class_of(c) & is_blank) != 0) {
      if (c == '\n') ++line_;
      ++at_;
    } else if (c == '/' && at_ + 1 < text_.size() && text_[at_ + 1] == '/') {
      skip_line_comment();
    } else if (c == '/' && at_ + 1 < text_.size() && text_[at_ + 1] == '*') {
      skip_block_comment();
    } else {
      return;
    }
  }
}

ScriptToken ScriptReader::next() {
  skip_blanks();
  if (at_ >= text_.size()) return made(ScriptTokenKind::end, text_.size(), text_.size());
  const char c = text_[at_];
  if ((class_of(c) & starts_word) != 0) return word();
  if ((class_of(c) & is_digit) != 0) return number();
  if (c == '"' || c == '\'') return string(c);
  if (c == '`') {
    ++at_;
    return template_part(false);
  }
  if (c == '}') {
    // What is open inside of the braces was no bracket, or is one that the program lacks.
    while (!open_.empty() && (open_.back() == Bracket::paren || open_.back() == Bracket::condition_paren)) {
      open_.pop_back();
    }
    if (!open_.empty() && open_.back() == Bracket::template_brace) {
      open_.pop_back();
      ++at_;
      return template_part(true);
    }
  }
  if (c == '/' && !operand_ended_) {
    ScriptToken token;
    if (regex(token)) return token;
  }
  return sign();
}

ScriptToken ScriptReader::word() {
  const std::size_t from = at_;
  while (at_ < text_.size() && (class_of(text_[at_]) & in_word) != 0) ++at_;
  const ScriptToken token = made(ScriptTokenKind::identifier, from, at_);
  const bool member = from != 0 && text_[from - 1] == '.';
  operand_ended_ = member || std::ranges::find(operators, token.text) == operators.end();
  condition_next_ = !member && std::ranges::find(conditions, token.text) != conditions.end();
  return token;
}

ScriptToken ScriptReader::number() {
  const std::size_t from = at_;
  while (at_ < text_.size() && ((class_of(text_[at_]) & in_word) != 0 || text_[at_] == '.')) ++at_;
  operand_ended_ = true;
  return made(ScriptTokenKind::number, from, at_);
}

/// A string that does not end on its line is no string; it is taken to end there, so that what follows is
/// read.
ScriptToken ScriptReader::string(char quote) {
  const std::size_t from = ++at_;
  const std::uint32_t line = line_;
  bool escaped = false;
  while (at_ < text_.size() && text_[at_] != quote && text_[at_] != '\n') {
    if (text_[at_] == '\\' && at_ + 1 < text_.size()) {
      escaped = true;
      ++at_;
      if (text_[at_] == '\n') ++line_;
    }
    ++at_;
  }
  ScriptToken token = made(ScriptTokenKind::string, from, std::min(at_, text_.size()));
  token.line = line;
  token.escaped = escaped;
  if (at_ < text_.size() && text_[at_] == quote) ++at_;
  operand_ended_ = true;
  return token;
}

ScriptToken ScriptReader::template_part(bool continues) {
  const std::size_t from = at_;
  const std::uint32_t line = line_;
  bool escaped = false;
  bool opens = false;
  while (at_ < text_.size() && text_[at_] != '`') {
    if (text_[at_] == '$' && at_ + 1 < text_.size() && text_[at_ + 1] == '{') {
      opens = true;
      break;
    }
    if (text_[at_] == '\\' && at_ + 1 < text_.size()) {
      escaped = true;
      ++at_;
    }
    if (text_[at_] == '\n') ++line_;
    ++at_;
  }
  ScriptToken token = made(ScriptTokenKind::template_part, from, std::min(at_, text_.size()));
  token.line = line;
  token.escaped = escaped;
  token.opens = opens;
  token.continues = continues;
  at_ = std::min(at_ + (opens ? 2 : 1), text_.size());
  if (opens && open_.size() < deepest) open_.push_back(Bracket::template_brace);
  operand_ended_ = !opens;
  condition_next_ = false;
  return token;
}

/// Up to `end`, which ends the line. A line of nothing but slashes would be read once for each of them.
void ScriptReader::searched_in_vain(std::size_t end) {
  if (end != line_end_) {
    line_end_ = end;
    line_from_ = at_;
    in_vain_ = 0;
  }
  in_vain_ += end - at_;
}

bool ScriptReader::regex(ScriptToken& token) {
  bool in_class = false;
  std::size_t at = at_ + 1;
  if (at_ < line_end_ && in_vain_ > most_in_vain * (line_end_ - line_from_)) return false;
  while (at < text_.size() && (in_class || text_[at] != '/')) {
    const char c = text_[at];
    if (c == '\n') break;
    if (c == '\\') ++at;
    if (c == '[') in_class = true;
    if (c == ']') in_class = false;
    ++at;
  }
  if (at >= text_.size() || text_[at] == '\n') {
    searched_in_vain(std::min(at, text_.size()));
    return false;
  }
  token = made(ScriptTokenKind::regex, at_ + 1, at);
  at_ = at + 1;
  while (at_ < text_.size() && (class_of(text_[at_]) & in_word) != 0) ++at_;  // flags
  operand_ended_ = true;
  return true;
}

ScriptToken ScriptReader::sign() {
  const char c = text_[at_];
  const char follows = at_ + 1 < text_.size() ? text_[at_ + 1] : '\0';
  const bool condition = condition_next_;
  condition_next_ = false;
  if ((c == '+' || c == '-') && follows == c) {  // x++ / 2: whether an operand has ended stays as it is
    at_ += 2;
    return made(ScriptTokenKind::sign, at_ - 1, at_);
  }
  if (c == '?' && follows == '.') ++at_;
  const ScriptToken token = made(ScriptTokenKind::sign, at_, at_ + 1);
  ++at_;
  operand_ended_ = c == ']';
  if ((c == '(' || c == '{') && open_.size() < deepest) {
    const Bracket paren = condition ? Bracket::condition_paren : Bracket::paren;
    open_.push_back(c == '{' ? Bracket::brace : paren);
  }
  if (c == ')') {
    const bool paren =
        !open_.empty() && (open_.back() == Bracket::paren || open_.back() == Bracket::condition_paren);
    operand_ended_ = !paren || open_.back() == Bracket::paren;
    if (paren) open_.pop_back();
  } else if (c == '}' && !open_.empty()) {
    open_.pop_back();
  }
  return token;
}

}  // namespace slim
