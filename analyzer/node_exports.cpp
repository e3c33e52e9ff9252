// A target is a string, an object of conditions (the first that holds counts), an array of alternatives (the
// first that is valid counts) or null. Follows Node's documentation of ES modules, "Resolution Algorithm
// Specification".
#include "analyzer/node_exports.h"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

namespace slim {
namespace {

using Json = nlohmann::ordered_json;

constexpr int deepest = 32;  // conditions within conditions
constexpr std::size_t longest = 4096;

/// A target's value; an undefined one leaves the choice to what follows, the others end the search.
struct Target {
  enum class State { undefined, none, invalid, found } state = State::undefined;
  std::string text;
};

/// Segments that could climb out of the package.
bool has_bad_segment(std::string_view path) {
  while (!path.empty()) {
    const auto slash = std::min(path.find('/'), path.size());
    const std::string_view part = path.substr(0, slash);
    if (part == "." || part == ".." || part == "node_modules") return true;
    path.remove_prefix(std::min(slash + 1, path.size()));
  }
  return false;
}

/// `target` with every * replaced by `match`.
std::string filled(std::string_view target, const std::optional<std::string_view>& match) {
  std::string text;
  for (const char c : target) {
    if (c == '*' && match) {
      text += *match;
    } else {
      text += c;
    }
    if (text.size() > longest) return {};
  }
  return text;
}

class TargetFinder {
 public:
  TargetFinder(std::span<const std::string> conditions, bool imports)
      : conditions_(conditions), imports_(imports) {}

  [[nodiscard]] Target find(const Json& target, const std::optional<std::string_view>& match,
                            int depth) const {
    if (depth > deepest) return {.state = Target::State::invalid, .text = {}};
    if (target.is_null()) return {.state = Target::State::none, .text = {}};
    if (target.is_string()) return string(target.get_ref<const std::string&>(), match);
    if (target.is_object()) return object(target, match, depth);
    if (target.is_array()) return array(target, match, depth);
    return {.state = Target::State::invalid, .text = {}};
  }

 private:
  [[nodiscard]] Target string(std::string_view target, const std::optional<std::string_view>& match) const {
    const bool own = target.starts_with("./");
    const bool elsewhere = imports_ && !target.starts_with("../") && !target.starts_with('/');
    const bool bad = own && (has_bad_segment(target.substr(2)) || (match && has_bad_segment(*match)));
    if (bad || (!own && !elsewhere)) return {.state = Target::State::invalid, .text = {}};
    return {.state = Target::State::found, .text = filled(target, match)};
  }

  [[nodiscard]] Target object(const Json& target, const std::optional<std::string_view>& match,
                              int depth) const {
    for (const auto& [condition, value] : target.items()) {
      if (condition != "default" && std::ranges::find(conditions_, condition) == conditions_.end()) continue;
      Target found = find(value, match, depth + 1);
      if (found.state != Target::State::undefined) return found;
    }
    return {};
  }

  [[nodiscard]] Target array(const Json& target, const std::optional<std::string_view>& match,
                             int depth) const {
    for (const Json& value : target) {
      Target found = find(value, match, depth + 1);
      if (found.state == Target::State::found) return found;
    }
    return {.state = Target::State::none, .text = {}};
  }

  std::span<const std::string> conditions_;
  bool imports_;
};

/// Whether the pattern `key` (with one *) stands for `name`; what the * stands for.
std::optional<std::string_view> pattern_match(std::string_view key, std::string_view name) {
  const auto star = key.find('*');
  if (star == std::string_view::npos || key.find('*', star + 1) != std::string_view::npos)
    return std::nullopt;
  const std::string_view base = key.substr(0, star);
  const std::string_view trailer = key.substr(star + 1);
  if (!name.starts_with(base) || name == base) return std::nullopt;
  if (!trailer.empty() && (!name.ends_with(trailer) || name.size() < key.size())) return std::nullopt;
  return name.substr(star, name.size() - base.size() - trailer.size());
}

/// PATTERN_KEY_COMPARE: the one that says more before its *, then the longer.
bool is_more_special(std::string_view key, std::string_view than) {
  const auto star = key.find('*');
  const auto other = than.find('*');
  return star != other ? star > other : key.size() > than.size();
}

/// PACKAGE_IMPORTS_EXPORTS_RESOLVE
std::optional<std::string> find_in(const Json& map, std::string_view name, const TargetFinder& finder) {
  Target found;
  const auto exact = map.find(std::string(name));
  if (exact != map.end() && name.find('*') == std::string_view::npos && !name.ends_with('/')) {
    found = finder.find(*exact, std::nullopt, 0);
  } else {
    std::string_view best;
    std::optional<std::string_view> match;
    const Json* target = nullptr;
    for (auto entry = map.begin(); entry != map.end(); ++entry) {
      const std::string_view key = entry.key();
      const auto matched = pattern_match(key, name);
      if (!matched || (target != nullptr && !is_more_special(key, best))) continue;
      best = key;
      match = matched;
      target = &entry.value();
    }
    if (target != nullptr) found = finder.find(*target, match, 0);
  }
  if (found.state != Target::State::found || found.text.empty()) return std::nullopt;
  return found.text;
}

}  // namespace

std::optional<std::string> resolve_node_exports(const Json& exports, std::string_view subpath,
                                                std::span<const std::string> conditions) {
  const TargetFinder finder(conditions, false);
  const bool subpaths = exports.is_object() && !exports.empty() && exports.begin().key().starts_with('.');
  if (subpaths) return find_in(exports, subpath, finder);
  if (subpath != ".") return std::nullopt;
  const Target found = finder.find(exports, std::nullopt, 0);
  if (found.state != Target::State::found) return std::nullopt;
  return found.text;
}

std::optional<std::string> resolve_node_imports(const Json& imports, std::string_view name,
                                                std::span<const std::string> conditions) {
  if (!imports.is_object() || name == "#" || name.starts_with("#/")) return std::nullopt;
  return find_in(imports, name, TargetFinder(conditions, true));
}

}  // namespace slim
