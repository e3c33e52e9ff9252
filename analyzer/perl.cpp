// Follows perlfunc(1) (require, use), perlmod(1), perlpod(1) for what is documentation, AutoLoader(3perl) for
// what lies behind __END__, and FindBin(3perl).
#include "analyzer/perl.h"

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
#include "analyzer/shell.h"

namespace slim {
namespace {

constexpr std::size_t max_literal = 4096;
constexpr std::size_t max_statement = 1024;
constexpr std::size_t deepest_quotes = 64;               // that are looked into where one lies in another
constexpr std::size_t max_list = std::size_t{64} << 10;  // one qw( ... )

bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\r';
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

bool is_word(char c) {
  return c == '_' || is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/// Name::Of::Module, without or with `::` at its end.
bool is_module_name(std::string_view text) {
  if (text.empty() || is_digit(text[0]) || !is_word(text[0])) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (is_word(text[i])) continue;
    if (!text.substr(i).starts_with("::")) return false;
    ++i;
  }
  return true;
}

/// The end of the word that starts at `at`, with the :: in it.
std::size_t name_end(std::string_view text, std::size_t at) {
  while (at < text.size()) {
    if (is_word(text[at])) {
      ++at;
    } else if (text.substr(at).starts_with("::")) {
      at += 2;
    } else {
      break;
    }
  }
  return at;
}

class PerlScanner {
 public:
  explicit PerlScanner(std::string_view text) : text_(text) {}

  std::vector<CodeName> run() {
    while (at_ < text_.size() && found_.size() < most_code_names) {
      const std::size_t end = std::min(text_.find('\n', at_), text_.size());
      const std::string_view line = text_.substr(at_, end - at_);
      line_start_ = at_;
      if (!documentation(line)) {
        if (line.starts_with("__END__") || line.starts_with("__DATA__")) break;
        read_line(line);
      }
      at_ = std::max(end + 1, skip_to_);
      line_ += skip_to_ > end ? std::ranges::count(text_.substr(end, skip_to_ - end), '\n') : 1;
    }
    return std::move(found_);
  }

 private:
  /// =head1 ... =cut
  bool documentation(std::string_view line) {
    if (line.size() > 1 && line[0] == '=' && is_word(line[1]) && !is_digit(line[1])) {
      in_pod_ = !line.starts_with("=cut");
      return true;
    }
    return in_pod_;
  }

  void read_line(std::string_view line) {
    std::size_t i = 0;
    while (i < line.size() && is_blank(line[i])) ++i;
    if (i < line.size() && line[i] == '#') return;
    starts_statement_ = true;
    pending_ = PerlUse::word;
    while (i < line.size()) {
      const char c = line[i];
      if (c == '\'' || c == '"' || c == '`') {
        literal(line, i);
        ++i;
      } else if (is_word(c)) {
        i = word(line, i);
      } else {
        if (c == ';') list_ = false;
        if (c == ';') pending_ = PerlUse::word;
        if (line.substr(i).starts_with("\\N{")) add(PerlUse::required, "_charnames");
        ++i;
      }
      if (line_start_ + i < skip_to_) return;  // a list of words went on behind this line
    }
  }

  /// A word outside of quotes, or inside: an eval's text is code. Gives the place behind it.
  std::size_t word(std::string_view line, std::size_t start) {
    const std::size_t end = name_end(line, start);
    const std::string_view name = line.substr(start, end - start);
    const char before = start == 0 ? ' ' : line[start - 1];
    const bool variable = std::string_view("$@%&*>").find(before) != std::string_view::npos;
    const bool starts = std::exchange(starts_statement_, false);
    if (variable || is_digit(name[0])) return end;
    if (name == "use" || name == "no" || name == "require") return statement(line, end, name, starts);
    if (name == "package") {
      const std::size_t at = blanks(line, end);
      package_ = line.substr(at, name_end(line, at) - at);
    } else if (name == "qw" || name == "q" || name == "qq" || name == "qx") {
      return quoted(line, end, name);
    } else if (name == "system" || name == "exec") {
      pending_ = PerlUse::command;
    } else if (name == "do") {
      pending_ = PerlUse::file;
    } else if (name == "extends" || name == "with") {  // Moose and its kin
      list_ = list_ || starts;
    } else if (name.ends_with("::")) {
      open_ended(line, end, name);
    }
    return end;
  }

  /// Some::Name:: before a variable in a text; before an arrow it is a class.
  void open_ended(std::string_view line, std::size_t end, std::string_view name) {
    const char behind = end < line.size() ? line[end] : ' ';
    if (behind == '$' || behind == '@') {
      add(PerlUse::prefix, name);
    } else if (behind != '\'' && behind != '"') {
      add(PerlUse::word, name.substr(0, name.size() - 2));
    }
  }

  static std::size_t blanks(std::string_view line, std::size_t at) {
    while (at < line.size() && is_blank(line[at])) ++at;
    return at;
  }

  /// Behind use, no or require.
  std::size_t statement(std::string_view line, std::size_t at, std::string_view keyword, bool starts) {
    const std::size_t start = blanks(line, at);
    if (start == at || start >= line.size()) return at;
    if (line[start] == '\'' || line[start] == '"') {
      pending_ = PerlUse::file;
      return start;
    }
    const std::size_t end = name_end(line, start);
    const std::string_view name = line.substr(start, end - start);
    if (!is_module_name(name)) return std::max(end, start);
    if (name.ends_with("::")) {
      open_ended(line, end, name);
      return end;
    }
    const bool version = name[0] == 'v' && name.size() > 1 && is_digit(name[1]);
    if (version) return end;
    if (name == "lib" && keyword == "use") {
      library(line.substr(end, max_statement));
    } else if (name == "parent" || name == "base" || name == "if" || name == "aliased" || name == "Module") {
      list_ = true;
    }
    // They load what lies below the package that uses them.
    if (name == "Module::Implementation" && !package_.empty())
      add(PerlUse::prefix, std::string(package_) + "::");
    if (name == "Module::Pluggable" && !package_.empty())
      add(PerlUse::prefix, std::string(package_) + "::Plugin::");
    // What stands behind ends a name of a module: `use it as you like` in a text names none.
    const char behind = end < line.size() ? line[end] : ';';
    const bool ends = behind == ';' || is_blank(behind) || behind == '}' || behind == ')' || behind == '\'' ||
                      behind == '"' || behind == '(' || behind == ',';
    const bool sure =
        keyword == "use" && starts && (behind == ';' || name.find("::") != std::string_view::npos);
    if (ends) add(sure ? PerlUse::used : PerlUse::required, name);
    return end;
  }

  /// The folders behind `use lib`: in quotes, or relative to the script.
  void library(std::string_view rest) {
    rest = rest.substr(0, rest.find(';'));
    const bool by_script = rest.find("__FILE__") != std::string_view::npos ||
                           rest.find("FindBin") != std::string_view::npos ||
                           rest.find("$0") != std::string_view::npos;
    for (std::size_t i = 0; i < rest.size();) {
      const char quote = rest[i];
      const bool words = rest.substr(i).starts_with("qw");
      if (quote != '\'' && quote != '"' && !words) {
        ++i;
        continue;
      }
      const std::size_t start = words ? std::min(i + 3, rest.size()) : i + 1;
      const std::size_t end =
          std::min(words ? rest.find_first_of(")/]}", start) : rest.find(quote, start), rest.size());
      std::string folder(rest.substr(start, end - start));
      i = end + 1;
      const auto variable = folder.rfind('$');
      if (variable != std::string::npos) {
        const auto slash = folder.find('/', variable);
        folder = slash == std::string::npos ? "" : folder.substr(slash);
      }
      if (by_script) {
        if (!folder.starts_with('/')) folder.insert(folder.begin(), '/');
        folder.insert(folder.begin(), script_folder_mark);
      }
      if (!folder.empty()) add(PerlUse::library, folder);
    }
    if (by_script) add(PerlUse::library, std::string(1, script_folder_mark));
  }

  /// qw(...), q(...), qq(...), qx(...): may go on over lines.
  std::size_t quoted(std::string_view line, std::size_t at, std::string_view kind) {
    std::size_t start = blanks(line, at);
    if (start >= line.size() || is_word(line[start]) || line[start] == ',' || line[start] == ';' ||
        line[start] == '=')
      return at;
    constexpr std::string_view open = "([{<";
    constexpr std::string_view close = ")]}>";
    const auto bracket = open.find(line[start]);
    const char last = bracket == std::string_view::npos ? line[start] : close[bracket];
    start += line_start_ + 1;
    const std::size_t end = closing(last, start);
    if (end == std::string_view::npos) return at;
    // A quote may hold others: an eval's text is code. One that holds thousands is no program.
    if (kind != "qw") {
      nested_ = start < quoted_to_ ? nested_ + 1 : 0;
      quoted_to_ = std::max(quoted_to_, end);
      if (nested_ > deepest_quotes) return at;
    }
    const std::string_view content = text_.substr(start, end - start);
    if (kind == "qx") {
      add(PerlUse::command, content.substr(0, max_literal));
    } else if (kind == "qw") {
      words(content);
      skip_to_ = start + content.size() + 1;
      return skip_to_ - line_start_ <= line.size() ? skip_to_ - line_start_ : line.size();
    } else {
      text(content.substr(0, max_literal), kind == "qq");
    }
    return at;
  }

  /// The next `close` at or behind `start`, no further away than a list may be long. What was searched in
  /// vain is not searched again.
  std::size_t closing(char close, std::size_t start) {
    std::size_t& none_before = none_before_[static_cast<unsigned char>(close)];
    const std::size_t limit = std::min(start + max_list, text_.size());
    const std::size_t from = std::max(start, none_before);
    const std::size_t end =
        from < limit ? text_.substr(from, limit - from).find(close) : std::string_view::npos;
    if (end == std::string_view::npos) none_before = std::max(none_before, limit);
    return end == std::string_view::npos ? end : from + end;
  }

  void words(std::string_view content) {
    while (!content.empty()) {
      const std::size_t end = std::min(content.find_first_of(" \t\r\n"), content.size());
      const std::string_view name = content.substr(0, end);
      content.remove_prefix(std::min(end + 1, content.size()));
      if (name.find("encoding(") != std::string_view::npos) encoding();
      if (!is_module_name(name)) continue;
      if (list_) add(PerlUse::required, name);
      if (name.find("::") != std::string_view::npos) add(PerlUse::word, name);
    }
  }

  /// A quote that opens or closes: both are taken for one that opens, up to the next of its kind.
  void literal(std::string_view line, std::size_t at) {
    const char quote = line[at];
    const std::string_view rest = line.substr(at + 1, max_literal);
    const std::size_t start = line_start_ + at + 1;
    std::size_t& none_before = no_quote_before_[static_cast<unsigned char>(quote)];
    // One that a search without an end came by was escaped: behind it, it would go on as that one did.
    std::size_t end = none_before > start ? none_before - start : 0;
    while (end < rest.size() && rest[end] != quote)
      end += rest[end] == '\\' ? std::size_t{2} : std::size_t{1};
    if (end >= rest.size()) {
      none_before = start + end;
      return;
    }
    const std::string_view content = rest.substr(0, end);
    if (quote == '`') {
      add(PerlUse::command, content);
    } else {
      text(content, quote == '"');
    }
  }

  /// The text of a literal.
  void text(std::string_view content, bool expands) {
    // What lies between two literals is no literal.
    const bool between = content.find('|') == std::string_view::npos &&
                         std::ranges::none_of(content, is_word) &&
                         content.find('/') == std::string_view::npos;
    if (between) return;
    const PerlUse kind = std::exchange(pending_, PerlUse::word);
    if (content.find("encoding(") != std::string_view::npos) encoding();
    if (content.ends_with("-|") || content.ends_with("|-")) {  // open: the command comes next
      pending_ = PerlUse::command;
    } else if (content.size() > 2 && (content.ends_with('|') || content.starts_with('|'))) {
      const std::size_t from = content.starts_with('|') ? 1 : 0;
      add(PerlUse::command, content.substr(from, content.size() - 1));
    } else if (kind == PerlUse::command) {
      add(PerlUse::command, content);
    }
    if (list_ && is_module_name(content)) add(PerlUse::required, content);
    const bool source = content.ends_with(".pl") || content.ends_with(".pm") || content.ends_with(".ph");
    const bool plain = content.find_first_of("$@ \n*") == std::string_view::npos;
    if (plain && (source || kind == PerlUse::file) && !content.empty()) add(PerlUse::file, content);
    if (plain && content.size() > 1 && content[0] == '/') add(PerlUse::path, content);
    const auto colons = content.find("::");
    if (colons == std::string_view::npos) return;
    if (is_module_name(content) && !content.ends_with("::")) {
      add(PerlUse::word, content);
      return;
    }
    const std::size_t end = name_end(content, 0);
    const std::string_view name = content.substr(0, end);
    const bool goes_on = end == content.size() || (expands && (content[end] == '$' || content[end] == '@'));
    if (!name.ends_with("::") || !goes_on) return;
    if (name == "::") {
      if (!package_.empty()) add(PerlUse::prefix, std::string(package_) + "::");
    } else if (is_module_name(name)) {
      add(PerlUse::prefix, name);
    }
  }

  void encoding() {
    add(PerlUse::required, "PerlIO::encoding");
    add(PerlUse::required, "Encode");
  }

  void add(PerlUse use, std::string_view name) {
    if (name.empty() || name.size() > longest_code_name || found_.size() >= most_code_names) return;
    std::string key(1, static_cast<char>('0' + static_cast<int>(use)));
    key += name;
    if (!seen_.insert(std::move(key)).second) return;
    found_.push_back({.use = static_cast<std::uint8_t>(use),
                      .line = static_cast<std::uint32_t>(line_),
                      .text = std::string(name)});
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t line_start_ = 0;
  std::size_t skip_to_ = 0;
  std::size_t quoted_to_ = 0;                       ///< the end of the quotes so far
  std::size_t nested_ = 0;                          ///< quotes that lie in others up to there
  std::array<std::size_t, 256> none_before_{};      ///< by character: see closing()
  std::array<std::size_t, 256> no_quote_before_{};  ///< likewise: see literal()
  std::ptrdiff_t line_ = 1;
  std::string_view package_;
  PerlUse pending_ = PerlUse::word;  // what the next literal is
  bool in_pod_ = false;
  bool list_ = false;  // up to the next semicolon: words are modules
  bool starts_statement_ = true;
  std::unordered_set<std::string> seen_;
  std::vector<CodeName> found_;
};

}  // namespace

bool is_perl_file(std::string_view path) {
  constexpr auto endings = std::to_array<std::string_view>({".pm", ".pl", ".al", ".ph", ".psgi"});
  return std::ranges::any_of(endings, [path](std::string_view ending) { return path.ends_with(ending); });
}

bool is_perl_interpreter(std::string_view program) {
  const std::string_view name = program.substr(program.rfind('/') + 1);
  if (!name.starts_with("perl")) return false;
  return name.find_first_not_of("0123456789.", 4) == std::string_view::npos;
}

std::vector<CodeName> scan_perl(std::string_view text) {
  return PerlScanner(text).run();
}

}  // namespace slim
