// Libraries that are opened because a configuration file names them: PAM's, OpenSSL's, NSS's, Apache's.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace slim {

struct ConfiguredModule {
  std::string name;      ///< file name, or an absolute path
  std::size_t line = 1;  ///< 1-based
  std::string folder;    ///< below a folder of libraries ("security"); empty: in it
};

/// What the text of the file at `path` (absolute) names; nothing where it is no such file. At most 1,024.
/// Follows pam.conf(5), config(5) of OpenSSL (`module` and `dynamic_path`), nsswitch.conf(5) (services that a
/// rule knows, files, dns, ..., are left to it) and mod_rewrite's documentation (`RewriteMap` of the kind
/// dbm).
std::vector<ConfiguredModule> configured_modules(std::string_view path, std::string_view text);

}  // namespace slim
