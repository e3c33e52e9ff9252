// A scanner and no parser: tags are found as the HTML standard's tokenizer finds them, attributes are read,
// and what is not well-formed is passed over. Comments and scripts are not looked into: what a script asks
// for is not known without running it.
#include "runner/links.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "runner/http.h"
#include "runner/http_probe.h"

namespace slim {
namespace {

constexpr std::size_t read_cap = 1U << 20;
constexpr auto npos = std::string_view::npos;
constexpr std::size_t links_cap = 1000;
constexpr std::size_t longest = 2000;
constexpr std::string_view blanks = " \t\r\n\f";

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
}

std::string lowered(std::string_view text) {
  std::string result(text);
  std::ranges::transform(result, result.begin(), lower);
  return result;
}

std::string_view trimmed(std::string_view text) {
  const auto begin = text.find_first_not_of(blanks);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(blanks) - begin + 1);
}

/// The references of attribute values that can stand in an address.
std::string unescaped(std::string_view text) {
  constexpr auto names = std::to_array<std::pair<std::string_view, char>>(
      {{"&amp;", '&'}, {"&#38;", '&'}, {"&quot;", '"'}, {"&#39;", '\''}, {"&lt;", '<'}, {"&gt;", '>'}});
  std::string result;
  while (!text.empty()) {
    const auto known =
        std::ranges::find_if(names, [&](const auto& name) { return text.starts_with(name.first); });
    if (text.front() == '&' && known != names.end()) {
      result += known->second;
      text.remove_prefix(known->first.size());
    } else {
      result += text.front();
      text.remove_prefix(1);
    }
  }
  return result;
}

/// A path without "." and ".." segments (RFC 3986, 5.2.4).
std::string without_dots(std::string_view path) {
  std::vector<std::string_view> kept;
  bool folder = true;
  for (std::size_t at = 1; at <= path.size();) {
    const auto end = std::min(path.find('/', at), path.size());
    const auto part = path.substr(at, end - at);
    folder = part == "." || part == "..";
    if (part == "..") {
      if (!kept.empty()) kept.pop_back();
    } else if (part != ".") {
      kept.push_back(part);
    }
    at = end + 1;
  }
  std::string result;
  for (const auto part : kept) result.append("/").append(part);
  return folder || result.empty() ? result + "/" : result;
}

/// What follows "//host:port" where that is this server; nothing where it is another.
bool take_authority(std::string_view& reference, std::uint16_t port) {
  const auto end = std::min(reference.find_first_of("/?#"), reference.size());
  const auto authority = lowered(reference.substr(0, end));
  reference.remove_prefix(end);
  const auto colon = authority.rfind(':');
  const bool bare = colon == std::string::npos || authority.ends_with(']');
  const auto host = bare ? authority : authority.substr(0, colon);
  std::uint16_t number = 80;
  if (!bare) std::from_chars(authority.data() + colon + 1, authority.data() + authority.size(), number);
  const bool here = host == "localhost" || host == "127.0.0.1" || host == "[::1]";
  // A server that does not know under which port it is reached leaves it out.
  return here && (bare || number == port);
}

struct Tag {
  std::string name;
  std::vector<std::pair<std::string, std::string>> attributes;
  [[nodiscard]] std::string_view value(std::string_view attribute) const {
    const auto found = std::ranges::find(attributes, attribute, [](const auto& pair) { return pair.first; });
    return found == attributes.end() ? std::string_view() : std::string_view(found->second);
  }
};

/// Reads the tag that begins at the start of `text` ("<a href=...>") and takes it away.
Tag take_tag(std::string_view& text) {
  Tag tag;
  text.remove_prefix(1);
  const auto name_end = std::min(text.find_first_of(" \t\r\n\f/>"), text.size());
  tag.name = lowered(text.substr(0, name_end));
  text.remove_prefix(name_end);
  while (true) {
    text.remove_prefix(std::min(text.find_first_not_of(" \t\r\n\f/"), text.size()));
    if (text.empty() || text.front() == '>') break;
    const auto end = std::min(text.find_first_of(" \t\r\n\f/>=", 1), text.size());
    auto attribute = lowered(text.substr(0, end));
    text.remove_prefix(end);
    std::string_view value;
    auto rest = text.substr(std::min(text.find_first_not_of(blanks), text.size()));
    if (rest.starts_with('=')) {
      rest.remove_prefix(1);
      rest.remove_prefix(std::min(rest.find_first_not_of(blanks), rest.size()));
      const char quote = rest.empty() ? '\0' : rest.front();
      if (quote == '"' || quote == '\'') {
        const auto close = rest.find(quote, 1);
        value = rest.substr(1, close == std::string_view::npos ? rest.size() : close - 1);
        rest.remove_prefix(close == std::string_view::npos ? rest.size() : close + 1);
      } else {
        value = rest.substr(0, std::min(rest.find_first_of(" \t\r\n\f>"), rest.size()));
        rest.remove_prefix(value.size());
      }
      text = rest;
    }
    tag.attributes.emplace_back(std::move(attribute), unescaped(value));
  }
  if (!text.empty()) text.remove_prefix(1);
  return tag;
}

class Links {
 public:
  explicit Links(const PagePlace& place) : place_(place), base_(place) {}

  void add(std::string_view reference) {
    if (found_.size() >= links_cap || reference.size() > longest) return;
    auto path = resolve_link(reference, base_);
    if (!path.empty()) found_.insert(std::move(path));
  }

  void html(std::string_view text) {
    while (!text.empty() && found_.size() < links_cap) {
      const auto open = text.find('<');
      if (open == std::string_view::npos) return;
      text.remove_prefix(open);
      if (text.starts_with("<!--")) {
        const auto close = text.find("-->", 4);
        if (close == std::string_view::npos) return;
        text.remove_prefix(close + 3);
        continue;
      }
      const char next = text.size() > 1 ? lower(text[1]) : '\0';
      if (next < 'a' || next > 'z') {
        text.remove_prefix(1);
        continue;
      }
      const auto tag = take_tag(text);
      visit(tag);
      if (tag.name == "script" || tag.name == "style") take_raw(text, tag.name);
    }
  }

  void css(std::string_view text) {
    std::size_t url = text.find("url(");
    std::size_t import = text.find("@import");
    // Each is looked for again only once it has been passed: a text of one kind is not searched for the other
    // at every step.
    while (found_.size() < links_cap && (url != npos || import != npos)) {
      const bool by_url = url < import;
      const std::size_t at = by_url ? url + 4 : import + 7;
      if (by_url) url = text.find("url(", at);
      if (!by_url) import = text.find("@import", at);
      std::string_view rest = text.substr(at, longest + longest);
      rest.remove_prefix(std::min(rest.find_first_not_of(blanks), rest.size()));
      if (rest.empty() || (!by_url && rest.front() != '"' && rest.front() != '\''))
        continue;  // @import url(...)
      const bool is_quoted = rest.front() == '"' || rest.front() == '\'';
      const auto end = rest.substr(0, longest + 1).find(is_quoted ? rest.front() : ')', is_quoted ? 1 : 0);
      if (end == npos) continue;
      add(trimmed(is_quoted ? rest.substr(1, end - 1) : rest.substr(0, end)));
    }
  }

  [[nodiscard]] std::vector<std::string> take() { return {found_.begin(), found_.end()}; }

 private:
  void visit(const Tag& tag) {
    if (tag.name == "base" && !tag.value("href").empty()) {
      if (auto path = resolve_link(tag.value("href"), place_); !path.empty()) base_.path = std::move(path);
      return;
    }
    const auto relation = lowered(tag.value("rel"));
    // Hints for connections, and other forms of the same page, are no pages.
    const bool is_hint = relation == "preconnect" || relation == "dns-prefetch";
    for (const auto& [name, value] : tag.attributes) {
      if (value.empty() || is_hint) continue;
      if (name == "href" || name == "src" || name == "poster" || (name == "data" && tag.name == "object"))
        add(value);
      if (name == "srcset" || name == "imagesrcset") sources(value);
      if (name == "style") css(value);
      if (name == "action" && tag.name == "form" && lowered(tag.value("method")) != "post" &&
          lowered(tag.value("method")) != "dialog") {
        add(value);
      }
    }
  }

  /// "a.png 1x, b.png 2x"
  void sources(std::string_view text) {
    while (!text.empty()) {
      text.remove_prefix(std::min(text.find_first_not_of(" \t\r\n\f,"), text.size()));
      const auto address = text.substr(0, std::min(text.find_first_of(blanks), text.size()));
      text.remove_prefix(std::min(text.find(',', address.size()), text.size()));
      auto cut = address;
      while (cut.ends_with(',')) cut.remove_suffix(1);
      if (!cut.empty()) add(cut);
    }
  }

  /// What stands between <script> or <style> and its end is no HTML.
  void take_raw(std::string_view& text, const std::string& name) {
    std::size_t end = 0;
    const auto close = "</" + name;
    while (end < text.size() && lowered(text.substr(end, close.size())) != close) {
      end = std::min(text.find("</", end + 1), text.size());
    }
    if (name == "style") css(text.substr(0, end));
    text.remove_prefix(end);
  }

  const PagePlace& place_;
  PagePlace base_;
  std::set<std::string> found_;
};

}  // namespace

std::string resolve_link(std::string_view reference, const PagePlace& place) {
  reference = trimmed(reference);
  reference = reference.substr(0, reference.find('#'));
  if (reference.empty()) return "";
  const auto scheme_end = reference.find_first_of(":/?");
  if (scheme_end != std::string_view::npos && reference[scheme_end] == ':') {
    if (lowered(reference.substr(0, scheme_end)) != "http") return "";
    reference.remove_prefix(scheme_end + 1);
    if (!reference.starts_with("//")) return "";
  }
  if (reference.starts_with("//")) {
    reference.remove_prefix(2);
    if (!take_authority(reference, place.port)) return "";
    if (!reference.starts_with('/')) return reference.empty() ? "/" : "/" + std::string(reference);
  }
  const auto question = std::min(reference.find('?'), reference.size());
  const auto query = reference.substr(question);
  const auto path = reference.substr(0, question);
  const auto own = std::string_view(place.path).substr(0, place.path.find('?'));
  std::string whole;
  if (path.starts_with('/')) {
    whole = path;
  } else if (path.empty()) {
    whole = own;
  } else {
    whole = std::string(own.substr(0, own.rfind('/') + 1)) + std::string(path);
  }
  auto result = without_dots(whole) + std::string(query);
  // As browsers do it: what may not stand in a request line is escaped.
  std::string sent;
  constexpr std::string_view digits = "0123456789ABCDEF";
  for (const char letter : result) {
    const auto c = static_cast<unsigned char>(letter);
    if (c <= 0x20 || c >= 0x7F || c == '"' || c == '<' || c == '>') {
      sent.append("%").append(1, digits[c >> 4U]).append(1, digits[c & 15U]);
    } else {
      sent += letter;
    }
  }
  return sent;
}

std::vector<std::string> links_of(const HttpReply& response, const PagePlace& place) {
  Links links(place);
  const auto location = header_value(response, "Location");
  if (!location.empty()) links.add(location);
  const auto type = lowered(header_value(response, "Content-Type"));
  const auto text = std::string_view(response.body).substr(0, read_cap);
  if (type.starts_with("text/css")) {
    links.css(text);
  } else if (type.starts_with("text/html") || type.starts_with("application/xhtml")) {
    links.html(text);
  }
  return links.take();
}

}  // namespace slim
