// A regular expression that a user wrote, matched in time linear in the text: texts come from images.
#pragma once

#include <expected>
#include <memory>
#include <string>
#include <string_view>

namespace re2 {
class RE2;
}

namespace slim {

/// RE2's syntax, which is Go's: that of container-structure-test. `^` and `$` stand at the ends of the whole
/// text unless it has (?m); `.` is no newline unless it has (?s).
class Pattern {
 public:
  /// What is wrong with it instead, where it is no pattern.
  static std::expected<Pattern, std::string> compile(const std::string& text);

  [[nodiscard]] const std::string& text() const { return text_; }
  [[nodiscard]] bool found_in(std::string_view text) const;
  /// `text` with each match that is not empty replaced.
  [[nodiscard]] std::string replaced_in(std::string_view text, std::string_view by) const;

 private:
  Pattern(std::string text, std::shared_ptr<const re2::RE2> compiled)
      : text_(std::move(text)), compiled_(std::move(compiled)) {}

  std::string text_;
  std::shared_ptr<const re2::RE2> compiled_;
};

}  // namespace slim
