// The platform of an image, as in the OCI image index (image-index.md) and `--platform`.
#pragma once

#include <string>
#include <string_view>

namespace slim {

struct Platform {
  std::string os;
  std::string architecture;  ///< GOARCH values: amd64, arm64, arm, 386, ppc64le, s390x, riscv64
  std::string variant;       ///< v7, v8, ...; may be empty

  bool operator==(const Platform&) const = default;
  [[nodiscard]] std::string text() const;  ///< os/architecture[/variant]

  /// Accepts OS/ARCH[/VARIANT] and the usual aliases (x86_64, aarch64); else an Error of kind usage.
  static Platform parse(std::string_view text);
  /// The platform that this program was built for.
  static Platform host();
};

/// Whether an image for `have` serves a request for `want`; a missing variant on either side matches.
bool serves(const Platform& have, const Platform& want);

}  // namespace slim
