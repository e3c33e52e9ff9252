// Which texts are names of images: Docker's grammar, and that of names in OCI layouts.
#pragma once

#include <string_view>

namespace slim {

/// HOST[:PORT] in front of a name's first slash; without one, the name is Docker Hub's.
bool has_host(std::string_view name);
/// [HOST[:PORT]/]PATH, without tag and digest.
bool is_docker_name(std::string_view text);
bool is_docker_tag(std::string_view text);
/// A value of org.opencontainers.image.ref.name.
bool is_oci_ref_name(std::string_view text);

}  // namespace slim
