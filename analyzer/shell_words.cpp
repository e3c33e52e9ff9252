// Words as a shell cuts them (IEEE 1003.1, Shell Command Language, 2.2 Quoting and 2.6 Word Expansions).
// What expansions make of them is in analyzer/shell_values.cpp; the commands inside are read on the way.
#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "analyzer/shell_reader.h"

namespace slim {
namespace {

bool is_name_character(char c) {
  return c == '_' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

}  // namespace

bool is_shell_blank(char c) {
  return c == ' ' || c == '\t' || c == '\r';
}

bool is_shell_name(std::string_view text) {
  if (text.empty() || (text[0] >= '0' && text[0] <= '9')) return false;
  return std::ranges::all_of(text, is_name_character);
}

void ShellReader::run_text() {
  ShellWord ignored;
  while (!at_end()) {
    const char c = script_[at_];
    if (c == '$' || c == '`') {
      expansion(ignored, true);
    } else {
      if (c == '\n') ++line_;
      at_ = std::min(at_ + (c == '\\' ? 2 : 1), script_.size());
    }
  }
}

bool ShellReader::skip_blank() {
  if (is_shell_blank(peek())) {
    ++at_;
  } else if (peek() == '\\' && peek(1) == '\n') {
    at_ += 2;
    ++line_;
  } else if (peek() == '#') {
    at_ = std::min(script_.find('\n', at_), script_.size());
  } else {
    return false;
  }
  return true;
}

bool ShellReader::arithmetic() {
  ShellWord ignored;
  std::size_t open = 0;
  while (!at_end()) {
    const char c = peek();
    if (c != '(' && c != ')') {
      piece(ignored, true);
      continue;
    }
    ++at_;
    if (c == '(') {
      ++open;
    } else if (--open == 0) {
      return true;
    }
  }
  return false;
}

void ShellReader::array(const std::string& name) {
  std::string_view key = name;
  while (key.ends_with('=') || key.ends_with('+')) key.remove_suffix(1);
  const bool known = is_shell_name(key) && !shared_->arrays_known;
  std::vector<ShellWord>* values = known ? &shared_->arrays[std::string(key)] : nullptr;
  ++at_;
  while (!at_end() && peek() != ')') {
    if (skip_blank()) continue;
    if (std::string_view("\n;&|(<>").find(peek()) != std::string_view::npos) {
      if (peek() == '\n') ++line_;
      ++at_;
    } else {
      const ShellWord word = read_word();
      if (values != nullptr && word.array.empty() && values->size() < max_arguments) values->push_back(word);
    }
  }
  at_ = std::min(at_ + 1, script_.size());
}

ShellWord ShellReader::read_word() {
  ShellWord word;
  word.line = line_;
  while (!at_end()) {
    const char c = peek();
    if (std::string_view(" \t\r\n;&|()<>").find(c) != std::string_view::npos) break;
    if (c == '~' && word.text.empty() && !word.quoted()) {
      word.append_unknown();
      ++at_;
      continue;
    }
    if (c == '*' || c == '?') word.glob = true;
    piece(word, false);
  }
  return word;
}

void ShellReader::piece(ShellWord& word, bool in_quotes) {
  const char c = peek();
  if (c == '\'' && !in_quotes) {
    word.quote();
    single_quoted(word);
  } else if (c == '"') {
    word.quote();
    double_quoted(word);
  } else if (c == '\\' && at_ + 1 < script_.size()) {
    if (peek(1) == '\n') {
      ++line_;
    } else {
      word.quote();
      word.append(script_.substr(at_ + 1, 1));
    }
    at_ += 2;
  } else if (c == '$' || c == '`') {
    expansion(word, in_quotes);
  } else {
    if (c == '\n') ++line_;
    word.append(script_.substr(at_, 1));
    ++at_;
  }
}

void ShellReader::single_quoted(ShellWord& word) {
  const auto end = std::min(script_.find('\'', at_ + 1), script_.size());
  const std::string_view text = script_.substr(at_ + 1, end - at_ - 1);
  word.append(text);
  line_ += static_cast<std::size_t>(std::ranges::count(text, '\n'));
  at_ = std::min(end + 1, script_.size());
}

void ShellReader::double_quoted(ShellWord& word) {
  ++at_;
  while (!at_end() && peek() != '"') {
    const char c = peek();
    if (c == '$' || c == '`') {
      expansion(word, true);
      continue;
    }
    if (c == '\\' && std::string_view("$`\"\\\n").find(peek(1)) != std::string_view::npos) ++at_;
    if (at_end()) break;
    if (peek() == '\n') ++line_;
    if (c != '\\' || peek() != '\n') word.append(script_.substr(at_, 1));
    ++at_;
  }
  at_ = std::min(at_ + 1, script_.size());
}

}  // namespace slim
