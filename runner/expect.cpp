#include "runner/expect.h"

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "analyzer/exit_status.h"
#include "runner/probe.h"
#include "runner/sandbox.h"

namespace slim {
namespace {

constexpr std::size_t shown_length = 160;
constexpr int first_server_error = 500;

std::string status_ranges(const std::vector<std::pair<int, int>>& ranges) {
  std::string text;
  for (const auto& [first, last] : ranges) {
    text += text.empty() ? "" : ", ";
    text += first == last ? fmt::format("{}", first) : fmt::format("{} to {}", first, last);
  }
  return text;
}

bool same_text(std::string_view expected, std::string_view text) {
  if (text == expected) return true;
  return text.size() == expected.size() + 1 && text.ends_with('\n') && text.starts_with(expected);
}

}  // namespace

std::string quoted(std::string_view text) {
  std::string result = "'";
  for (const char letter : text.substr(0, shown_length)) {
    const auto c = static_cast<unsigned char>(letter);
    if (c == '\n') {
      result += "\\n";
    } else if (c < 0x20 || c == 0x7F) {
      result += fmt::format("\\x{:02x}", c);
    } else {
      result += static_cast<char>(c);
    }
  }
  result += '\'';
  if (text.size() > shown_length) result += fmt::format(" and {} more bytes", text.size() - shown_length);
  return result;
}

std::string unmet(const TextExpect& expect, std::string_view text, std::string_view what) {
  const auto report = [&](std::string_view verb, std::string_view wanted) {
    return fmt::format("{}: expected {} {}, found {}", what, verb, quoted(wanted), quoted(text));
  };
  for (const auto& wanted : expect.equals) {
    if (!same_text(wanted, text)) return report("to be", wanted);
  }
  for (const auto& wanted : expect.contains) {
    if (text.find(wanted) == std::string_view::npos) return report("to contain", wanted);
  }
  for (const auto& pattern : expect.matches) {
    if (!pattern.found_in(text)) return report("to match", pattern.text());
  }
  for (const auto& pattern : expect.excludes) {
    if (pattern.found_in(text)) return report("not to match", pattern.text());
  }
  return "";
}

std::string unmet(const ProcessExpect& expect, const ExitStatus& status, std::string_view output,
                  std::string_view error) {
  if (expect.exit && *expect.exit != status.shell_code()) {
    auto text = fmt::format("expected exit {}, found {}", *expect.exit, status.text());
    if (!error.empty()) text += fmt::format("; stderr {}", quoted(error));
    return text;
  }
  if (auto text = unmet(expect.stdout_text, output, "stdout"); !text.empty()) return text;
  if (auto text = unmet(expect.stderr_text, error, "stderr"); !text.empty()) return text;
  if (expect.output_text.empty()) return "";
  return unmet(expect.output_text, std::string(output) + std::string(error), "output");
}

std::string dropped_mark(const Captured& captured) {
  if (captured.dropped == 0) return "";
  return fmt::format("\n[{} more bytes, checksum {:016x}]", captured.dropped, captured.dropped_checksum);
}

std::string unmet_unseen(const ProcessExpect& expect, const Captured& output, const Captured& error) {
  const auto unseen = [](const TextExpect& text, const Captured& captured, std::string_view what) {
    if (captured.dropped == 0 || text.excludes.empty()) return std::string();
    return fmt::format("{}: expected not to match {}, and {} of its {} bytes were not looked at", what,
                       quoted(text.excludes.front().text()), captured.dropped,
                       captured.text.size() + captured.dropped);
  };
  auto text = unseen(expect.stdout_text, output, "stdout");
  if (text.empty()) text = unseen(expect.stderr_text, error, "stderr");
  for (const auto* captured : {&output, &error}) {
    if (text.empty()) text = unseen(expect.output_text, *captured, "output");
  }
  return text;
}

std::string unmet_status(const std::vector<std::pair<int, int>>& ranges, int status) {
  if (ranges.empty()) {
    return status < first_server_error ? "" : fmt::format("expected a status below 500, found {}", status);
  }
  const bool met = std::ranges::any_of(
      ranges, [&](const auto& range) { return range.first <= status && status <= range.second; });
  return met ? "" : fmt::format("expected status {}, found {}", status_ranges(ranges), status);
}

}  // namespace slim
