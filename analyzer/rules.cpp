// Reads rule files. Every key is checked: a rule with a slip in it must not be a rule that silently
// never fires.
#include "analyzer/rules.h"

#include <algorithm>
#include <cstddef>
#include <functional>
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

namespace slim {
namespace {

using nlohmann::json;

/// Reads the keys of one object and, at the end, complains about those that nobody asked for.
class ObjectReader {
 public:
  ObjectReader(const json& object, std::string where) : object_(&object), where_(std::move(where)) {
    if (!object.is_object()) fail("expected an object");
  }

  std::string text(const char* key, bool needed) {
    const json* value = take(key, needed);
    if (value == nullptr) return {};
    if (!value->is_string()) fail(fmt::format("'{}' must be a string", key));
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
      fail(fmt::format("'{}' must be a string or a list of strings", key));
    }
    // Either would make a rule that never fires, or keeps nothing.
    if (texts.empty()) fail(fmt::format("'{}' is an empty list", key));
    if (std::ranges::find(texts, "") != texts.end()) fail(fmt::format("'{}' has an empty string", key));
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
      if (!seen_.contains(key)) {
        fail(fmt::format("unknown key '{}'; known are {}", key, fmt::join(seen_, ", ")));
      }
    }
  }

  [[noreturn]] void fail(const std::string& why) const { throw Error(ErrorKind::input, where_, why); }

 private:
  const json* object_;
  std::string where_;
  std::set<std::string, std::less<>> seen_;
};

std::vector<ImportException> read_exceptions(const json& value, const std::string& where) {
  std::vector<ImportException> exceptions;
  if (!value.is_array()) throw Error(ErrorKind::input, where, "'imports_except' must be a list");
  for (const json& item : value) {
    ObjectReader reader(item, where + ": imports_except");
    exceptions.push_back({.file = reader.text("file", true), .why = reader.text("why", true)});
    reader.finish();
  }
  return exceptions;
}

RuleCondition read_condition(const json& value, const std::string& where) {
  ObjectReader reader(value, where + ": when");
  RuleCondition when;
  when.kept = reader.texts("kept");
  when.imports = reader.texts("imports");
  if (const json* except = reader.take("imports_except", false)) {
    when.imports_except = read_exceptions(*except, where);
  }
  when.contains = reader.texts("contains");
  if (const json* is_static = reader.take("static", false)) {
    if (!is_static->is_boolean()) reader.fail("'static' must be true or false");
    when.is_static = is_static->get<bool>();
  }
  when.exists = reader.texts("exists");
  when.package = reader.texts("package");
  when.env = reader.texts("env");
  reader.finish();
  if (value.empty()) reader.fail("expected at least one condition");
  if (!when.imports_except.empty() && when.imports.empty()) reader.fail("'imports_except' needs 'imports'");
  return when;
}

Strength read_strength(ObjectReader& reader) {
  const std::string text = reader.text("strength", false);
  if (text.empty() || text == "required") return Strength::required;
  if (text == "likely") return Strength::likely;
  if (text == "possible") return Strength::possible;
  reader.fail("'strength' must be required, likely or possible, not '" + text + "'");
}

void check_patterns(const Rule& rule, const ObjectReader& reader) {
  for (const auto* list : {&rule.keep, &rule.drop}) {
    for (const std::string& pattern : *list) {
      const bool from_dir = pattern.starts_with("{dir}");
      const bool from_variable = pattern.starts_with("{env:") && pattern.find('}') != std::string::npos;
      if (!pattern.starts_with('/') && !from_variable && !from_dir) {
        reader.fail("the pattern '" + pattern + "' must start with /, {dir} or {env:NAME}");
      }
      if (from_dir && rule.when.kept.empty()) {
        reader.fail("the pattern '" + pattern + "' uses {dir}, which needs 'when.kept'");
      }
    }
  }
  if (rule.keep.empty() && rule.drop.empty() && rule.flag.empty()) {
    reader.fail("expected at least one of 'keep', 'drop' and 'flag'");
  }
}

Rule read_rule(const json& value, const std::string& file, std::size_t number) {
  std::string where = fmt::format("{}: rule {}", file, number);
  if (value.is_object() && value.contains("id") && value["id"].is_string()) {
    where += " ('" + value["id"].get<std::string>() + "')";
  }
  ObjectReader reader(value, where);
  Rule rule;
  rule.file = file;
  rule.id = reader.text("id", true);
  rule.why = reader.text("why", true);
  rule.source = reader.text("source", true);
  rule.when = read_condition(*reader.take("when", true), where);
  rule.strength = read_strength(reader);
  rule.keep = reader.texts("keep");
  rule.drop = reader.texts("drop");
  rule.flag = reader.text("flag", false);
  reader.finish();
  check_patterns(rule, reader);
  return rule;
}

void add_rules(std::vector<Rule>& rules, std::vector<Rule> more) {
  for (Rule& rule : more) {
    const auto same = std::ranges::find(rules, rule.id, &Rule::id);
    if (same != rules.end()) {
      throw Error(ErrorKind::input, rule.file,
                  "the rule id '" + rule.id + "' is used already, in " + same->file);
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
  for (const json& value : document) add_rules(rules, {read_rule(value, where, rules.size() + 1)});
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
