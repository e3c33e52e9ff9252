// What glibc's loader and ldconfig know by file: /etc/ld.so.cache and /etc/ld.so.conf.
#pragma once

#include <cstdint>
#include <expected>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "analyzer/elf.h"
#include "analyzer/file_tree.h"

namespace slim {

struct LdCacheEntry {
  std::int32_t flags = 0;  ///< kind of library and ABI, as ldconfig writes them: 0x0303 is glibc on x86-64
  std::string path;
  std::uint64_t hwcap = 0;  ///< 0 for the baseline; bits of an old-style hwcap
  std::string hwcaps_name;  ///< "x86-64-v3" for an entry of a glibc-hwcaps folder
};

struct LdCache {
  std::map<std::string, std::vector<LdCacheEntry>, std::less<>>
      entries;  ///< by name, in the order of the file
};

/// Parses the content of ld.so.cache: the format of glibc 2.2 and later ("glibc-ld.so.cache1.1", in either
/// byte order, alone or behind the old one) or the older "ld.so-1.7.0" alone. The unexpected case says what
/// is wrong. Entries whose strings lie outside of `bytes` are left out, as the loader does.
std::expected<LdCache, std::string> parse_ld_cache(std::string_view bytes);

/// The flags of cache entries that a program of this class, machine and ABI takes; -1 for an unknown machine.
/// ldconfig of another architecture than the image's writes none of them.
std::int32_t ld_cache_flags(const ElfFacts& elf);

/// The folders that /etc/ld.so.conf names, includes followed, in order: those that ldconfig would look into
/// besides its own. The loader never reads this file.
std::vector<std::string> ld_so_conf_folders(const FileTree& tree);

}  // namespace slim
