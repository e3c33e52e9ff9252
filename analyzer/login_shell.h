// Shells that read the profile of the system before they do what they are started for.
#pragma once

#include <array>
#include <span>
#include <string>
#include <string_view>

namespace slim {

/// Globs of the files that a login shell or one at a terminal reads.
inline constexpr auto shell_startup_files = std::to_array<std::string_view>(
    {"/etc/profile", "/etc/profile.d/*.sh", "/etc/bash.bashrc", "/etc/bashrc"});

/// Whether the file at `path` is read by login shells and those at a terminal alone.
bool is_shell_startup_file(std::string_view path);

/// Whether `program` (a path or a name) is a shell that `arguments` (without its own name) make a login shell
/// or one at a terminal: -l, --login, -lc, -i. "" stands for an argument that cannot be told.
bool reads_startup_files(std::string_view program, std::span<const std::string> arguments);

}  // namespace slim
