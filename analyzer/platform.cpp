// Platforms as the OCI image-spec's image-index.md writes them, with the aliases that uname(1) and
// package managers use.
#include "analyzer/platform.h"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

#include "analyzer/error.h"

namespace slim {
namespace {

struct Alias {
  std::string_view name;
  std::string_view architecture;
  std::string_view variant;
};

constexpr auto aliases = std::to_array<Alias>({
    {.name = "x86_64", .architecture = "amd64", .variant = ""},
    {.name = "x86-64", .architecture = "amd64", .variant = ""},
    {.name = "aarch64", .architecture = "arm64", .variant = ""},
    {.name = "armhf", .architecture = "arm", .variant = "v7"},
    {.name = "armv7", .architecture = "arm", .variant = "v7"},
    {.name = "armv7l", .architecture = "arm", .variant = "v7"},
    {.name = "armv6l", .architecture = "arm", .variant = "v6"},
    {.name = "i386", .architecture = "386", .variant = ""},
    {.name = "i686", .architecture = "386", .variant = ""},
});

}  // namespace

std::string Platform::text() const {
  return variant.empty() ? os + "/" + architecture : os + "/" + architecture + "/" + variant;
}

Platform Platform::parse(std::string_view text) {
  const auto first = text.find('/');
  const auto second = first == std::string_view::npos ? first : text.find('/', first + 1);
  Platform platform;
  platform.os = text.substr(0, first);
  if (first != std::string_view::npos) {
    platform.architecture = text.substr(first + 1, second - first - 1);
  }
  const auto* const alias = std::ranges::find(aliases, platform.architecture, &Alias::name);
  if (alias != aliases.end()) {
    platform.architecture = alias->architecture;
    platform.variant = alias->variant;
  }
  const bool variant = second != std::string_view::npos;
  if (variant) platform.variant = text.substr(second + 1);
  const bool broken =
      variant && (platform.variant.empty() || platform.variant.find('/') != std::string::npos);
  if (platform.os.empty() || platform.architecture.empty() || broken) {
    throw Error(ErrorKind::usage, "--platform " + std::string(text),
                "expected OS/ARCH[/VARIANT], for example linux/arm64");
  }
  return platform;
}

Platform Platform::host() {
#if defined(__x86_64__)
  return {.os = "linux", .architecture = "amd64", .variant = ""};
#elif defined(__aarch64__)
  return {.os = "linux", .architecture = "arm64", .variant = ""};
#elif defined(__riscv)
  return {.os = "linux", .architecture = "riscv64", .variant = ""};
#elif defined(__powerpc64__)
  return {.os = "linux", .architecture = "ppc64le", .variant = ""};
#elif defined(__s390x__)
  return {.os = "linux", .architecture = "s390x", .variant = ""};
#else
#error "name this architecture as GOARCH does"
#endif
}

bool serves(const Platform& have, const Platform& want) {
  return have.os == want.os && have.architecture == want.architecture &&
         (have.variant.empty() || want.variant.empty() || have.variant == want.variant);
}

}  // namespace slim
