// JSON objects that come from an image, read key by key with errors that name the key and what was expected.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

namespace slim {

/// An object of a document, with its place for messages: "index.json" and "manifests[0].platform".
class JsonObject {
 public:
  /// `value` is kept by reference. Anything but an object is an input Error.
  JsonObject(const nlohmann::json& value, std::string where, std::string path = {});

  [[nodiscard]] const nlohmann::json& json() const { return *value_; }
  [[nodiscard]] const std::string& where() const { return where_; }
  /// The value of `key`; null where there is none, or it is JSON's null.
  [[nodiscard]] const nlohmann::json* find(std::string_view key) const;

  // Each gives an empty value where there is no such key or it is null, and an input Error for another type.
  [[nodiscard]] std::string string(std::string_view key) const;
  [[nodiscard]] bool boolean(std::string_view key) const;
  [[nodiscard]] std::vector<std::string> strings(std::string_view key) const;
  [[nodiscard]] std::map<std::string, std::string> string_map(std::string_view key) const;
  [[nodiscard]] std::vector<std::string> keys(std::string_view key) const;  ///< of an object
  [[nodiscard]] std::vector<JsonObject> objects(std::string_view key) const;

  /// A number of bytes or the like: absent, negative or no whole number is an input Error.
  [[nodiscard]] std::uint64_t size(std::string_view key) const;
  /// An object; where there is none, an empty one.
  [[nodiscard]] JsonObject object(std::string_view key) const;

  /// Throws an input Error about the value of `key`.
  [[noreturn]] void fail(std::string_view key, const std::string& why) const;

 private:
  [[nodiscard]] std::string path_of(std::string_view key) const;
  [[noreturn]] void expected(std::string_view key, std::string_view what, const nlohmann::json& found) const;

  const nlohmann::json* value_;
  std::string where_;
  std::string path_;
};

}  // namespace slim
