// A reader of POSIX shell's grammar (IEEE 1003.1, Shell Command Language) that is only after one thing:
// which words are commands. It keeps track of quoting, expansions, here-documents and command positions,
// knows bash's [[ ]], (( )), arrays and process substitutions, and gives up on a word rather than guess.
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

constexpr std::size_t max_wrapper_arguments = 64;  // before the command that a wrapper runs
constexpr unsigned max_second_looks = 16;          // in a script: each reads a part of it once more

template <std::size_t N>
bool among(const std::array<std::string_view, N>& words, std::string_view word) {
  return std::ranges::find(words, word) != words.end();
}

constexpr auto keywords = std::to_array<std::string_view>(
    {"if", "then", "else", "elif", "fi", "do", "done", "while", "until", "{", "}", "!", "time", "coproc"});
// Words that all shells answer themselves; a file of that name is not run.
constexpr auto builtins = std::to_array<std::string_view>(
    {":",       "[",        "]]",       "alias", "bg",      "break",  "caller", "cd",      "compgen",
     "compopt", "complete", "continue", "dirs",  "disown",  "echo",   "enable", "exit",    "false",
     "fc",      "fg",       "hash",     "help",  "history", "in",     "jobs",   "kill",    "let",
     "logout",  "popd",     "printf",   "pushd", "pwd",     "return", "set",    "shift",   "shopt",
     "suspend", "test",     "times",    "true",  "type",    "ulimit", "umask",  "unalias", "wait"});
constexpr auto assigning =
    std::to_array<std::string_view>({"export", "readonly", "local", "declare", "typeset"});
constexpr auto naming = std::to_array<std::string_view>({"read", "getopts", "unset", "mapfile", "readarray"});

}  // namespace

void ShellReader::run(bool to_parenthesis) {
  to_parenthesis_ = to_parenthesis;
  while (!at_end() && !closed_) step();
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
  ++open_;
  end_command();
}

void ShellReader::here_document(const HereDocument& document) {
  const std::size_t start = at_;
  const std::size_t line = line_;
  while (!at_end()) {
    const std::size_t body = at_ - start;
    const auto end = std::min(script_.find('\n', at_), script_.size());
    std::string_view text = script_.substr(at_, end - at_);
    at_ = std::min(end + 1, script_.size());
    ++line_;
    while (document.strip && text.starts_with('\t')) text.remove_prefix(1);
    if (text.ends_with('\r')) text.remove_suffix(1);
    if (text != document.delimiter && !at_end()) continue;
    if (document.expands && depth_ < max_depth)
      ShellReader(script_.substr(start, body), line, depth_ + 1, *shared_).run_text();
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
  if (document)
    here_documents_.push_back({.delimiter = target.text, .strip = strip, .expands = !target.quoted()});
}

void ShellReader::take(const ShellWord& word) {
  const bool names_descriptor = !word.quoted() && (peek() == '<' || peek() == '>') &&
                                word.text.find_first_not_of("0123456789") == std::string::npos;
  if (names_descriptor) return;  // the 2 of 2>file
  if (peek() == '(' && word.text.ends_with('=') && place_ != ShellPlace::pattern) {
    assign(word);
    array();
    return;
  }
  const bool splits =
      word.expanded && word.known && !word.quoted() && word.text.find(' ') != std::string::npos;
  if (splits) {
    split(word);
    return;
  }
  switch (place_) {
    case ShellPlace::command:
      command_word(word);
      break;
    case ShellPlace::argument:
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
      add(word, true);
      break;
    case ShellPlace::assignment:
      assign(word);
      break;
    case ShellPlace::name:
      shared_->constants[word.text].clear();
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
  std::string_view rest = word.text;
  while (!rest.empty() && (place_ == ShellPlace::command || place_ == ShellPlace::wrapped)) {
    const auto blank = rest.find(' ');
    ShellWord field{.text = std::string(rest.substr(0, blank)), .expanded = true, .line = word.line};
    field.quoted_from = 0;  // neither an assignment nor a keyword comes out of a variable
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
    if (loop_words_ == 0) shared_->constants[word.text].clear();
    if (++loop_words_ == 2 && plain && word.text == "do") place_ = ShellPlace::command;
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

void ShellReader::command_word(const ShellWord& word) {
  if (assign(word) || word.text.starts_with('-')) return;  // `time -p`: its command is still to come
  place_ = ShellPlace::argument;
  if (!word.quoted() && reserved_word(word.text)) return;
  if (word.known && (defines_function(word.text) || special_builtin(word.text))) return;
  if (!among(builtins, word.text)) program(word);
}

bool ShellReader::reserved_word(std::string_view text) {
  if (among(keywords, text)) {
    place_ = ShellPlace::command;
  } else if (text == "case") {
    ++case_depth_;
    place_ = ShellPlace::case_word;
  } else if (text == "esac") {
    leave_case();
  } else if (text == "for" || text == "select") {
    place_ = ShellPlace::loop;
    loop_words_ = 0;
  } else if (text == "function") {
    place_ = ShellPlace::function;
  } else if (text == "[[") {
    place_ = ShellPlace::test;
    test_goes_on_ = false;
  } else {
    return false;
  }
  return true;
}

bool ShellReader::special_builtin(const std::string& text) {
  if (text == "." || text == "source") {
    place_ = ShellPlace::sourced;
  } else if (text == "exec" || text == "command" || text == "builtin") {
    start_wrapper(text);
  } else if (text == "eval" || text == "trap") {
    place_ = ShellPlace::script;
  } else if (among(assigning, text)) {
    place_ = ShellPlace::assignment;
  } else if (among(naming, text)) {
    place_ = ShellPlace::name;
  } else {
    return false;
  }
  return true;
}

bool ShellReader::defines_function(const std::string& name) {
  std::size_t next = at_;
  while (next < script_.size() && is_shell_blank(script_[next])) ++next;
  if (next >= script_.size() || script_[next] != '(') return false;
  ++next;
  while (next < script_.size() && is_shell_blank(script_[next])) ++next;
  if (next >= script_.size() || script_[next] != ')') return false;
  shared_->functions.insert(name);
  at_ = next + 1;
  place_ = ShellPlace::command;
  return true;
}

void ShellReader::program(const ShellWord& word) {
  add(word, false);
  if (!word.known) return;
  if (is_shell(word.text)) {
    place_ = ShellPlace::shell_argument;
    skip_argument_ = false;
  } else if (is_command_wrapper(word.text)) {
    start_wrapper(word.text);
  }
}

void ShellReader::add(const ShellWord& word, bool sourced) {
  const auto control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; };
  if (!word.known || word.text.empty() || std::ranges::any_of(word.text, control)) return;
  shared_->found.emplace_back(ShellCommand{.word = word.text, .line = word.line, .sourced = sourced},
                              sourced || direct_);
}

void ShellReader::start_wrapper(std::string name) {
  place_ = ShellPlace::wrapped;
  direct_ = true;
  wrapper_ = std::move(name);
  wrapper_arguments_.clear();
}

void ShellReader::wrapped_word(const ShellWord& word) {
  // `command -v name` asks and runs nothing.
  const bool asks = wrapper_ == "command" && (word.text == "-v" || word.text == "-V");
  wrapper_arguments_.push_back(word.text);
  if (asks || wrapper_arguments_.size() > max_wrapper_arguments) {
    place_ = ShellPlace::argument;
    return;
  }
  if (wrapped_command(wrapper_, wrapper_arguments_) >= wrapper_arguments_.size()) return;
  place_ = ShellPlace::argument;
  if (wraps_scripts(wrapper_) && word.text.find(' ') != std::string::npos) {
    script_word(word);
  } else if (wrapper_ != "command" && wrapper_ != "builtin") {
    program(word);
  } else {
    if (!word.known || !special_builtin(word.text)) {
      if (!among(builtins, word.text)) program(word);
    }
  }
}

void ShellReader::shell_argument(const ShellWord& word) {
  if (std::exchange(skip_argument_, false)) return;
  const bool option = word.text.starts_with('-') || word.text.starts_with('+');
  if (!option) {  // the script; what the shell reads is as good as sourced
    place_ = ShellPlace::argument;
    add(word, true);
  } else if (!word.text.starts_with("--")) {
    if (word.text.find('c') != std::string::npos) place_ = ShellPlace::script;
    skip_argument_ = word.text.ends_with('o');  // -o pipefail
  }
}

void ShellReader::script_word(const ShellWord& word) {
  if (std::exchange(skip_argument_, false) || word.text == "--") return;
  place_ = ShellPlace::argument;
  // A text with values in it could be grown without end by a script that is out to.
  const bool option = word.text.starts_with('-');
  if (!option && word.known && !word.expanded && depth_ < max_depth)
    ShellReader(word.text, word.line, depth_ + 1, *shared_).run(false);
}

bool ShellReader::assign(const ShellWord& word) {
  const auto equals = word.text.find('=');
  if (equals == std::string::npos || equals >= word.quoted_from) return false;
  const std::string_view left = std::string_view(word.text).substr(0, equals);
  const std::string_view key = left.substr(0, left.find_first_of("+["));
  if (!is_shell_name(key)) return false;
  // A variable that is set twice has no constant value.
  const bool constant = word.known && key == left && peek() != '(' &&
                        word.text.size() - equals <= max_constant && !shared_->constants.contains(key);
  shared_->constants[std::string(key)] = constant ? word.text.substr(equals + 1) : std::string();
  return true;
}

std::vector<ShellCommand> shell_commands(std::string_view script) {
  ShellScript shared;
  ShellReader(script, 1, 0, shared).run(false);
  std::vector<ShellCommand> commands;
  for (auto& [command, direct] : shared.found) {
    if (direct || !shared.functions.contains(command.word)) commands.push_back(std::move(command));
  }
  return commands;
}

}  // namespace slim
