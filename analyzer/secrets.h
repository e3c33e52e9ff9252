// Whether a file's text holds a private key, an access token or a login, by its shape. The secret itself
// is never kept: only what it is and where it stands.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace slim {

enum class SecretShape : std::uint8_t {
  none,
  private_key,            ///< PEM, OpenSSH or PGP, readable without a passphrase
  encrypted_private_key,  ///< the same, but a passphrase protects it
  aws_access_key,
  github_token,
  gitlab_token,
  slack_token,
  npm_token,
  pypi_token,
  google_api_key,
  stripe_key,
  login,  ///< a password or token in a file that is known for it: .netrc, .npmrc, .env, ... (the last one)
};

/// What it is in words, with its article: "a private key".
std::string_view to_string(SecretShape shape);

struct Secret {
  SecretShape shape = SecretShape::none;
  std::uint32_t line = 0;  ///< 1-based; 0 where there is none
  bool operator==(const Secret&) const = default;
};

/// So much of a file is searched; what holds a credential is small.
inline constexpr std::size_t searched_for_secrets = std::size_t{64} << 10;

/// Whether a file of this path (as in LayerEntry) is searched whatever its first bytes are: by the names
/// that keys, logins and settings have, and source code outside of the folders of installed libraries.
bool may_hold_secret(std::string_view path);

/// Whether `assignment` is NAME=value where the name says that the value is secret, and the value is one: not
/// empty, no placeholder, no other variable's.
bool is_secret_setting(std::string_view assignment);

/// The first secret in the first 64 KiB of `text`, the content of the file `path`. Certificates, public
/// keys, headers without a key behind them, and placeholders (EXAMPLE, xxxx) are none.
Secret find_secret(std::string_view path, std::string_view text);

}  // namespace slim
