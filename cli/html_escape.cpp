// HTML (WHATWG, "Restrictions on contents of raw text elements"): a script element ends at "</script"
// whatever is in it, and "<!--" changes what ends it. In JSON the characters < > & can only stand in strings,
// where \u003c is the same; so are U+2028 and U+2029, which end a line of JavaScript before ECMAScript 2019.
#include "cli/html_escape.h"

#include <cstddef>
#include <string>
#include <string_view>

#include "cli/escape.h"

namespace slim {

std::string html_text(std::string_view text) {
  std::string safe;
  for (const char c : terminal_text(text)) {
    switch (c) {
      case '&':
        safe += "&amp;";
        break;
      case '<':
        safe += "&lt;";
        break;
      case '>':
        safe += "&gt;";
        break;
      case '"':
        safe += "&quot;";
        break;
      case '\'':
        safe += "&#39;";
        break;
      default:
        safe += c;
    }
  }
  return safe;
}

std::string script_json(std::string_view json) {
  constexpr std::string_view separators = "\xe2\x80";  // of U+2028 and U+2029, with a8 or a9 behind
  std::string safe;
  safe.reserve(json.size());
  for (std::size_t i = 0; i < json.size(); ++i) {
    const char c = json[i];
    if (c == '<') {
      safe += "\\u003c";
    } else if (c == '>') {
      safe += "\\u003e";
    } else if (c == '&') {
      safe += "\\u0026";
    } else if (json.substr(i).starts_with(separators) && i + 2 < json.size() &&
               (json[i + 2] == '\xa8' || json[i + 2] == '\xa9')) {
      safe += json[i + 2] == '\xa8' ? "\\u2028" : "\\u2029";
      i += 2;
    } else {
      safe += c;
    }
  }
  return safe;
}

}  // namespace slim
