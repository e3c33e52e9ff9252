// The reader behind shell_commands(), internal to analyzer/shell.cpp (which words are commands) and
// analyzer/shell_words.cpp (where words end, and what quotes and expansions make of them).
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "analyzer/shell.h"

namespace slim {

/// One word of the script.
struct ShellWord {
  std::string text;
  bool known = true;  ///< false: holds an expansion whose value cannot be told
  bool expanded = false;
  std::size_t quoted_from = std::string::npos;  ///< place in `text` of the first quoted part
  std::size_t line = 1;

  [[nodiscard]] bool quoted() const { return quoted_from != std::string::npos; }
  void quote() { quoted_from = std::min(quoted_from, text.size()); }
};

/// What the parts of one script share.
struct ShellScript {
  std::map<std::string, std::string, std::less<>> constants;  ///< empty: set, but to no constant value
  std::set<std::string, std::less<>> functions;
  std::vector<std::pair<ShellCommand, bool>> found;  ///< true: cannot be a function of the script
  unsigned second_looks = 0;                         ///< at (( that turned out to be two subshells
};

struct HereDocument {
  std::string delimiter;
  bool strip = false;    ///< <<-
  bool expands = false;  ///< the delimiter is not quoted
};

/// What the next word is.
enum class ShellPlace : std::uint8_t {
  command,
  argument,        ///< of a command; no concern of ours
  wrapped,         ///< of a wrapper: an option, or its command
  shell_argument,  ///< of a shell: an option, -c, or a script
  script,          ///< of eval, trap or sh -c
  sourced,
  assignment,  ///< of export and its kin
  name,        ///< of read and its kin: the name of a variable
  loop,        ///< behind `for` or `select`
  case_word,   ///< behind `case`, up to `in`
  pattern,     ///< of `case`, up to its closing parenthesis
  function,    ///< behind `function`
  test,        ///< inside [[ ]]
};

/// Every byte is read once a level, and the levels are bounded: no script can make this slow or deep.
class ShellReader {
 public:
  static constexpr unsigned max_depth = 64;
  static constexpr std::size_t max_constant = 4096;  ///< PATH_MAX: what is longer names no file

  ShellReader(std::string_view script, std::size_t line, unsigned depth, ShellScript& shared)
      : script_(script), line_(line), depth_(depth), shared_(&shared) {}

  /// Reads to the end, or up to and with the parenthesis that closes a substitution.
  void run(bool to_parenthesis);
  /// The body of a here-document: of its text only expansions count.
  void run_text();
  [[nodiscard]] std::size_t place() const { return at_; }
  [[nodiscard]] std::size_t line() const { return line_; }

 private:
  [[nodiscard]] bool at_end() const { return at_ >= script_.size(); }
  [[nodiscard]] char peek(std::size_t ahead = 0) const {
    return at_ + ahead < script_.size() ? script_[at_ + ahead] : '\0';
  }

  void step();
  bool skip_blank();
  void end_command();
  void end_line();
  void separator();
  void open_parenthesis();
  void close_parenthesis();
  /// (( ... )), unless its parentheses do not close side by side: then it is a subshell in another.
  void arithmetic_command();
  /// From an opening parenthesis to behind the one that closes it; false where none does.
  bool arithmetic();
  /// Passes over the body, whose first line is the one that starts here.
  void here_document(const HereDocument& document);
  void redirection();
  void take(const ShellWord& word);
  /// A variable without quotes whose value is several words: OPTIONS='-a -b'.
  void split(const ShellWord& word);
  /// A word of `for`, `case` or [[ ]].
  void compound_word(const ShellWord& word);
  void leave_case();
  void command_word(const ShellWord& word);
  bool reserved_word(std::string_view text);
  /// Builtins whose arguments matter.
  bool special_builtin(const std::string& text);
  /// `name ()`; takes the parentheses.
  bool defines_function(const std::string& name);
  void program(const ShellWord& word);
  void add(const ShellWord& word, bool sourced);
  void start_wrapper(std::string name);
  void wrapped_word(const ShellWord& word);
  void shell_argument(const ShellWord& word);
  void script_word(const ShellWord& word);
  /// NAME=value, NAME+=value or NAME[i]=value.
  bool assign(const ShellWord& word);
  /// The (words) of NAME=(words): arguments, not commands.
  void array();
  ShellWord read_word();
  /// The next character, quoted text or expansion. `in_quotes`: a single quote is a character as any other.
  void piece(ShellWord& word, bool in_quotes);
  void single_quoted(ShellWord& word);
  void double_quoted(ShellWord& word);
  /// $name, ${...}, $(...), $((...)), $'...' or `...`.
  void expansion(ShellWord& word, bool in_quotes);
  /// $name or $1; a dollar before anything else is a character.
  void name(ShellWord& word, bool in_quotes);
  void variable(ShellWord& word, std::string_view name);
  void braces(ShellWord& word, bool in_quotes);
  /// $'...', in which a backslash escapes the quote.
  void escaped_quote();
  /// Commands up to the parenthesis that closes them; reading starts behind the one that opens.
  void substitution();
  void backticks();

  std::string_view script_;
  std::size_t line_;
  unsigned depth_;
  ShellScript* shared_;
  std::size_t at_ = 0;
  std::vector<HereDocument> here_documents_;
  std::vector<std::string> wrapper_arguments_;
  std::string wrapper_;
  std::size_t open_ = 0;  ///< subshells
  std::size_t loop_words_ = 0;
  unsigned case_depth_ = 0;
  ShellPlace place_ = ShellPlace::command;
  bool to_parenthesis_ = false;
  bool closed_ = false;
  bool direct_ = false;  ///< behind exec, env, ...: never a function of the script
  bool test_goes_on_ = false;
  bool skip_argument_ = false;
};

bool is_shell_blank(char c);
/// What a variable may be called.
bool is_shell_name(std::string_view text);

}  // namespace slim
