// Names: Docker's reference grammar (distribution/reference) for docker-archive; for OCI the grammar that the
// image-spec gives for org.opencontainers.image.ref.name (annotations.md).
#include "slimmer/destination.h"

#include <algorithm>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "analyzer/error.h"
#include "analyzer/image_ref.h"

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

bool is_domain(std::string_view text) {
  const auto colon = text.find(':');
  const std::string_view port = colon == std::string_view::npos ? "0" : text.substr(colon + 1);
  const bool port_fits = !port.empty() && port.find_first_not_of("0123456789") == std::string_view::npos;
  return port_fits && is_separated(text.substr(0, colon), is_alphanumeric, [](std::string_view separator) {
           return separator == "." || separator.find_first_not_of('-') == std::string_view::npos;
         });
}

bool is_docker_name(std::string_view text) {
  const auto slash = text.find('/');
  const std::string_view first = text.substr(0, slash);
  const bool has_domain = slash != std::string_view::npos &&
                          (first.find_first_of(".:") != std::string_view::npos || first == "localhost");
  if (has_domain && !is_domain(first)) return false;
  const bool is_hex_id =
      text.size() == 64 && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
  return text.size() <= 255 && !is_hex_id && is_docker_path(has_domain ? text.substr(slash + 1) : text);
}

bool is_docker_tag(std::string_view text) {
  return !text.empty() && text.size() <= 128 && text.front() != '.' && text.front() != '-' &&
         std::ranges::all_of(text,
                             [](char c) { return is_alphanumeric(c) || c == '_' || c == '.' || c == '-'; });
}

/// NAME:TAG, or nothing where it is no reference with a tag. `latest` for a name without one.
std::optional<std::string> docker_name(std::string_view text, bool needs_tag) {
  const auto slash = text.rfind('/');
  const auto colon = text.find(':', slash == std::string_view::npos ? 0 : slash);
  if (colon == std::string_view::npos) {
    if (needs_tag || !is_docker_name(text)) return std::nullopt;
    return std::string(text) + ":latest";
  }
  if (!is_docker_name(text.substr(0, colon)) || !is_docker_tag(text.substr(colon + 1))) return std::nullopt;
  return std::string(text);
}

bool is_oci_ref_name(std::string_view text) {
  return each_component(text, [](std::string_view component) {
    return is_separated(component, is_alphanumeric, [](std::string_view separator) {
      return separator == "--" || (separator.size() == 1 && std::string_view("-._:@+").find(
                                                                separator.front()) != std::string_view::npos);
    });
  });
}

}  // namespace

std::string output_name(const ImageRef& ref, const std::string& tag, const std::string& source_name) {
  if (ref.transport == Transport::dir) return {};
  const std::string& asked = tag.empty() ? ref.name : tag;
  if (ref.transport == Transport::docker_archive) {
    const auto name = docker_name(asked.empty() ? source_name : asked, asked.empty());
    if (name) return *name;
    if (asked.empty()) return {};
    throw Error(ErrorKind::usage, asked,
                "is not an image's name: expected NAME[:TAG] in lower case, as nginx:1.25");
  }
  if (asked.empty()) return is_oci_ref_name(source_name) ? source_name : "";
  if (is_oci_ref_name(asked)) return asked;
  throw Error(ErrorKind::usage, asked,
              "cannot be the name of an image in an OCI layout: expected letters and digits with one of - . "
              "_ : @ + / "
              "between them");
}

std::unique_ptr<Destination> open_destination(const ImageRef& ref, const std::string& name) {
  switch (ref.transport) {
    case Transport::docker_archive:
      return open_docker_archive(ref, name);
    case Transport::oci_archive:
      return open_oci_archive(ref, name);
    case Transport::oci:
      return open_oci_layout(ref, name);
    case Transport::dir:
      return open_root_folder(ref);
    case Transport::rootfs:
      break;
  }
  throw Error(ErrorKind::usage, ref.text(), "is an input only", "write a plain root folder with dir:DIR");
}

}  // namespace slim
