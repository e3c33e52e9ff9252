// Everything that one layer's analysis needs, made in one streaming pass over its tar; nothing is
// unpacked to disk. A pure function of the layer.
// Follows the OCI image-spec, layer.md (whiteouts, opaque folders), and tar(5) with pax headers.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "analyzer/byte_stream.h"
#include "analyzer/code_facts.h"
#include "analyzer/digest.h"
#include "analyzer/elf.h"
#include "analyzer/error.h"
#include "analyzer/secrets.h"

namespace slim {

enum class EntryType : std::uint8_t {
  file,
  directory,
  symlink,
  hardlink,  ///< a further name of the inode at `link`; has no metadata or content of its own
  char_device,
  block_device,
  fifo,
  whiteout,  ///< deletes `path` from the layers below
  opaque,    ///< hides all that the layers below have in the folder `path`
};

std::string_view to_string(EntryType type);

struct Xattr {
  std::string name;   ///< with its namespace: security.capability, user.note
  std::string value;  ///< raw bytes
  bool operator==(const Xattr&) const = default;
};

struct DeviceNumber {
  std::uint32_t major = 0;
  std::uint32_t minor = 0;
  bool operator==(const DeviceNumber&) const = default;
};

/// What a file's content says to an analyzer; only what its type needs is kept:
///  - ELF files up to 512 MiB are parsed;
///  - of scripts the text behind #! in the first 256 bytes, as far as Linux reads it;
///  - the whole text of scripts up to 256 KiB, and of files up to 256 KiB that hold no NUL byte and lie in
///  /etc
///    or are called *.conf, *.cnf, *.ini, *.cfg, *.json, *.yaml, *.yml, *.toml, *.properties, *.service,
///    *.xml or
///    *.path; of /etc/ld.so.cache and *.dist-info/RECORD up to 4 MiB; of the package databases (dpkg's
///    status, status.d/*, info/*.list and info/*.md5sums, apk's installed, rpm's rpmdb.sqlite) up to 32 MiB
///    each.
///  - what secret the first 64 KiB hold, of text that is kept, of files that start with "----" as keys do,
///  and
///    of those whose name says that they may (analyzer/secrets.h).
///  - what code names, of the languages that are known (analyzer/code_facts.h).
/// Text of more than 128 MiB in one layer is not kept; a Diagnostic says so.
struct FileFacts {
  std::unique_ptr<const ElfFacts> elf;
  std::string shebang;  ///< the text behind #! on the first line, without the line end
  std::optional<std::string>
      text;        ///< the content of small scripts and configuration files, and of ld.so.cache
  Secret secret;   ///< the kind and place of the first key, token or login in it
  CodeFacts code;  ///< what it names, where it is code
};

struct LayerEntry {
  std::string path;  ///< relative to the root, without leading or trailing slash, no . or ..; "" is the root
  EntryType type = EntryType::file;
  std::uint32_t mode = 0;  ///< permission bits with setuid, setgid and sticky (07777)
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
  std::int64_t mtime = 0;  ///< seconds since 1970, may be negative
  std::uint32_t mtime_nsec = 0;
  std::uint64_t size = 0;  ///< bytes of content (expanded, where the tar stores it sparse); 0 but for files
  std::string link;        ///< symlink: the target as it stands; hardlink: the path, normalized as `path`
  DeviceNumber device;
  std::vector<Xattr> xattrs;                ///< sorted by name
  std::optional<ContentHash> content_hash;  ///< of files
  std::shared_ptr<const FileFacts> facts;   ///< null where there is nothing to say
};

struct LayerIndex {
  std::vector<LayerEntry> entries;  ///< in the order of the tar; an entry's position is its ordinal
  StreamFacts tar;                  ///< digest (the diff_id) and size of the uncompressed tar
  std::vector<Diagnostic> diagnostics;
};

struct IndexOptions {
  /// Files whose content is not looked at beyond its hash; a rewrite that needs no analysis sets it.
  bool facts = true;
};

/// Reads an uncompressed layer tar to its end. A tar that is corrupt or truncated, has more than 10 million
/// entries, a GiB of names and attributes, or 64 GiB of sparse files, is an input Error about `what`. Entries
/// that cannot be part of a root file system (a path that climbs out, a socket) are left out, with a
/// diagnostic. A path that comes twice stays twice, the last wins, with a diagnostic; a hard link is to what
/// was there before it.
LayerIndex index_layer(ByteReader tar, const std::string& what, const IndexOptions& options = {});

/// `path` without leading "/" or "./", doubled slashes and trailing slash; nullopt where it holds "..".
std::optional<std::string> normalize_layer_path(std::string_view path);

}  // namespace slim
