// Every struct is taken apart by a structured binding, so that a member that is added to one does not compile
// until it is written and read here too.
#include "analyzer/index_codec.h"

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include <isa-l/crc64.h>

#include "analyzer/built_modules.h"
#include "analyzer/byte_stream.h"
#include "analyzer/code_facts.h"
#include "analyzer/digest.h"
#include "analyzer/elf.h"
#include "analyzer/error.h"
#include "analyzer/layer_index.h"
#include "analyzer/secrets.h"

namespace slim {
namespace {

constexpr std::string_view magic = "slimidx1";
constexpr std::size_t head_size = magic.size() + 2 * sizeof(std::uint64_t);
constexpr std::size_t longest_path = 4096;                         ///< PATH_MAX, as LayerTar has it
constexpr std::size_t most_entries = 10'000'000;                   ///< as LayerTar has it
constexpr std::uint64_t most_path_bytes = std::uint64_t{1} << 30;  ///< as LayerTar has it

/// What of an entry is there; the rest has its default.
constexpr unsigned has_link = 1;
constexpr unsigned has_device = 2;
constexpr unsigned has_xattrs = 4;
constexpr unsigned has_hash = 8;
constexpr unsigned has_facts = 16;
constexpr unsigned has_metadata = 32;
constexpr unsigned all_present = 63;
/// And of facts.
constexpr unsigned has_elf = 1;
constexpr unsigned has_text = 2;
constexpr unsigned has_secret = 4;
constexpr unsigned has_code = 8;
constexpr unsigned all_facts = 15;

std::uint64_t checksum(std::string_view bytes) {
  return ::crc64_ecma_refl(0, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size());
}

class Encoder {
 public:
  explicit Encoder(std::string& out) : out_(out) {}

  void index(const LayerIndex& value) {
    const auto& [entries, tar, diagnostics] = value;
    const auto& [digest, size] = tar;
    write(digest.text());
    write(size);
    write(diagnostics.size());
    for (const auto& [path, message] : diagnostics) {
      write(path);
      write(message);
    }
    write(entries.size());
    for (const LayerEntry& entry : entries) write(entry);
  }

 private:
  void byte(unsigned value) { out_ += static_cast<char>(static_cast<std::uint8_t>(value)); }
  void write(std::unsigned_integral auto value) {
    std::uint64_t rest = value;
    for (; rest >= 0x80; rest >>= 7U) byte(static_cast<unsigned>(rest & 0x7fU) | 0x80U);
    byte(static_cast<unsigned>(rest));
  }
  void write_signed(std::int64_t value) {
    write((static_cast<std::uint64_t>(value) << 1U) ^ (value < 0 ? ~std::uint64_t{0} : 0));
  }
  void write(const std::string& text) {
    write(text.size());
    out_ += text;
  }
  void write(const std::vector<std::string>& texts) {
    write(texts.size());
    for (const std::string& text : texts) write(text);
  }

  void write_path(const std::string& path) {
    const auto differs = std::ranges::mismatch(previous_, path);
    const auto same = static_cast<std::size_t>(differs.in2 - path.begin());
    write(same);
    write(path.size() - same);
    out_.append(path, same);
    previous_ = path;
  }

  void write(const LayerEntry& entry) {
    const auto& [path, type, mode, uid, gid, mtime, nanoseconds, size, link, device, xattrs, hash, facts] =
        entry;
    const bool metadata = mode != 0 || uid != 0 || gid != 0 || mtime != 0 || nanoseconds != 0 || size != 0;
    byte(static_cast<unsigned>(type));
    byte((link.empty() ? 0U : has_link) | (device == DeviceNumber() ? 0U : has_device) |
         (xattrs.empty() ? 0U : has_xattrs) | (hash ? has_hash : 0U) | (facts ? has_facts : 0U) |
         (metadata ? has_metadata : 0U));
    write_path(path);
    if (metadata) {
      write(mode);
      write(uid);
      write(gid);
      write_signed(mtime);
      write(nanoseconds);
      write(size);
    }
    if (!link.empty()) write(link);
    if (device != DeviceNumber()) {
      const auto& [major, minor] = device;
      write(major);
      write(minor);
    }
    if (!xattrs.empty()) write(xattrs.size());
    for (const auto& [name, value] : xattrs) {
      write(name);
      write(value);
    }
    if (hash) out_.append(reinterpret_cast<const char*>(hash->data()), hash->size());
    if (facts) write(*facts);
  }

  void write(const FileFacts& facts) {
    const auto& [elf, shebang, text, secret, code] = facts;
    const bool holds_secret = secret.shape != SecretShape::none;
    const bool is_code = code.language != Language::none;
    byte((elf ? has_elf : 0U) | (text ? has_text : 0U) | (holds_secret ? has_secret : 0U) |
         (is_code ? has_code : 0U));
    write(shebang);
    if (text) write(*text);
    if (elf) write(*elf);
    if (holds_secret) {
      byte(static_cast<unsigned>(secret.shape));
      write(secret.line);
    }
    if (is_code) write(code);
  }

  void write(const CodeFacts& facts) {
    const auto& [language, names] = facts;
    byte(static_cast<unsigned>(language));
    write(names.size());
    for (const auto& [use, line, text] : names) {
      byte(use);
      write(line);
      write(text);
    }
  }

  void write(const ElfFacts& facts) {
    const auto& [elf_class, little_endian, machine, flags, type, dynamic, debug_only, interpreter, soname,
                 needed, filters, auxiliaries, audit, rpath, runpath, has_runpath, glibc_minor, flags_1,
                 imports, notes, library_names, absolute_paths, shell_texts, built, problems] = facts;
    byte(elf_class);
    byte((little_endian ? 1U : 0U) | (dynamic ? 2U : 0U) | (debug_only ? 4U : 0U) | (has_runpath ? 8U : 0U));
    write(machine);
    write(flags);
    byte(static_cast<unsigned>(type));
    write(interpreter);
    write(soname);
    write(needed);
    write(filters);
    write(auxiliaries);
    write(audit);
    write(rpath);
    write(runpath);
    write(glibc_minor);
    write(flags_1);
    write(imports);
    write(notes.size());
    for (const auto& [sonames, priority, feature, description] : notes) {
      write(sonames);
      write(priority);
      write(feature);
      write(description);
    }
    write(library_names);
    write(absolute_paths);
    write(shell_texts);
    write(built);
    write(problems);
  }

  void write(const BuiltModules& built) {
    const auto& [language, toolchain, modules] = built;
    byte(static_cast<unsigned>(language));
    if (language == BuildLanguage::none) return;
    write(toolchain);
    write(modules.size());
    for (const auto& [name, version, main] : modules) {
      write(name);
      write(version);
      byte(main ? 1U : 0U);
    }
  }

  std::string& out_;
  std::string previous_;
};

/// That the bytes are no index. Does not leave decode_index.
struct Malformed {};

class Decoder {
 public:
  explicit Decoder(std::string_view bytes) : rest_(bytes) {}

  LayerIndex index() {
    LayerIndex value;
    value.tar.digest = Digest::parse(text(), "index");
    read(value.tar.size);
    value.diagnostics.resize(count(2));
    for (Diagnostic& diagnostic : value.diagnostics) {
      read(diagnostic.path);
      read(diagnostic.message);
    }
    const std::size_t entries = count(4);
    require(entries <= most_entries);
    value.entries.resize(entries);
    for (LayerEntry& entry : value.entries) read(entry);
    require(rest_.empty());
    return value;
  }

 private:
  static void require(bool holds) {
    if (!holds) throw Malformed();
  }
  std::uint8_t byte() {
    require(!rest_.empty());
    const auto value = static_cast<std::uint8_t>(rest_.front());
    rest_.remove_prefix(1);
    return value;
  }
  std::uint64_t number() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      const std::uint64_t part = byte();
      require(shift < 63 || part <= 1);
      value |= (part & 0x7fU) << shift;
      if (part < 0x80) return value;
    }
    throw Malformed();
  }
  void read(std::unsigned_integral auto& value) {
    const std::uint64_t wide = number();
    require(wide <= std::numeric_limits<std::remove_reference_t<decltype(value)>>::max());
    value = static_cast<std::remove_reference_t<decltype(value)>>(wide);
  }
  std::int64_t signed_number() {
    const std::uint64_t value = number();
    return static_cast<std::int64_t>((value >> 1U) ^ ((value & 1U) != 0 ? ~std::uint64_t{0} : 0));
  }
  /// How many things follow, of which none takes less than `least` bytes.
  std::size_t count(std::size_t least) {
    const std::uint64_t value = number();
    require(value <= rest_.size() / least);
    return value;
  }
  std::string_view bytes(std::size_t length) {
    require(length <= rest_.size());
    const std::string_view taken = rest_.substr(0, length);
    rest_.remove_prefix(length);
    return taken;
  }
  std::string_view text() { return bytes(count(1)); }
  void read(std::string& value) { value = text(); }
  void read(std::vector<std::string>& values) {
    values.resize(count(1));
    for (std::string& value : values) read(value);
  }

  /// Whether `path` is as normalize_layer_path() makes them.
  static bool is_normal(std::string_view path) {
    if (path.find('\0') != std::string_view::npos) return false;
    while (!path.empty()) {
      const std::size_t slash = path.find('/');
      const std::string_view name = path.substr(0, slash);
      if (name.empty() || name == "." || name == ".." || slash == path.size() - 1) return false;
      path = slash == std::string_view::npos ? std::string_view() : path.substr(slash + 1);
    }
    return true;
  }

  void read_path(std::string& path) {
    const std::uint64_t same = number();
    require(same <= previous_.size());
    const std::string_view differs = text();
    require(same + differs.size() <= longest_path);
    path.reserve(same + differs.size());
    path.append(previous_, 0, same).append(differs);
    require(is_normal(path));
    path_bytes_ += path.size();
    require(path_bytes_ <= most_path_bytes);
    previous_ = path;
  }

  void read(LayerEntry& entry) {
    const unsigned type = byte();
    require(type <= static_cast<unsigned>(EntryType::opaque));
    entry.type = static_cast<EntryType>(type);
    const unsigned present = byte();
    require(present <= all_present);
    read_path(entry.path);
    if ((present & has_metadata) != 0) read_metadata(entry);
    if ((present & has_link) != 0) read(entry.link);
    const bool links = entry.type == EntryType::symlink || entry.type == EntryType::hardlink;
    require(links == !entry.link.empty() && entry.link.size() <= longest_path);
    require(entry.type != EntryType::hardlink || is_normal(entry.link));
    // The root is a folder, and an opaque one at most.
    require(!entry.path.empty() || entry.type == EntryType::directory || entry.type == EntryType::opaque);
    if ((present & has_device) != 0) {
      read(entry.device.major);
      read(entry.device.minor);
    }
    if ((present & has_xattrs) != 0) entry.xattrs.resize(count(2));
    for (Xattr& xattr : entry.xattrs) {
      read(xattr.name);
      read(xattr.value);
    }
    if ((present & has_hash) != 0) {
      const std::string_view raw = bytes(sizeof(ContentHash));
      std::memcpy(entry.content_hash.emplace().data(), raw.data(), raw.size());
    }
    require((entry.type == EntryType::file) == entry.content_hash.has_value());
    if ((present & has_facts) != 0) entry.facts = facts();
  }

  void read_metadata(LayerEntry& entry) {
    read(entry.mode);
    require(entry.mode <= 07777U);
    read(entry.uid);
    read(entry.gid);
    entry.mtime = signed_number();
    read(entry.mtime_nsec);
    require(entry.mtime_nsec < 1'000'000'000);
    read(entry.size);
    require(entry.size == 0 || entry.type == EntryType::file);
  }

  std::shared_ptr<const FileFacts> facts() {
    auto value = std::make_shared<FileFacts>();
    const unsigned present = byte();
    require(present <= all_facts);
    read(value->shebang);
    if ((present & has_text) != 0) read(value->text.emplace());
    if ((present & has_elf) != 0) value->elf = elf();
    if ((present & has_secret) != 0) {
      const unsigned shape = byte();
      require(shape > static_cast<unsigned>(SecretShape::none) &&
              shape <= static_cast<unsigned>(SecretShape::login));
      value->secret.shape = static_cast<SecretShape>(shape);
      read(value->secret.line);
    }
    if ((present & has_code) != 0) read(value->code);
    return value;
  }

  void read(CodeFacts& facts) {
    const unsigned language = byte();
    require(language > static_cast<unsigned>(Language::none) &&
            language <= static_cast<unsigned>(Language::erlang));
    facts.language = static_cast<Language>(language);
    const std::size_t names = count(3);
    require(names <= most_code_names);
    facts.names.resize(names);
    for (CodeName& name : facts.names) {
      name.use = byte();
      read(name.line);
      read(name.text);
    }
  }

  std::unique_ptr<const ElfFacts> elf() {
    auto value = std::make_unique<ElfFacts>();
    value->elf_class = byte();
    const unsigned flags = byte();
    require(flags <= 15);
    value->little_endian = (flags & 1U) != 0;
    value->dynamic = (flags & 2U) != 0;
    value->debug_only = (flags & 4U) != 0;
    value->has_runpath = (flags & 8U) != 0;
    read(value->machine);
    read(value->flags);
    const unsigned type = byte();
    require(type <= static_cast<unsigned>(ElfType::other));
    value->type = static_cast<ElfType>(type);
    read(value->interpreter);
    read(value->soname);
    read(value->needed);
    read(value->filters);
    read(value->auxiliaries);
    read(value->audit);
    read(value->rpath);
    read(value->runpath);
    read(value->glibc_minor);
    read(value->flags_1);
    read(value->imports);
    value->dlopen_notes.resize(count(4));
    for (DlopenNote& note : value->dlopen_notes) {
      read(note.sonames);
      read(note.priority);
      read(note.feature);
      read(note.description);
    }
    read(value->library_names);
    read(value->absolute_paths);
    read(value->shell_texts);
    read(value->built);
    read(value->problems);
    return value;
  }

  void read(BuiltModules& built) {
    const unsigned language = byte();
    require(language <= static_cast<unsigned>(BuildLanguage::rust));
    built.language = static_cast<BuildLanguage>(language);
    if (built.language == BuildLanguage::none) return;
    read(built.toolchain);
    const std::size_t modules = count(3);
    require(modules <= most_built_modules);
    built.modules.resize(modules);
    for (BuiltModule& module : built.modules) {
      read(module.name);
      read(module.version);
      const unsigned main = byte();
      require(main <= 1);
      module.main = main == 1;
    }
  }

  std::string_view rest_;
  std::string previous_;
  std::uint64_t path_bytes_ = 0;
};

/// Little-endian, whatever the machine.
void put_u64(std::string& out, std::size_t at, std::uint64_t value) {
  for (std::size_t i = 0; i < sizeof value; ++i) out[at + i] = static_cast<char>(value >> (8 * i) & 0xffU);
}
std::uint64_t get_u64(std::string_view bytes, std::size_t at) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < sizeof value; ++i)
    value |= std::uint64_t{static_cast<std::uint8_t>(bytes[at + i])} << (8 * i);
  return value;
}

}  // namespace

std::string encode_index(const LayerIndex& index) {
  std::string out(magic);
  out.resize(head_size);
  Encoder(out).index(index);
  put_u64(out, magic.size(), out.size() - head_size);
  put_u64(out, magic.size() + sizeof(std::uint64_t), checksum(std::string_view(out).substr(head_size)));
  return out;
}

std::optional<LayerIndex> decode_index(std::span<const std::byte> bytes) {
  const std::string_view view(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  if (view.size() < head_size || !view.starts_with(magic)) return std::nullopt;
  const std::string_view payload = view.substr(head_size);
  if (get_u64(view, magic.size()) != payload.size()) return std::nullopt;
  if (get_u64(view, magic.size() + sizeof(std::uint64_t)) != checksum(payload)) return std::nullopt;
  try {
    return Decoder(payload).index();
  } catch (const Malformed&) {
    return std::nullopt;
  } catch (const Error&) {  // no digest
    return std::nullopt;
  }
}

}  // namespace slim
