// What a shell's expansions make of a word (IEEE 1003.1, Shell Command Language, 2.6 Word Expansions), as far
// as that is written in the script: variables with constant values, defaults, suffixes that are cut off, and
// the few commands in $(...) that only turn one path into another. All growth is counted: a script that
// doubles a value in each line gets nothing for it.
#include <algorithm>
#include <cstddef>
#include <iterator>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "analyzer/shell.h"
#include "analyzer/shell_reader.h"

namespace slim {
namespace {

constexpr std::size_t max_missed = 10'000;
constexpr std::size_t max_search_path = 64;

bool is_name_character(char c) {
  return c == '_' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool is_marked(std::string_view text) {
  return text.starts_with(script_mark) || text.starts_with(script_folder_mark);
}

std::string last_component(std::string_view text) {
  return std::string(text.substr(text.rfind('/') + 1));
}

/// The texts of a word as values; none where it names nothing.
std::vector<ShellValue> word_values(const ShellWord& word, std::size_t from = 0) {
  std::vector<ShellValue> values;
  const auto add = [&](std::string_view text) {
    text.remove_prefix(std::min(from, text.size()));
    ShellWord part;
    part.text = text;
    part.known = word.known;
    if (!part.names()) return;
    values.push_back({.text = part.text, .glob = word.glob || !word.known, .partial = !word.known});
  };
  add(word.text);
  for (const std::string& other : word.others) add(other);
  return values;
}

/// ${name%suffix} and ${name#prefix}, where what is cut off can be told.
bool cut(std::string& text, std::string_view op, const std::string& operand) {
  const bool literal = operand.find_first_of("*?[") == std::string::npos;
  if (op == "%" && operand == "/*") {
    text = shell_dirname(text);
  } else if (op == "##" && operand == "*/" && !is_marked(text)) {
    text = last_component(text);
  } else if (op == "%" && operand == ".*") {
    const auto dot = text.rfind('.');
    if (dot != std::string::npos) text.resize(dot);
  } else if (op.starts_with('%') && literal) {
    if (text.ends_with(operand)) text.resize(text.size() - operand.size());
  } else if (op.starts_with('#') && literal) {
    if (text.starts_with(operand)) text.erase(0, operand.size());
  } else {
    return false;
  }
  return true;
}

}  // namespace

std::string shell_dirname(std::string_view text) {
  if (text == std::string_view(&script_mark, 1)) return {script_folder_mark};
  if (text == std::string_view(&script_folder_mark, 1)) return {script_folder_mark, '/', '.', '.'};
  while (text.size() > 1 && text.ends_with('/')) text.remove_suffix(1);
  const auto slash = text.rfind('/');
  if (slash == std::string_view::npos) return ".";
  return slash == 0 ? "/" : std::string(text.substr(0, slash));
}

void ShellReader::expansion(ShellWord& word, bool in_quotes) {
  word.expand();
  if (depth_ >= max_depth) {
    word.append_unknown();
    at_ = script_.size();
    return;
  }
  ++depth_;
  const char next = peek(1);
  if (peek() == '`') {
    insert(word, backticks());
  } else if (next == '(') {
    ++at_;
    if (peek(1) == '(') {
      arithmetic();
      word.append_unknown();
    } else {
      ++at_;
      insert(word, substitution());
    }
  } else if (next == '{') {
    braces(word, in_quotes);
  } else if (next == '\'' && !in_quotes) {
    escaped_quote();
    word.append_unknown();
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
    variable(word, script_.substr(at_ + 1, 1));
    at_ += 2;
  } else {
    if (in_quotes || peek(1) != '"') word.append("$");  // $"..." is a text to translate
    ++at_;
  }
}

void ShellReader::variable(ShellWord& word, std::string_view name) {
  if (name == "@" || name == "*") word.forwards = word.text.empty();
  insert(word, values_of(name));
}

std::vector<ShellValue> ShellReader::values_of(std::string_view name) {
  if (name == "0" || name == "BASH_SOURCE") return {{.text = std::string(1, script_mark)}};
  const auto found = shared_->values.find(name);
  if (found != shared_->values.end()) return found->second;
  if (is_shell_name(name) && shared_->missed.size() < max_missed) shared_->missed.emplace(name);
  return {};
}

void ShellReader::insert(ShellWord& word, const std::vector<ShellValue>& values) {
  std::vector<std::string> before = {word.text};
  before.insert(before.end(), word.others.begin(), word.others.end());
  std::vector<std::string> made;
  for (const std::string& start : before) {
    for (const ShellValue& value : values) {
      const std::size_t size = start.size() + value.text.size();
      const bool fits = made.size() < max_values && size <= max_constant &&
                        shared_->expanded + size <= ShellScript::max_expanded;
      // A mark stands at the start of a word or of a value.
      const bool first = start.empty() || start.ends_with('=');
      if (!fits || (!first && is_marked(value.text))) continue;
      shared_->expanded += size;
      made.push_back(start + value.text);
      word.glob = word.glob || value.glob;
      word.known = word.known && !value.partial;
    }
  }
  if (made.empty()) {
    word.append_unknown();
    return;
  }
  word.text = std::move(made.front());
  word.others.assign(std::make_move_iterator(made.begin() + 1), std::make_move_iterator(made.end()));
}

void ShellReader::braces(ShellWord& word, bool in_quotes) {
  at_ += 2;
  const bool asks = (peek() == '#' || peek() == '!') && peek(1) != '}';  // ${#length}, ${!indirect}
  if (asks) ++at_;
  const std::size_t start = at_;
  while (!at_end() && is_name_character(peek())) ++at_;
  if (at_ == start && !at_end() && peek() != '}') ++at_;  // ${@}, ${?}
  const std::string_view name = script_.substr(start, at_ - start);
  bool all = false;
  if (peek() == '[') {
    ShellWord subscript;
    while (!at_end() && peek() != ']' && peek() != '}') piece(subscript, in_quotes);
    all = subscript.text == "[@" || subscript.text == "[*";
    if (peek() == ']') ++at_;
  }
  const std::size_t sign = at_;
  if (std::string_view(":-=+?%#/^,@").find(peek()) != std::string_view::npos && !at_end()) ++at_;
  const char second = at_ > sign ? peek() : '\0';
  const bool longer = script_.substr(sign, 1) == ":"
                          ? std::string_view("-=+?").find(second) != std::string_view::npos
                          : second == script_[sign];
  if (second != '\0' && longer) ++at_;
  const std::string_view op = script_.substr(sign, at_ - sign);
  ShellWord operand;
  while (!at_end() && peek() != '}') {
    operand.glob = operand.glob || peek() == '*' || peek() == '?';
    piece(operand, in_quotes);
  }
  at_ = std::min(at_ + 1, script_.size());
  if (all && op.empty() && word.text.empty()) word.array = name;
  if (name == "@" || name == "*") word.forwards = word.text.empty();
  std::vector<ShellValue> values;
  if (!asks && !all) {
    values = values_of(name);
    operated(name, op, operand, values);
  }
  insert(word, values);
}

void ShellReader::operated(std::string_view name, std::string_view op, const ShellWord& operand,
                           std::vector<ShellValue>& values) {
  const char kind = op.empty() ? '\0' : op.back();
  if (op.empty() || kind == '?') return;
  if (kind == '-' || kind == '=') {
    for (ShellValue& value : word_values(operand)) values.push_back(std::move(value));
    if (kind == '=' && is_shell_name(name)) add_values(name, operand, 0, false);
  } else if (kind == '+') {
    values = word_values(operand);
    values.push_back({});
  } else if ((kind == '%' || kind == '#') && operand.known) {
    std::erase_if(values, [&](ShellValue& value) { return !cut(value.text, op, operand.text); });
  } else {
    values.clear();
  }
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

std::vector<ShellValue> ShellReader::substitution() {
  if (depth_ >= max_depth) {
    at_ = script_.size();
    return {};
  }
  const std::size_t start = std::min(at_, script_.size());
  ShellReader inner(script_.substr(start), line_, depth_ + 1, *shared_);
  inner.keeps_lines_ = true;
  inner.run(true);
  at_ = start + inner.place();
  line_ = inner.line();
  return inner.printed();
}

std::vector<ShellValue> ShellReader::backticks() {
  const std::size_t line = line_;
  std::string script;
  for (++at_; !at_end() && peek() != '`'; ++at_) {
    if (peek() == '\\' && std::string_view("`\\$").find(peek(1)) != std::string_view::npos) ++at_;
    if (at_end()) break;
    if (peek() == '\n') ++line_;
    script += peek();
  }
  at_ = std::min(at_ + 1, script_.size());
  ShellReader inner(script, line, depth_, *shared_);
  inner.keeps_lines_ = true;
  inner.run(false);
  return inner.printed();
}

std::vector<ShellValue> ShellReader::printed() const {
  if (lines_.empty() || lines_.size() > 2) return {};
  const std::vector<ShellWord>& line = lines_[0];
  const std::string& name = line[0].text;
  const bool goes = lines_.size() == 2 && name == "cd" && lines_[1][0].text == "pwd";
  if (lines_.size() == 2 && !goes) return {};
  auto operand = std::find_if(line.begin() + 1, line.end(),
                              [](const ShellWord& word) { return !word.text.starts_with('-'); });
  if (operand == line.end()) return {};
  if (name == "printf" && operand->text.starts_with("%s") && operand + 1 != line.end()) ++operand;
  std::vector<ShellValue> values = word_values(*operand);
  const bool last = operand + 1 == line.end();
  if (name == "dirname") {
    for (ShellValue& value : values) value.text = shell_dirname(value.text);
  } else if (name == "basename" && last) {
    std::erase_if(values, [](const ShellValue& value) { return is_marked(value.text); });
    for (ShellValue& value : values) value.text = last_component(value.text);
  } else if (name == "find") {
    for (ShellValue& value : values) value = {.text = value.text + "/**", .glob = true};
  } else if (name == "ls") {
    std::erase_if(values, [](const ShellValue& value) { return !value.glob; });
  } else {
    const bool same = goes || name == "readlink" || name == "realpath" || name == "command" ||
                      name == "which" || name == "type" || ((name == "echo" || name == "printf") && last);
    if (!same) values.clear();
  }
  return values;
}

bool ShellReader::assign(const ShellWord& word) {
  const auto equals = word.assignment();
  if (equals == std::string::npos) return false;
  const std::string_view left = std::string_view(word.text).substr(0, equals);
  const std::string_view key = left.substr(0, left.find_first_of("+["));
  if (!is_shell_name(key)) return false;
  const bool appends = left.ends_with('+');
  if (key == left || appends) add_values(key, word, equals + 1, appends);
  if (key == "PATH") set_search_path(word, equals + 1);
  return true;
}

void ShellReader::add_values(std::string_view name, const ShellWord& word, std::size_t from, bool appends) {
  std::vector<ShellValue> added = word_values(word, from);
  if (appends) {
    ShellWord longer;
    insert(longer, values_of(name));
    if (longer.names() && added.size() == 1 && !is_marked(added[0].text)) {
      longer.append(added[0].text);
      longer.glob = longer.glob || added[0].glob;
      added = word_values(longer);
    }
  }
  if (added.empty()) return;
  const auto place = shared_->values.try_emplace(std::string(name)).first;
  for (ShellValue& value : added) {
    const bool fits = value.text.size() <= max_constant && place->second.size() < max_values &&
                      std::ranges::find(place->second, value) == place->second.end();
    if (fits) place->second.push_back(std::move(value));
  }
}

void ShellReader::set_search_path(const ShellWord& word, std::size_t from) {
  std::vector<std::string> texts = {word.text};
  texts.insert(texts.end(), word.others.begin(), word.others.end());
  for (const std::string& text : texts) {
    std::string_view rest = std::string_view(text).substr(std::min(from, text.size()));
    while (!rest.empty()) {
      const std::string_view part = rest.substr(0, rest.find(':'));
      rest.remove_prefix(std::min(part.size() + 1, rest.size()));
      const bool folder = (part.starts_with('/') || is_marked(part)) && part.find('*') == part.npos;
      if (!folder || shared_->search_path.size() >= max_search_path) continue;
      if (std::ranges::find(shared_->search_path, part) == shared_->search_path.end())
        shared_->search_path.emplace_back(part);
    }
  }
}

}  // namespace slim
