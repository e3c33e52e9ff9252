#include "cli/escape.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

namespace slim {
namespace {

/// Bytes of the sequence that `first` begins; 0 where none begins so (RFC 3629, section 4).
std::size_t sequence_length(std::uint8_t first) {
  if (first < 0x80) return 1;
  if (first < 0xC2 || first > 0xF4) return 0;
  if (first < 0xE0) return 2;
  return first < 0xF0 ? 3 : 4;
}

/// Decodes one code point of UTF-8 (RFC 3629) at the start of `text`; length 0 where it is not valid.
std::uint32_t decode(std::string_view text, std::size_t& length) {
  const auto byte = [&text](std::size_t i) { return static_cast<std::uint8_t>(text[i]); };
  const std::uint8_t first = byte(0);
  length = sequence_length(first);
  if (length == 0 || text.size() < length) {
    length = 0;
    return 0;
  }
  constexpr std::array<std::uint32_t, 5> masks{0, 0x7F, 0x1F, 0x0F, 0x07};
  std::uint32_t point = first & masks.at(length);
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0U) != 0x80U) {
      length = 0;
      return 0;
    }
    point = (point << 6U) | (byte(i) & 0x3FU);
  }
  constexpr std::array<std::uint32_t, 5> smallest{0, 0, 0x80, 0x800, 0x10000};
  const bool surrogate = point >= 0xD800 && point < 0xE000;
  if (point < smallest.at(length) || point > 0x10FFFF || surrogate) length = 0;
  return point;
}

/// Characters that show nothing, or change how what stands beside them is shown.
bool misleads(std::uint32_t point) {
  return point < 0x20 || (point >= 0x7F && point < 0xA0) || point == 0xAD || point == 0x61C ||
         (point >= 0x200B && point <= 0x200F) || (point >= 0x2028 && point <= 0x202E) ||
         (point >= 0x2060 && point <= 0x206F) || point == 0xFEFF || (point >= 0xFFF9 && point <= 0xFFFB) ||
         (point & 0xFFFEU) == 0xFFFEU ||  // no characters; XML 1.0 has no place for the first two
         (point >= 0xE0000 && point <= 0xE0FFF);
}

/// How many bytes at the start of `text` a CI service would take for the start of a command: GitHub's
/// ::name at the start of a line, behind blanks too; ##[name], and Azure's ##vso[name] anywhere in it.
std::size_t ci_command(std::string_view text, bool line_start) {
  const bool letter = text.size() > 2 && std::isalpha(static_cast<unsigned char>(text[2])) != 0;
  if (line_start && text.starts_with("::") && letter) return 2;
  const auto marks = std::to_array<std::string_view>({"##[", "##vso[", "##teamcity["});
  return std::ranges::any_of(marks, [text](std::string_view mark) { return text.starts_with(mark); }) ? 2 : 0;
}

std::string escape(std::string_view text, bool keep_lines) {
  std::string safe;
  safe.reserve(text.size());
  bool line_start = true;
  while (!text.empty()) {
    if (const std::size_t count = ci_command(text, line_start); count > 0) {
      for (const char c : text.substr(0, count))
        safe += fmt::format("\\x{:02x}", static_cast<std::uint8_t>(c));
      text.remove_prefix(count);
    }
    line_start = line_start && text[0] == ' ';
    std::size_t length = 0;
    const std::uint32_t point = decode(text, length);
    if (length == 0) {
      safe += fmt::format("\\x{:02x}", static_cast<std::uint8_t>(text[0]));
      text.remove_prefix(1);
      continue;
    }
    if (keep_lines && (point == '\n' || point == '\t')) {
      safe += text[0];
    } else if (point < 0x80 && misleads(point)) {
      safe += fmt::format("\\x{:02x}", point);
    } else if (misleads(point)) {
      safe += fmt::format("\\u{{{:04x}}}", point);
    } else {
      safe += text.substr(0, length);
    }
    text.remove_prefix(length);
  }
  return safe;
}

/// How many code points of valid UTF-8.
std::size_t columns_of(std::string_view text) {
  return static_cast<std::size_t>(
      std::ranges::count_if(text, [](char c) { return (static_cast<std::uint8_t>(c) & 0xC0U) != 0x80U; }));
}

/// The byte at which code point number `column` starts.
std::size_t offset_of(std::string_view text, std::size_t column) {
  std::size_t at = 0;
  while (at < text.size() && column > 0) {
    ++at;
    while (at < text.size() && (static_cast<std::uint8_t>(text[at]) & 0xC0U) == 0x80U) ++at;
    --column;
  }
  return at;
}

}  // namespace

std::string terminal_text(std::string_view text) {
  return escape(text, false);
}

std::string terminal_text(std::string_view text, std::size_t columns) {
  std::string safe = escape(text, false);
  const std::size_t have = columns_of(safe);
  if (have <= columns) return safe;
  if (columns < 4) return safe.substr(0, offset_of(safe, columns));
  const std::size_t head = (columns - 1) / 2;
  const std::size_t tail = columns - 1 - head;
  return safe.substr(0, offset_of(safe, head)) + "…" + safe.substr(offset_of(safe, have - tail));
}

std::string terminal_lines(std::string_view text, std::string_view prefix) {
  std::string lines;
  while (!text.empty()) {
    const auto end = text.find('\n');
    lines += prefix;
    lines += escape(text.substr(0, end), true);
    lines += '\n';
    text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
  }
  return lines;
}

std::string redacted(std::string_view name, std::string_view value) {
  std::string upper(name);
  std::ranges::transform(upper, upper.begin(),
                         [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  constexpr auto secret_names = std::to_array<std::string_view>(
      {"PASS", "PWD_", "SECRET", "TOKEN", "APIKEY", "API_KEY", "PRIVATE", "CREDENTIAL", "ACCESS_KEY"});
  constexpr auto secret_shapes = std::to_array<std::string_view>(
      {"-----BEGIN ", "ghp_", "gho_", "github_pat_", "glpat-", "xoxb-", "xoxp-", "AKIA", "sk-", "eyJ"});
  const bool by_name =
      std::ranges::any_of(
          secret_names, [&upper](std::string_view part) { return upper.find(part) != std::string::npos; }) ||
      (upper.find("AUTH") != std::string::npos && upper.find("AUTHOR") == std::string::npos);
  const bool is_password = upper.ends_with("_PWD");  // MYSQL_PWD; PWD alone is a folder
  const bool by_shape = std::ranges::any_of(secret_shapes, [value](std::string_view start) {
    return value.size() > 16 && value.starts_with(start);
  });
  // scheme://user:password@host; the password itself may hold an @ or a slash.
  const auto scheme = value.find("://");
  const auto at = scheme == std::string_view::npos ? scheme : value.find('@', scheme);
  const bool in_url = at != std::string_view::npos &&
                      value.substr(scheme + 3, at - scheme - 3).find(':') != std::string_view::npos;
  return !value.empty() && (by_name || is_password || by_shape || in_url) ? "***" : std::string(value);
}

namespace {

/// Whether what follows this word of a command may be its value: "--password".
bool is_option(std::string_view word) {
  return word.starts_with('-') && word.find('=') == std::string_view::npos;
}

std::string redacted_word(std::string_view before, std::string_view word) {
  const auto equals = word.find('=');
  if (equals != std::string_view::npos) {
    return std::string(word.substr(0, equals + 1)) +
           redacted(word.substr(0, equals), word.substr(equals + 1));
  }
  const bool is_value = is_option(before) && !word.starts_with('-');
  return redacted(is_value ? before : std::string_view(), word);
}

}  // namespace

std::string redacted_words(std::string_view text) {
  std::string safe;
  std::string_view before;
  while (!text.empty()) {
    const auto blank = std::min(text.find_first_of(" \t\n"), text.size());
    const std::string_view word = text.substr(0, blank);
    safe += redacted_word(before, word);
    if (!word.empty()) before = word;
    text.remove_prefix(blank);
    if (!text.empty()) {
      safe += text[0];
      text.remove_prefix(1);
    }
  }
  return safe;
}

std::vector<std::string> redacted_arguments(const std::vector<std::string>& words) {
  std::vector<std::string> safe;
  safe.reserve(words.size());
  std::string_view before;
  for (const auto& word : words) {
    const bool secret = is_option(before) && !word.starts_with('-') && redacted(before, "x") != "x";
    safe.push_back(secret && !word.empty() ? "***" : redacted_words(word));  // a script is one argument
    before = word;
  }
  return safe;
}

}  // namespace slim
