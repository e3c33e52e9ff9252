// Follows _dl_dst_substitute and is_trusted_path_normalize in glibc's elf/dl-load.c.
#include "analyzer/loader_tokens.h"

#include <algorithm>
#include <cctype>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "analyzer/loader_session.h"

namespace slim {
namespace {

bool is_identifier(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
}

/// Eats NAME or {NAME} at the beginning of `text`.
bool take_token(std::string_view& text, std::string_view name) {
  const bool braced = text.starts_with('{');
  const std::string_view rest = text.substr(braced ? 1 : 0);
  if (!rest.starts_with(name)) return false;
  const std::string_view behind = rest.substr(name.size());
  if (braced ? !behind.starts_with('}') : !behind.empty() && is_identifier(behind.front())) return false;
  text = braced ? behind.substr(1) : behind;
  return true;
}

}  // namespace

ExpandedText expand_tokens(std::string_view text, const LoaderTokens& tokens, bool secure) {
  ExpandedText result;
  bool at_start = true;
  while (!text.empty()) {
    const std::size_t dollar = std::min(text.find('$'), text.size());
    result.text += text.substr(0, dollar);
    at_start = at_start && dollar == 0;
    text.remove_prefix(dollar);
    if (text.empty()) break;
    text.remove_prefix(1);
    bool known = true;
    if (take_token(text, "ORIGIN")) {
      result.text += tokens.origin;
      result.has_origin = true;
      const bool whole_folder = at_start && (text.empty() || text.front() == '/');
      result.refused = result.refused || tokens.origin.empty() || (secure && !whole_folder);
    } else if (take_token(text, "LIB")) {
      result.text += tokens.lib;
    } else if (take_token(text, "PLATFORM")) {
      result.text += tokens.platform;
      result.has_platform = true;
      result.refused = result.refused || tokens.platform.empty();
    } else {
      result.text += '$';
      known = false;
    }
    result.has_token = result.has_token || known;
    at_start = false;
  }
  return result;
}

std::string normalized_folder(std::string_view path) {
  std::vector<std::string_view> parts;
  for (const std::string_view part : split_list(path, "/")) {
    if (part == "..") {
      if (!parts.empty()) parts.pop_back();
    } else if (!part.empty() && part != ".") {
      parts.push_back(part);
    }
  }
  std::string result;
  for (const std::string_view part : parts) result.append("/").append(part);
  return result + "/";
}

}  // namespace slim
