// Docker's grammar is that of distribution/reference; the other is what the OCI image-spec gives for
// org.opencontainers.image.ref.name (annotations.md).
#include "analyzer/image_name.h"

#include <algorithm>
#include <cstddef>
#include <string_view>

namespace slim {
namespace {

bool is_lower_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}
bool is_alphanumeric(char c) {
  return is_lower_or_digit(c) || (c >= 'A' && c <= 'Z');
}

/// Runs of `inside` with separators between them, none at either end.
template <typename Inside, typename Separator>
bool is_separated(std::string_view text, Inside inside, Separator separator) {
  if (text.empty() || !inside(text.front()) || !inside(text.back())) return false;
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t start = i;
    while (i < text.size() && inside(text[i])) ++i;
    if (i == text.size()) return true;
    const std::size_t from = i;
    while (i < text.size() && !inside(text[i])) ++i;
    if (start == from || !separator(text.substr(from, i - from))) return false;
  }
  return true;
}

template <typename Check>
bool each_component(std::string_view text, Check check) {
  while (true) {
    const auto slash = text.find('/');
    if (!check(text.substr(0, slash))) return false;
    if (slash == std::string_view::npos) return true;
    text.remove_prefix(slash + 1);
  }
}

bool is_docker_path(std::string_view text) {
  return each_component(text, [](std::string_view component) {
    return is_separated(component, is_lower_or_digit, [](std::string_view separator) {
      return separator == "." || separator == "_" || separator == "__" ||
             separator.find_first_not_of('-') == std::string_view::npos;
    });
  });
}

/// A name, or an IPv6 address in brackets; and a port.
bool is_domain(std::string_view text) {
  const bool is_address = text.starts_with('[');
  const auto bracket = is_address ? text.find(']') : 0;
  if (bracket == std::string_view::npos) return false;
  const auto colon = text.find(':', bracket);
  const std::string_view port = colon == std::string_view::npos ? "0" : text.substr(colon + 1);
  const bool port_fits = !port.empty() && port.find_first_not_of("0123456789") == std::string_view::npos;
  if (is_address) {
    const std::string_view address = text.substr(1, bracket - 1);
    return port_fits && text.substr(bracket + 1, colon - bracket - 1).empty() && !address.empty() &&
           address.find_first_not_of("0123456789abcdefABCDEF:.") == std::string_view::npos;
  }
  return port_fits && is_separated(text.substr(0, colon), is_alphanumeric, [](std::string_view separator) {
           return separator == "." || separator.find_first_not_of('-') == std::string_view::npos;
         });
}

}  // namespace

bool has_host(std::string_view name) {
  const auto slash = name.find('/');
  const std::string_view first = name.substr(0, slash);
  return slash != std::string_view::npos &&
         (first.find_first_of(".:") != std::string_view::npos || first == "localhost");
}

bool is_docker_name(std::string_view text) {
  const auto slash = text.find('/');
  if (has_host(text) && !is_domain(text.substr(0, slash))) return false;
  const bool is_hex_id =
      text.size() == 64 && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
  return text.size() <= 255 && !is_hex_id && is_docker_path(has_host(text) ? text.substr(slash + 1) : text);
}

bool is_docker_tag(std::string_view text) {
  return !text.empty() && text.size() <= 128 && text.front() != '.' && text.front() != '-' &&
         std::ranges::all_of(text,
                             [](char c) { return is_alphanumeric(c) || c == '_' || c == '.' || c == '-'; });
}

bool is_oci_ref_name(std::string_view text) {
  return each_component(text, [](std::string_view component) {
    return is_separated(component, is_alphanumeric, [](std::string_view separator) {
      return separator == "--" || (separator.size() == 1 && std::string_view("-._:@+").find(
                                                                separator.front()) != std::string_view::npos);
    });
  });
}

}  // namespace slim
