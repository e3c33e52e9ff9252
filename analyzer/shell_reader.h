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

/// One value that a variable may have.
struct ShellValue {
  std::string text;
  bool glob = false;
  bool partial = false;  ///< `*` stands in it for what cannot be told
  bool operator==(const ShellValue&) const = default;
};

/// One word of the script. Where variables in it have several values it has several texts.
struct ShellWord {
  std::string text;
  std::vector<std::string> others;
  bool known = true;      ///< false: holds an expansion whose value cannot be told; `*` stands in its place
  bool glob = false;      ///< holds a * or ? that is not quoted, of its own or of a variable
  bool forwards = false;  ///< is "$@"
  std::string array;      ///< is "${array[@]}"
  std::size_t quoted_from = std::string::npos;    ///< place in `text` of the first quoted part
  std::size_t expanded_from = std::string::npos;  ///< and of the first value
  std::size_t line = 1;

  [[nodiscard]] bool quoted() const { return quoted_from != std::string::npos; }
  void quote() { quoted_from = std::min(quoted_from, text.size()); }
  void expand() { expanded_from = std::min(expanded_from, text.size()); }
  [[nodiscard]] bool expanded() const { return expanded_from != std::string::npos; }
  /// Where the = of NAME=value is, as a shell sees it before anything is expanded; npos where it is none.
  [[nodiscard]] std::size_t assignment() const {
    const auto equals = text.find('=');
    return equals < std::min(quoted_from, expanded_from) ? equals : std::string::npos;
  }
  void append(std::string_view more) {
    text += more;
    for (std::string& other : others) other += more;
  }
  void append_unknown() {
    known = false;
    append("*");
  }
  /// Whether it names something: all of it is known, or at least the folder in front of what is not.
  [[nodiscard]] bool names() const {
    if (known) return !text.empty() || !others.empty();
    const auto star = text.find('*');
    return text.find('/') < star && text.find_first_not_of("/.") < star;
  }
};

/// What the parts of one script share.
struct ShellScript {
  static constexpr std::size_t max_expanded = std::size_t{1} << 20;  ///< bytes that values put into words
  static constexpr std::size_t max_calls = 2000;

  std::map<std::string, std::vector<ShellValue>, std::less<>> values;
  std::map<std::string, std::vector<ShellWord>, std::less<>> arrays;
  std::set<std::string, std::less<>> functions;
  std::set<std::string, std::less<>> missed;         ///< variables that were used and had no value yet
  std::vector<std::pair<ShellCommand, bool>> found;  ///< true: cannot be a function of the script
  /// Commands with their words: where they are functions, what those may run.
  std::vector<std::pair<std::string, std::vector<ShellWord>>> calls;
  std::vector<ShellPath> paths;
  std::vector<std::string> search_path;
  std::vector<std::string> folders;
  bool forwards = false;      ///< "$@" is run as a command somewhere
  bool arrays_known = false;  ///< the second look: `arrays` are whole
  unsigned second_looks = 0;  ///< at (( that turned out to be two subshells
  std::size_t expanded = 0;   ///< as max_expanded counts them
};

struct HereDocument {
  std::string delimiter;
  bool strip = false;       ///< <<-
  bool expands = false;     ///< the delimiter is not quoted
  std::size_t command = 0;  ///< who reads it, in ShellScript::found; its size or more: nobody
};

/// What the next word is.
enum class ShellPlace : std::uint8_t {
  command,
  argument,        ///< of a command
  wrapped,         ///< of a wrapper: an option, or its command
  shell_argument,  ///< of a shell: an option, -c, or a script
  script,          ///< of eval, trap or sh -c
  sourced,
  asked,       ///< of command -v and its kin
  set_words,   ///< of set, up to --
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
  static constexpr std::size_t max_values = 16;      ///< of a variable or a word
  static constexpr std::size_t max_arguments = 256;  ///< of a command

  ShellReader(std::string_view script, std::size_t line, unsigned depth, ShellScript& shared)
      : script_(script), line_(line), depth_(depth), shared_(&shared) {}

  /// Reads to the end, or up to and with the parenthesis that closes a substitution.
  void run(bool to_parenthesis);
  /// The body of a here-document: of its text only expansions count.
  void run_text();
  /// Words that are run elsewhere: as the values of an array, the arguments of a function, behind `set --`.
  void run_words(const std::vector<ShellWord>& words);
  /// What commands of one line in $(...) print, as far as it can be told: dirname, readlink, cd && pwd.
  [[nodiscard]] std::vector<ShellValue> printed() const;
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
  /// What the words of a command that has ended say: cd, PATH, calls of functions.
  void finish_command();
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
  /// A word that names a command, or several where it has several values.
  void add(const ShellWord& word, ShellUse use);
  void argument(const ShellWord& word);
  void asked_word(const ShellWord& word);
  void set_word(const ShellWord& word);
  /// A word with a value in it may be a path.
  void note_path(const ShellWord& word, std::size_t from = 0);
  void start_wrapper(std::string name);
  void wrapped_word(const ShellWord& word);
  void shell_argument(const ShellWord& word);
  void script_word(const ShellWord& word);
  /// A text that a shell reads, each of its values.
  void script_text(const ShellWord& word);
  /// NAME=value, NAME+=value or NAME[i]=value.
  bool assign(const ShellWord& word);
  void add_values(std::string_view name, const ShellWord& word, std::size_t from, bool appends);
  void set_search_path(const ShellWord& word, std::size_t from);
  /// The (words) of NAME=(words).
  void array(const std::string& name);
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
  [[nodiscard]] std::vector<ShellValue> values_of(std::string_view name);
  /// Puts each of `values` behind each text of the word; none: cannot be told.
  void insert(ShellWord& word, const std::vector<ShellValue>& values);
  void braces(ShellWord& word, bool in_quotes);
  /// What ${name OPERATOR operand} makes of the values of `name`.
  void operated(std::string_view name, std::string_view op, const ShellWord& operand,
                std::vector<ShellValue>& values);
  /// $'...', in which a backslash escapes the quote.
  void escaped_quote();
  /// Commands up to the parenthesis that closes them; reading starts behind the one that opens.
  std::vector<ShellValue> substitution();
  std::vector<ShellValue> backticks();

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
  std::string loop_variable_;
  std::size_t first_ = 0;  ///< the commands in ShellScript::found that the words now read belong to
  std::size_t last_ = 0;
  std::vector<ShellWord> words_;               ///< of the command that is read, builtins too; the first few
  std::vector<std::vector<ShellWord>> lines_;  ///< the commands before it, of one $(...)
  std::string inner_command_;  ///< the program whose options may name a command: find -exec, su -c
  unsigned case_depth_ = 0;
  ShellPlace place_ = ShellPlace::command;
  bool to_parenthesis_ = false;
  bool closed_ = false;
  bool direct_ = false;  ///< behind exec, env, ...: never a function of the script
  bool test_goes_on_ = false;
  std::string outer_command_;  ///< the one whose command is read
  bool skip_argument_ = false;
  bool uncertain_ = false;    ///< words of run_words()
  bool keeps_lines_ = false;  ///< somebody will ask for printed()
};

/// The text without its last component, as dirname prints it; knows the marks.
std::string shell_dirname(std::string_view text);

bool is_shell_blank(char c);
/// What a variable may be called.
bool is_shell_name(std::string_view text);

}  // namespace slim
