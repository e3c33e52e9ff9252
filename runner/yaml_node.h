// Files that users write in YAML or JSON (which is YAML too), read value by value: what is not as expected is
// an input Error with file, line, place and what was expected.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <yaml-cpp/yaml.h>

#include "runner/pattern.h"

namespace slim {

/// A value of a document, with its place in it for messages. A copy is cheap.
class YamlNode {
 public:
  /// Reads a whole document; `file` is for messages.
  static YamlNode parse(const std::string& text, const std::string& file);

  [[nodiscard]] bool is_null() const;
  [[nodiscard]] bool is_text() const;  ///< or a number, or a boolean: all are written without brackets
  [[nodiscard]] bool is_list() const;
  [[nodiscard]] bool is_map() const;
  [[nodiscard]] const std::string& file() const { return document_->file; }
  [[nodiscard]] unsigned line() const;  ///< 1-based; 0 where it is not known

  // Each is an input Error for another type.
  [[nodiscard]] std::string text() const;
  [[nodiscard]] std::string text_in(std::initializer_list<std::string_view> choices) const;
  [[nodiscard]] std::int64_t number(std::int64_t lowest, std::int64_t highest) const;
  [[nodiscard]] bool boolean() const;
  /// 300ms, 5s, 2m, 1h; a number alone is seconds. At most a day.
  [[nodiscard]] std::chrono::milliseconds duration() const;
  [[nodiscard]] Pattern pattern() const;
  [[nodiscard]] std::vector<std::string> texts() const;  ///< a list of texts
  [[nodiscard]] std::vector<YamlNode> items() const;     ///< of a list
  /// Keys and values of a map, in their order. A key that stands twice is an Error.
  [[nodiscard]] std::vector<std::pair<std::string, YamlNode>> entries() const;

  /// A map that has no other keys than these; an Error names the nearest one.
  void allow(std::initializer_list<std::string_view> keys) const;
  /// The value of a key of a map; nothing where it has none. Null counts as none.
  [[nodiscard]] std::optional<YamlNode> find(std::string_view key) const;
  [[nodiscard]] YamlNode require(std::string_view key) const;

  /// Throws an input Error: "FILE: line 3: probes[0].name: WHY".
  [[noreturn]] void fail(const std::string& why) const;
  /// The same about a key of a map, with the line of the key: its value may begin some lines below.
  [[noreturn]] void fail_at(std::string_view key, const std::string& why) const;
  [[noreturn]] void expected(const std::string& what) const;  ///< "expected WHAT, found a list"

 private:
  struct Document {
    std::string file;
    std::size_t taken = 0;  ///< values looked at so far: aliases can make few bytes many values
  };

  YamlNode(const YAML::Node& node, std::string path, std::shared_ptr<Document> document)
      : node_(node), path_(std::move(path)), document_(std::move(document)) {}
  [[nodiscard]] YamlNode child(const YAML::Node& node, std::string path) const;

  YAML::Node node_;
  std::string path_;
  std::shared_ptr<Document> document_;
};

/// 300ms, 5s, 2m, 1h; a number alone is seconds; at most a day. Nothing where it is none.
std::optional<std::chrono::milliseconds> duration_of(std::string_view text);

/// Of `known`, the word that `word` was likely meant to be; empty where none is near.
std::string_view nearest_word(std::string_view word, std::span<const std::string_view> known);

}  // namespace slim
