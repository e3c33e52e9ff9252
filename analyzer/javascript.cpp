// One pass over the tokens with a look ahead of a few of them. Where an expression is the argument, its
// literals are taken as far as they are known: "./a" + x is a beginning, x ? "a" : "b" are two names. Follows
// ECMA-262 (imports, exports) and Node's documentation of modules, child_process and path.
#include "analyzer/javascript.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <vector>

#include "analyzer/code_facts.h"
#include "analyzer/javascript_reader.h"

namespace slim {
namespace {

constexpr std::size_t most_names = 4096;
constexpr std::size_t longest_name = 4096;
constexpr std::size_t furthest_look = 256;  // tokens of one argument
constexpr std::size_t most_aliases = 8;
constexpr std::size_t deepest_try = std::size_t{1} << 20;

constexpr auto starters =
    std::to_array<std::string_view>({"exec", "execFile", "execFileSync", "execSync", "execa", "execaCommand",
                                     "execaSync", "fork", "spawn", "spawnSync"});

bool is_path_string(std::string_view text) {
  if (text.size() < 4 || text.front() != '/' || text[1] == '/' || text.size() > longest_name) return false;
  const bool plain = std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("/._-+@~").find(c) != std::string_view::npos;
  });
  return plain && text.find("//") == std::string_view::npos;
}

/// A word that a shell takes as it stands.
std::string shell_quoted(const std::string& word) {
  if (word.find('\'') != std::string::npos) return "\"" + word + "\"";
  return "'" + word + "'";
}

/// The constant part of an expression's value.
struct Known {
  std::string text;
  bool whole = true;  ///< nothing unknown follows
};

class JavascriptScanner {
 public:
  explicit JavascriptScanner(std::string_view text) : reader_(text) {}

  std::vector<CodeName> scan() {
    while (true) {
      const ScriptToken token = take();
      if (token.kind == ScriptTokenKind::end || found_.size() >= most_names) break;
      look_at(token);
      if (token.is('=') && previous_.kind == ScriptTokenKind::identifier) assigned_ = previous_.text;
      previous_ = token;
    }
    return std::move(found_);
  }

 private:
  ScriptToken take() {
    if (ahead_.empty()) return reader_.next();
    const ScriptToken token = ahead_.front();
    ahead_.pop_front();
    return token;
  }

  const ScriptToken& peek(std::size_t place) {
    while (ahead_.size() <= place) ahead_.push_back(reader_.next());
    return ahead_[place];
  }

  void add(ScriptUse use, std::string text, std::uint32_t line) {
    if (text.size() > longest_name) return;
    const bool may_lack = tries_ != 0 || bundled_;
    // Once for each use and text; outside of a try block it counts more.
    std::string key = text;
    key += '\0';
    key += static_cast<char>('a' + static_cast<int>(use));
    key += may_lack ? 't' : 'f';
    if (!known_.insert(std::move(key)).second) return;
    const auto flags = static_cast<std::uint8_t>(may_lack ? optional_script_name : 0);
    found_.push_back({.use = static_cast<std::uint8_t>(static_cast<std::uint8_t>(use) | flags),
                      .line = line,
                      .text = std::move(text)});
  }

  void look_at(const ScriptToken& token) {
    switch (token.kind) {
      case ScriptTokenKind::identifier:
        word(token);
        return;
      case ScriptTokenKind::string:
      case ScriptTokenKind::template_part:
        if (!token.opens && !token.continues && is_path_string(token.text)) {
          add(ScriptUse::path, std::string(token.text), token.line);
        }
        return;
      case ScriptTokenKind::sign:
        brace(token);
        return;
      default:
        return;
    }
  }

  void brace(const ScriptToken& token) {
    if (token.is('{') && braces_.size() < deepest_try) {
      braces_.push_back(previous_.is("try"));
      if (braces_.back()) ++tries_;
    } else if (token.is('}') && !braces_.empty()) {
      if (braces_.back()) --tries_;
      braces_.pop_back();
    }
  }

  void word(const ScriptToken& token) {
    const std::string_view name = token.text;
    if (name == "require" || std::ranges::find(aliases_, name) != aliases_.end()) {
      required(token);
    } else if (name == "import") {
      imported(token);
    } else if (name == "from") {
      if (!previous_.is('.') && peek(0).kind == ScriptTokenKind::string && !peek(0).text.empty()) {
        add(ScriptUse::import, script_string_value(peek(0)), token.line);
      }
    } else if (name == "function") {
      // Bundles of browserify carry their modules in themselves: function(require, module, exports) { ... }
      bundled_ = bundled_ || (peek(0).is('(') && peek(1).is("require"));
    } else if (name == "createRequire") {
      created(token);
    } else if (name == "__dirname") {
      beside(token, 0);
    } else if (name == "URL") {
      url(token);
    } else if (std::ranges::find(starters, name) != starters.end()) {
      started(token);
    }
  }

  /// require(...), require.resolve(...)
  void required(const ScriptToken& token) {
    std::size_t at = 0;
    if (peek(0).is('.')) at = peek(1).is("resolve") ? 2 : 1;  // require?.("x") too
    if (peek(at).is('(')) argument(ScriptUse::require, token, at + 1);
  }

  /// import "x", import(...), import.meta.resolve(...); the others are told by their `from`.
  void imported(const ScriptToken& token) {
    if (previous_.is('.')) return;
    if (peek(0).kind == ScriptTokenKind::string && !peek(0).text.empty()) {
      add(ScriptUse::import, script_string_value(peek(0)), token.line);
    } else if (peek(0).is('(')) {
      argument(ScriptUse::import, token, 1);
    } else if (peek(0).is('.') && peek(1).is("meta") && peek(2).is('.')) {
      if (peek(3).is("resolve") && peek(4).is('(')) argument(ScriptUse::import, token, 5);
      if (peek(3).is("dirname")) beside(token, 4);
    }
  }

  /// const load = createRequire(...), or createRequire(...)("x").
  void created(const ScriptToken& token) {
    if (!peek(0).is('(')) return;
    // behind `load =`, or behind `load = module.`
    const bool assigned = previous_.is('=') || previous_.is('.');
    if (assigned && !assigned_.empty() && assigned_ != "require" && aliases_.size() < most_aliases) {
      aliases_.push_back(assigned_);
    }
    const std::size_t behind = closing(1);
    if (behind != 0 && peek(behind + 1).is('(')) argument(ScriptUse::require, token, behind + 2);
  }

  /// The place of the bracket that closes the one before `at`; 0 where it is too far.
  std::size_t closing(std::size_t at) {
    std::size_t depth = 1;
    for (; at < furthest_look && peek(at).kind != ScriptTokenKind::end; ++at) {
      if (peek(at).is('(')) ++depth;
      if (peek(at).is(')') && --depth == 0) return at;
    }
    return 0;
  }

  /// A literal at `at`, with what is added to it by + and another literal, and by concat. Moves `at` behind
  /// it.
  std::optional<Known> literal(std::size_t& at) {
    Known known;
    bool any = false;
    while (at < furthest_look) {
      const ScriptToken& token = peek(at);
      const bool part = token.kind == ScriptTokenKind::template_part && !token.continues;
      if (token.kind != ScriptTokenKind::string && !part) break;
      any = true;
      known.text += script_string_value(token);
      known.whole = !token.opens;
      ++at;
      if (!known.whole) return known;
      if (!peek(at).is('+')) break;
      ++at;
      known.whole = false;  // unless a literal follows
    }
    if (!any) return std::nullopt;
    if (peek(at).is('.')) known.whole = false;  // "./a".concat(x)
    return known;
  }

  /// The names in the argument that starts at `at`, up to its comma or bracket.
  void argument(ScriptUse whole, const ScriptToken& token, std::size_t at) {
    const auto prefix = whole == ScriptUse::require ? ScriptUse::require_prefix : ScriptUse::import_prefix;
    std::size_t depth = 0;
    bool operand = true;  // one may start here
    bool any = false;
    for (; at < furthest_look && peek(at).kind != ScriptTokenKind::end; ++at) {
      const ScriptToken& here = peek(at);
      if (depth == 0 && (here.is(')') || here.is(','))) break;
      if (here.is('(') || here.is('[') || here.is('{')) ++depth;
      if ((here.is(')') || here.is(']') || here.is('}')) && depth != 0) --depth;
      if (here.is("__dirname") || here.is("meta")) any = true;  // a path beside the module: found by itself
      if (operand && depth == 0) {
        if (const auto known = literal(at)) {
          any = any || known->whole || !known->text.empty();
          if (!known->text.empty()) add(known->whole ? whole : prefix, known->text, token.line);
          --at;
          operand = false;
          continue;
        }
      }
      operand = here.is('?') || here.is(':') || here.is('|') || here.is('&') || here.is('(');
    }
    if (!any) add(ScriptUse::computed_require, "", token.line);
  }

  /// __dirname + "/x"; __dirname, "x", "y" as arguments of path.join and path.resolve; `${__dirname}/x`.
  void beside(const ScriptToken& token, std::size_t at) {
    std::string text;
    bool whole = true;
    const ScriptToken& follows = peek(at);
    if (follows.kind == ScriptTokenKind::template_part && follows.continues) {
      text = script_string_value(follows);
      whole = !follows.opens;
    } else if (follows.is('+')) {
      const auto known = literal(++at);
      if (!known) return;
      text = known->text;
      whole = known->whole;
    } else {
      while (peek(at).is(',')) {
        const auto known = literal(++at);
        whole = known && known->whole;
        if (known) text += "/" + known->text;
        if (!whole) break;
      }
    }
    if (!text.empty()) add(whole ? ScriptUse::file : ScriptUse::file_prefix, "./" + text, token.line);
  }

  /// new URL("x", import.meta.url)
  void url(const ScriptToken& token) {
    if (!peek(0).is('(')) return;
    std::size_t at = 1;
    const auto known = literal(at);
    if (!known || known->text.find(':') != std::string::npos) return;
    for (const std::size_t end = at + 8; at < end && !peek(at).is(')'); ++at) {
      if (!peek(at).is("meta") && !peek(at).is("__filename")) continue;
      add(known->whole ? ScriptUse::file : ScriptUse::file_prefix, "./" + known->text, token.line);
      return;
    }
  }

  /// spawn("sort", ["-r"]), exec("sort -r | head"), (0, x.spawn)("sort")
  void started(const ScriptToken& token) {
    std::size_t at = peek(0).is(')') ? 1 : 0;
    if (!peek(at).is('(')) return;
    const auto known = literal(++at);
    if (!known || known->text.empty()) return;
    std::string command = known->text;
    if (known->whole && peek(at).is(',') && peek(at + 1).is('[')) {
      at += 2;
      while (at < furthest_look) {
        const auto argument = literal(at);
        if (!argument || !argument->whole) break;
        command += " " + shell_quoted(argument->text);
        if (!peek(at).is(',')) break;
        ++at;
      }
    }
    add(ScriptUse::command, std::move(command), token.line);
  }

  ScriptReader reader_;
  std::deque<ScriptToken> ahead_;
  ScriptToken previous_;
  std::string_view assigned_;  ///< what the last = has on its left
  std::vector<bool> braces_;
  std::size_t tries_ = 0;  ///< open blocks of try
  bool bundled_ = false;
  std::vector<std::string_view> aliases_;
  std::unordered_set<std::string> known_;
  std::vector<CodeName> found_;
};

}  // namespace

bool is_javascript_file(std::string_view path) {
  constexpr auto endings =
      std::to_array<std::string_view>({".js", ".mjs", ".cjs", ".jsx", ".ts", ".mts", ".cts", ".tsx"});
  constexpr auto types = std::to_array<std::string_view>({".d.ts", ".d.mts", ".d.cts"});
  const auto ends = [path](std::string_view ending) { return path.ends_with(ending); };
  return std::ranges::any_of(endings, ends) && std::ranges::none_of(types, ends);
}

bool is_javascript_interpreter(std::string_view program) {
  constexpr auto names = std::to_array<std::string_view>({"node", "nodejs", "bun", "deno", "tsx", "ts-node"});
  const std::string_view name = program.substr(program.rfind('/') + 1);
  if (std::ranges::find(names, name) != names.end()) return true;
  // node18, node-20
  std::string_view version = name.starts_with("node") ? name.substr(4) : std::string_view();
  if (version.starts_with('-')) version.remove_prefix(1);
  return !version.empty() && version.find_first_not_of("0123456789.") == std::string_view::npos;
}

std::vector<CodeName> scan_javascript(std::string_view text) {
  return JavascriptScanner(text).scan();
}

}  // namespace slim
