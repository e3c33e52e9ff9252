// What an architecture's loader is compiled with: names of folders, of itself and of processor levels.
#pragma once

#include <string_view>
#include <vector>

#include "analyzer/elf.h"

namespace slim {

struct LoaderAbi {
  std::string_view triplet;                 ///< Debian's multiarch folder
  std::string_view lib;                     ///< the other distributions' folder: lib64 or lib
  std::string_view interpreter;             ///< where glibc's loader is installed
  std::vector<std::string_view> hwcaps;     ///< folders below glibc-hwcaps, best processor first
  std::vector<std::string_view> platforms;  ///< what $PLATFORM may be, the plainest first
  /// Folders for processor features that glibc searched before 2.37: those of every processor, and of some.
  std::vector<std::string_view> legacy_always = {};
  std::vector<std::string_view> legacy_some = {};
};

/// The names of all processor levels, of every architecture.
std::vector<std::string_view> processor_levels();

/// For files like `elf`; an architecture that is not known has the folder "lib" and nothing else.
const LoaderAbi& loader_abi(const ElfFacts& elf);

/// Whether one process can hold both: the same class, byte order, machine and, where it is marked, float ABI.
bool same_abi(const ElfFacts& one, const ElfFacts& other);

}  // namespace slim
