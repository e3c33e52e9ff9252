// What a file is for, told by its path alone: the kinds of things that a finished image rarely needs.
#pragma once

#include <cstdint>
#include <string_view>

namespace slim {

enum class PathKind : std::uint8_t {
  other,
  package_cache,    ///< what a package manager has fetched and can fetch again
  compiler,         ///< a program that builds programs
  header,           ///< headers, static libraries, files of pkg-config
  documentation,    ///< manuals, README files of packages
  locale,           ///< translations and locale definitions
  version_control,  ///< what git, hg and svn keep beside the files
};

/// Of a file, by its absolute path.
PathKind kind_of_path(std::string_view path);

/// Whether `path` (absolute) lies where packages put what everybody can have: documentation, tests, examples
/// and the folders of installed libraries. A key or a password there is no secret.
bool is_public_path(std::string_view path);

/// Whether `path` (absolute) is a shell, or a package manager, in a folder of programs.
bool is_shell_program(std::string_view path);
bool is_package_manager(std::string_view path);

/// Whether `path` has the name of a key store: PKCS #12, Java's, KeePass's.
bool is_key_store(std::string_view path);

/// Whether `path` has the name that a kernel gives a core dump: core, core.PID.
bool is_core_name(std::string_view path);

}  // namespace slim
