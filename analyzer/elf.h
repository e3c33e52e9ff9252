// What an ELF file says about what it needs, read from its bytes alone (ELF gABI, chapter 5; the
// dynamic section through the program headers, so that files without section headers are read too).
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <span>
#include <string>
#include <vector>

#include "analyzer/built_modules.h"
#include "analyzer/error.h"

namespace slim {

enum class ElfType : std::uint8_t { executable, shared, relocatable, core, other };

/// A recommendation to dlopen, from systemd's ELF_DLOPEN_METADATA notes (type 0x407c0c0a, owner FDO).
struct DlopenNote {
  std::vector<std::string> sonames;  ///< alternatives, best first
  std::string priority;              ///< required, recommended or suggested; may be empty
  std::string feature;
  std::string description;  ///< what it is for, in words
};

struct ElfFacts {
  std::uint8_t elf_class = 0;  ///< EI_CLASS: 32 or 64
  bool little_endian = true;
  std::uint16_t machine = 0;  ///< e_machine
  std::uint32_t flags = 0;    ///< e_flags (ABI of ARM, RISC-V, ...)
  ElfType type = ElfType::other;
  bool dynamic = false;     ///< has a dynamic section
  bool debug_only = false;  ///< a separate debug file: its program headers speak of another file's content
  std::string interpreter;  ///< PT_INTERP, without the final NUL
  std::string soname;
  std::vector<std::string> needed;       ///< DT_NEEDED in order
  std::vector<std::string> filters;      ///< DT_FILTER
  std::vector<std::string> auxiliaries;  ///< DT_AUXILIARY: as filters, but no harm if they are missing
  std::vector<std::string> audit;        ///< DT_AUDIT and DT_DEPAUDIT
  std::string rpath;                     ///< DT_RPATH, colons and all; may be empty
  std::string runpath;                   ///< DT_RUNPATH; where it is set, DT_RPATH is ignored
  bool has_runpath = false;              ///< there is a DT_RUNPATH, be it empty
  std::uint16_t glibc_minor = 0;         ///< of glibc's loader: 36 for 2.36, by its own text; 0 before 2.33
  std::uint64_t flags_1 = 0;             ///< DT_FLAGS_1 (DF_1_NODEFLIB 0x800, DF_1_PIE 0x08000000)
  std::vector<std::string> imports;      ///< names of undefined dynamic symbols, sorted, without versions
  std::vector<DlopenNote> dlopen_notes;
  std::vector<std::string> library_names;   ///< from strings of constant data, see elf_strings.h
  std::vector<std::string> absolute_paths;  ///< likewise
  std::vector<std::string> shell_texts;     ///< likewise
  BuiltModules built;                       ///< what its compiler says that it is made of
  std::vector<std::string> problems;        ///< what could not be read of a damaged file, at most 32 lines
};

/// Parses an ELF file. A file that is no ELF at all or whose header is broken is the unexpected case, with
/// the reason; damage further in leaves its line in `problems`. Never reads outside `bytes`.
std::expected<ElfFacts, std::string> parse_elf(std::span<const std::byte> bytes);

}  // namespace slim
