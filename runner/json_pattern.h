// What several JSON documents of one program have in common, value by value.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace slim {

/// Structure, keys and every value that stays; the forms of those that vary. The order of keys and the blanks
/// between values are no part of a document; the order of a list is, unless the documents differ in it.
class JsonPattern {
 public:
  JsonPattern(JsonPattern&&) noexcept;
  JsonPattern& operator=(JsonPattern&&) noexcept;
  ~JsonPattern();

  /// nullopt where one of the texts is no JSON object or list, is longer than a mebibyte, or where they
  /// differ in what may not be masked.
  static std::optional<JsonPattern> learn(std::span<const std::string_view> texts);
  [[nodiscard]] bool matches(std::string_view text) const;

 private:
  struct State;
  explicit JsonPattern(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace slim
