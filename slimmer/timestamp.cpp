// RFC 3339, section 5.6; SOURCE_DATE_EPOCH as reproducible-builds.org specifies it.
#include "slimmer/timestamp.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <ctime>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

#include <fmt/chrono.h>
#include <fmt/format.h>

#include "analyzer/error.h"

namespace slim {
namespace {

constexpr std::int64_t end_of_9999 = 253402300799;

/// `text` with every digit as a 9: its form.
std::string form_of(std::string_view text) {
  std::string form(text);
  for (char& c : form) {
    if (c >= '0' && c <= '9') c = '9';
  }
  return form;
}

int number_at(std::string_view text, std::size_t at, std::size_t width) {
  int value = 0;
  std::from_chars(text.data() + at, text.data() + at + width, value);
  return value;
}

/// Seconds east of Greenwich of "Z" or "+02:00".
std::optional<int> offset_of(std::string_view text) {
  if (text == "Z" || text == "z") return 0;
  const std::string form = form_of(text);
  if (form != "+99:99" && form != "-99:99") return std::nullopt;
  const int seconds = number_at(text, 1, 2) * 3600 + number_at(text, 4, 2) * 60;
  return text.front() == '-' ? -seconds : seconds;
}

}  // namespace

std::string time_text(std::int64_t seconds) {
  const auto time = static_cast<std::time_t>(std::clamp<std::int64_t>(seconds, 0, end_of_9999));
  return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(time));
}

std::optional<std::int64_t> parse_time(std::string_view text) {
  constexpr std::string_view form = "9999-99-99T99:99:99";
  if (text.size() <= form.size() || form_of(text.substr(0, form.size())) != form) return std::nullopt;
  std::string_view rest = text.substr(form.size());
  if (rest.starts_with('.')) {
    const auto end = rest.find_first_not_of("0123456789", 1);
    if (end == std::string_view::npos || end == 1) return std::nullopt;
    rest = rest.substr(end);
  }
  const auto offset = offset_of(rest);
  const std::chrono::year_month_day day(std::chrono::year(number_at(text, 0, 4)),
                                        std::chrono::month(static_cast<unsigned>(number_at(text, 5, 2))),
                                        std::chrono::day(static_cast<unsigned>(number_at(text, 8, 2))));
  const int hour = number_at(text, 11, 2);
  const int minute = number_at(text, 14, 2);
  const int second = number_at(text, 17, 2);
  if (!offset || !day.ok() || hour > 23 || minute > 59 || second > 60) return std::nullopt;
  const auto days = std::chrono::sys_days(day).time_since_epoch().count();
  return std::int64_t{days} * 86'400 + std::int64_t{hour} * 3600 + std::int64_t{minute} * 60 + second -
         *offset;
}

std::optional<std::string> source_date() {
  const char* value = std::getenv("SOURCE_DATE_EPOCH");  // NOLINT(concurrency-mt-unsafe): nothing sets it
  if (value == nullptr) return std::nullopt;
  const std::string_view text(value);
  std::int64_t seconds = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (error != std::errc() || end != text.data() + text.size() || seconds < 0 || seconds > end_of_9999) {
    throw Error(ErrorKind::usage, "SOURCE_DATE_EPOCH", "expected a number of seconds since 1970");
  }
  return time_text(seconds);
}

std::string document_time(std::string_view created) {
  if (const auto date = source_date()) return *date;
  return time_text(parse_time(created).value_or(0));
}

}  // namespace slim
