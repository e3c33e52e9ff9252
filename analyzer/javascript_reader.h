// The tokens of JavaScript: what scan_javascript() needs of ECMA-262's lexical grammar, chapter 12.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace slim {

enum class ScriptTokenKind : std::uint8_t {
  end,
  identifier,  ///< keywords too
  number,
  string,
  template_part,  ///< of a template, up to its end or to ${; more parts may follow behind the }
  regex,
  sign,  ///< one byte of punctuation; "?." is '.'
};

struct ScriptToken {
  ScriptTokenKind kind = ScriptTokenKind::end;
  std::string_view text;   ///< without quotes, as it stands
  std::uint32_t line = 1;  ///< 1-based
  bool escaped = false;    ///< of strings and templates: there is a backslash in the text
  bool opens = false;      ///< of a template's part: an expression follows
  bool continues = false;  ///< of a template's part: it follows an expression

  [[nodiscard]] bool is(char sign) const {
    return kind == ScriptTokenKind::sign && text.size() == 1 && text[0] == sign;
  }
  [[nodiscard]] bool is(std::string_view word) const {
    return kind == ScriptTokenKind::identifier && text == word;
  }
};

class ScriptReader {
 public:
  explicit ScriptReader(std::string_view text);
  /// The next token; `end` for ever behind the last.
  ScriptToken next();

 private:
  enum class Bracket : std::uint8_t { brace, template_brace, paren, condition_paren };

  void skip_blanks();
  void skip_line_comment();
  void skip_block_comment();
  ScriptToken word();
  ScriptToken number();
  ScriptToken string(char quote);
  ScriptToken template_part(bool continues);
  bool regex(ScriptToken& token);
  void searched_in_vain(std::size_t end);
  ScriptToken sign();
  [[nodiscard]] ScriptToken made(ScriptTokenKind kind, std::size_t from, std::size_t to) const;

  std::string_view text_;
  std::size_t at_ = 0;
  std::uint32_t line_ = 1;
  bool operand_ended_ = false;  ///< a slash is a division now, and begins no regular expression
  bool condition_next_ =
      false;  ///< the last word was if, while, for or with: behind its brackets a statement begins
  std::vector<Bracket> open_;
  // Of the last line on which a regular expression did not end: from where it was searched, where it ends,
  // and how many bytes were looked at.
  std::size_t line_from_ = 0;
  std::size_t line_end_ = 0;
  std::size_t in_vain_ = 0;
};

/// What a string or a part of a template stands for: escapes are resolved, those that are none stay.
std::string script_string_value(const ScriptToken& token);

}  // namespace slim
