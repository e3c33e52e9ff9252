// nlohmann's types, with slim's errors.
#include "analyzer/json_object.h"

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "analyzer/error.h"

namespace slim {
JsonObject::JsonObject(const nlohmann::json& value, std::string where, std::string path)
    : value_(&value), where_(std::move(where)), path_(std::move(path)) {
  if (value.is_object()) return;
  throw Error(
      ErrorKind::input, where_,
      fmt::format("{}{}expected an object, found {}", path_, path_.empty() ? "" : ": ", value.type_name()));
}

std::string JsonObject::path_of(std::string_view key) const {
  return path_.empty() ? std::string(key) : path_ + "." + std::string(key);
}

void JsonObject::fail(std::string_view key, const std::string& why) const {
  throw Error(ErrorKind::input, where_, path_of(key) + ": " + why);
}

void JsonObject::expected(std::string_view key, std::string_view what, const nlohmann::json& found) const {
  fail(key, fmt::format("expected {}, found {}", what, found.type_name()));
}

const nlohmann::json* JsonObject::find(std::string_view key) const {
  const auto place = value_->find(key);
  return place == value_->end() || place->is_null() ? nullptr : &*place;
}

std::string JsonObject::string(std::string_view key) const {
  const auto* value = find(key);
  if (value == nullptr) return {};
  if (!value->is_string()) expected(key, "a string", *value);
  return value->get<std::string>();
}

bool JsonObject::boolean(std::string_view key) const {
  const auto* value = find(key);
  if (value == nullptr) return false;
  if (!value->is_boolean()) expected(key, "true or false", *value);
  return value->get<bool>();
}

std::vector<std::string> JsonObject::strings(std::string_view key) const {
  std::vector<std::string> list;
  const auto* value = find(key);
  if (value == nullptr) return list;
  if (!value->is_array()) expected(key, "a list of strings", *value);
  for (const auto& item : *value) {
    if (!item.is_string()) expected(fmt::format("{}[{}]", key, list.size()), "a string", item);
    list.push_back(item.get<std::string>());
  }
  return list;
}

std::map<std::string, std::string> JsonObject::string_map(std::string_view key) const {
  std::map<std::string, std::string> map;
  const JsonObject inner = object(key);
  for (const auto& [name, value] : inner.json().items()) map[name] = inner.string(name);
  return map;
}

std::vector<std::string> JsonObject::keys(std::string_view key) const {
  std::vector<std::string> names;
  const JsonObject inner = object(key);
  for (const auto& [name, value] : inner.json().items()) names.push_back(name);
  return names;
}

std::vector<JsonObject> JsonObject::objects(std::string_view key) const {
  std::vector<JsonObject> list;
  const auto* value = find(key);
  if (value == nullptr) return list;
  if (!value->is_array()) expected(key, "a list of objects", *value);
  for (const auto& item : *value) {
    list.emplace_back(item, where_, fmt::format("{}[{}]", path_of(key), list.size()));
  }
  return list;
}

std::uint64_t JsonObject::size(std::string_view key) const {
  const auto* value = find(key);
  if (value == nullptr) fail(key, "missing: expected a number");
  if (!value->is_number_unsigned()) expected(key, "a whole number, 0 or more", *value);
  return value->get<std::uint64_t>();
}

JsonObject JsonObject::object(std::string_view key) const {
  static const nlohmann::json nothing = nlohmann::json::object();
  const auto* value = find(key);
  return {value == nullptr ? nothing : *value, where_, path_of(key)};
}

}  // namespace slim
