// Names: see analyzer/image_name.h.
#include "slimmer/destination.h"

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "analyzer/error.h"
#include "analyzer/image_name.h"
#include "analyzer/image_ref.h"
#include "analyzer/registry_name.h"

namespace slim {
namespace {

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

std::string registry_output(const ImageRef& ref, const std::string& tag) {
  RegistryName name = RegistryName::parse(ref.name);
  if (tag.empty()) return name.text();
  if (!is_docker_tag(tag)) {
    throw Error(ErrorKind::usage, "--tag " + tag,
                "cannot be the tag in " + ref.text() + ": expected letters, digits and _ . - only");
  }
  name.tag = tag;
  return name.text();
}

}  // namespace

std::string output_name(const ImageRef& ref, const std::string& tag, const std::string& source_name) {
  if (ref.transport == Transport::dir) return {};
  if (ref.transport == Transport::registry) return registry_output(ref, tag);
  const std::string& asked = tag.empty() ? ref.name : tag;
  const bool is_docker = ref.transport == Transport::docker_archive ||
                         ref.transport == Transport::docker_daemon ||
                         ref.transport == Transport::containers_storage;
  if (is_docker) {
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
    case Transport::registry:
      return open_registry_destination(ref, name);
    case Transport::docker_daemon:
    case Transport::containers_storage:
      return open_loaded_image(ref, name);
    case Transport::rootfs:
    case Transport::bare_name:
      break;
  }
  throw Error(ErrorKind::usage, ref.text(), "is an input only", "write a plain root folder with dir:DIR");
}

}  // namespace slim
