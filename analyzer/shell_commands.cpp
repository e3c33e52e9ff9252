// What the words of a command say: which of them are programs (behind wrappers, in find -exec, in the text of
// sh -c), which are files, and which only the script itself understands.
#include <algorithm>
#include <array>
#include <cstddef>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "analyzer/command_wrapper.h"
#include "analyzer/shell.h"
#include "analyzer/shell_reader.h"

namespace slim {
namespace {

constexpr std::size_t max_wrapper_arguments = 64;  // before the command that a wrapper runs
constexpr std::size_t max_words = 16;              // that are remembered of a command for a second look
constexpr std::size_t max_lines = 2;               // commands that are remembered of a substitution
constexpr std::size_t max_paths = 20'000;

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

bool has_control(std::string_view text) {
  return std::ranges::any_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

/// A mark may only be the first character of a text.
bool is_clean(std::string_view text) {
  if (text.starts_with(script_mark) || text.starts_with(script_folder_mark)) text.remove_prefix(1);
  return !has_control(text);
}

/// The texts of a word, the clean ones.
std::vector<std::string> texts_of(const ShellWord& word) {
  std::vector<std::string> texts;
  if (is_clean(word.text)) texts.push_back(word.text);
  for (const std::string& other : word.others)
    if (is_clean(other)) texts.push_back(other);
  return texts;
}

}  // namespace

void ShellReader::command_word(const ShellWord& word) {
  if (assign(word) || word.text.starts_with('-')) return;  // `time -p`: its command is still to come
  place_ = ShellPlace::argument;
  if (!word.quoted() && reserved_word(word.text)) return;
  if (word.forwards) shared_->forwards = true;
  if (word.known && defines_function(word.text)) return;
  words_.assign(1, word);
  if (word.known && special_builtin(word.text)) return;
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
  } else if (text == "type" || text == "hash") {
    place_ = ShellPlace::asked;
  } else if (text == "set") {
    place_ = ShellPlace::set_words;
    skip_argument_ = false;
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
  add(word, ShellUse::run);
  inner_command_.clear();
  if (!word.known) return;
  if (is_shell(word.text)) {
    place_ = ShellPlace::shell_argument;
    skip_argument_ = false;
  } else if (is_command_wrapper(word.text)) {
    start_wrapper(word.text);
  } else if (word.text == "which") {
    place_ = ShellPlace::asked;
  } else if (names_command_in_option(word.text)) {
    inner_command_ = word.text;
  }
}

void ShellReader::add(const ShellWord& word, ShellUse use) {
  first_ = last_ = shared_->found.size();
  if (!word.names() || shared_->expanded > ShellScript::max_expanded) return;
  const bool certain = word.others.empty() && !uncertain_ && word.known && !word.glob;
  for (std::string& text : texts_of(word)) {
    if (text.empty()) continue;
    shared_->expanded += word.others.empty() ? 0 : text.size() + 1;
    ShellCommand command;
    command.word = std::move(text);
    command.line = word.line;
    command.use = use;
    command.certain = certain;
    command.glob = word.glob || !word.known;
    shared_->found.emplace_back(std::move(command), use != ShellUse::run || direct_);
  }
  last_ = shared_->found.size();
}

/// An argument goes to the first of the commands; finish_command() gives the others the same.
void ShellReader::argument(const ShellWord& word) {
  if (words_.size() < max_words) words_.push_back(word);
  if (!outer_command_.empty() && (word.text == ";" || word.text == "+")) {  // find -exec ... \; -exec ...
    inner_command_ = std::exchange(outer_command_, {});
    first_ = last_ = shared_->found.size();
    return;
  }
  if (!inner_command_.empty()) {
    const InnerCommand inner = inner_command(inner_command_, word.text);
    if (inner == InnerCommand::script) {
      place_ = ShellPlace::script;
      return;
    }
    if (inner == InnerCommand::program) {
      outer_command_ = inner_command_;
      start_wrapper("exec");
      return;
    }
  }
  if (first_ >= last_) return;
  auto& arguments = shared_->found[first_].first.arguments;
  if (arguments.size() >= max_arguments) return;
  ShellArgument made;
  made.quoted = word.quoted();
  made.glob = word.glob || !word.known;
  made.forwards = word.forwards;
  if (word.known || word.names()) made.values = texts_of(word);
  // Nothing or many words may come of one that is not quoted and not known.
  if (!made.values.empty() || made.quoted) arguments.push_back(std::move(made));
}

void ShellReader::asked_word(const ShellWord& word) {
  if (words_.size() < max_words) words_.push_back(word);
  if (word.text.starts_with('-')) return;
  add(word, ShellUse::asked);
  last_ = first_;
}

/// set -- COMMAND "$@": an entrypoint's way to run a program by default.
void ShellReader::set_word(const ShellWord& word) {
  if (std::exchange(skip_argument_, false)) return;
  const bool option = !word.quoted() && (word.text.starts_with('-') || word.text.starts_with('+'));
  if (!option || word.text == "--") place_ = ShellPlace::argument;
  if (!option) argument(word);
  skip_argument_ = option && word.text.ends_with('o');  // -o pipefail
}

void ShellReader::note_path(const ShellWord& word, std::size_t from) {
  if (!word.expanded() || !word.names() || shared_->paths.size() >= max_paths) return;
  const bool pattern = word.glob || !word.known;
  for (std::string& text : texts_of(word)) {
    if (from != 0) text.erase(0, std::min(from, text.size()));
    if (text.find('/') == std::string::npos && !text.starts_with(script_mark)) continue;
    if (!is_clean(text)) continue;
    if (shared_->expanded > ShellScript::max_expanded) return;
    shared_->expanded += text.size();
    shared_->paths.push_back({.text = std::move(text), .line = word.line, .glob = pattern});
  }
}

void ShellReader::finish_command() {
  if (last_ > first_ + 1) {
    const auto arguments = shared_->found[first_].first.arguments;
    for (std::size_t i = first_ + 1; i < last_; ++i) shared_->found[i].first.arguments = arguments;
  }
  first_ = last_ = shared_->found.size();
  inner_command_.clear();
  outer_command_.clear();
  if (words_.empty()) return;
  std::vector<ShellWord> words = std::exchange(words_, {});
  const std::string name = words[0].text;
  if (name == "cd" && words.size() > 1) {
    const ShellWord& folder = words[1].text == "--" && words.size() > 2 ? words[2] : words[1];
    if (folder.known && shared_->folders.size() < max_values) {
      for (std::string& text : texts_of(folder)) shared_->folders.push_back(std::move(text));
    }
  }
  const bool forwarded =
      name == "set" || (words.size() > 1 && shared_->calls.size() < ShellScript::max_calls);
  if (keeps_lines_ && lines_.size() <= max_lines) lines_.push_back(words);
  if (forwarded && !uncertain_) shared_->calls.emplace_back(name, std::move(words));
}

void ShellReader::run_words(const std::vector<ShellWord>& words) {
  uncertain_ = true;
  for (const ShellWord& word : words) take(word);
  finish_command();
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
  if (words_.size() < max_words) words_.push_back(word);
  if (asks) {
    place_ = ShellPlace::asked;
    return;
  }
  if (wrapper_arguments_.size() > max_wrapper_arguments) {
    place_ = ShellPlace::argument;
    return;
  }
  if (wrapped_command(wrapper_, wrapper_arguments_) >= wrapper_arguments_.size()) return;
  place_ = ShellPlace::argument;
  if (word.forwards) shared_->forwards = true;
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
    add(word, ShellUse::sourced);
    return;
  }
  argument(word);
  if (!word.text.starts_with("--")) {
    if (word.text.find('c') != std::string::npos) place_ = ShellPlace::script;
    skip_argument_ = word.text.ends_with('o');  // -o pipefail
  }
}

void ShellReader::script_word(const ShellWord& word) {
  if (std::exchange(skip_argument_, false) || word.text == "--") return;
  place_ = ShellPlace::argument;
  if (!word.text.starts_with('-')) script_text(word);
}

void ShellReader::script_text(const ShellWord& word) {
  if (!word.known || depth_ >= max_depth) return;
  const auto read = [&](std::string_view text) {
    // A text with values in it could be grown without end by a script that is out to.
    if (word.expanded()) shared_->expanded += text.size();
    if (!word.expanded() || shared_->expanded <= ShellScript::max_expanded)
      ShellReader(text, word.line, depth_ + 1, *shared_).run(false);
  };
  read(word.text);
  for (const std::string& other : word.others) read(other);
}

namespace {

/// What functions that run their arguments are called with, and what `set --` puts in their place.
void run_calls(ShellScript& shared) {
  if (!shared.forwards) return;
  const auto calls = std::exchange(shared.calls, {});
  for (const auto& [name, words] : calls) {
    if (name != "set" && !shared.functions.contains(name)) continue;
    const auto start = words.begin() + 1;
    if (start == words.end() || start->text.starts_with('-')) continue;
    ShellReader({}, start->line, ShellReader::max_depth - 1, shared).run_words({start, words.end()});
  }
}

void read_once(std::string_view script, ShellScript& shared) {
  shared.found.clear();
  shared.calls.clear();
  shared.paths.clear();
  shared.search_path.clear();
  shared.folders.clear();
  shared.second_looks = 0;
  shared.expanded = 0;
  ShellReader(script, 1, 0, shared).run(false);
  run_calls(shared);
}

}  // namespace

ShellFacts read_shell(std::string_view script, const ShellVariables& environment) {
  ShellScript shared;
  for (const auto& [name, value] : environment) shared.values[name] = {{.text = value}};
  read_once(script, shared);
  // Functions stand before what they use is set: a second look knows it.
  const auto learned = [&shared](const std::string& name) { return shared.values.contains(name); };
  if (std::ranges::any_of(shared.missed, learned)) {
    shared.arrays_known = true;
    read_once(script, shared);
  }
  ShellFacts facts;
  for (auto& [command, direct] : shared.found) {
    if (direct || !shared.functions.contains(command.word)) facts.commands.push_back(std::move(command));
  }
  facts.paths = std::move(shared.paths);
  facts.search_path = std::move(shared.search_path);
  facts.folders = std::move(shared.folders);
  return facts;
}

std::vector<ShellCommand> shell_commands(std::string_view script) {
  return read_shell(script).commands;
}

}  // namespace slim
