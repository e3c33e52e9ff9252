// Noise is learned, not guessed: only what differs between runs of the original is masked, in as small a
// piece as it will go, and only where all its values are of one form, which every other value then has to be
// of. The cuts are tried from the finest: runs of digits and of letters (a date, a pid), words (a hexadecimal
// id), and the whole field without what all values begin and end with (a random token, a duration). Forms as
// in RFC 3339 and RFC 9110 (times), RFC 9562 (UUIDs), RFC 4648 (alphabets).
#include "runner/field_pattern.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstddef>
#include <iterator>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace slim {
namespace {

constexpr std::size_t shortest_hex = 4;
constexpr std::size_t plain_hex = 8;  // from here on without a digit too
constexpr std::size_t shortest_token = 6;
constexpr std::size_t wordy_token = 8;  // from here on without a digit, where upper and lower case are mixed
constexpr std::size_t uuid_length = 36;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

bool is_lower(char c) {
  return c >= 'a' && c <= 'z';
}

bool is_upper(char c) {
  return c >= 'A' && c <= 'Z';
}

/// Bytes beyond ASCII count as letters: they belong to words of other languages, and to the unit of µs.
bool is_letter(char c) {
  return is_lower(c) || is_upper(c) || static_cast<unsigned char>(c) >= 0x80;
}

bool is_alnum(char c) {
  return is_digit(c) || is_letter(c);
}

bool is_hex(char c) {
  return std::isxdigit(static_cast<unsigned char>(c)) != 0;
}

bool is_blank(char c) {
  return c == ' ' || c == '\t';
}

bool is_punctuation(char c) {
  return std::string_view(",;()[]{}<>\"'`|\r\n").find(c) != std::string_view::npos;
}

bool has_digit(std::string_view text) {
  return std::ranges::any_of(text, is_digit);
}

template <typename Test>
std::size_t run_length(std::string_view text, Test&& test) {
  return static_cast<std::size_t>(std::ranges::find_if_not(text, test) - text.begin());
}

/// Length of the plain number that `text` begins with: digits, or digits with a point among them.
std::size_t number_length(std::string_view text) {
  const auto whole = run_length(text, is_digit);
  if (whole == 0 || whole + 1 >= text.size() || text[whole] != '.' || !is_digit(text[whole + 1]))
    return whole;
  return whole + 1 + run_length(text.substr(whole + 1), is_digit);
}

bool is_uuid(std::string_view text) {
  if (text.size() != uuid_length) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    if (dash ? text[i] != '-' : !is_hex(text[i])) return false;
  }
  return true;
}

std::size_t uuid_at(std::string_view text) {
  const bool ends = text.size() == uuid_length || (text.size() > uuid_length && !is_alnum(text[uuid_length]));
  return ends && is_uuid(text.substr(0, uuid_length)) ? uuid_length : 0;
}

template <std::size_t Size>
bool is_one_of(std::string_view word, const std::array<std::string_view, Size>& words) {
  return std::ranges::find(words, word) != words.end();
}

constexpr auto months = std::to_array<std::string_view>(
    {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"});
constexpr auto months_in_full =
    std::to_array<std::string_view>({"January", "February", "March", "April", "May", "June", "July", "August",
                                     "September", "October", "November", "December"});
constexpr auto weekdays = std::to_array<std::string_view>({"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"});
constexpr auto weekdays_in_full = std::to_array<std::string_view>(
    {"Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"});
constexpr auto half_days = std::to_array<std::string_view>({"am", "pm", "AM", "PM"});
constexpr auto time_units = std::to_array<std::string_view>(
    {"ns",    "us",     "\xc2\xb5s", "\xce\xbcs", "ms",   "msec",    "s",      "sec",
     "secs",  "second", "seconds",   "m",         "min",  "minutes", "minute", "mins",
     "msecs", "h",      "hr",        "hrs",       "hour", "hours",   "days"});
constexpr auto size_units = std::to_array<std::string_view>(
    {"B",  "b",  "k",   "K",   "M",   "G",   "T",  "kB", "KB", "MB",    "GB",  "TB",
     "kb", "mb", "KiB", "MiB", "GiB", "TiB", "Ki", "Mi", "Gi", "bytes", "byte"});

bool is_signed_number(std::string_view text) {
  if (text.starts_with('-') || text.starts_with('+')) text.remove_prefix(1);
  const auto length = number_length(text);
  if (length == 0) return false;
  text.remove_prefix(length);
  if (text.empty()) return true;
  if (text[0] != 'e' && text[0] != 'E') return false;
  text.remove_prefix(1);
  if (text.starts_with('-') || text.starts_with('+')) text.remove_prefix(1);
  return !text.empty() && run_length(text, is_digit) == text.size();
}

/// Numbers, each with a unit of the list: 1m2.5s.
template <std::size_t Size>
bool is_amount(std::string_view text, const std::array<std::string_view, Size>& units) {
  if (text.empty()) return false;
  while (!text.empty()) {
    const auto number = number_length(text);
    const auto unit = run_length(text.substr(number), is_letter);
    if (number == 0 || !is_one_of(text.substr(number, unit), units)) return false;
    text.remove_prefix(number + unit);
  }
  return true;
}

bool is_clock(std::string_view text) {
  return !text.empty() && is_digit(text.front()) && is_digit(text.back()) &&
         std::ranges::all_of(text, [](char c) { return is_digit(c) || c == ':' || c == '.'; });
}

bool is_token(std::string_view text, std::string_view symbols, bool lower, bool upper) {
  return std::ranges::all_of(text, [&](char c) {
    return is_digit(c) || (lower && is_lower(c)) || (upper && is_upper(c)) ||
           symbols.find(c) != std::string_view::npos;
  });
}

/// Whether no one would write it as a word: it has a digit, or a capital behind a small letter.
bool looks_random(std::string_view text) {
  if (text.size() < shortest_token) return false;
  if (has_digit(text)) return true;
  const auto turn =
      std::ranges::adjacent_find(text, [](char a, char b) { return is_lower(a) && is_upper(b); });
  return text.size() >= wordy_token && turn != text.end();
}

bool same_length(std::span<const std::string_view> values) {
  return std::ranges::all_of(values, [&](auto value) { return value.size() == values.front().size(); });
}

/// A number that is filled up with zeros has as many digits in every run.
bool is_padded(std::span<const std::string_view> values) {
  const auto digits = run_length(values.front(), is_digit);
  return std::ranges::any_of(
             values, [](auto value) { return value.size() > 1 && value[0] == '0' && is_digit(value[1]); }) &&
         std::ranges::all_of(values, [&](auto value) { return run_length(value, is_digit) == digits; });
}

/// How much all values begin with alike, up to a character that ends a part of a field.
std::size_t common_head(std::span<const std::string_view> values) {
  std::size_t length = values.front().size();
  for (const auto value : values) {
    const auto apart = std::ranges::mismatch(values.front(), value).in1 - values.front().begin();
    length = std::min(length, static_cast<std::size_t>(apart));
  }
  const auto end = values.front().substr(0, length).find_last_of("=:/?&.,@%#-_+~");
  return end == std::string_view::npos ? 0 : end + 1;
}

std::size_t common_tail(std::span<const std::string_view> values) {
  std::size_t length = values.front().size();
  for (const auto value : values) {
    const auto apart =
        std::mismatch(values.front().rbegin(), values.front().rend(), value.rbegin(), value.rend()).first;
    length = std::min(length, static_cast<std::size_t>(std::distance(values.front().rbegin(), apart)));
  }
  const auto tail = values.front().substr(values.front().size() - length);
  const auto begin = tail.find_first_of(":/?&.,@%#~");
  return begin == std::string_view::npos ? 0 : tail.size() - begin;
}

}  // namespace

std::vector<std::string_view> FieldPattern::split(std::string_view value, Cut cut) {
  std::vector<std::string_view> pieces;
  for (std::size_t at = 0; at < value.size();) {
    const auto rest = value.substr(at);
    std::size_t length = at == 0 || !is_alnum(value[at - 1]) ? uuid_at(rest) : 0;
    if (length == 0) {
      if (cut == Cut::words) {
        length = run_length(rest, is_alnum);
      } else {
        length = is_digit(rest[0]) ? number_length(rest) : run_length(rest, is_letter);
      }
    }
    length = std::max<std::size_t>(length, 1);
    pieces.push_back(rest.substr(0, length));
    at += length;
  }
  return pieces;
}

bool FieldPattern::has_form(std::string_view value, Form form) {
  switch (form) {
    case Form::literal:
      return false;
    case Form::integer:
      return !value.empty() && run_length(value, is_digit) == value.size();
    case Form::decimal:
      return number_length(value) == value.size() && value.find('.') != std::string_view::npos;
    case Form::number:
      return !value.empty() && number_length(value) == value.size();
    case Form::signed_number:
      return is_signed_number(value);
    case Form::clock:
      return is_clock(value);
    case Form::lower_hex:
      return value.size() >= shortest_hex && std::ranges::all_of(value, is_hex) &&
             std::ranges::none_of(value, is_upper);
    case Form::upper_hex:
      return value.size() >= shortest_hex && std::ranges::all_of(value, is_hex) &&
             std::ranges::none_of(value, is_lower);
    case Form::prefixed_hex:
      return value.size() > 2 && value.starts_with("0x") && std::ranges::all_of(value.substr(2), is_hex);
    case Form::uuid:
      return is_uuid(value);
    case Form::month:
      return is_one_of(value, months);
    case Form::month_in_full:
      return is_one_of(value, months_in_full);
    case Form::weekday:
      return is_one_of(value, weekdays);
    case Form::weekday_in_full:
      return is_one_of(value, weekdays_in_full);
    case Form::half_day:
      return is_one_of(value, half_days);
    case Form::time_unit:
      return is_one_of(value, time_units);
    case Form::size_unit:
      return is_one_of(value, size_units);
    case Form::duration:
      return is_amount(value, time_units);
    case Form::size:
      return is_amount(value, size_units);
    case Form::lower_token:
      return is_token(value, "-_", true, false);
    case Form::upper_token:
      return is_token(value, "-_", false, true);
    case Form::token:
      return is_token(value, "-_+/=", true, true);
  }
  return false;
}

/// The first of the forms that all values have.
std::optional<FieldPattern::Piece> FieldPattern::common_form(std::span<const std::string_view> values,
                                                             std::span<const Form> forms) {
  for (const Form form : forms) {
    if (!std::ranges::all_of(values, [form](auto value) { return has_form(value, form); })) continue;
    Piece piece{.form = form, .literal = {}, .length = 0};
    if (form == Form::integer && is_padded(values)) piece.length = values.front().size();
    if (form == Form::lower_hex || form == Form::upper_hex) {
      const bool plain = values.front().size() >= plain_hex ||
                         std::ranges::any_of(values, [](auto v) { return has_digit(v); });
      if (!same_length(values) || !plain) continue;
      piece.length = values.front().size();
    }
    if (form == Form::lower_token || form == Form::upper_token || form == Form::token) {
      if (!same_length(values) || std::ranges::none_of(values, looks_random)) continue;
      piece.length = values.front().size();
    }
    return piece;
  }
  return std::nullopt;
}

std::optional<FieldPattern::Piece> FieldPattern::piece_of(std::span<const std::string_view> values, Cut cut,
                                                          bool after_number) {
  if (std::ranges::all_of(values, [&](auto value) { return value == values.front(); })) {
    return Piece{.form = Form::literal, .literal = values.front(), .length = 0};
  }
  constexpr auto runs =
      std::to_array<Form>({Form::integer, Form::decimal, Form::number, Form::uuid, Form::month,
                           Form::month_in_full, Form::weekday, Form::weekday_in_full, Form::half_day});
  constexpr auto units = std::to_array<Form>({Form::time_unit, Form::size_unit});
  constexpr auto words =
      std::to_array<Form>({Form::integer, Form::uuid, Form::lower_hex, Form::upper_hex, Form::prefixed_hex});
  if (cut == Cut::words) return common_form(values, words);
  auto piece = common_form(values, runs);
  if (!piece && after_number) piece = common_form(values, units);
  return piece;
}

std::optional<FieldPattern> FieldPattern::learn_pieces(std::span<const std::string_view> values, Cut cut,
                                                       bool after_number) {
  std::vector<std::vector<std::string_view>> all;
  all.reserve(values.size());
  for (const auto value : values) {
    all.push_back(split(value, cut));
    if (all.back().size() != all.front().size()) return std::nullopt;
  }
  FieldPattern pattern;
  pattern.cut_ = cut;
  std::vector<std::string_view> column(values.size());
  for (std::size_t i = 0; i < all.front().size(); ++i) {
    std::ranges::transform(all, column.begin(), [i](const auto& pieces) { return pieces[i]; });
    const auto piece = piece_of(column, cut, after_number);
    if (!piece) return std::nullopt;
    after_number = is_digit(column.front().back());
    pattern.pieces_.push_back(*piece);
  }
  return pattern;
}

/// What all values begin and end with, and the form of what is between.
std::optional<FieldPattern> FieldPattern::learn_whole(std::span<const std::string_view> values) {
  const auto head = common_head(values);
  std::vector<std::string_view> middles;
  middles.reserve(values.size());
  for (const auto value : values) middles.push_back(value.substr(head));
  const auto tail = common_tail(middles);
  for (auto& middle : middles) middle.remove_suffix(tail);
  constexpr auto forms = std::to_array<Form>({Form::signed_number, Form::clock, Form::duration, Form::size,
                                              Form::lower_token, Form::upper_token, Form::token});
  const auto middle = common_form(middles, forms);
  if (!middle) return std::nullopt;
  FieldPattern pattern;
  pattern.cut_ = Cut::whole;
  const auto first = values.front();
  pattern.pieces_ = {Piece{.form = Form::literal, .literal = first.substr(0, head), .length = 0}, *middle,
                     Piece{.form = Form::literal, .literal = first.substr(first.size() - tail), .length = 0}};
  return pattern;
}

std::optional<FieldPattern> FieldPattern::learn(std::span<const std::string_view> values, bool after_number) {
  if (std::ranges::any_of(values, [](auto value) { return value.empty(); })) return std::nullopt;
  if (auto pattern = learn_pieces(values, Cut::runs, after_number)) return pattern;
  if (auto pattern = learn_pieces(values, Cut::words, after_number)) return pattern;
  return learn_whole(values);
}

bool FieldPattern::fits(const Piece& piece, std::string_view value) {
  if (piece.form == Form::literal) return value == piece.literal;
  return (piece.length == 0 || value.size() == piece.length) && has_form(value, piece.form);
}

bool FieldPattern::matches(std::string_view value) const {
  if (cut_ == Cut::whole) {
    const auto& head = pieces_.front().literal;
    const auto& tail = pieces_.back().literal;
    if (value.size() < head.size() + tail.size() || !value.starts_with(head) || !value.ends_with(tail))
      return false;
    value.remove_prefix(head.size());
    value.remove_suffix(tail.size());
    return fits(pieces_[1], value);
  }
  const auto pieces = split(value, cut_);
  return std::ranges::equal(pieces_, pieces, fits);
}

std::vector<std::string_view> fields_of(std::string_view text) {
  std::vector<std::string_view> fields;
  while (!text.empty()) {
    std::size_t length = 1;
    if (is_blank(text[0])) {
      length = run_length(text, is_blank);
    } else if (!is_punctuation(text[0])) {
      length = run_length(text, [](char c) { return !is_blank(c) && !is_punctuation(c); });
    }
    fields.push_back(text.substr(0, length));
    text.remove_prefix(length);
  }
  return fields;
}

std::optional<FieldsPattern> FieldsPattern::learn(std::span<const std::string_view> texts) {
  std::vector<std::vector<std::string_view>> all;
  all.reserve(texts.size());
  for (const auto text : texts) {
    all.push_back(fields_of(text));
    if (all.back().size() != all.front().size()) return std::nullopt;
  }
  FieldsPattern pattern;
  bool after_number = false;
  std::vector<std::string_view> column(texts.size());
  for (std::size_t i = 0; i < all.front().size(); ++i) {
    std::ranges::transform(all, column.begin(), [i](const auto& fields) { return fields[i]; });
    Place place{.literal = column.front(), .field = {}, .blanks = false};
    if (!std::ranges::all_of(column, [&](auto field) { return field == column.front(); })) {
      place.blanks = std::ranges::all_of(column, [](auto field) { return is_blank(field[0]); });
      if (!place.blanks) place.field = FieldPattern::learn(column, after_number);
      if (!place.blanks && !place.field) return std::nullopt;
    }
    if (!is_blank(column.front()[0])) after_number = is_digit(column.front().back());
    pattern.places_.push_back(std::move(place));
  }
  return pattern;
}

bool FieldsPattern::matches(std::string_view text) const {
  return std::ranges::equal(places_, fields_of(text), [](const Place& place, std::string_view field) {
    if (place.blanks) return is_blank(field[0]);
    return place.field ? place.field->matches(field) : field == place.literal;
  });
}

std::string skeleton_of(std::string_view text) {
  std::string skeleton;
  for (const auto field : fields_of(text)) {
    if (is_blank(field[0])) {
      skeleton += ' ';
    } else if (has_digit(field)) {
      skeleton += '\x01';  // hardly part of a text: a mark that no field is taken for
    } else if (is_one_of(field, months) || is_one_of(field, weekdays)) {
      skeleton += '\x02';
    } else {
      skeleton += field;
    }
  }
  return skeleton;
}

}  // namespace slim
