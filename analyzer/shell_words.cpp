// Words as a shell cuts them (IEEE 1003.1, Shell Command Language, 2.2 Quoting and 2.6 Word Expansions).
// Only variables with one constant value are expanded; the commands inside expansions are read on the way.
#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>

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

void ShellReader::array() {
  ++at_;
  while (!at_end() && peek() != ')') {
    if (skip_blank()) continue;
    if (std::string_view("\n;&|(<>").find(peek()) != std::string_view::npos) {
      if (peek() == '\n') ++line_;
      ++at_;
    } else {
      read_word();
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
    const bool tilde = c == '~' && word.text.empty() && !word.quoted();
    if (c == '*' || c == '?' || tilde) word.known = false;
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
      word.text += peek(1);
    }
    at_ += 2;
  } else if (c == '$' || c == '`') {
    expansion(word, in_quotes);
  } else {
    if (c == '\n') ++line_;
    word.text += c;
    ++at_;
  }
}

void ShellReader::single_quoted(ShellWord& word) {
  const auto end = std::min(script_.find('\'', at_ + 1), script_.size());
  const std::string_view text = script_.substr(at_ + 1, end - at_ - 1);
  word.text += text;
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
    if (c != '\\' || peek() != '\n') word.text += peek();
    ++at_;
  }
  at_ = std::min(at_ + 1, script_.size());
}

void ShellReader::expansion(ShellWord& word, bool in_quotes) {
  word.expanded = true;
  if (depth_ >= max_depth) {
    word.known = false;
    at_ = script_.size();
    return;
  }
  ++depth_;
  const char next = peek(1);
  if (peek() == '`') {
    backticks();
    word.known = false;
  } else if (next == '(') {
    ++at_;
    if (peek(1) == '(') {
      arithmetic();
    } else {
      ++at_;
      substitution();
    }
    word.known = false;
  } else if (next == '{') {
    braces(word, in_quotes);
  } else if (next == '\'' && !in_quotes) {
    escaped_quote();
    word.known = false;
  } else {
    name(word, in_quotes);
  }
  --depth_;
}

void ShellReader::name(ShellWord& word, bool in_quotes) {
  std::size_t end = at_ + 1;
  while (end < script_.size() && is_shell_name(script_.substr(at_ + 1, 1)) && is_name_character(script_[end]))
    ++end;
  if (end > at_ + 1) {
    variable(word, script_.substr(at_ + 1, end - at_ - 1));
    at_ = end;
  } else if (peek(1) != '\0' &&
             std::string_view("0123456789@*#?-$!").find(peek(1)) != std::string_view::npos) {
    word.known = false;
    at_ += 2;
  } else {
    if (in_quotes || peek(1) != '"') word.text += '$';  // $"..." is a text to translate
    ++at_;
  }
}

void ShellReader::variable(ShellWord& word, std::string_view name) {
  const auto found = shared_->constants.find(name);
  const bool usable = found != shared_->constants.end() && !found->second.empty() &&
                      word.text.size() + found->second.size() <= max_constant;
  if (usable) {
    word.text += found->second;
  } else {
    word.known = false;
  }
}

void ShellReader::braces(ShellWord& word, bool in_quotes) {
  at_ += 2;
  const std::size_t start = at_;
  ShellWord ignored;
  while (!at_end() && peek() != '}') piece(ignored, in_quotes);
  variable(word, script_.substr(start, at_ - start));
  at_ = std::min(at_ + 1, script_.size());
}

void ShellReader::escaped_quote() {
  at_ += 2;
  while (!at_end() && peek() != '\'') {
    if (peek() == '\\') ++at_;
    if (peek() == '\n') ++line_;
    ++at_;
  }
  at_ = std::min(at_ + 1, script_.size());
}

void ShellReader::substitution() {
  if (depth_ >= max_depth) {
    at_ = script_.size();
    return;
  }
  const std::size_t start = std::min(at_, script_.size());
  ShellReader inner(script_.substr(start), line_, depth_ + 1, *shared_);
  inner.run(true);
  at_ = start + inner.place();
  line_ = inner.line();
}

void ShellReader::backticks() {
  const std::size_t line = line_;
  std::string script;
  for (++at_; !at_end() && peek() != '`'; ++at_) {
    if (peek() == '\\' && std::string_view("`\\$").find(peek(1)) != std::string_view::npos) ++at_;
    if (at_end()) break;
    if (peek() == '\n') ++line_;
    script += peek();
  }
  at_ = std::min(at_ + 1, script_.size());
  ShellReader(script, line, depth_, *shared_).run(false);
}

}  // namespace slim
