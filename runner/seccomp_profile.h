// Which system calls a container may make, as docker's default has it.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace slim {

/// Allowed whatever their arguments are. Runtimes leave out names that an architecture does not have.
std::span<const std::string_view> allowed_syscalls();

/// Allowed on one architecture (GOARCH) only.
std::span<const std::string_view> allowed_syscalls_of(std::string_view architecture);

/// The architectures that a filter for `architecture` covers, as the OCI runtime-spec names them.
std::span<const std::string_view> seccomp_architectures(std::string_view architecture);

/// clone(2) may not ask for new namespaces: this mask of its flags must be 0.
inline constexpr std::uint64_t clone_namespace_flags = 0x7E020000;

/// personality(2) values that are harmless: Linux, with and without 32-bit uname, as is, and the query.
inline constexpr std::uint64_t allowed_personalities[] = {0x0, 0x0008, 0x20000, 0x20008, 0xffffffff};

}  // namespace slim
