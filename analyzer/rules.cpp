// Reads rule files. Every key is checked: a rule with a slip in it must not be a rule that silently
// never fires.
#include "analyzer/rules.h"

#include <algorithm>
#include <cstddef>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "analyzer/error.h"
#include "analyzer/host_file.h"
#include "analyzer/json.h"
#include "analyzer/json_lines.h"

namespace slim {
namespace {

using nlohmann::json;

/// Edits that make one word of the other (Levenshtein); for words of a few letters.
std::size_t distance(std::string_view one, std::string_view other) {
  std::vector<std::size_t> row(other.size() + 1);
  for (std::size_t j = 0; j < row.size(); ++j) row[j] = j;
  for (const char i : one) {
    std::size_t diagonal = row[0]++;
    for (std::size_t j = 0; j < other.size(); ++j) {
      const std::size_t swap = diagonal + (i == other[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({row[j] + 1, row[j + 1] + 1, swap});
    }
  }
  return row.back();
}

/// Where a rule stands: its file, the lines of the file's keys, and what to call it.
struct RulePlace {
  std::string file;
  const std::map<std::string, std::size_t, std::less<>>* lines = nullptr;
  std::string pointer;  ///< of the rule, or of an object in it: "/3/when"
  std::string name;     ///< "rule 4 ('gconv')", with the part of it

  [[nodiscard]] RulePlace inside(const std::string& key) const {
    return {.file = file, .lines = lines, .pointer = pointer + "/" + key, .name = name + ": " + key};
  }

  /// Of `key` where it stands there, else of the object.
  [[nodiscard]] std::size_t line(const std::string& key) const {
    const auto at = lines->find(key.empty() ? pointer : pointer + "/" + key);
    if (at != lines->end()) return at->second;
    const auto object = lines->find(pointer);
    return object == lines->end() ? 1 : object->second;
  }

  [[noreturn]] void fail(const std::string& why, const std::string& key = {}) const {
    throw Error(ErrorKind::input, fmt::format("{}: line {}: {}", file, line(key), name), why);
  }
};

/// Reads the keys of one object and, at the end, complains about those that nobody asked for.
class ObjectReader {
 public:
  ObjectReader(const json& object, RulePlace place) : object_(&object), place_(std::move(place)) {
    if (!object.is_object()) fail("expected an object");
  }

  std::string text(const char* key, bool needed) {
    const json* value = take(key, needed);
    if (value == nullptr) return {};
    if (!value->is_string()) fail(fmt::format("'{}' must be a string", key), key);
    return value->get<std::string>();
  }

  /// A string or a list of strings.
  std::vector<std::string> texts(const char* key) {
    const json* value = take(key, false);
    if (value == nullptr) return {};
    std::vector<std::string> texts;
    const bool strings =
        value->is_array() && std::ranges::all_of(*value, [](const json& item) { return item.is_string(); });
    if (value->is_string()) {
      texts.push_back(value->get<std::string>());
    } else if (strings) {
      texts = value->get<std::vector<std::string>>();
    } else {
      fail(fmt::format("'{}' must be a string or a list of strings", key), key);
    }
    // Either would make a rule that never fires, or keeps nothing.
    if (texts.empty()) fail(fmt::format("'{}' is an empty list", key), key);
    if (std::ranges::find(texts, "") != texts.end()) fail(fmt::format("'{}' has an empty string", key), key);
    return texts;
  }

  const json* take(const char* key, bool needed) {
    seen_.insert(key);
    const auto found = object_->find(key);
    if (found != object_->end()) return &*found;
    if (needed) fail(fmt::format("'{}' is missing", key));
    return nullptr;
  }

  void finish() const {
    for (const auto& [key, value] : object_->items()) {
      if (seen_.contains(key)) continue;
      const auto nearest =
          std::ranges::min_element(seen_, {}, [&key](const auto& known) { return distance(key, known); });
      const bool close = key.size() <= 32 && distance(key, *nearest) <= 1 + nearest->size() / 3;
      fail(fmt::format("unknown key '{}'; {}known are {}", key,
                       close ? "did you mean '" + *nearest + "'? " : "", fmt::join(seen_, ", ")),
           key);
    }
  }

  [[noreturn]] void fail(const std::string& why, const std::string& key = {}) const { place_.fail(why, key); }
  [[nodiscard]] const RulePlace& place() const { return place_; }

 private:
  const json* object_;
  RulePlace place_;
  std::set<std::string, std::less<>> seen_;
};

std::vector<ImportException> read_exceptions(const json& value, const RulePlace& when) {
  std::vector<ImportException> exceptions;
  if (!value.is_array()) when.fail("'imports_except' must be a list", "imports_except");
  for (const json& item : value) {
    RulePlace place = when.inside("imports_except");
    place.pointer += "/" + std::to_string(exceptions.size());
    ObjectReader reader(item, std::move(place));
    exceptions.push_back({.file = reader.text("file", true), .why = reader.text("why", true)});
    reader.finish();
  }
  return exceptions;
}

RuleCondition read_condition(const json& value, const RulePlace& place) {
  ObjectReader reader(value, place);
  RuleCondition when;
  when.kept = reader.texts("kept");
  when.imports = reader.texts("imports");
  if (const json* except = reader.take("imports_except", false)) {
    when.imports_except = read_exceptions(*except, place);
  }
  when.contains = reader.texts("contains");
  if (const json* is_static = reader.take("static", false)) {
    if (!is_static->is_boolean()) reader.fail("'static' must be true or false", "static");
    when.is_static = is_static->get<bool>();
  }
  when.exists = reader.texts("exists");
  when.package = reader.texts("package");
  when.env = reader.texts("env");
  reader.finish();
  if (value.empty()) reader.fail("expected at least one condition");
  if (!when.imports_except.empty() && when.imports.empty())
    reader.fail("'imports_except' needs 'imports'", "imports_except");
  return when;
}

Strength read_strength(ObjectReader& reader) {
  const std::string text = reader.text("strength", false);
  if (text.empty() || text == "required") return Strength::required;
  if (text == "likely") return Strength::likely;
  if (text == "possible") return Strength::possible;
  reader.fail("'strength' must be required, likely or possible, not '" + text + "'", "strength");
}

void check_patterns(const std::vector<std::string>& patterns, const std::string& key, bool has_kept,
                    const ObjectReader& reader) {
  std::size_t number = 0;
  for (const std::string& pattern : patterns) {
    const std::string element = fmt::format("{}/{}", key, number++);
    const std::string place =
        reader.place().lines->contains(reader.place().pointer + "/" + element) ? element : key;
    const bool links = pattern == links_pattern && key == "keep";
    const bool from_dir = pattern.starts_with("{dir}");
    const bool from_variable = pattern.starts_with("{env:") && pattern.find('}') != std::string::npos;
    if (!pattern.starts_with('/') && !from_variable && !from_dir && !links) {
      reader.fail("the pattern '" + pattern + "' must start with /, {dir} or {env:NAME}", place);
    }
    if ((from_dir || links) && !has_kept) {
      reader.fail(fmt::format("the pattern '{}' uses {}, which needs 'when.kept'", pattern,
                              links ? links_pattern : "{dir}"),
                  place);
    }
  }
}

Rule read_rule(const json& value, RulePlace place) {
  if (value.is_object() && value.contains("id") && value["id"].is_string()) {
    place.name += " ('" + value["id"].get<std::string>() + "')";
  }
  ObjectReader reader(value, place);
  Rule rule;
  rule.file = place.file;
  rule.line = place.line("");
  rule.id = reader.text("id", true);
  rule.why = reader.text("why", true);
  rule.source = reader.text("source", true);
  rule.when = read_condition(*reader.take("when", true), place.inside("when"));
  rule.strength = read_strength(reader);
  rule.keep = reader.texts("keep");
  rule.drop = reader.texts("drop");
  rule.flag = reader.text("flag", false);
  rule.whole = reader.text("whole", false);
  reader.finish();
  check_patterns(rule.keep, "keep", !rule.when.kept.empty(), reader);
  check_patterns(rule.drop, "drop", !rule.when.kept.empty(), reader);
  if (!rule.whole.empty() && rule.keep.empty())
    reader.fail("'whole' says what 'keep' is: there is none", "whole");
  if (rule.keep.empty() && rule.drop.empty() && rule.flag.empty()) {
    reader.fail("expected at least one of 'keep', 'drop' and 'flag'");
  }
  return rule;
}

void add_rules(std::vector<Rule>& rules, std::vector<Rule> more) {
  for (Rule& rule : more) {
    const auto same = std::ranges::find(rules, rule.id, &Rule::id);
    if (same != rules.end()) {
      throw Error(
          ErrorKind::input, fmt::format("{}: line {}", rule.file, rule.line),
          fmt::format("the rule id '{}' is used already, in {}, line {}", rule.id, same->file, same->line));
    }
    rules.push_back(std::move(rule));
  }
}

}  // namespace

std::string_view to_string(Strength strength) {
  switch (strength) {
    case Strength::required:
      return "required";
    case Strength::likely:
      return "likely";
    case Strength::possible:
      return "possible";
  }
  return "possible";
}

std::vector<Rule> parse_rules(std::string_view text, const std::string& where) {
  const json document = parse_json(text, where, true);
  if (!document.is_array()) throw Error(ErrorKind::input, where, "expected a list of rules at the top");
  std::vector<Rule> rules;
  const auto lines = json_lines(text);
  for (const json& value : document) {
    add_rules(rules, {read_rule(value, {.file = where,
                                        .lines = &lines,
                                        .pointer = fmt::format("/{}", rules.size()),
                                        .name = fmt::format("rule {}", rules.size() + 1)})});
  }
  return rules;
}

std::vector<Rule> embedded_rules() {
  std::vector<Rule> rules;
  for (const auto& [name, text] : embedded_rule_files()) {
    add_rules(rules, parse_rules(text, "rules/" + std::string(name)));
  }
  return rules;
}

std::vector<Rule> load_rules(const std::vector<std::string>& files) {
  std::vector<Rule> rules = embedded_rules();
  for (const std::string& file : files) {
    const std::string text = read_host_file(file, "rule file");
    add_rules(rules, parse_rules(text, file));
  }
  return rules;
}

}  // namespace slim
