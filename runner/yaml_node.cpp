// yaml-cpp reads YAML 1.2; its parser bounds the depth of nesting by itself. What is bounded here is how many
// values are taken out of a document, since an alias may stand for a list in a list in a list.
#include "runner/yaml_node.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <unordered_set>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <yaml-cpp/depthguard.h>

#include "analyzer/error.h"
#include "runner/pattern.h"

namespace slim {
namespace {

constexpr std::size_t values_cap = 2'000'000;
constexpr std::size_t longest_word = 64;  // of those that are compared for nearness

std::string kind_of(const YAML::Node& node) {
  switch (node.Type()) {
    case YAML::NodeType::Sequence:
      return "a list";
    case YAML::NodeType::Map:
      return "a map";
    case YAML::NodeType::Scalar:
      return fmt::format("'{}'", node.Scalar().substr(0, 100));
    case YAML::NodeType::Null:
    case YAML::NodeType::Undefined:
      return "nothing";
  }
  return "nothing";
}

/// Levenshtein's distance: how many letters are to be changed, added or taken away.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i);
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t changed = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({changed, row[j] + 1, row[j - 1] + 1});
    }
  }
  return row.back();
}

}  // namespace

YamlNode YamlNode::parse(const std::string& text, const std::string& file) {
  try {
    auto document = std::make_shared<Document>();
    document->file = file;
    return {YAML::Load(text), "", std::move(document)};
  } catch (const YAML::DeepRecursion& error) {  // its own message is that the file is bad
    throw Error(ErrorKind::input, file,
                fmt::format("line {}, column {}: nested deeper than YAML is read here", error.mark.line + 1,
                            error.mark.column + 1));
  } catch (const YAML::Exception& error) {
    const auto place = error.mark.is_null()
                           ? ""
                           : fmt::format("line {}, column {}: ", error.mark.line + 1, error.mark.column + 1);
    throw Error(ErrorKind::input, file, fmt::format("{}not valid YAML: {}", place, error.msg));
  }
}

bool YamlNode::is_null() const {
  return !node_.IsDefined() || node_.IsNull();
}
bool YamlNode::is_text() const {
  return node_.IsScalar();
}
bool YamlNode::is_list() const {
  return node_.IsSequence();
}
bool YamlNode::is_map() const {
  return node_.IsMap();
}

unsigned YamlNode::line() const {
  const auto mark = node_.Mark();
  return mark.is_null() ? 0 : static_cast<unsigned>(mark.line + 1);
}

void YamlNode::fail(const std::string& why) const {
  const auto place = line() == 0 ? "" : fmt::format("line {}: ", line());
  auto text = place + (path_.empty() ? "" : path_ + ": ") + why;
  std::ranges::replace(text, '\0', '?');  // a message ends there
  throw Error(ErrorKind::input, document_->file, text);
}

void YamlNode::expected(const std::string& what) const {
  fail(fmt::format("expected {}, found {}", what, kind_of(node_)));
}

void YamlNode::fail_at(std::string_view key, const std::string& why) const {
  for (const auto& entry : node_) {
    if (!entry.first.IsScalar() || entry.first.Scalar() != key) continue;
    child(entry.first, path_.empty() ? std::string(key) : fmt::format("{}.{}", path_, key)).fail(why);
  }
  fail(fmt::format("{}: {}", key, why));
}

YamlNode YamlNode::child(const YAML::Node& node, std::string path) const {
  if (++document_->taken > values_cap) fail(fmt::format("the file holds more than {} values", values_cap));
  return {node, std::move(path), document_};
}

std::string YamlNode::text() const {
  if (!is_text()) expected("a text");
  return node_.Scalar();
}

std::string YamlNode::text_in(std::initializer_list<std::string_view> choices) const {
  auto value = text();
  if (std::ranges::find(choices, value) == choices.end()) {
    expected(fmt::format("one of {}", fmt::join(choices, ", ")));
  }
  return value;
}

std::int64_t YamlNode::number(std::int64_t lowest, std::int64_t highest) const {
  const auto what = fmt::format("a whole number from {} to {}", lowest, highest);
  if (!is_text()) expected(what);
  const auto& digits = node_.Scalar();
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  const bool whole = error == std::errc{} && end == digits.data() + digits.size() && !digits.empty();
  if (!whole || value < lowest || value > highest) expected(what);
  return value;
}

bool YamlNode::boolean() const {
  constexpr std::string_view what = "true or false";
  if (!is_text() || (node_.Scalar() != "true" && node_.Scalar() != "false")) expected(std::string(what));
  return node_.Scalar() == "true";
}

std::chrono::milliseconds YamlNode::duration() const {
  const auto value = is_text() ? duration_of(node_.Scalar()) : std::nullopt;
  if (!value) expected("a time such as 500ms, 20s or 2m");
  return *value;
}

Pattern YamlNode::pattern() const {
  auto compiled = Pattern::compile(text());
  if (!compiled) fail("not a regular expression: " + compiled.error());
  return *std::move(compiled);
}

std::vector<std::string> YamlNode::texts() const {
  std::vector<std::string> result;
  for (const auto& item : items()) result.push_back(item.text());
  return result;
}

std::vector<YamlNode> YamlNode::items() const {
  if (!is_list()) expected("a list");
  std::vector<YamlNode> result;
  for (const auto& item : node_) result.push_back(child(item, fmt::format("{}[{}]", path_, result.size())));
  return result;
}

std::vector<std::pair<std::string, YamlNode>> YamlNode::entries() const {
  if (!is_map()) expected("a map");
  std::vector<std::pair<std::string, YamlNode>> result;
  std::unordered_set<std::string> seen;
  for (const auto& entry : node_) {
    const auto key = child(entry.first, path_);
    if (!key.is_text()) key.expected("a key that is a text");
    const auto name = key.text();
    const auto at = path_.empty() ? name : path_ + "." + name;
    // A value that is left empty has no place of its own: its key's line is the one to name.
    auto value = child(entry.second, at);
    if (!seen.insert(name).second) value.fail("this key stands twice");
    result.emplace_back(name, std::move(value));
  }
  return result;
}

void YamlNode::allow(std::initializer_list<std::string_view> keys) const {
  for (const auto& [name, value] : entries()) {
    if (std::ranges::find(keys, name) != keys.end()) continue;
    const auto near = nearest_word(name, std::span(keys.begin(), keys.size()));
    fail_at(name, fmt::format("unknown key; expected {}{}", fmt::join(keys, ", "),
                              near.empty() ? "" : fmt::format("; did you mean {}?", near)));
  }
}

std::optional<YamlNode> YamlNode::find(std::string_view key) const {
  for (auto& [name, value] : entries()) {
    if (name == key && !value.is_null()) return value;
  }
  return std::nullopt;
}

YamlNode YamlNode::require(std::string_view key) const {
  auto value = find(key);
  if (!value) fail(fmt::format("expected the key {}, which is missing", key));
  return *value;
}

std::optional<std::chrono::milliseconds> duration_of(std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const auto unit = text.substr(static_cast<std::size_t>(end - text.data()));
  double factor = 0;
  if (unit == "ms") factor = 1;
  if (unit.empty() || unit == "s") factor = 1000;
  if (unit == "m") factor = 60'000;
  if (unit == "h") factor = 3'600'000;
  constexpr double day = 86'400'000;
  if (error != std::errc{} || factor == 0 || !(value >= 0) || value * factor > day) return std::nullopt;
  return std::chrono::milliseconds(std::llround(value * factor));
}

std::string_view nearest_word(std::string_view word, std::span<const std::string_view> known) {
  std::string_view best;
  // More than a third of it wrong is another word.
  auto least = std::max<std::size_t>(word.size() / 3, 1) + 1;
  if (word.size() > longest_word) return best;
  for (const auto candidate : known) {
    const auto wrong = distance(word, candidate);
    if (wrong >= least) continue;
    least = wrong;
    best = candidate;
  }
  return best;
}

}  // namespace slim
