// How images and destinations are written: containers-transports(5), and rootfs:, dir: and bare names.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace slim {

enum class Transport : std::uint8_t {
  docker_archive,      ///< a tar as `docker save` writes it: docker-archive:FILE[:NAME]
  oci,                 ///< an OCI image layout folder: oci:DIR[:NAME]
  oci_archive,         ///< a tar of an OCI image layout: oci-archive:FILE[:NAME]
  rootfs,              ///< a root folder or a tar of one (input): rootfs:PATH
  dir,                 ///< a plain root folder (output): dir:DIR
  registry,            ///< in a registry: docker://NAME
  docker_daemon,       ///< in the Docker daemon: docker-daemon:NAME
  containers_storage,  ///< in Podman's store: containers-storage:NAME
  bare_name,           ///< a NAME alone (input): the Docker daemon's, else Podman's, else its registry's
};

std::string_view to_string(Transport transport);

struct ImageRef {
  Transport transport = Transport::docker_archive;
  std::string path;  ///< file or folder; empty where the transport has none
  std::string name;  ///< NAME behind the path: a tag, or an image name; may be empty where there is a path
  bool insecure = false;  ///< a registry need not prove who it is, or speak TLS at all

  bool operator==(const ImageRef&) const = default;
  [[nodiscard]] std::string text() const;
};

/// Reads an input reference. A transport prefix is obeyed; a path without one is recognised by its
/// content: a folder with oci-layout is `oci`, another folder `rootfs`, a tar by its members. What is no path
/// that exists may be an image's name. A path that does not exist, or that is none of these, is an Error that
/// says what was looked for.
ImageRef parse_image_ref(std::string_view text);

/// Reads a destination: the prefix is needed, the path need not exist. Pure parsing.
ImageRef parse_destination(std::string_view text);

}  // namespace slim
