// Programs that keep passwords: docker-credential-NAME, as Docker and Podman ask them.
#pragma once

#include <optional>
#include <string>

namespace slim {

struct HelperAnswer {
  std::string user;  ///< "<token>": the secret is an identity token
  std::string secret;
};

/// What docker-credential-`name` (found in PATH) knows for `server`; nothing where it knows none. One that is
/// missing, fails, says nonsense or takes longer than a minute is an Error of kind environment.
std::optional<HelperAnswer> ask_credential_helper(const std::string& name, const std::string& server);

}  // namespace slim
