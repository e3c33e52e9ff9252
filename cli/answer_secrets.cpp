// By name first, since most secrets have no shape of their own; then by shape, as in a config.
#include "cli/answer_secrets.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include "cli/escape.h"
#include "runner/verdict.h"

namespace slim {
namespace {

constexpr std::string_view name_letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";

/// Of headers and of keys in JSON.
bool is_secret_name(std::string_view name) {
  std::string plain(name);
  std::ranges::transform(plain, plain.begin(), [](char c) {
    return c == '-' ? '_' : (c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c);
  });
  constexpr auto logins =
      std::to_array<std::string_view>({"authorization", "proxy_authorization", "cookie", "set_cookie"});
  return std::ranges::find(logins, plain) != logins.end() || (!plain.empty() && redacted(plain, "x") != "x");
}

/// The name that ends before the colon at `colon`, in quotes or not.
std::string_view name_before(std::string_view line, std::size_t colon) {
  auto end = colon;
  while (end > 0 && (line[end - 1] == ' ' || line[end - 1] == '"' || line[end - 1] == '\'')) --end;
  auto begin = end;
  while (begin > 0 && name_letters.find(line[begin - 1]) != std::string_view::npos) --begin;
  return line.substr(begin, end - begin);
}

/// Where the value behind a colon begins and ends: in quotes, or to the end of the line or the next comma.
std::pair<std::size_t, std::size_t> value_behind(std::string_view line, std::size_t colon) {
  auto begin = colon + 1;
  while (begin < line.size() && line[begin] == ' ') ++begin;
  const char quote = begin < line.size() ? line[begin] : '\0';
  if (quote == '"' || quote == '\'') return {begin + 1, std::min(line.find(quote, begin + 1), line.size())};
  return {begin, std::min(line.find_first_of(",}\r", begin), line.size())};
}

std::string redacted_line(std::string_view line) {
  std::string safe;
  std::size_t done = 0;
  for (auto colon = line.find(':'); colon != std::string_view::npos; colon = line.find(':', colon + 1)) {
    if (colon < done || !is_secret_name(name_before(line, colon))) continue;
    const auto [begin, end] = value_behind(line, colon);
    if (begin >= end) continue;
    safe += line.substr(done, begin - done);
    safe += "***";
    done = end;
  }
  safe += line.substr(done);
  return redacted_words(safe);
}

/// The name of the header that a difference is about; empty where it is about none.
std::string_view header_of(std::string_view what) {
  constexpr std::string_view mark = ": header ";
  const auto at = what.find(mark);
  return at == std::string_view::npos ? std::string_view() : what.substr(at + mark.size());
}

}  // namespace

std::string redacted_answer(std::string_view text) {
  std::string safe;
  while (true) {
    const auto end = text.find('\n');
    safe += redacted_line(text.substr(0, end));
    if (end == std::string_view::npos) return safe;
    safe += '\n';
    text.remove_prefix(end + 1);
  }
}

Verdict redacted_verdict(Verdict verdict) {
  verdict.reason = redacted_answer(verdict.reason);
  for (auto& probe : verdict.probes) {
    probe.summary = redacted_answer(probe.summary);
    probe.note = redacted_answer(probe.note);
  }
  for (auto& difference : verdict.differences) {
    const bool whole = is_secret_name(header_of(difference.what));
    for (auto* text : {&difference.original, &difference.slimmed, &difference.diff})
      *text = whole && !text->empty() ? "***" : redacted_answer(*text);
  }
  return verdict;
}

}  // namespace slim
