// A reader of POSIX shell's grammar (IEEE 1003.1, Shell Command Language) that is only after one thing:
// which words are commands, and which words are theirs. It keeps track of quoting, expansions, here-documents
// and command positions, knows bash's [[ ]], (( )), arrays and process substitutions, and gives up on a word
// rather than guess. Values only grow: what a variable is given anywhere it may have everywhere, so that the
// branches of a script need not be told apart.
#include "analyzer/shell.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "analyzer/command_wrapper.h"
#include "analyzer/shell_reader.h"

namespace slim {
namespace {

constexpr unsigned max_second_looks = 16;  // in a script: each reads a part of it once more
constexpr std::size_t max_input = std::size_t{256} << 10;

/// Whether a shell with these arguments reads its commands from its input.
bool reads_input(const ShellCommand& command) {
  return is_shell(command.word) && std::ranges::all_of(command.arguments, [](const ShellArgument& argument) {
           return !argument.values.empty() && argument.values[0].starts_with('-') &&
                  (argument.values[0].starts_with("--") || argument.values[0].find('c') == std::string::npos);
         });
}

}  // namespace

void ShellReader::run(bool to_parenthesis) {
  to_parenthesis_ = to_parenthesis;
  while (!at_end() && !closed_) step();
  finish_command();
}

void ShellReader::step() {
  if (skip_blank()) return;
  const char c = peek();
  if (place_ == ShellPlace::test && std::string_view("&|()<>").find(c) != std::string_view::npos) {
    test_goes_on_ = c == '&' || c == '|';
    ++at_;
  } else if (c == '\n') {
    end_line();
  } else if (c == '&' && peek(1) == '>') {
    ++at_;
    redirection();
  } else if (c == ';' || c == '&' || c == '|') {
    separator();
  } else if (c == '(') {
    open_parenthesis();
  } else if (c == ')') {
    close_parenthesis();
  } else if (c == '<' || c == '>') {
    redirection();
  } else {
    take(read_word());
  }
}

void ShellReader::end_command() {
  if (place_ == ShellPlace::pattern || place_ == ShellPlace::case_word) return;
  finish_command();
  place_ = ShellPlace::command;
  direct_ = false;
}

void ShellReader::end_line() {
  ++at_;
  ++line_;
  if (place_ != ShellPlace::test || !test_goes_on_) end_command();
  for (const HereDocument& document : std::exchange(here_documents_, {})) here_document(document);
}

void ShellReader::separator() {
  const bool ends_case = case_depth_ > 0 && peek() == ';' && (peek(1) == ';' || peek(1) == '&');
  ++at_;
  end_command();
  if (!ends_case) return;
  while (peek() == ';' || peek() == '&') ++at_;  // ;; or bash's ;& and ;;&
  place_ = ShellPlace::pattern;
}

void ShellReader::open_parenthesis() {
  if (place_ == ShellPlace::pattern) {
    ++at_;
  } else if (peek(1) == '(' && shared_->second_looks < max_second_looks) {
    arithmetic_command();
  } else {
    ++at_;
    ++open_;
    end_command();
  }
}

void ShellReader::close_parenthesis() {
  ++at_;
  if (place_ == ShellPlace::pattern) {
    place_ = ShellPlace::command;
  } else if (open_ == 0 && to_parenthesis_) {
    closed_ = true;
  } else {
    if (open_ > 0) --open_;
    end_command();
  }
}

void ShellReader::arithmetic_command() {
  const auto [at, line, found] = std::tuple(at_, line_, shared_->found.size());
  const bool closed = arithmetic();
  const bool side_by_side = script_.substr(0, at_).ends_with("))");
  if (side_by_side || !closed) {
    place_ = ShellPlace::argument;
    return;
  }
  ++shared_->second_looks;
  at_ = at + 1;
  line_ = line;
  shared_->found.resize(found);
  first_ = last_ = found;
  ++open_;
  end_command();
}

void ShellReader::here_document(const HereDocument& document) {
  const std::size_t start = at_;
  const std::size_t line = line_;  // that of the body's first line
  while (!at_end()) {
    const std::size_t body = at_ - start;
    const auto end = std::min(script_.find('\n', at_), script_.size());
    std::string_view text = script_.substr(at_, end - at_);
    at_ = std::min(end + 1, script_.size());
    ++line_;
    while (document.strip && text.starts_with('\t')) text.remove_prefix(1);
    if (text.ends_with('\r')) text.remove_suffix(1);
    if (text != document.delimiter && !at_end()) continue;
    const std::string_view all = script_.substr(start, body);
    const bool reader = document.command < shared_->found.size();
    if (depth_ < max_depth && reader && reads_input(shared_->found[document.command].first)) {
      ShellReader(all, line, depth_ + 1, *shared_).run(false);
      return;
    }
    if (reader && all.size() <= max_input) shared_->found[document.command].first.input = all;
    if (document.expands && depth_ < max_depth) ShellReader(all, line, depth_ + 1, *shared_).run_text();
    return;
  }
}

void ShellReader::redirection() {
  if (peek(1) == '(') {  // <(commands)
    at_ += 2;
    substitution();
    return;
  }
  const std::string_view rest = script_.substr(at_);
  const bool document = rest.starts_with("<<") && !rest.starts_with("<<<");
  const bool strip = rest.starts_with("<<-");
  while (!at_end() && std::string_view("<>&|").find(peek()) != std::string_view::npos && peek(1) != '(')
    ++at_;
  if (strip) ++at_;
  while (is_shell_blank(peek())) ++at_;
  const ShellWord target = read_word();
  if (document) {
    here_documents_.push_back({.delimiter = target.text,
                               .strip = strip,
                               .expands = !target.quoted(),
                               .command = last_ > first_ ? last_ - 1 : std::string::npos});
  } else {
    note_path(target);
  }
}

void ShellReader::take(const ShellWord& word) {
  const bool names_descriptor = !word.quoted() && (peek() == '<' || peek() == '>') &&
                                word.text.find_first_not_of("0123456789") == std::string::npos;
  if (names_descriptor) return;  // the 2 of 2>file
  if (peek() == '(' && word.text.ends_with('=') && place_ != ShellPlace::pattern) {
    array(word.text);
    return;
  }
  if (!word.array.empty()) {  // "${command[@]}"
    const auto values = shared_->arrays.find(word.array);
    if (values == shared_->arrays.end() || uncertain_) return;
    for (const ShellWord& value : std::vector<ShellWord>(values->second)) {
      shared_->expanded += value.text.size() + 1;
      if (shared_->expanded <= ShellScript::max_expanded) take(value);
    }
    return;
  }
  const bool one = word.quoted() || word.assignment() != std::string::npos;
  if (word.expanded() && word.known && !one && word.text.find(' ') != std::string::npos) {
    split(word);
    return;
  }
  note_path(word, word.assignment() + 1);  // npos + 1 is 0
  switch (place_) {
    case ShellPlace::command:
      command_word(word);
      break;
    case ShellPlace::argument:
      argument(word);
      break;
    case ShellPlace::asked:
      asked_word(word);
      break;
    case ShellPlace::set_words:
      set_word(word);
      break;
    case ShellPlace::wrapped:
      wrapped_word(word);
      break;
    case ShellPlace::shell_argument:
      shell_argument(word);
      break;
    case ShellPlace::script:
      script_word(word);
      break;
    case ShellPlace::sourced:
      place_ = ShellPlace::argument;
      add(word, ShellUse::sourced);
      break;
    case ShellPlace::assignment:
      assign(word);
      break;
    case ShellPlace::name:
      break;
    case ShellPlace::function:
      shared_->functions.insert(word.text);
      place_ = ShellPlace::command;
      break;
    default:
      compound_word(word);
      break;
  }
}

void ShellReader::split(const ShellWord& word) {
  for (std::string_view rest = word.text; !rest.empty();) {
    const auto blank = rest.find(' ');
    ShellWord field;
    field.text = rest.substr(0, blank);
    field.glob = word.glob;
    field.line = word.line;
    field.quoted_from = field.expanded_from =
        0;  // neither an assignment nor a keyword comes out of a variable
    if (!field.text.empty()) take(field);
    rest = blank == std::string_view::npos ? std::string_view() : rest.substr(blank + 1);
  }
}

void ShellReader::compound_word(const ShellWord& word) {
  const bool plain = !word.quoted();
  if (place_ == ShellPlace::test) {
    test_goes_on_ = false;
    if (plain && word.text == "]]") place_ = ShellPlace::argument;
  } else if (place_ == ShellPlace::loop) {
    if (++loop_words_ == 1) {
      loop_variable_ = word.text;
    } else if (loop_words_ == 2) {
      if (plain && word.text == "do") place_ = ShellPlace::command;
    } else if (is_shell_name(loop_variable_)) {
      add_values(loop_variable_, word, 0, false);
    }
  } else if (place_ == ShellPlace::case_word) {
    if (plain && word.text == "in") place_ = ShellPlace::pattern;
  } else if (plain && word.text == "esac" && peek() != ')') {
    leave_case();
  }
}

void ShellReader::leave_case() {
  if (case_depth_ > 0) --case_depth_;
  place_ = ShellPlace::argument;
}

namespace {

constexpr auto shell_endings = std::to_array<std::string_view>({".sh", ".bash", ".ash", ".dash", ".ksh"});
// Names under which such files are installed; others have a format of their own.
constexpr auto open_endings = std::to_array<std::string_view>(
    {".conf", ".cfg", ".env", ".inc", ".lib", ".functions", ".default", ".subr"});

bool defines_function(std::string_view line) {
  const auto parentheses = line.find("()");
  if (parentheses == std::string_view::npos || line.substr(0, 9) == "function ") return false;
  std::string_view name = line.substr(0, parentheses);
  while (!name.empty() && is_shell_blank(name.back())) name.remove_suffix(1);
  std::string_view rest = line.substr(parentheses + 2);
  while (!rest.empty() && is_shell_blank(rest.front())) rest.remove_prefix(1);
  return is_shell_name(name) && (rest.empty() || rest[0] == '{' || rest[0] == '(');
}

bool is_line_of_shell(std::string_view line) {
  while (!line.empty() && is_shell_blank(line.front())) line.remove_prefix(1);
  while (!line.empty() && is_shell_blank(line.back())) line.remove_suffix(1);
  if (line == "fi" || line == "esac" || line.starts_with("# shellcheck ")) return true;
  if (line.starts_with("export ")) {
    const std::string_view name =
        line.substr(7, line.find('=') == std::string_view::npos ? 0 : line.find('=') - 7);
    return is_shell_name(name);
  }
  return defines_function(line);
}

}  // namespace

bool is_shell_library(std::string_view path, std::string_view text) {
  const auto ends = [path](std::string_view ending) { return path.ends_with(ending); };
  if (std::ranges::any_of(shell_endings, ends)) return true;
  const std::string_view name = path.substr(path.rfind('/') + 1);
  if (name.find('.', 1) != std::string_view::npos && std::ranges::none_of(open_endings, ends)) return false;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    if (is_line_of_shell(text.substr(0, end))) return true;
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return false;
}

}  // namespace slim
