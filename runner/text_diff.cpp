// The longest common subsequence of the lines, by the table of lengths; common heads and tails are cut off
// first, so that the table stays small for what is usual: a few lines that differ.
#include "runner/text_diff.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace slim {
namespace {

constexpr std::size_t table_lines = 2000;
constexpr std::size_t shown_lines = 400;
constexpr std::size_t context = 3;

using Lines = std::vector<std::string_view>;

Lines lines_of(std::string_view text) {
  Lines lines;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    lines.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

struct Step {
  char sign = ' ';
  std::string_view line;
};

/// The steps from `a` to `b`, which have nothing in common at their ends.
void add_middle_steps(const Lines& a, const Lines& b, std::vector<Step>& steps) {
  const std::size_t width = b.size() + 1;
  std::vector<std::uint16_t> length((a.size() + 1) * width, 0);
  for (std::size_t i = a.size(); i-- > 0;) {
    for (std::size_t j = b.size(); j-- > 0;) {
      const auto longer = std::max(length[((i + 1) * width) + j], length[(i * width) + j + 1]);
      const auto both = static_cast<std::uint16_t>(length[((i + 1) * width) + j + 1] + 1);
      length[(i * width) + j] = a[i] == b[j] ? both : longer;
    }
  }
  std::size_t i = 0;
  std::size_t j = 0;
  while (i < a.size() || j < b.size()) {
    if (i < a.size() && j < b.size() && a[i] == b[j]) {
      steps.push_back({.sign = ' ', .line = a[i]});
      ++i;
      ++j;
    } else if (i < a.size() &&
               (j == b.size() || length[((i + 1) * width) + j] >= length[(i * width) + j + 1])) {
      steps.push_back({.sign = '-', .line = a[i++]});
    } else {
      steps.push_back({.sign = '+', .line = b[j++]});
    }
  }
}

/// Which steps are shown: the changes, and `context` lines around each.
std::vector<bool> near_changes(const std::vector<Step>& steps) {
  std::vector<bool> near(steps.size(), false);
  for (std::size_t i = 0; i < steps.size(); ++i) {
    if (steps[i].sign == ' ') continue;
    const auto begin = i > context ? i - context : 0;
    const auto end = std::min(i + context + 1, steps.size());
    std::fill(near.begin() + static_cast<std::ptrdiff_t>(begin),
              near.begin() + static_cast<std::ptrdiff_t>(end), true);
  }
  return near;
}

std::string hunk_head(const std::vector<Step>& steps, std::size_t begin, std::size_t end,
                      std::size_t old_line, std::size_t new_line) {
  std::size_t old_count = 0;
  std::size_t new_count = 0;
  for (std::size_t i = begin; i < end; ++i) {
    old_count += steps[i].sign != '+' ? 1U : 0U;
    new_count += steps[i].sign != '-' ? 1U : 0U;
  }
  const auto range = [](std::size_t line, std::size_t count) {
    return std::to_string(count == 0 ? line - 1 : line) + (count == 1 ? "" : "," + std::to_string(count));
  };
  return "@@ -" + range(old_line, old_count) + " +" + range(new_line, new_count) + " @@\n";
}

std::string render(const std::vector<Step>& steps) {
  const auto near = near_changes(steps);
  std::string text = "--- original\n+++ slimmed\n";
  std::size_t old_line = 1;
  std::size_t new_line = 1;
  std::size_t shown = 0;
  for (std::size_t i = 0; i < steps.size(); ++i) {
    if (near[i]) {
      if (++shown > shown_lines) return text + "... the rest of the diff is left out\n";
      if (i == 0 || !near[i - 1]) {
        const auto end = std::find(near.begin() + static_cast<std::ptrdiff_t>(i), near.end(), false);
        text += hunk_head(steps, i, static_cast<std::size_t>(end - near.begin()), old_line, new_line);
      }
      text += steps[i].sign + std::string(steps[i].line) + "\n";
    }
    old_line += steps[i].sign != '+' ? 1U : 0U;
    new_line += steps[i].sign != '-' ? 1U : 0U;
  }
  return text;
}

}  // namespace

std::string unified_diff(std::string_view original, std::string_view slimmed) {
  if (original == slimmed) return {};
  const auto a = lines_of(original);
  const auto b = lines_of(slimmed);
  const auto shorter = std::min(a.size(), b.size());
  std::size_t head = 0;
  while (head < shorter && a[head] == b[head]) ++head;
  std::size_t tail = 0;
  while (tail < shorter - head && a[a.size() - 1 - tail] == b[b.size() - 1 - tail]) ++tail;
  if (std::max(a.size(), b.size()) - head - tail > table_lines) {
    return "--- original\n+++ slimmed\n... more than 2,000 lines differ\n";
  }
  const auto part = [](const Lines& lines, std::size_t begin, std::size_t end) {
    return Lines(lines.begin() + static_cast<std::ptrdiff_t>(begin),
                 lines.begin() + static_cast<std::ptrdiff_t>(end));
  };
  std::vector<Step> steps;
  steps.reserve(a.size() + b.size());
  for (std::size_t i = 0; i < head; ++i) steps.push_back({.sign = ' ', .line = a[i]});
  add_middle_steps(part(a, head, a.size() - tail), part(b, head, b.size() - tail), steps);
  for (std::size_t i = a.size() - tail; i < a.size(); ++i) steps.push_back({.sign = ' ', .line = a[i]});
  if (std::ranges::none_of(steps, [](const Step& step) { return step.sign != ' '; })) {
    return "--- original\n+++ slimmed\n... they differ in the last line's end only\n";
  }
  return render(steps);
}

}  // namespace slim
