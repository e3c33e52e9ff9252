// What stands in mark-up: XML 1.0, GitHub Flavored Markdown (0.29), SARIF's messages (2.1.0, 3.11), URIs (RFC
// 3986), and the commands of GitHub's log. All go through terminal_text first, so that every format shows the
// same text for what cannot be printed; then each escapes what means something to its own reader.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "cli/escape.h"

namespace slim {
namespace {

using Replacement = std::pair<char, std::string_view>;

/// Each character of `text` that the table has, replaced.
template <std::size_t N>
std::string replaced(std::string_view text, const std::array<Replacement, N>& table) {
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    const auto* row = std::ranges::find(table, c, &Replacement::first);
    if (row == table.end()) {
      out += c;
    } else {
      out += row->second;
    }
  }
  return out;
}

constexpr std::array<Replacement, 5> xml_references{
    {{'&', "&amp;"}, {'<', "&lt;"}, {'>', "&gt;"}, {'"', "&quot;"}, {'\'', "&apos;"}}};

constexpr std::array<Replacement, 2> code_span{{{'`', "\\x60"}, {'|', "\\x7c"}}};

/// `safe` has no control characters any more.
std::string code_of(std::string_view safe) {
  if (safe.empty()) return {};
  std::string inner = replaced(safe, code_span);
  // A blank at both ends would be taken away.
  if (inner.front() == ' ') inner.replace(0, 1, "\\x20");
  if (inner.back() == ' ') inner.replace(inner.size() - 1, 1, "\\x20");
  return "`" + inner + "`";
}

/// The longest run of grave accents.
std::size_t longest_fence(std::string_view text) {
  std::size_t longest = 0;
  std::size_t run = 0;
  for (const char c : text) {
    run = c == '`' ? run + 1 : 0;
    longest = std::max(longest, run);
  }
  return longest;
}

constexpr std::string_view no_width = "&#8203;";  ///< parts what a service would join to a mention

bool ends_with_www(std::string_view text) {
  return text.size() >= 3 &&
         std::ranges::all_of(text.substr(text.size() - 3), [](char c) { return c == 'w' || c == 'W'; });
}

std::string reference(char c) {
  return fmt::format("&#{};", static_cast<unsigned>(static_cast<std::uint8_t>(c)));
}

}  // namespace

std::string xml_text(std::string_view text) {
  return replaced(terminal_text(text), xml_references);
}

std::string xml_lines(std::string_view text) {
  return replaced(terminal_lines(text, ""), xml_references);
}

std::string markdown_code(std::string_view text) {
  return code_of(terminal_text(text));
}

std::string markdown_code(std::string_view text, std::size_t columns) {
  return code_of(terminal_text(text, columns));
}

std::string markdown_text(std::string_view text) {
  constexpr std::string_view special = "\\`*_{}[]<>#+!|~&@:=$^\"-";
  std::string out;
  const std::string safe = terminal_text(text);
  for (std::size_t i = 0; i < safe.size(); ++i) {
    const char c = safe[i];
    const bool hyphen_in_word = c == '-' && i > 0 && safe[i - 1] != ' ' && safe[i - 1] != '-';
    const bool of_www = c == '.' && ends_with_www(std::string_view(safe).substr(0, i));
    const bool colon_of_prose = c == ':' && i + 1 < safe.size() && safe[i + 1] == ' ';
    if (of_www || (special.find(c) != std::string_view::npos && !hyphen_in_word && !colon_of_prose)) {
      out += reference(c);
    } else {
      out += c;
    }
    // :// and // begin links, www. too; some services look for them in the text that the references stand
    // for.
    const bool before_slash = (c == ':' || c == '/') && i + 1 < safe.size() && safe[i + 1] == '/';
    if (c == '@' || c == '#' || of_www || before_slash) out += no_width;
  }
  return out;
}

std::string markdown_block(std::string_view text) {
  const std::string fence(std::max<std::size_t>(3, longest_fence(text) + 1), '`');
  return fence + "text\n" + terminal_lines(text, "") + fence + "\n";
}

std::string sarif_text(std::string_view text) {
  std::string out;
  const std::string safe = terminal_text(text);
  for (std::size_t i = 0; i < safe.size(); ++i) {
    const char c = safe[i];
    if (c == '(' && i > 0 && safe[i - 1] == ']') {
      out += "\\x28";  // ](: a link
    } else if (c == '{' || c == '}') {
      out += std::string(2, c);
    } else {
      out += c;
    }
  }
  return out;
}

std::string uri_path(std::string_view path) {
  constexpr std::string_view plain = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/";
  std::string out;
  path.remove_prefix(std::min(path.find_first_not_of('/'), path.size()));
  for (const char c : path) {
    if (plain.find(c) != std::string_view::npos) {
      out += c;
    } else {
      out += fmt::format("%{:02X}", static_cast<std::uint8_t>(c));
    }
  }
  return out;
}

std::string github_message(std::string_view text) {
  constexpr std::array<Replacement, 3> table{{{'%', "%25"}, {'\r', "%0D"}, {'\n', "%0A"}}};
  return replaced(terminal_text(text), table);
}

std::string github_property(std::string_view text) {
  constexpr std::array<Replacement, 2> table{{{':', "%3A"}, {',', "%2C"}}};
  return replaced(github_message(text), table);
}

}  // namespace slim
