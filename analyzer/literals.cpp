// The four languages quote alike ('...', "...", `...` in two of them). A line is read for its quotes alone:
// one that was misunderstood, an apostrophe in a comment, spoils no more than its line.
#include "analyzer/literals.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <vector>

#include "analyzer/code_facts.h"

namespace slim {
namespace {

constexpr std::size_t max_literal = 1024;
constexpr std::size_t max_before = 128;  // what stands before a quote, as far as it says what it is for

struct Ending {
  std::string_view text;
  Language language = Language::none;
};

bool is_path_character(char c) {
  const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
  return letter || std::string_view("/._-+@~ ").find(c) != std::string_view::npos || (c & 0x80) != 0;
}

/// Whether a literal may be the name of a file. Words without a slash or a dot may be anything.
bool may_be_path(std::string_view text) {
  return text.size() > 1 && text.find_first_of("/.") != std::string_view::npos && text[0] != ' ' &&
         text.find("//") == std::string_view::npos && std::ranges::all_of(text, is_path_character);
}

std::string_view without_blanks_behind(std::string_view text) {
  const auto last = text.find_last_not_of(" \t");
  return text.substr(0, last == std::string_view::npos ? 0 : last + 1);
}

/// How many levels dirname goes up from what ends `before`: dirname(dirname( gives 2.
int dirnames_at_end(std::string_view before) {
  constexpr std::string_view call = "dirname(";
  int levels = 0;
  for (; without_blanks_behind(before).ends_with(call); ++levels) {
    before = without_blanks_behind(before);
    before.remove_suffix(call.size());
  }
  return levels;
}

/// The folder, from that of the file, which PHP puts before a literal: `.` for __DIR__, `./..` for
/// dirname(__DIR__) and dirname(__FILE__, 2), and what Composer's generated files call $vendorDir and
/// $baseDir. Empty where it is none of them.
std::string folder_put_before(std::string_view before) {
  before = without_blanks_behind(before);
  if (!before.ends_with('.')) return "";
  before = without_blanks_behind(before.substr(0, before.size() - 1));
  if (before.ends_with("$vendorDir")) return "./..";
  if (before.ends_with("$baseDir")) return "./../..";
  int levels = 0;
  int closed = 0;
  while (before.ends_with(')')) {
    before = without_blanks_behind(before.substr(0, before.size() - 1));
    ++closed;
    const auto comma = before.find_last_of(",(");
    if (comma == std::string_view::npos || before[comma] == '(') continue;
    const std::string_view number = before.substr(before.find_last_of(", \t") + 1);
    if (number.size() != 1 || number[0] < '1' || number[0] > '9') return "";
    levels += number[0] - '1';
    before = without_blanks_behind(before.substr(0, comma));
  }
  for (const std::string_view constant : {"__DIR__", "__FILE__"}) {
    if (!before.ends_with(constant)) continue;
    before.remove_suffix(constant.size());
    if (dirnames_at_end(before) < closed) return "";
    levels += closed - (constant == "__FILE__" ? 1 : 0);
    std::string folder = ".";
    for (int level = 0; level < levels; ++level) folder += "/..";
    return folder;
  }
  return "";
}

class LiteralScanner {
 public:
  LiteralScanner(Language language, std::string_view text) : language_(language), text_(text) {}

  std::vector<CodeName> run() {
    while (!text_.empty() && found_.size() < most_code_names) {
      const std::size_t end = std::min(text_.find('\n'), text_.size());
      read_line(text_.substr(0, end));
      text_.remove_prefix(std::min(end + 1, text_.size()));
      ++line_;
    }
    return std::move(found_);
  }

 private:
  void read_line(std::string_view line) {
    const std::size_t first = line.find_first_not_of(" \t");
    if (first == std::string_view::npos) return;
    const bool hash = language_ != Language::lua && line[first] == '#';
    if (hash || line.substr(first).starts_with("--") || line.substr(first).starts_with("//")) return;
    if (language_ == Language::tcl) tcl_words(line);
    for (std::size_t at = 0; at < line.size(); ++at) {
      const char quote = line[at];
      if (quote != '\'' && quote != '"' && quote != '`') continue;
      const std::string_view rest = line.substr(at + 1, max_literal);
      const std::size_t end = rest.find(quote);
      if (end == std::string_view::npos) continue;
      const std::string_view before = line.substr(at - std::min(at, max_before), std::min(at, max_before));
      if (language_ == Language::php && joined(rest.substr(0, end), before, line, at)) continue;
      literal(rest.substr(0, end), quote, before);
    }
  }

  /// __DIR__ . '/..' . '/x/y.php': a path in pieces, from the folder of the file. Composer's class maps
  /// consist of them. Whether it was one.
  bool joined(std::string_view content, std::string_view before, std::string_view line, std::size_t at) {
    if (!content.starts_with('/')) return false;
    std::string folder = folder_put_before(before);
    if (folder.empty() && joint_line_ == line_ && joint_ < at) {
      const std::string_view between = line.substr(joint_, at - joint_);
      const bool goes_on = between.find('.') != std::string_view::npos &&
                           between.find_first_not_of(" \t.") == std::string_view::npos;
      if (goes_on) folder = joined_;
    }
    if (folder.empty()) return false;
    joined_ = folder + std::string(content);
    joint_ = at + content.size() + 2;  // behind the quote that closes it
    joint_line_ = line_;
    if (may_be_path(joined_)) add(LiteralUse::path, joined_);
    return true;
  }

  /// Both quotes of a pair are taken for one that opens.
  void literal(std::string_view content, char quote, std::string_view before) {
    if (quote == '`') {
      if (language_ == Language::ruby || language_ == Language::php) add(LiteralUse::command, content);
      return;
    }
    if (runs(before)) add(LiteralUse::command, content);
    // __DIR__ . '/x', dirname(__FILE__) . "/x", "#{__dir__}/x": relative to the file after all.
    const bool beside = before.find("__DIR__") != std::string_view::npos ||
                        before.find("__FILE__") != std::string_view::npos ||
                        before.find("__dir__") != std::string_view::npos;
    if (const auto variable = content.rfind("}/"); variable != std::string_view::npos) {
      const bool here = content.find("__dir__") != std::string_view::npos;
      content.remove_prefix(variable + 1);
      if (!here) content.remove_prefix(1);
    }
    std::string path(content);
    if (beside && path.starts_with('/')) {
      const std::string relative = "." + path;
      if (may_be_path(relative)) add(LiteralUse::path, relative);
    }
    if (language_ == Language::lua && before.find("require") != std::string_view::npos &&
        path.find('/') == std::string::npos) {
      std::ranges::replace(path, '.', '/');
      path = "./" + path;
    }
    const bool relative_name = before.ends_with("require_relative ") || before.ends_with("require_relative(");
    if (relative_name && path.find('/') == std::string::npos) path = "./" + path;
    if (may_be_path(path)) add(LiteralUse::path, path);
  }

  static bool runs(std::string_view before) {
    constexpr auto functions =
        std::to_array<std::string_view>({"system", "exec", "popen", "spawn", "shell_exec", "passthru",
                                         "proc_open", "capture2", "capture2e", "capture3", "execute"});
    while (!before.empty() && std::string_view(" (\t[{").find(before.back()) != std::string_view::npos)
      before.remove_suffix(1);
    return std::ranges::any_of(functions, [before](std::string_view name) { return before.ends_with(name); });
  }

  /// Tcl needs no quotes: source /x/y.tcl, exec ls.
  void tcl_words(std::string_view line) {
    bool command = false;
    while (!line.empty()) {
      const std::size_t end = std::min(line.find_first_of(" \t[]{}\";"), line.size());
      const std::string_view word = line.substr(0, end);
      line.remove_prefix(std::min(end + 1, line.size()));
      if (word.empty()) continue;
      if (std::exchange(command, word == "exec") && word != "exec") add(LiteralUse::command, word);
      if (may_be_path(word)) add(LiteralUse::path, word);
    }
  }

  void add(LiteralUse use, std::string_view name) {
    if (name.empty() || found_.size() >= most_code_names) return;
    std::string key(1, use == LiteralUse::path ? 'p' : 'c');
    key += name;
    if (!seen_.insert(std::move(key)).second) return;
    found_.push_back({.use = static_cast<std::uint8_t>(use), .line = line_, .text = std::string(name)});
  }

  Language language_;
  std::string_view text_;
  std::uint32_t line_ = 1;
  std::string joined_;  ///< the path in pieces, up to joint_ in joint_line_
  std::size_t joint_ = 0;
  std::uint32_t joint_line_ = 0;
  std::unordered_set<std::string> seen_;
  std::vector<CodeName> found_;
};

}  // namespace

Language literal_language(std::string_view path) {
  constexpr auto endings = std::to_array<Ending>({{.text = ".rb", .language = Language::ruby},
                                                  {.text = ".ru", .language = Language::ruby},
                                                  {.text = ".gemspec", .language = Language::ruby},
                                                  {.text = "/Gemfile", .language = Language::ruby},
                                                  {.text = "/Rakefile", .language = Language::ruby},
                                                  {.text = ".php", .language = Language::php},
                                                  {.text = ".phtml", .language = Language::php},
                                                  {.text = ".inc.php", .language = Language::php},
                                                  {.text = ".lua", .language = Language::lua},
                                                  {.text = ".tcl", .language = Language::tcl},
                                                  {.text = ".tm", .language = Language::tcl}});
  const auto* const found =
      std::ranges::find_if(endings, [path](const Ending& ending) { return path.ends_with(ending.text); });
  return found == endings.end() ? Language::none : found->language;
}

Language literal_interpreter(std::string_view program) {
  constexpr auto names = std::to_array<Ending>({{.text = "ruby", .language = Language::ruby},
                                                {.text = "irb", .language = Language::ruby},
                                                {.text = "php", .language = Language::php},
                                                {.text = "php-fpm", .language = Language::php},
                                                {.text = "php-cgi", .language = Language::php},
                                                {.text = "lua", .language = Language::lua},
                                                {.text = "luajit", .language = Language::lua},
                                                {.text = "tclsh", .language = Language::tcl},
                                                {.text = "wish", .language = Language::tcl}});
  std::string_view name = program.substr(program.rfind('/') + 1);
  name = name.substr(0, name.find_last_not_of("0123456789.") + 1);
  if (name.ends_with('-')) name.remove_suffix(1);  // luajit-2.1
  const auto* const found =
      std::ranges::find_if(names, [name](const Ending& known) { return known.text == name; });
  return found == names.end() ? Language::none : found->language;
}

std::vector<CodeName> scan_literals(Language language, std::string_view text) {
  return LiteralScanner(language, text).run();
}

}  // namespace slim
