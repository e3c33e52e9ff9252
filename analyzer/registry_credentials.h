// Who we are for a registry: what `docker login` and `podman login` have kept.
#pragma once

#include <string>
#include <string_view>

#include "analyzer/registry_name.h"

namespace slim {

struct Credentials {
  std::string user{};
  std::string password{};
  std::string identity_token{};  ///< given to the token server instead of the two (OAuth2's refresh token)
  std::string bearer{};          ///< given to the registry as it is

  [[nodiscard]] bool empty() const { return user.empty() && identity_token.empty() && bearer.empty(); }
  bool operator==(const Credentials&) const = default;
};

/// Empty where none are known. Asked are, in this order: $REGISTRY_AUTH_FILE, else Podman's
/// $XDG_RUNTIME_DIR/containers/auth.json and ~/.config/containers/auth.json; then Docker's
/// $DOCKER_CONFIG/config.json or ~/.docker/config.json. In each: a helper for the host (credHelpers), `auths`
/// by the longest prefix of HOST/REPOSITORY, the helper for all (credsStore). A file that is none of these is
/// an Error of kind input, a helper that fails one of kind environment.
Credentials find_credentials(const RegistryName& name);

/// What one such file says of `name`. `text` is its content, `file` is for messages.
Credentials credentials_in(const std::string& text, const std::string& file, const RegistryName& name);

/// RFC 4648, with padding.
std::string to_base64(std::string_view text);

}  // namespace slim
