// Reads an ELF file the way a loader does: program headers first, the dynamic segment through them, strings
// and symbols through its addresses. Section headers are optional; they only sharpen what is constant data.
// Follows the ELF gABI chapters 4 and 5, and for hash tables and notes the GNU and systemd extensions.
// LLVM's libObject knows the four layouts (32 and 64 bits, both byte orders) and checks the tables of
// headers; each address and string behind them is checked here against the bytes that there are.
#include "analyzer/elf.h"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <llvm/BinaryFormat/ELF.h>
#include <llvm/Object/ELF.h>
#include <llvm/Support/Error.h>

#include "analyzer/built_modules.h"
#include "analyzer/dlopen_note.h"
#include "analyzer/elf_strings.h"

namespace slim {
namespace {

namespace elf = llvm::ELF;
using llvm::object::ELFFile;

constexpr std::size_t max_problems = 32;
constexpr std::size_t max_names = 4096;  // of one kind: DT_NEEDED, DT_FILTER, ...
constexpr std::size_t max_name = 4096;   // PATH_MAX
constexpr std::size_t max_search_path = 64U << 10U;
constexpr std::size_t max_symbol_name = 4096;
constexpr std::size_t max_import_bytes = 4U << 20U;
constexpr std::size_t max_file_notes = 4096;
constexpr std::uint32_t dlopen_note_type = 0x407c0c0a;
// tags of the Solaris ABI that glibc has and libObject does not name
constexpr std::uint64_t dt_audit = 0x6ffffefc;
constexpr std::uint64_t dt_depaudit = 0x6ffffefb;

std::string_view as_view(llvm::ArrayRef<std::uint8_t> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// Sections whose strings are made by the compiler for unwinders and tools.
bool is_tool_section(llvm::StringRef name) {
  return name == ".eh_frame" || name == ".eh_frame_hdr" || name == ".gcc_except_table" ||
         name == ".gopclntab" || name == ".gosymtab" || name == ".typelink" || name == ".itablink";
}

template <typename ELFT>
class ElfReader {
 public:
  ElfReader(const ELFFile<ELFT>& file, std::string_view bytes, ElfFacts& facts)
      : file_(file), bytes_(bytes), facts_(facts) {}

  void read() {
    read_header();
    read_section_headers();
    read_program_headers();
    facts_.debug_only = is_debug_only();
    // a core file names what another process had mapped; a relocatable one is no program yet
    if (facts_.debug_only || facts_.type == ElfType::core || facts_.type == ElfType::relocatable) return;
    find_packer();
    read_interpreter();
    read_dynamic();
    read_notes();
    read_built_modules();
    read_strings();
  }

 private:
  using Phdr = typename ELFT::Phdr;
  using Shdr = typename ELFT::Shdr;
  using Dyn = typename ELFT::Dyn;
  using Sym = typename ELFT::Sym;
  using Word = typename ELFT::Word;

  /// What the dynamic segment says before it is looked up.
  struct Dynamic {
    std::optional<std::uint64_t> strings, symbols, hash, gnu_hash;
    std::optional<std::uint64_t> strings_size;
    std::optional<std::uint64_t> soname, rpath, runpath;
    std::vector<std::uint64_t> needed, filters, auxiliaries, audit;
  };

  struct Range {
    std::uint64_t begin = 0;
    std::uint64_t end = 0;
  };

  void problem(std::string line) {
    const bool repeated = !facts_.problems.empty() && facts_.problems.back() == line;
    if (!repeated && facts_.problems.size() < max_problems) facts_.problems.push_back(std::move(line));
  }
  void problem(const char* where, llvm::Error error) {
    std::string line = std::string(where) + ": " + llvm::toString(std::move(error));
    problem(std::move(line));
  }

  void read_header() {
    const auto& header = file_.getHeader();
    facts_.elf_class = ELFT::Is64Bits ? 64 : 32;
    facts_.little_endian = ELFT::Endianness == llvm::endianness::little;
    facts_.machine = header.e_machine;
    facts_.flags = header.e_flags;
    switch (header.e_type) {
      case elf::ET_REL:
        facts_.type = ElfType::relocatable;
        break;
      case elf::ET_EXEC:
        facts_.type = ElfType::executable;
        break;
      case elf::ET_DYN:
        facts_.type = ElfType::shared;
        break;
      case elf::ET_CORE:
        facts_.type = ElfType::core;
        break;
      default:
        facts_.type = ElfType::other;
        break;
    }
  }

  void read_section_headers() {
    auto sections = file_.sections();
    if (sections)
      sections_ = *sections;
    else
      problem("section headers", sections.takeError());
  }

  void read_program_headers() {
    auto headers = file_.program_headers();
    if (!headers) {
      problem("program headers", headers.takeError());
      return;
    }
    segments_ = *headers;
    for (const Phdr& segment : segments_) {
      if (segment.p_type == elf::PT_DYNAMIC && dynamic_ == nullptr) dynamic_ = &segment;
      if (segment.p_type == elf::PT_INTERP && interpreter_ == nullptr) interpreter_ = &segment;
    }
    facts_.dynamic = dynamic_ != nullptr;
  }

  /// objcopy --only-keep-debug keeps all headers; what was loaded from the file has no bytes any more.
  [[nodiscard]] bool is_debug_only() const {
    return std::ranges::any_of(sections_, [this](const Shdr& section) {
      if (section.sh_type != elf::SHT_NOBITS || (section.sh_flags & elf::SHF_ALLOC) == 0) return false;
      return (section.sh_flags & elf::SHF_EXECINSTR) != 0 ||
             (dynamic_ != nullptr && section.sh_addr == dynamic_->p_vaddr && section.sh_size != 0);
    });
  }

  /// UPX leaves a program that unpacks the real one, with its mark behind the program headers.
  void find_packer() {
    constexpr std::size_t searched = 1024;
    if (dynamic_ == nullptr && sections_.empty() &&
        bytes_.substr(0, searched).find("UPX!") != std::string_view::npos)
      problem("packed with UPX: what the program inside needs cannot be seen");
  }

  void read_interpreter() {
    if (interpreter_ == nullptr) return;
    auto content = file_.getSegmentContents(*interpreter_);
    if (!content) {
      problem("interpreter", content.takeError());
      return;
    }
    std::string_view name = as_view(*content);
    name = name.substr(0, name.find('\0'));
    if (name.empty() || name.size() > max_name)
      problem("interpreter: expected a path of 1 to 4096 bytes, found " + std::to_string(name.size()));
    else
      facts_.interpreter = name;
  }

  /// The bytes of the file that are mapped from `address` on, to the end of their segment.
  [[nodiscard]] std::string_view mapped(std::uint64_t address) const {
    for (const Phdr& segment : segments_) {
      if (segment.p_type != elf::PT_LOAD || address < segment.p_vaddr) continue;
      const std::uint64_t delta = address - segment.p_vaddr;
      if (delta >= segment.p_filesz || segment.p_offset >= bytes_.size()) continue;
      const std::string_view rest = bytes_.substr(segment.p_offset, segment.p_filesz);
      if (delta < rest.size()) return rest.substr(delta);
    }
    return {};
  }

  [[nodiscard]] static std::uint32_t word_at(std::string_view table, std::size_t index) {
    return reinterpret_cast<const Word*>(table.data())[index];
  }

  void read_dynamic() {
    if (dynamic_ == nullptr) return;
    auto content = file_.getSegmentContents(*dynamic_);
    if (!content) {
      problem("dynamic segment", content.takeError());
      return;
    }
    const llvm::ArrayRef<Dyn> entries(reinterpret_cast<const Dyn*>(content->data()),
                                      content->size() / sizeof(Dyn));
    Dynamic dynamic;
    for (const Dyn& entry : entries) {
      if (entry.getTag() == elf::DT_NULL) break;
      take(entry, dynamic);
    }
    find_string_table(dynamic);
    take_names(dynamic);
    read_imports(dynamic);
  }

  void take(const Dyn& entry, Dynamic& dynamic) {
    const std::uint64_t value = entry.getVal();
    switch (static_cast<std::uint64_t>(entry.getTag())) {
      case elf::DT_NEEDED:
        add(dynamic.needed, value, "DT_NEEDED");
        break;
      case elf::DT_FILTER:
        add(dynamic.filters, value, "DT_FILTER");
        break;
      case elf::DT_AUXILIARY:
        add(dynamic.auxiliaries, value, "DT_AUXILIARY");
        break;
      case dt_audit:
      case dt_depaudit:
        add(dynamic.audit, value, "DT_AUDIT");
        break;
      case elf::DT_SONAME:
        dynamic.soname = value;
        break;
      case elf::DT_RPATH:
        dynamic.rpath = value;
        break;
      case elf::DT_RUNPATH:
        dynamic.runpath = value;
        break;
      case elf::DT_STRTAB:
        dynamic.strings = value;
        break;
      case elf::DT_STRSZ:
        dynamic.strings_size = value;
        break;
      case elf::DT_SYMTAB:
        dynamic.symbols = value;
        break;
      case elf::DT_HASH:
        dynamic.hash = value;
        break;
      case elf::DT_GNU_HASH:
        dynamic.gnu_hash = value;
        break;
      case elf::DT_FLAGS_1:
        facts_.flags_1 = value;
        break;
      default:
        break;
    }
  }

  void add(std::vector<std::uint64_t>& offsets, std::uint64_t offset, const char* what) {
    if (offsets.size() < max_names)
      offsets.push_back(offset);
    else if (offsets.size() == max_names)
      problem(std::string(what) + ": more than 4096, the rest is left out");
  }

  void find_string_table(const Dynamic& dynamic) {
    if (!dynamic.strings) return;
    strings_ = mapped(*dynamic.strings);
    if (strings_.empty()) {
      problem("dynamic segment: DT_STRTAB is at no address that the file maps");
    } else if (dynamic.strings_size && *dynamic.strings_size <= strings_.size()) {
      strings_ = strings_.substr(0, *dynamic.strings_size);
    } else if (dynamic.strings_size) {
      problem("dynamic segment: DT_STRSZ goes past the segment that holds the strings");
    }
  }

  std::optional<std::string> name_at(std::uint64_t offset, const char* what, std::size_t cap) {
    const std::string_view rest = offset < strings_.size() ? strings_.substr(offset) : std::string_view();
    const std::size_t end = rest.substr(0, cap + 1).find('\0');
    if (end == std::string_view::npos) {
      problem(std::string(what) + ": no string at offset " + std::to_string(offset) +
              " of the dynamic string table");
      return std::nullopt;
    }
    return std::string(rest.substr(0, end));
  }

  std::vector<std::string> names_at(const std::vector<std::uint64_t>& offsets, const char* what) {
    std::vector<std::string> names;
    for (const std::uint64_t offset : offsets) {
      auto name = name_at(offset, what, max_name);
      if (name && !name->empty()) names.push_back(std::move(*name));
    }
    return names;
  }

  void take_names(const Dynamic& dynamic) {
    facts_.needed = names_at(dynamic.needed, "DT_NEEDED");
    facts_.filters = names_at(dynamic.filters, "DT_FILTER");
    facts_.auxiliaries = names_at(dynamic.auxiliaries, "DT_AUXILIARY");
    facts_.audit = names_at(dynamic.audit, "DT_AUDIT");
    if (dynamic.soname) facts_.soname = name_at(*dynamic.soname, "DT_SONAME", max_name).value_or("");
    if (dynamic.rpath) facts_.rpath = name_at(*dynamic.rpath, "DT_RPATH", max_search_path).value_or("");
    if (dynamic.runpath)
      facts_.runpath = name_at(*dynamic.runpath, "DT_RUNPATH", max_search_path).value_or("");
    facts_.has_runpath = dynamic.runpath.has_value();
  }

  /// How many dynamic symbols have to be looked at to have seen all undefined ones. No entry of the dynamic
  /// segment says it: it is implied by a hash table, a section header or the place of the next table.
  [[nodiscard]] std::uint64_t count_symbols(const Dynamic& dynamic, std::uint64_t symbols) const {
    for (const Shdr& section : sections_)
      if (section.sh_type == elf::SHT_DYNSYM && section.sh_addr == symbols)
        return section.sh_size / sizeof(Sym);
    // s390x and alpha have 64-bit words in DT_HASH
    const bool wide = ELFT::Is64Bits && (facts_.machine == elf::EM_S390 || facts_.machine == elf::EM_ALPHA);
    if (dynamic.hash && !wide) {
      const std::string_view table = mapped(*dynamic.hash);
      if (table.size() >= 2 * sizeof(Word)) return word_at(table, 1);
    }
    if (dynamic.gnu_hash) {
      // symbols that can be found come last, sorted by hash: all undefined ones are before the first of them;
      // linkers write 1 where there are none to find
      const std::string_view table = mapped(*dynamic.gnu_hash);
      if (table.size() >= 4 * sizeof(Word) && word_at(table, 1) > 1) return word_at(table, 1);
    }
    if (dynamic.strings && *dynamic.strings > symbols) return (*dynamic.strings - symbols) / sizeof(Sym);
    return 0;
  }

  void read_imports(const Dynamic& dynamic) {
    if (!dynamic.symbols || strings_.empty()) return;
    const std::string_view table = mapped(*dynamic.symbols);
    if (table.empty()) {
      problem("dynamic segment: DT_SYMTAB is at no address that the file maps");
      return;
    }
    const std::uint64_t count =
        std::min<std::uint64_t>(count_symbols(dynamic, *dynamic.symbols), table.size() / sizeof(Sym));
    const auto* symbols = reinterpret_cast<const Sym*>(table.data());
    std::vector<std::string_view> names;
    for (std::uint64_t i = 1; i < count; ++i) {
      const Sym& symbol = symbols[i];
      if (symbol.st_shndx != elf::SHN_UNDEF || symbol.st_name == 0 || symbol.st_name >= strings_.size())
        continue;
      const std::string_view rest = strings_.substr(symbol.st_name, max_symbol_name + 1);
      const std::size_t end = rest.find('\0');
      if (end != std::string_view::npos && end != 0) names.push_back(rest.substr(0, end));
    }
    std::ranges::sort(names);
    const auto repeated = std::ranges::unique(names);
    names.erase(repeated.begin(), repeated.end());
    keep_imports(names);
  }

  /// Names may share their bytes, so that a small hostile file could ask for much memory.
  void keep_imports(const std::vector<std::string_view>& names) {
    std::size_t bytes = 0;
    facts_.imports.reserve(names.size());
    for (const std::string_view name : names) {
      bytes += name.size();
      if (bytes > max_import_bytes) {
        problem("dynamic symbols: names of more than 4 MiB, the rest is left out");
        return;
      }
      facts_.imports.emplace_back(name);
    }
  }

  void read_notes() {
    std::size_t notes_left = max_file_notes;
    for (const Phdr& segment : segments_) {
      if (segment.p_type != elf::PT_NOTE) continue;
      // libObject adds offset and size without looking for an overflow: check the range first
      if (auto content = file_.getSegmentContents(segment); !content) {
        problem("notes", content.takeError());
        continue;
      }
      llvm::Error error = llvm::Error::success();
      const std::size_t alignment = segment.p_align == 8 ? 8 : 4;
      for (const auto note : file_.notes(segment, error)) {
        if (notes_left-- == 0) {
          llvm::consumeError(std::move(error));
          problem("notes: more than 4096, the rest is left out");
          return;
        }
        if (note.getType() == dlopen_note_type && note.getName() == "FDO")
          parse_dlopen_note(note.getDescAsStringRef(alignment), facts_.dlopen_notes, facts_.problems);
      }
      if (error) problem("notes", std::move(error));
    }
  }

  [[nodiscard]] const Shdr* section_called(std::string_view wanted) const {
    const llvm::StringRef names = section_names();
    for (const Shdr& section : sections_) {
      const llvm::StringRef name = names.substr(section.sh_name);
      if (name.substr(0, name.find('\0')) == llvm::StringRef(wanted.data(), wanted.size())) return &section;
    }
    return nullptr;
  }

  /// Where Go's linker puts what it knows: in a section of its own, which is in the first writable segment.
  [[nodiscard]] std::string_view go_data() const {
    if (const Shdr* section = section_called(".go.buildinfo")) return mapped(section->sh_addr);
    if (!sections_.empty()) return {};
    for (const Phdr& segment : segments_) {
      const bool writable = (segment.p_flags & (elf::PF_X | elf::PF_W)) == elf::PF_W;
      if (segment.p_type == elf::PT_LOAD && writable) return mapped(segment.p_vaddr);
    }
    return {};
  }

  void read_built_modules() {
    const std::string_view go = go_data();
    if (!go.empty()) {
      auto built = read_go_build_info(go, [this](std::uint64_t address) { return mapped(address); });
      if (built) facts_.built = *std::move(built);
    }
    const Shdr* section = section_called(".dep-v0");
    if (section == nullptr) return;
    auto content = file_.getSectionContents(*section);
    if (!content) {
      problem(".dep-v0", content.takeError());
      return;
    }
    auto built = read_rust_audit(as_view(*content));
    if (built)
      facts_.built = *std::move(built);
    else
      problem(".dep-v0: expected JSON with a list of packages, compressed by zlib");
  }

  /// Where constant data is in the file, sorted and without overlap, so that no byte is scanned twice.
  [[nodiscard]] std::vector<Range> constant_data() const {
    std::vector<Range> ranges;
    const auto add_range = [this, &ranges](std::uint64_t offset, std::uint64_t size) {
      if (offset >= bytes_.size() || size == 0) return;
      ranges.push_back({offset, offset + std::min<std::uint64_t>(size, bytes_.size() - offset)});
    };
    const llvm::StringRef names = section_names();
    for (const Shdr& section : sections_) {
      if (section.sh_type != elf::SHT_PROGBITS || (section.sh_flags & elf::SHF_ALLOC) == 0) continue;
      if ((section.sh_flags & elf::SHF_EXECINSTR) != 0) continue;
      const llvm::StringRef name = names.substr(section.sh_name);
      if (!is_tool_section(name.substr(0, name.find('\0')))) add_range(section.sh_offset, section.sh_size);
    }
    if (ranges.empty()) {
      // without sections, constants may also lie beside the code, in an executable segment
      for (const Phdr& segment : segments_)
        if (segment.p_type == elf::PT_LOAD) add_range(segment.p_offset, segment.p_filesz);
    }
    return merged(std::move(ranges));
  }

  [[nodiscard]] llvm::StringRef section_names() const {
    if (sections_.empty()) return {};
    auto names = file_.getSectionStringTable(sections_);
    if (names) return *names;
    llvm::consumeError(names.takeError());
    return {};
  }

  static std::vector<Range> merged(std::vector<Range> ranges) {
    std::ranges::sort(ranges, {}, &Range::begin);
    std::vector<Range> result;
    for (const Range& range : ranges) {
      if (!result.empty() && range.begin < result.back().end)
        result.back().end = std::max(result.back().end, range.end);
      else
        result.push_back(range);
    }
    return result;
  }

  /// What is loaded as constant data too but is read by other means.
  [[nodiscard]] std::vector<Range> known_data() const {
    std::vector<Range> ranges;
    if (!strings_.empty()) {
      const auto begin = static_cast<std::uint64_t>(strings_.data() - bytes_.data());
      ranges.push_back({begin, begin + strings_.size()});
    }
    for (const Phdr& segment : segments_) {
      if (segment.p_type != elf::PT_INTERP && segment.p_type != elf::PT_NOTE) continue;
      if (segment.p_offset >= bytes_.size()) continue;
      const std::uint64_t size = std::min<std::uint64_t>(segment.p_filesz, bytes_.size() - segment.p_offset);
      ranges.push_back({segment.p_offset, segment.p_offset + size});
    }
    return merged(std::move(ranges));
  }

  /// "ld.so (GNU libc) stable release version 2.36."
  void read_loader_version(const std::vector<std::string_view>& regions) {
    constexpr std::string_view before = "release version 2.";
    if (!facts_.soname.starts_with("ld")) return;
    for (const std::string_view region : regions) {
      const std::size_t at = region.find(before);
      if (at == std::string_view::npos) continue;
      const std::string_view number = region.substr(at + before.size(), 4);
      std::from_chars(number.data(), number.data() + number.size(), facts_.glibc_minor);
      return;
    }
  }

  void read_strings() {
    const std::vector<Range> known = known_data();
    std::vector<std::string_view> regions;
    auto hole = known.begin();
    for (const Range& range : constant_data()) {
      std::uint64_t at = range.begin;
      while (hole != known.end() && hole->end <= at) ++hole;
      for (auto inside = hole; inside != known.end() && inside->begin < range.end; ++inside) {
        if (inside->begin > at) regions.push_back(bytes_.substr(at, inside->begin - at));
        at = std::max(at, inside->end);
      }
      if (at < range.end) regions.push_back(bytes_.substr(at, range.end - at));
    }
    read_loader_version(regions);
    FoundStrings found = find_strings(regions);
    if (found.capped)
      problem("strings: more paths, library names or commands than are kept, the rest is left out");
    facts_.library_names = std::move(found.library_names);
    facts_.absolute_paths = std::move(found.absolute_paths);
    facts_.shell_texts = std::move(found.shell_texts);
  }

  const ELFFile<ELFT>& file_;
  std::string_view bytes_;
  ElfFacts& facts_;
  llvm::ArrayRef<Shdr> sections_;
  llvm::ArrayRef<Phdr> segments_;
  const Phdr* dynamic_ = nullptr;
  const Phdr* interpreter_ = nullptr;
  std::string_view strings_;  ///< the dynamic string table
};

template <typename ELFT>
std::expected<ElfFacts, std::string> parse_as(std::string_view bytes) {
  auto file = ELFFile<ELFT>::create(llvm::StringRef(bytes.data(), bytes.size()));
  if (!file) return std::unexpected(llvm::toString(file.takeError()));
  ElfFacts facts;
  ElfReader<ELFT>(*file, bytes, facts).read();
  return facts;
}

}  // namespace

std::expected<ElfFacts, std::string> parse_elf(std::span<const std::byte> bytes) {
  const std::string_view view(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  if (!view.starts_with("\x7f"
                        "ELF"))
    return std::unexpected("no ELF file");
  const auto [elf_class, encoding] = llvm::object::getElfArchType(llvm::StringRef(view.data(), view.size()));
  const bool little = encoding == elf::ELFDATA2LSB;
  if (!little && encoding != elf::ELFDATA2MSB)
    return std::unexpected("ELF header: expected byte order 1 or 2, found " + std::to_string(encoding));
  if (elf_class == elf::ELFCLASS64)
    return little ? parse_as<llvm::object::ELF64LE>(view) : parse_as<llvm::object::ELF64BE>(view);
  if (elf_class == elf::ELFCLASS32)
    return little ? parse_as<llvm::object::ELF32LE>(view) : parse_as<llvm::object::ELF32BE>(view);
  return std::unexpected("ELF header: expected class 1 or 2, found " + std::to_string(elf_class));
}

}  // namespace slim
