// Images that Docker's daemon and Podman give out: as an archive, and only whole.
#pragma once

#include <expected>
#include <functional>
#include <string>
#include <vector>

#include "analyzer/docker_api.h"
#include "analyzer/docker_endpoint.h"
#include "analyzer/image_files.h"
#include "analyzer/platform.h"

namespace slim {

struct SavedImage {
  ImageFiles files;  ///< as `docker save` writes them, in a temporary file
  std::string name;  ///< NAME:TAG; empty where it was asked for by its id
};

/// Why a place has not given an image.
struct NotThere {
  bool asked = false;  ///< whether the place has answered: it has no such image
  std::string why;     ///< with the place
  std::string hint;    ///< may be empty
};

/// The first of `endpoints` that answers, or why none does.
std::expected<DockerApi, NotThere> connect_to_any(
    const std::function<std::vector<DockerEndpoint>()>& endpoints);

/// The image that Docker's daemon, or Podman (its service, else its program), knows by `name`, a name or an
/// id. `what` is for messages. Once the place has said that it has the image, failures are Errors: of kind
/// environment where the place or its connection fails or there is no room, input where the archive is none.
std::expected<SavedImage, NotThere> saved_by_docker(const std::string& name, const std::string& what,
                                                    const Platform* wanted);
std::expected<SavedImage, NotThere> saved_by_podman(const std::string& name, const std::string& what,
                                                    const Platform* wanted);

}  // namespace slim
