// What several outputs of one program have in common: the lines that stay, the fields that vary, and whether
// their order does.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string_view>

namespace slim {

/// Holds views of the texts that it was learned from.
class TextPattern {
 public:
  TextPattern(TextPattern&&) noexcept;
  TextPattern& operator=(TextPattern&&) noexcept;
  ~TextPattern();

  /// From the texts of at least two runs; nullopt where they differ in what may not be masked. The work is in
  /// proportion to the texts, but for sorting.
  static std::optional<TextPattern> learn(std::span<const std::string_view> texts);
  [[nodiscard]] bool matches(std::string_view text) const;

 private:
  struct State;
  explicit TextPattern(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace slim
