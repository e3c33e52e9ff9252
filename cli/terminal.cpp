#include "cli/terminal.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <sys/ioctl.h>
#include <unistd.h>

#include <fmt/format.h>

#include "cli/escape.h"

namespace slim {

TextStyle style_of_stdout(bool no_colour) {
  TextStyle style;
  if (::isatty(STDOUT_FILENO) == 0) return style;
  const char* no_color =
      std::getenv("NO_COLOR");  // NOLINT(concurrency-mt-unsafe): read before any thread starts
  style.colour = !no_colour && (no_color == nullptr || *no_color == '\0');
  winsize size{};
  // NOLINTNEXTLINE(misc-include-cleaner): <sys/ioctl.h> is where ioctl_tty(2) has TIOCGWINSZ
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0) {
    if (size.ws_col >= 40) style.width = size.ws_col;
    style.lines = size.ws_row;
  }
  return style;
}

std::string paint(const TextStyle& style, Colour colour, std::string_view text) {
  if (!style.colour || text.empty()) return std::string(text);
  constexpr std::array<std::string_view, 6> codes{"1", "2", "31", "32", "33", "36"};
  return fmt::format("\x1b[{}m{}\x1b[0m", codes.at(static_cast<std::size_t>(colour)), text);
}

std::string padded(std::string text, std::size_t columns) {
  const auto have = static_cast<std::size_t>(
      std::ranges::count_if(text, [](char c) { return (static_cast<std::uint8_t>(c) & 0xC0U) != 0x80U; }));
  if (have < columns) text.append(columns - have, ' ');
  return text;
}

std::size_t rows_of(std::string_view text, std::size_t width) {
  std::size_t rows = 0;
  std::size_t columns = 0;
  bool coloured = false;
  for (const char c : text) {
    if (c == '\n') {
      rows += std::max<std::size_t>(1, (columns + width - 1) / width);
      columns = 0;
    } else if (coloured || c == '\x1b') {
      coloured = c != 'm';
    } else if ((static_cast<std::uint8_t>(c) & 0xC0U) != 0x80U) {
      ++columns;
    }
  }
  return rows;
}

std::string human_size(std::uint64_t bytes) {
  if (bytes < 1000) return fmt::format("{} B", bytes);
  constexpr std::array<std::string_view, 5> units{"kB", "MB", "GB", "TB", "PB"};
  auto value = static_cast<double>(bytes) / 1000.0;
  std::size_t unit = 0;
  while (value >= 999.95 && unit + 1 < units.size()) {
    value /= 1000.0;
    ++unit;
  }
  return fmt::format("{:.1f} {}", value, units.at(unit));
}

std::string human_count(std::uint64_t number) {
  std::string text = std::to_string(number);
  for (std::size_t at = text.size(); at > 3; at -= 3) text.insert(at - 3, 1, ',');
  return text;
}

std::string percent(std::uint64_t part, std::uint64_t whole) {
  if (whole == 0) return "0 %";
  const double exact = 100.0 * static_cast<double>(part) / static_cast<double>(whole);
  // "100 %" is said only of all, and "0 %" only of nothing.
  const bool misleads = (exact >= 99.5 && part < whole) || (exact < 0.5 && part > 0);
  return misleads ? fmt::format("{}", exact < 50 ? "<1 %" : ">99 %") : fmt::format("{:.0f} %", exact);
}

Progress::Progress(ProgressMode mode) {
  const bool terminal = ::isatty(STDERR_FILENO) != 0;
  live_ = mode == ProgressMode::automatic && terminal;
  lines_ = mode == ProgressMode::plain;
}

Progress::~Progress() {
  finish();
}

void Progress::step(std::string_view text) {
  const std::string safe = terminal_text(text, 90);
  if (live_) {
    fmt::print(stderr, "\r\x1b[K{}", safe);
    shown_ = true;
  } else if (lines_) {
    fmt::print(stderr, "slim: {}\n", safe);
  }
}

void Progress::finish() {
  if (shown_) fmt::print(stderr, "\r\x1b[K");
  shown_ = false;
}

}  // namespace slim
