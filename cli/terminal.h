// The terminal, or what stands in for it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace slim {

/// How text is laid out for one output.
struct TextStyle {
  bool colour = false;
  std::size_t width = 100;  ///< columns
  std::size_t lines = 0;    ///< of the window; 0: it has none
};

enum class Colour : std::uint8_t { bold, dim, red, green, yellow, cyan };

/// For standard output: colour and the window's size on a terminal (NO_COLOR and `no_colour` switch colour
/// off); 100 columns else.
TextStyle style_of_stdout(bool no_colour);

std::string paint(const TextStyle& style, Colour colour, std::string_view text);

/// With blanks behind it up to so many code points; `text` is valid UTF-8, as terminal_text gives it.
std::string padded(std::string text, std::size_t columns);

/// How many rows of a window `text` takes: long lines are broken, and colours take no room.
std::size_t rows_of(std::string_view text, std::size_t width);

/// Bytes for people, decimal as container tools have them: 812 B, 4.1 kB, 16.2 MB.
std::string human_size(std::uint64_t bytes);
/// 12345 as 12,345.
std::string human_count(std::uint64_t number);
/// A share of a whole as "12 %"; of nothing: "0 %".
std::string percent(std::uint64_t part, std::uint64_t whole);

enum class ProgressMode : std::uint8_t { automatic, plain, none };

/// Says on standard error what long work is doing: one line that is overwritten on a terminal, one line a
/// step in logs (plain), nothing with none.
class Progress {
 public:
  explicit Progress(ProgressMode mode);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void step(std::string_view text);
  void finish();  ///< takes the line away

 private:
  bool live_ = false;
  bool lines_ = false;
  bool shown_ = false;
};

}  // namespace slim
