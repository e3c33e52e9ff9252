// After the Filesystem Hierarchy Standard 3.0 and where each package manager documents its cache.
#include "analyzer/path_kinds.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <string_view>

namespace slim {
namespace {

using Paths = std::string_view;

constexpr auto npos = std::string_view::npos;

/// Folders at the root of the image.
constexpr auto cache_folders =
    std::to_array<Paths>({"/var/cache/apt/", "/var/lib/apt/lists/", "/var/cache/apk/", "/etc/apk/cache/",
                          "/var/cache/dnf/", "/var/cache/yum/", "/var/cache/zypp/", "/var/cache/pacman/",
                          "/usr/local/share/.cache/", "/go/pkg/mod/cache/", "/usr/local/cargo/registry/"});
/// Folders of whoever built the image, wherever the home lies.
constexpr auto home_caches = std::to_array<Paths>(
    {"/.cache/pip/", "/.cache/uv/", "/.cache/yarn/", "/.cache/go-build/", "/.cache/pypoetry/",
     "/.cache/composer/", "/.composer/cache/", "/.npm/_cacache/", "/.cargo/registry/", "/.m2/repository/",
     "/.gradle/caches/", "/.bundle/cache/", "/.nuget/packages/"});
constexpr auto header_folders = std::to_array<Paths>({"/usr/include/", "/usr/local/include/"});
constexpr auto documentation_folders = std::to_array<Paths>(
    {"/usr/share/doc/", "/usr/share/man/", "/usr/share/info/", "/usr/share/gtk-doc/", "/usr/share/lintian/",
     "/usr/share/bug/", "/usr/share/doc-base/", "/usr/local/share/doc/", "/usr/local/share/man/",
     "/usr/local/man/", "/usr/share/help/"});
constexpr auto locale_folders = std::to_array<Paths>(
    {"/usr/share/locale/", "/usr/share/i18n/", "/usr/lib/locale/", "/usr/local/share/locale/"});
constexpr auto version_control_folders = std::to_array<Paths>({"/.git/", "/.hg/", "/.svn/"});
constexpr auto compilers =
    std::to_array<Paths>({"cc",      "c++",   "gcc",      "g++",   "cpp",    "cc1",     "cc1plus", "clang",
                          "clang++", "ld",    "as",       "make",  "gmake",  "cmake",   "ninja",   "rustc",
                          "cargo",   "javac", "gfortran", "gccgo", "ld.bfd", "ld.gold", "ld.lld"});
constexpr auto public_folders =
    std::to_array<Paths>({"/test/", "/tests/", "/testing/", "/testdata/", "/test-data/", "/example/",
                          "/examples/", "/sample/", "/samples/", "/fixtures/", "/site-packages/",
                          "/dist-packages/", "/node_modules/", "/gems/", "/vendor/"});

constexpr auto shells = std::to_array<Paths>(
    {"sh", "bash", "dash", "ash", "zsh", "ksh", "mksh", "fish", "csh", "tcsh", "busybox", "rbash"});
constexpr auto package_managers =
    std::to_array<Paths>({"apt", "apt-get", "dpkg", "apk", "rpm", "dnf", "yum", "microdnf", "zypper",
                          "pacman", "pip", "pip3", "npm", "gem", "opkg"});
constexpr auto program_folders =
    std::to_array<Paths>({"/bin", "/sbin", "/usr/bin", "/usr/sbin", "/usr/local/bin", "/usr/local/sbin"});

template <std::size_t N>
bool is_program_called(std::string_view path, const std::array<Paths, N>& names) {
  const auto slash = path.rfind('/');
  return slash != npos &&
         std::ranges::find(program_folders, path.substr(0, slash)) != program_folders.end() &&
         std::ranges::find(names, path.substr(slash + 1)) != names.end();
}

template <std::size_t N>
bool starts_with_any(std::string_view path, const std::array<Paths, N>& starts) {
  return std::ranges::any_of(starts, [path](Paths start) { return path.starts_with(start); });
}

template <std::size_t N>
bool holds_any(std::string_view path, const std::array<Paths, N>& parts) {
  return std::ranges::any_of(parts, [path](Paths part) { return path.find(part) != npos; });
}

bool is_digits(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == npos;
}

/// gcc, gcc-12, x86_64-linux-gnu-gcc-12; and what lies in Go's own folder.
bool is_compiler(std::string_view path) {
  if (path == "/usr/local/go/bin/go" || path.starts_with("/usr/local/go/pkg/tool/")) return true;
  const std::size_t slash = path.rfind('/');
  const std::string_view folder = path.substr(0, slash + 1);
  if (!folder.ends_with("/bin/") && folder.find("/gcc/") == npos) return false;
  std::string_view name = path.substr(slash + 1);
  const auto version = name.rfind('-');
  if (version != npos && is_digits(name.substr(version + 1))) name = name.substr(0, version);
  const auto triplet = name.rfind("-linux-");
  if (triplet != npos) name = name.substr(std::min(name.find('-', triplet + 7), name.size() - 1) + 1);
  return std::ranges::find(compilers, name) != compilers.end();
}

bool is_header(std::string_view path) {
  if (starts_with_any(path, header_folders)) return true;
  const bool library_folder = path.starts_with("/usr/lib") || path.starts_with("/usr/local/lib");
  return library_folder &&
         (path.ends_with(".a") || path.ends_with(".la") || path.find("/pkgconfig/") != npos);
}

}  // namespace

PathKind kind_of_path(std::string_view path) {
  if (starts_with_any(path, cache_folders)) return PathKind::package_cache;
  if (path.find("/.") != npos) {
    if (holds_any(path, home_caches)) return PathKind::package_cache;
    if (holds_any(path, version_control_folders)) return PathKind::version_control;
  }
  if (starts_with_any(path, documentation_folders)) return PathKind::documentation;
  // C.utf8 is what programs fall back on, and no translation.
  if (starts_with_any(path, locale_folders) && !path.starts_with("/usr/lib/locale/C.")) {
    return PathKind::locale;
  }
  if (is_header(path)) return PathKind::header;
  return is_compiler(path) ? PathKind::compiler : PathKind::other;
}

bool is_public_path(std::string_view path) {
  return starts_with_any(path, documentation_folders) || holds_any(path, public_folders);
}

bool is_shell_program(std::string_view path) {
  return is_program_called(path, shells);
}

bool is_package_manager(std::string_view path) {
  return is_program_called(path, package_managers);
}

bool is_key_store(std::string_view path) {
  constexpr auto endings =
      std::to_array<Paths>({".p12", ".pfx", ".jks", ".keystore", ".kdbx", "/.vault-token"});
  return std::ranges::any_of(endings, [path](Paths ending) { return path.ends_with(ending); });
}

bool is_core_name(std::string_view path) {
  const std::string_view name = path.substr(path.rfind('/') + 1);
  return name == "core" || (name.starts_with("core.") && is_digits(name.substr(5)));
}

}  // namespace slim
