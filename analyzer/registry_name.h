// The name of an image in a registry, complete: [HOST[:PORT]/]NAME[:TAG][@DIGEST].
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "analyzer/digest.h"

namespace slim {

struct RegistryName {
  std::string host;        ///< HOST[:PORT]; docker.io for Docker Hub
  std::string repository;  ///< library/nginx
  std::string tag;         ///< `latest` where neither it nor a digest is given; empty with a digest alone
  Digest digest;           ///< may be empty; else it is what counts

  /// As Docker completes a name: nginx is docker.io/library/nginx:latest. Nothing where it is no name.
  static std::optional<RegistryName> read(std::string_view text);
  /// As read(); what is no name is an Error of kind usage.
  static RegistryName parse(std::string_view text);

  /// HOST/REPOSITORY[:TAG][@DIGEST]
  [[nodiscard]] std::string text() const;
  /// HOST[:PORT] where the registry of `host` answers.
  [[nodiscard]] std::string endpoint() const;
  /// What stands for it in the API's paths: the digest, else the tag.
  [[nodiscard]] const std::string& reference() const { return digest.empty() ? tag : digest.text(); }

  bool operator==(const RegistryName&) const = default;
};

}  // namespace slim
