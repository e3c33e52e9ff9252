// Both sides of a comparison are parsed, so that masks fall on values and not on the text around them
// (RFC 8259: an object is a collection without an order). parse_json bounds the depth that is recursed into.
#include "runner/json_pattern.h"

#include <algorithm>
#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "analyzer/error.h"
#include "analyzer/json.h"
#include "runner/field_pattern.h"

namespace slim {
namespace {

using Json = nlohmann::json;
using Values = std::vector<const Json*>;

constexpr std::size_t longest_document = 1U << 20;

std::string dump(const Json& value) {
  return value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

/// What one place of the documents may hold.
struct Place {
  enum class Kind { fixed, text, number, object, list, unordered } kind = Kind::fixed;
  std::string fixed;
  std::optional<FieldsPattern> text;
  std::map<std::string, Place> members;
  std::vector<Place> items;
  std::vector<std::string> unordered;  ///< sorted
};

std::vector<std::string> sorted_items(const Json& list) {
  std::vector<std::string> items;
  items.reserve(list.size());
  for (const auto& item : list) items.push_back(dump(item));
  std::ranges::sort(items);
  return items;
}

/// Learns places; keeps the numbers' texts that patterns have views of.
class Learner {
 public:
  explicit Learner(std::vector<std::unique_ptr<std::string>>& texts) : texts_(texts) {}

  std::optional<Place> place(const Values& values) {  // NOLINT(misc-no-recursion): parse_json bounds it
    const auto& first = *values.front();
    const auto all = [&](auto&& test) {
      return std::ranges::all_of(values, [&](const Json* value) { return test(*value); });
    };
    if (all([&](const Json& value) { return value.type() == first.type() && value == first; })) {
      Place fixed;
      fixed.fixed = dump(first);
      return fixed;
    }
    if (all([](const Json& value) { return value.is_string(); })) return text(values);
    if (all([](const Json& value) { return value.is_number(); })) return number(values);
    if (all([](const Json& value) { return value.is_object(); })) return object(values);
    if (all([](const Json& value) { return value.is_array(); })) return list(values);
    return std::nullopt;
  }

 private:
  static std::optional<Place> text(const Values& values) {
    std::vector<std::string_view> texts;
    texts.reserve(values.size());
    for (const Json* value : values) texts.emplace_back(value->get_ref<const std::string&>());
    return masked(Place::Kind::text, FieldsPattern::learn(texts));
  }

  std::optional<Place> number(const Values& values) {
    std::vector<std::string_view> texts;
    texts.reserve(values.size());
    for (const Json* value : values) {
      texts_.push_back(std::make_unique<std::string>(dump(*value)));
      texts.emplace_back(*texts_.back());
    }
    return masked(Place::Kind::number, FieldsPattern::learn(texts));
  }

  static std::optional<Place> masked(Place::Kind kind, std::optional<FieldsPattern> pattern) {
    if (!pattern) return std::nullopt;
    Place place;
    place.kind = kind;
    place.text = std::move(pattern);
    return place;
  }

  std::optional<Place> object(const Values& values) {  // NOLINT(misc-no-recursion)
    Place object;
    object.kind = Place::Kind::object;
    for (const auto& [key, first] : values.front()->items()) {
      Values members;
      for (const Json* value : values) {
        const auto member = value->find(key);
        if (member == value->end() || value->size() != values.front()->size()) return std::nullopt;
        members.push_back(&*member);
      }
      auto learned = place(members);
      if (!learned) return std::nullopt;
      object.members.emplace(key, std::move(*learned));
    }
    return object;
  }

  std::optional<Place> list(const Values& values) {  // NOLINT(misc-no-recursion)
    const auto size = values.front()->size();
    if (std::ranges::any_of(values, [size](const Json* value) { return value->size() != size; }))
      return std::nullopt;
    Place list;
    list.unordered = sorted_items(*values.front());
    if (std::ranges::all_of(values,
                            [&](const Json* value) { return sorted_items(*value) == list.unordered; })) {
      list.kind = Place::Kind::unordered;
      return list;
    }
    list.kind = Place::Kind::list;
    list.unordered.clear();
    for (std::size_t i = 0; i < size; ++i) {
      Values items;
      for (const Json* value : values) items.push_back(&(*value)[i]);
      auto learned = place(items);
      if (!learned) return std::nullopt;
      list.items.push_back(std::move(*learned));
    }
    return list;
  }

  std::vector<std::unique_ptr<std::string>>& texts_;
};

bool fits(const Place& place, const Json& value) {  // NOLINT(misc-no-recursion)
  switch (place.kind) {
    case Place::Kind::fixed:
      return dump(value) == place.fixed;
    case Place::Kind::text:
      return value.is_string() && place.text && place.text->matches(value.get_ref<const std::string&>());
    case Place::Kind::number:
      return value.is_number() && place.text && place.text->matches(dump(value));
    case Place::Kind::unordered:
      return value.is_array() && sorted_items(value) == place.unordered;
    case Place::Kind::list:
      return value.is_array() && std::ranges::equal(place.items, value, fits);
    case Place::Kind::object:
      return value.is_object() && value.size() == place.members.size() &&
             std::ranges::all_of(place.members, [&](const auto& member) {
               const auto found = value.find(member.first);
               return found != value.end() && fits(member.second, *found);
             });
  }
  return false;
}

std::optional<Json> parse(std::string_view text) {
  const auto start = text.find_first_not_of(" \t\r\n");
  if (text.size() > longest_document || start == std::string_view::npos) return std::nullopt;
  if (text[start] != '{' && text[start] != '[') return std::nullopt;
  try {
    return parse_json(text, "document");
  } catch (const Error&) {
    return std::nullopt;
  }
}

}  // namespace

/// The patterns in `place` have views of `documents` and `texts`.
struct JsonPattern::State {
  std::vector<Json> documents;
  std::vector<std::unique_ptr<std::string>> texts;
  Place place;
};

JsonPattern::JsonPattern(std::unique_ptr<State> state) : state_(std::move(state)) {}
JsonPattern::JsonPattern(JsonPattern&&) noexcept = default;
JsonPattern& JsonPattern::operator=(JsonPattern&&) noexcept = default;
JsonPattern::~JsonPattern() = default;

std::optional<JsonPattern> JsonPattern::learn(std::span<const std::string_view> texts) {
  auto state = std::make_unique<State>();
  state->documents.reserve(texts.size());
  for (const auto text : texts) {
    auto document = parse(text);
    if (!document) return std::nullopt;
    state->documents.push_back(std::move(*document));
  }
  Values values;
  for (const auto& document : state->documents) values.push_back(&document);
  auto place = Learner(state->texts).place(values);
  if (!place) return std::nullopt;
  state->place = std::move(*place);
  return JsonPattern(std::move(state));
}

bool JsonPattern::matches(std::string_view text) const {
  const auto document = parse(text);
  return document && fits(state_->place, *document);
}

}  // namespace slim
