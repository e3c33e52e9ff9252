// The modules that a program was built of, as its compiler wrote them into it: what no package database has.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace slim {

enum class BuildLanguage : std::uint8_t { none, go, rust };

struct BuiltModule {
  std::string name;     ///< a Go module's path, a crate's name
  std::string version;  ///< v1.2.3, (devel), 1.2.3; may be empty
  bool main = false;    ///< what the program is, and not what it is built of
  bool operator==(const BuiltModule&) const = default;
};

struct BuiltModules {
  BuildLanguage language = BuildLanguage::none;
  std::string toolchain;             ///< "go1.22.1"; empty where nothing says it
  std::vector<BuiltModule> modules;  ///< in the order of the program
  bool operator==(const BuiltModules&) const = default;
};

/// No program says more than this: what comes later is left out.
inline constexpr std::size_t most_built_modules = 20'000;

/// The bytes of a program from an address on to the end of their segment; empty where none are mapped.
using MappedBytes = std::function<std::string_view(std::uint64_t address)>;

/// What Go's linker wrote: `data` begins at its section .go.buildinfo, or at the first writable segment.
/// A module that is replaced is told as what replaces it. Nothing where there is no such information.
std::optional<BuiltModules> read_go_build_info(std::string_view data, const MappedBytes& mapped);

/// What cargo auditable wrote into the section .dep-v0: the crates that are in the program, without those
/// that only its build needed. Nothing where the section is damaged, or is larger than 8 MiB when it is
/// inflated.
std::optional<BuiltModules> read_rust_audit(std::string_view section);

}  // namespace slim
