// What cannot be read out of files, as data: the rule files in rules/ and those of the user.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace slim {

/// How sure an edge is. Profiles choose how far the mark goes.
enum class Strength : std::uint8_t {
  required,  ///< the thing does not work without it
  likely,    ///< named by something that is kept
  possible,  ///< belongs to the same package or tree
};

std::string_view to_string(Strength strength);

/// Somebody who imports a symbol without that being evidence, with the reason.
struct ImportException {
  std::string file;  ///< glob over the importing file
  std::string why;
};

/// All conditions that are given must hold. `kept`, `imports`, `contains` and `is_static` look at what is
/// kept and fire inside the mark; `exists`, `package` and `env` look at the image.
struct RuleCondition {
  std::vector<std::string> kept;     ///< globs: a kept path matches one of them
  std::vector<std::string> imports;  ///< a kept ELF file imports one of these symbols
  std::vector<ImportException> imports_except;
  std::vector<std::string> contains;  ///< a kept ELF program has a string that begins with one of these
  std::optional<bool> is_static;      ///< a kept program is (not) statically linked
  std::vector<std::string> exists;    ///< globs: a path of the image matches one of them
  std::vector<std::string> package;   ///< globs over the names of installed packages
  std::vector<std::string> env;       ///< NAME or NAME=GLOB of the image's environment
};

struct Rule {
  std::string id;
  std::string why;
  std::string source;
  RuleCondition when;
  Strength strength = Strength::required;
  /// Globs. {dir} stands for the folder of each file that `when.kept` matched; {env:NAME} for the value of a
  /// variable in the image's environment (a pattern whose variable is not set keeps nothing). links_pattern
  /// stands for the links to each file that `when.kept` matched.
  std::vector<std::string> keep;
  std::vector<std::string> drop;  ///< globs; gives way to required edges
  std::string flag;               ///< a finding to report when the rule fires; may be empty
  std::string whole;              ///< the language whose runtime it keeps as a whole; may be empty
  std::string file;               ///< where the rule stands, for messages
  std::size_t line = 0;           ///< from 1
};

/// In `keep`: symlinks that lead to a kept file, whatever they are called.
inline constexpr std::string_view links_pattern = "{links}";

/// Parses a rule file: a JSON array of rules, comments allowed. Anything unknown, missing or of the wrong
/// type is an input Error that names the file, the line, the rule and the key.
std::vector<Rule> parse_rules(std::string_view text, const std::string& where);

/// The rules in rules/, embedded at build time.
std::vector<Rule> embedded_rules();

/// Embedded rules with those of `files` (paths on the host) behind them; an id may be used once.
std::vector<Rule> load_rules(const std::vector<std::string>& files);

/// Made by rules/embed.cmake: file name and content of each embedded file.
std::span<const std::pair<std::string_view, std::string_view>> embedded_rule_files();

}  // namespace slim
