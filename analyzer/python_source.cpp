// A reader of Python's tokens that is only after what a module names. One pass, one byte after the other:
// strings, comments and brackets are told apart so that a word inside of them is none; of grammar it knows
// how blocks nest (by indentation), import statements, and calls whose first argument is a string.
#include "analyzer/python_source.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "analyzer/code_facts.h"
#include "analyzer/python.h"
#include "analyzer/python_calls.h"
#include "analyzer/python_literal.h"

namespace slim {
namespace {

constexpr std::size_t longest_module = 256;
constexpr std::size_t longest_list = 3000;     ///< names of one from-import in one CodeName
constexpr std::size_t most_candidates = 4096;  ///< strings that only count for what the file does elsewhere
constexpr std::size_t tab = 8;

constexpr std::uint8_t skipped = 0x01;  ///< if TYPE_CHECKING: never runs. Only of blocks, not of names.

bool is_letter(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || byte == '_' || byte >= 0x80;
}
bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_word(char c) {
  return is_letter(c) || is_digit(c);
}
bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\f';
}

template <std::size_t N>
bool among(const std::array<std::string_view, N>& words, std::string_view word) {
  return std::ranges::find(words, word) != words.end();
}

using Call = PythonCall;

/// a.b, a.b.c:d, a:b: how modules and their members are written in settings.
bool is_dotted(std::string_view text) {
  if (text.size() < 3 || text.size() > longest_module || !is_letter(text[0])) return false;
  bool parts = false;
  bool member = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (is_word(text[i])) continue;
    const bool first = i == 0 || i + 1 == text.size() || !is_word(text[i - 1]) || !is_letter(text[i + 1]);
    if (first || (text[i] != '.' && text[i] != ':') || (text[i] == ':' && member)) return false;
    parts = true;
    member = member || text[i] == ':';
  }
  return parts;
}

bool is_module_name(std::string_view text) {
  if (text.empty() || text.size() > longest_module) return false;
  const std::size_t dots = std::min(text.find_first_not_of('.'), text.size());
  text.remove_prefix(dots);
  return std::ranges::all_of(text, [](char c) { return is_word(c) || c == '.'; }) &&
         (text.empty() ? dots != 0 : is_letter(text[0]));
}

/// Group names are words of any kind: console_scripts, flask.commands, "paste.app-factory".
bool is_group_name(std::string_view text) {
  return text.size() > 2 && text.size() <= longest_module && is_letter(text[0]) &&
         std::ranges::all_of(text, [](char c) { return is_word(c) || c == '.' || c == '-' || c == ':'; });
}

bool is_path(std::string_view text) {
  return text.size() > 1 && text.size() <= longest_code_name && text[0] == '/' && text[1] != '/' &&
         text.find_first_of(std::string_view(" \t\r\n\"'<>|*?%{}()[]\\,;\0", 21)) == std::string_view::npos;
}

class SourceReader {
 public:
  SourceReader(std::string_view text, bool is_package)
      : text_(text), is_package_(is_package), literals_(text) {
    if (text_.starts_with("\xef\xbb\xbf")) at_ = 3;
  }

  std::vector<CodeName> read() {
    while (!at_end() && names_.size() < most_code_names) logical_line();
    flags_ = python_nested | python_guarded;  // of what is only supposed
    if (asks_for_groups_) {
      add(PythonUse::group, group_line_, "");
      for (auto& [line, text] : candidates_) add(PythonUse::group, line, text);
    }
    // {"gz": "gzip", "xz": "lzma"}: what is imported by a made name mostly stands in a string.
    if (imports_made_names_)
      for (auto& [line, text] : candidates_)
        if (is_module_name(text)) add(PythonUse::dotted, line, text);
    if (runs_programs_)
      for (auto& [line, text] : command_candidates_) add(PythonUse::command, line, text);
    return std::move(names_);
  }

 private:
  struct Block {
    std::size_t indent = 0;
    std::uint8_t flags = 0;
  };
  enum class End : std::uint8_t { line, semicolon, colon };

  [[nodiscard]] bool at_end() const { return at_ >= text_.size(); }
  [[nodiscard]] char peek(std::size_t ahead = 0) const {
    return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0';
  }
  [[nodiscard]] bool at_newline() const { return peek() == '\n' || peek() == '\r'; }

  void take_newline() {
    if (peek() == '\r' && peek(1) == '\n') ++at_;
    ++at_;
    ++line_;
  }

  void skip_comment() { at_ = std::min(text_.find_first_of("\r\n", at_), text_.size()); }

  /// Blanks and joined lines; inside brackets line ends and comments too.
  void skip_blanks(bool in_brackets) {
    while (!at_end()) {
      if (is_blank(peek())) {
        ++at_;
      } else if (peek() == '\\' && (peek(1) == '\n' || peek(1) == '\r')) {
        ++at_;
        take_newline();
      } else if (in_brackets && at_newline()) {
        take_newline();
      } else if (in_brackets && peek() == '#') {
        skip_comment();
      } else {
        return;
      }
    }
  }

  std::string_view word() {
    const std::size_t start = at_;
    while (!at_end() && is_word(text_[at_])) ++at_;
    return text_.substr(start, at_ - start);
  }

  void add(PythonUse use, std::uint32_t line, std::string_view text) {
    if (names_.size() >= most_code_names || text.size() > longest_code_name || (flags_ & skipped) != 0)
      return;
    names_.push_back({.use = static_cast<std::uint8_t>(static_cast<std::uint8_t>(use) | (flags_ & ~skipped)),
                      .line = line,
                      .text = std::string(text)});
  }

  void logical_line() {
    std::size_t indent = 0;
    for (; !at_end() && is_blank(peek()); ++at_) {
      indent = peek() == ' ' ? indent + 1 : peek() == '\t' ? (indent / tab + 1) * tab : 0;
    }
    if (peek() == '#') skip_comment();
    if (at_end()) return;
    if (at_newline()) {
      take_newline();
      return;
    }
    before_ = 0;
    while (!blocks_.empty() && blocks_.back().indent >= indent) {
      if (blocks_.back().indent == indent) before_ = blocks_.back().flags;
      blocks_.pop_back();
    }
    flags_ = blocks_.empty() ? 0 : blocks_.back().flags;
    const std::size_t start = at_;
    while (statement(indent)) {
    }
    if (at_ == start) ++at_;  // whatever it is, it is passed
  }

  /// One simple statement, or the head of a compound one. True where another follows on the line.
  bool statement(std::size_t indent) {
    skip_blanks(false);
    in_all_ = false;
    previous_ = {};
    const std::size_t start = at_;
    std::string_view first = word();
    if (first == "async") {
      skip_blanks(false);
      first = word();
    }
    if (first == "import" && !is_word(peek())) {
      import_statement();
      return rest(false) == End::semicolon;
    }
    if (first == "from" && from_statement()) return rest(false) == End::semicolon;
    if (first == "__all__" && is_package_) in_all_ = true;
    constexpr auto heads =
        std::to_array<std::string_view>({"if", "elif", "else", "try", "except", "finally", "for", "while",
                                         "with", "def", "class", "match", "case"});
    if (!among(heads, first)) {
      at_ = start;
      const End end = rest(false);
      return end == End::semicolon;
    }
    return head(first, indent);
  }

  bool head(std::string_view keyword, std::size_t indent) {
    previous_ = keyword;
    const std::size_t start = at_;
    const End end = rest(true);
    if (end != End::colon) return end == End::semicolon;
    const std::string_view condition = text_.substr(start, at_ - start - 1);
    const auto flags = static_cast<std::uint8_t>(flags_ | flags_of(keyword, condition));
    blocks_.push_back({.indent = indent, .flags = flags});
    flags_ = flags;
    skip_blanks(false);
    if (peek() == '#') skip_comment();
    if (at_end()) return false;
    if (at_newline()) {
      take_newline();
      return false;
    }
    return true;
  }

  [[nodiscard]] std::uint8_t flags_of(std::string_view keyword, std::string_view condition) const {
    if (keyword == "class") return 0;
    if (keyword == "try" || keyword == "except" || keyword == "finally") return python_guarded;
    if (keyword == "else") return static_cast<std::uint8_t>(before_ & ~skipped);
    condition = condition.substr(0, longest_code_name);
    const auto mentions = [condition](std::string_view text) {
      return condition.find(text) != std::string_view::npos;
    };
    if (keyword == "with") return mentions("suppress") ? python_guarded : 0;
    if (keyword == "def" || keyword == "for" || keyword == "while") return python_nested;
    std::uint8_t flags = python_nested;
    if (mentions("__name__") && mentions("__main__")) flags |= python_main;
    if (keyword == "elif") flags |= static_cast<std::uint8_t>(before_ & python_guarded);
    const bool surroundings = mentions("platform") || mentions("os.name") || mentions("version_info") ||
                              mentions("find_spec") || mentions("implementation") || mentions("PY2") ||
                              mentions("PY3") || mentions("WIN") || mentions("win32");
    if (surroundings) flags |= python_guarded;
    const std::size_t begin = std::min(condition.find_first_not_of(" \t("), condition.size());
    std::string_view plain = condition.substr(begin);
    plain = plain.substr(0, plain.find_last_not_of(" \t)") + 1);
    const std::size_t dot = plain.rfind('.');
    if (plain.substr(dot == std::string_view::npos ? 0 : dot + 1) == "TYPE_CHECKING" &&
        plain.find_first_of(" \t") == std::string_view::npos)
      flags |= skipped;
    return flags;
  }

  std::string_view dotted_name() {
    const std::size_t start = at_;
    while (!at_end() && (is_word(peek()) || peek() == '.')) ++at_;
    return text_.substr(start, at_ - start);
  }

  void import_statement() {
    const std::uint32_t line = line_;
    while (true) {
      skip_blanks(false);
      const std::string_view name = dotted_name();
      if (is_module_name(name) && name[0] != '.') add(PythonUse::import, line, name);
      if (name == "subprocess") runs_programs_ = true;
      skip_alias(false);
      if (peek() != ',') return;
      ++at_;
    }
  }

  void skip_alias(bool in_brackets) {
    skip_blanks(in_brackets);
    if (text_.substr(at_, 2) != "as" || is_word(peek(2))) return;
    at_ += 2;
    skip_blanks(in_brackets);
    word();
    skip_blanks(in_brackets);
  }

  /// Behind `from`. False where it is none; nothing is taken then.
  bool from_statement() {
    const std::size_t start = at_;
    const std::uint32_t line = line_;
    std::string module;
    while (true) {  // dots and names may stand apart
      skip_blanks(false);
      if (peek() != '.' && (!is_letter(peek()) || (!module.empty() && module.back() != '.'))) break;
      const std::string_view part = dotted_name();
      if (part == "import" && !module.empty()) {
        at_ -= part.size();
        break;
      }
      if (part.empty() || module.size() > longest_module) break;
      module += part;
    }
    skip_blanks(false);
    if (!is_module_name(module) || word() != "import") {
      at_ = start;
      line_ = line;
      return false;
    }
    if (module == "subprocess") runs_programs_ = true;
    imported_names(module, line);
    return true;
  }

  void imported_names(const std::string& module, std::uint32_t line) {
    skip_blanks(false);
    const bool in_brackets = peek() == '(';
    if (in_brackets) ++at_;
    std::string list = module + ":";
    while (true) {
      skip_blanks(in_brackets);
      const bool star = peek() == '*';
      if (star) ++at_;
      const std::string_view name = star ? "*" : word();
      if (name.empty() || name.size() > longest_module) break;
      if (list.back() != ':') list += ',';
      list += name;
      if (list.size() > longest_list) {
        add(PythonUse::from_import, line, list);
        list = module + ":";
      }
      skip_alias(in_brackets);
      if (peek() != ',') break;
      ++at_;
    }
    skip_blanks(in_brackets);
    if (in_brackets && peek() == ')') ++at_;
    add(PythonUse::from_import, line, list);
  }

  /// Tokens to the end of the statement. `compound`: a colon outside of brackets ends it too.
  End rest(bool compound) {
    depth_ = 0;
    pending_ = expected_ = Call::none;
    while (!at_end()) {
      const char c = peek();
      if (is_blank(c)) {
        ++at_;
      } else if (c == '\n' || c == '\r') {
        take_newline();
        // A bracket that was never closed, or was misread, does not hide the rest of the file.
        if (depth_ == 0 || starts_statement()) return End::line;
      } else if (c == '#') {
        skip_comment();
      } else if (c == '\\') {
        ++at_;
        if (at_newline()) take_newline();
      } else if (c == '"' || c == '\'') {
        string_token("");
      } else if (is_letter(c)) {
        word_token();
      } else if (is_digit(c)) {
        word();
        other_token();
      } else if (depth_ == 0 && (c == ';' || (c == ':' && compound))) {
        ++at_;
        return c == ';' ? End::semicolon : End::colon;
      } else {
        punctuation(c);
      }
    }
    return End::line;
  }

  [[nodiscard]] bool starts_statement() const {
    const std::string_view next = text_.substr(at_, 8);
    return next.starts_with("import ") || next.starts_with("def ") || next.starts_with("class ");
  }

  void punctuation(char c) {
    ++at_;
    list_head_ = c == '[';
    if (c != '.') previous_ = {};
    if (c == '(' && pending_ != Call::none) {
      expected_ = std::exchange(pending_, Call::none);
      ++depth_;
      return;
    }
    pending_ = Call::none;
    // The words of a command stand in a list or a tuple; the name of an argument before its value.
    const bool words_follow = (c == '[' || c == '(') && expected_ == Call::command;
    if (!words_follow && c != '=') unknown_argument();
    if (c == '(' || c == '[' || c == '{') {
      ++depth_;
    } else if ((c == ')' || c == ']' || c == '}') && depth_ > 0) {
      --depth_;
    }
  }

  /// What was expected to be a string is none: its value is not known.
  void unknown_argument() {
    const Call call = std::exchange(expected_, Call::none);
    if (call == Call::module) made_name();
    if (call == Call::shell) add(PythonUse::shell, expected_line_, "");
  }

  void other_token() {
    unknown_argument();
    pending_ = Call::none;
    list_head_ = false;
    previous_ = {};
  }

  void word_token() {
    const std::uint32_t line = line_;
    const std::string_view name = word();
    const bool prefix = name.size() <= 3 && (peek() == '"' || peek() == '\'') &&
                        name.find_first_not_of("rRbBuUfFtT") == std::string_view::npos;
    if (prefix) {
      string_token(name);
      return;
    }
    list_head_ = false;
    pending_ = Call::none;
    const bool argument = followed_by('=');
    if (!argument) unknown_argument();
    if (name == "shell" && argument && next_word_is_true()) add(PythonUse::shell, line, "");
    const std::string_view owner = std::exchange(previous_, name);
    if (owner == "def" || owner == "class" || !followed_by('(')) return;
    note_call(python_call(name, owner), name, line);
  }

  void note_call(Call call, std::string_view name, std::uint32_t line) {
    if (call == Call::computed) add(PythonUse::computed, line, name);
    if (call == Call::computed || call == Call::none) return;
    if (call == Call::command) runs_programs_ = true;
    if (call == Call::group && !asks_for_groups_ && (flags_ & skipped) == 0) {
      asks_for_groups_ = true;
      group_line_ = line;
    }
    pending_ = call;
    expected_name_ = name;
    expected_line_ = line;
  }

  /// Whether the next character that is no blank is `c`; of `=`, not the first of `==`.
  [[nodiscard]] bool followed_by(char c) const {
    std::size_t next = at_;
    while (next < text_.size() && is_blank(text_[next])) ++next;
    if (next >= text_.size() || text_[next] != c) return false;
    return c != '=' || next + 1 >= text_.size() || text_[next + 1] != '=';
  }

  [[nodiscard]] bool next_word_is_true() const {
    const std::string_view next = text_.substr(at_, 16);
    const std::size_t start = next.find_first_not_of(" \t=");
    return start != std::string_view::npos && next.substr(start).starts_with("True");
  }

  /// A string whose quote is next.
  void string_token(std::string_view prefix) {
    const std::uint32_t line = line_;
    const PythonLiteral literal = literals_.read(at_, prefix);
    const std::string_view text = literal.text;
    at_ = literal.end;
    line_ += literal.lines;
    const bool list_head = std::exchange(list_head_, false);
    pending_ = Call::none;
    previous_ = {};
    const Call call = std::exchange(expected_, Call::none);
    if (text.size() > longest_code_name || literal.escaped) {
      expected_ = call;
      unknown_argument();
      return;
    }
    const bool whole = !literal.has_field && ends_argument();
    if (call != Call::none) argument(call, text, whole, line);
    if (!literal.has_field) name_in_string(text, line, list_head);
    path_in_string(text, literal.has_field, line);
  }

  /// Whether the string before is all of its argument or element.
  [[nodiscard]] bool ends_argument() const {
    std::size_t next = at_;
    while (next < text_.size() && (is_blank(text_[next]) || text_[next] == '\n' || text_[next] == '\r'))
      ++next;
    return next >= text_.size() || std::string_view("+%.\"'").find(text_[next]) == std::string_view::npos;
  }

  /// The first argument of a call that is known.
  void argument(Call call, std::string_view text, bool whole, std::uint32_t line) {
    switch (call) {
      case Call::module:
      case Call::maybe_module:
        module_argument(call, text, whole);
        return;
      case Call::library:
      case Call::find_library:
        if (whole && !text.empty())
          add(call == Call::library ? PythonUse::library : PythonUse::find_library, line, text);
        return;
      case Call::command:
        if (text.find_first_of(" \t|;&$<>") != std::string_view::npos) {
          if (whole) add(PythonUse::shell, line, text);
        } else if (whole && !text.empty()) {
          add(PythonUse::command, line, text);
        }
        return;
      case Call::shell:
        add(PythonUse::shell, line, whole ? text : "");
        return;
      default:
        return;
    }
  }

  void made_name() {
    imports_made_names_ = true;
    add(PythonUse::computed, expected_line_, expected_name_);
  }

  void module_argument(Call call, std::string_view text, bool whole) {
    const std::string_view prefix = text.substr(0, text.find_first_of("%{"));
    if (whole && prefix.size() == text.size()) {
      const std::string_view module = text.substr(0, text.find(':'));
      if (is_module_name(module)) add(PythonUse::dynamic, expected_line_, module);
    } else if (prefix.empty() || !is_module_name(prefix)) {
      if (call == Call::module) made_name();
    } else {
      add(PythonUse::dynamic_prefix, expected_line_, prefix);
    }
  }

  void name_in_string(std::string_view text, std::uint32_t line, bool list_head) {
    if (text.size() > longest_module || text.empty()) return;
    if (in_all_ && is_module_name(text)) add(PythonUse::exported, line, text);
    if (is_dotted(text)) add(PythonUse::dotted, line, text);
    if (candidates_.size() < most_candidates && is_group_name(text)) candidates_.emplace_back(line, text);
    const bool program = list_head && text.find_first_of(" \t\n/") == std::string_view::npos;
    if (program && command_candidates_.size() < most_candidates && is_group_name(text))
      command_candidates_.emplace_back(line, text);
  }

  /// "/srv/data/%s.json" and f"/srv/data/{name}" name the folder.
  void path_in_string(std::string_view text, bool has_field, std::uint32_t line) {
    constexpr std::string_view database = ":////";  // sqlite:////srv/data.db
    if (const auto at = text.find(database); at != std::string_view::npos)
      text.remove_prefix(at + database.size() - 1);
    if (!text.starts_with('/')) return;
    const std::size_t made = text.find_first_of("%{");
    if (has_field || made != std::string_view::npos) text = text.substr(0, text.substr(0, made).rfind('/'));
    while (text.size() > 1 && text.ends_with('/')) text.remove_suffix(1);
    if (is_path(text)) add(PythonUse::path, line, text);
  }

  using Candidates = std::vector<std::pair<std::uint32_t, std::string_view>>;

  std::string_view text_;
  bool is_package_;  ///< __init__.py
  PythonLiterals literals_;
  std::size_t at_ = 0;
  std::uint32_t line_ = 1;
  std::vector<CodeName> names_;
  std::vector<Block> blocks_;
  std::uint8_t flags_ = 0;      ///< of the statement
  std::uint8_t before_ = 0;     ///< of the block that ended just before, at the same indentation
  std::size_t depth_ = 0;       ///< of brackets
  bool in_all_ = false;         ///< in a statement that begins with __all__
  bool list_head_ = false;      ///< just behind [
  std::string_view previous_;   ///< the word before, with nothing or a dot in between
  Call pending_ = Call::none;   ///< of the word before, if a parenthesis follows
  Call expected_ = Call::none;  ///< in whose first argument the next token is
  std::string_view expected_name_;
  std::uint32_t expected_line_ = 0;
  bool asks_for_groups_ = false;
  std::uint32_t group_line_ = 0;
  bool runs_programs_ = false;
  bool imports_made_names_ = false;
  Candidates candidates_;
  Candidates command_candidates_;
};

}  // namespace

std::vector<CodeName> scan_python_source(std::string_view text, bool is_package) {
  return SourceReader(text, is_package).read();
}

}  // namespace slim
