// What varies between several runs of one program, field by field, and which form it has to keep.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace slim {

/// One field, a text without blanks and brackets: what stays in it literally, and the forms of what varies.
/// Holds views of the values that it was learned from.
class FieldPattern {
 public:
  /// From the same field of several runs; nullopt where what varies has no form that is known to be noise:
  /// words, names of time zones and the like. `after_number`: what stands before it is a number, so that it
  /// may be a unit.
  static std::optional<FieldPattern> learn(std::span<const std::string_view> values,
                                           bool after_number = false);
  [[nodiscard]] bool matches(std::string_view value) const;

 private:
  enum class Form : std::uint8_t {
    literal,
    integer,
    decimal,        ///< digits, a point, digits
    number,         ///< either of the two: both were seen
    signed_number,  ///< with or without a sign and an exponent
    clock,          ///< digits with colons: 59:59, 1:02:03
    lower_hex,
    upper_hex,
    prefixed_hex,  ///< 0x and any number of digits
    uuid,
    month,
    month_in_full,
    weekday,
    weekday_in_full,
    half_day,   ///< am, pm
    time_unit,  ///< ms, s, hours
    size_unit,  ///< B, kB, MiB
    duration,   ///< numbers with units of time: 1m2.5s
    size,       ///< a number with a unit of size: 1.5MiB
    lower_token,
    upper_token,
    token,  ///< letters of both cases, digits, and the symbols of base64
  };
  struct Piece {
    Form form = Form::literal;
    std::string_view literal;
    std::size_t length = 0;  ///< of every value; 0: any
  };
  enum class Cut : std::uint8_t { runs, words, whole };

  static std::vector<std::string_view> split(std::string_view value, Cut cut);
  static bool has_form(std::string_view value, Form form);
  static std::optional<Piece> common_form(std::span<const std::string_view> values,
                                          std::span<const Form> forms);
  static std::optional<Piece> piece_of(std::span<const std::string_view> values, Cut cut, bool after_number);
  static std::optional<Piece> middle_of(std::span<const std::string_view> values);
  static bool fits(const Piece& piece, std::string_view value);
  static std::optional<FieldPattern> learn_pieces(std::span<const std::string_view> values, Cut cut,
                                                  bool after_number);
  static std::optional<FieldPattern> learn_whole(std::span<const std::string_view> values);

  Cut cut_ = Cut::whole;
  std::vector<Piece> pieces_;
};

/// A line, or any other text, as fields with what stands between them: all in their places.
class FieldsPattern {
 public:
  static std::optional<FieldsPattern> learn(std::span<const std::string_view> texts);
  [[nodiscard]] bool matches(std::string_view text) const;

 private:
  struct Place {
    std::string_view literal;
    std::optional<FieldPattern> field;
    bool blanks = false;  ///< any number of blanks: a column is padded behind a number
  };
  std::vector<Place> places_;
};

/// Splits a text into fields, runs of blanks, and single characters of punctuation.
std::vector<std::string_view> fields_of(std::string_view text);

/// What two texts of one kind have in common, whatever numbers and dates they hold.
std::string skeleton_of(std::string_view text);

}  // namespace slim
