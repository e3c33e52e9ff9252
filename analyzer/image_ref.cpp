// The syntax is that of containers-transports(5): the path ends at the first colon, and the name behind it
// may hold colons. What a path without a prefix is, its content tells: see image_files.h for how far it is
// read.
#include "analyzer/image_ref.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <sys/stat.h>
#include <utility>

#include <fmt/format.h>

#include "analyzer/error.h"
#include "analyzer/image_files.h"
#include "analyzer/layer_index.h"
#include "analyzer/registry_name.h"

namespace slim {
namespace {

constexpr auto path_transports = std::to_array<Transport>(
    {Transport::docker_archive, Transport::oci, Transport::oci_archive, Transport::rootfs, Transport::dir});

/// Those without a path, and how they are written.
struct NamePrefix {
  Transport transport;
  std::string_view text;
};
constexpr auto name_prefixes =
    std::to_array<NamePrefix>({{Transport::registry, "docker://"},
                               {Transport::docker_daemon, "docker-daemon:"},
                               {Transport::containers_storage, "containers-storage:"},
                               {Transport::bare_name, ""}});

const NamePrefix* name_prefix(Transport transport) {
  const auto found = std::ranges::find(name_prefixes, transport, &NamePrefix::transport);
  return found == name_prefixes.end() ? nullptr : &*found;
}

bool is_folder(const std::string& path) {
  struct stat status{};
  return ::stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode);
}

bool exists(const std::string& path) {
  struct stat status{};
  return ::stat(path.c_str(), &status) == 0;
}

/// The reference as its prefix says; nullopt where it has none of ours.
std::optional<ImageRef> with_prefix(std::string_view text) {
  for (const auto& [transport, prefix] : name_prefixes) {
    if (prefix.empty() || !text.starts_with(prefix)) continue;
    ImageRef ref{.transport = transport, .path = {}, .name = std::string(text.substr(prefix.size()))};
    // What else stands for an image there, its own tools know.
    if (transport == Transport::registry) RegistryName::parse(ref.name);
    if (!ref.name.empty()) return ref;
    throw Error(ErrorKind::usage, std::string(text),
                fmt::format("expected an image's name behind '{}'", prefix));
  }
  const auto colon = text.find(':');
  if (colon == std::string_view::npos) return std::nullopt;
  for (const Transport transport : path_transports) {
    if (text.substr(0, colon) != to_string(transport)) continue;
    std::string_view rest = text.substr(colon + 1);
    ImageRef ref{.transport = transport, .path = {}, .name = {}};
    if (transport != Transport::rootfs && transport != Transport::dir) {
      const auto end = rest.find(':');
      if (end != std::string_view::npos) ref.name = rest.substr(end + 1);
      rest = rest.substr(0, end);
    }
    ref.path = rest;
    if (ref.path.empty()) {
      throw Error(ErrorKind::usage, std::string(text),
                  fmt::format("expected a path behind '{}:'", to_string(transport)));
    }
    return ref;
  }
  return std::nullopt;
}

/// Top-level folders of a root file system, which no image archive has: where one comes, the rest of a tar
/// need not be read to know what it is.
bool is_of_root_folder(std::string_view member) {
  const std::string_view first = member.substr(0, member.find('/'));
  return first == "bin" || first == "etc" || first == "usr" || first == "lib" || first == "dev" ||
         first == "var";
}

Transport transport_of_tar(const std::string& path) {
  std::set<std::string, std::less<>> found;
  std::size_t members = 0;
  visit_member_names(path, [&](std::string_view raw) {
    const auto name = normalize_layer_path(raw);
    ++members;
    if (!name || name->empty()) return true;
    if (is_of_root_folder(*name)) return false;
    if (*name == "manifest.json" || *name == "oci-layout" || *name == "index.json" ||
        *name == "repositories") {
      found.insert(*name);
    }
    return !found.contains("manifest.json");
  });
  if (found.contains("manifest.json")) return Transport::docker_archive;
  if (found.contains("oci-layout") && found.contains("index.json")) return Transport::oci_archive;
  if (found.contains("repositories")) {
    throw Error(ErrorKind::input, path,
                "an archive of docker save from before version 1.10, without manifest.json",
                "load it into a current docker and save it again");
  }
  if (members == 0)
    throw Error(ErrorKind::input, path, "an empty file or tar: expected an image or a root file system");
  return Transport::rootfs;
}

Transport transport_of(const std::string& path) {
  if (is_folder(path)) return exists(path + "/oci-layout") ? Transport::oci : Transport::rootfs;
  try {
    return transport_of_tar(path);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::input) throw;
    throw Error(ErrorKind::input, error.what(),
                "looked for a folder with oci-layout, another folder, and a tar (plain, gzip or zstd) with "
                "manifest.json, with oci-layout and index.json, or of a root file system",
                error.hint());
  }
}

/// PATH or PATH:NAME without a prefix, where PATH exists.
std::optional<ImageRef> by_content(std::string_view text) {
  if (const std::string path(text); exists(path))
    return ImageRef{.transport = transport_of(path), .path = path, .name = {}};
  for (auto colon = text.find(':'); colon != std::string_view::npos; colon = text.find(':', colon + 1)) {
    const std::string path(text.substr(0, colon));
    if (path.empty() || !exists(path)) continue;
    // A folder that happens to be called as the image of a NAME:TAG is not meant.
    if (is_folder(path) && !exists(path + "/oci-layout")) continue;
    ImageRef ref{.transport = transport_of(path), .path = path, .name = std::string(text.substr(colon + 1))};
    if (ref.transport != Transport::rootfs) return ref;
  }
  return std::nullopt;
}

/// What is no path: an image's name, if it can be one.
ImageRef by_name(std::string_view text) {
  const bool is_path = text.starts_with('/') || text.starts_with("./") || text.starts_with("../") ||
                       text.ends_with(".tar") || text.ends_with(".gz") || text.ends_with(".tgz");
  if (is_path) throw Error(ErrorKind::input, std::string(text), "no such file or folder");
  if (!RegistryName::read(text)) {
    throw Error(ErrorKind::input, std::string(text),
                "no such file or folder, and no image's name: that is [HOST[:PORT]/]NAME[:TAG][@DIGEST] with "
                "NAME in lower case");
  }
  return {.transport = Transport::bare_name, .path = {}, .name = std::string(text)};
}

}  // namespace

std::string_view to_string(Transport transport) {
  switch (transport) {
    case Transport::docker_archive:
      return "docker-archive";
    case Transport::oci:
      return "oci";
    case Transport::oci_archive:
      return "oci-archive";
    case Transport::rootfs:
      return "rootfs";
    case Transport::dir:
      return "dir";
    case Transport::registry:
      return "docker";
    case Transport::docker_daemon:
      return "docker-daemon";
    case Transport::containers_storage:
      return "containers-storage";
    case Transport::bare_name:
      return "name";
  }
  return "unknown";
}

std::string ImageRef::text() const {
  if (const NamePrefix* prefix = name_prefix(transport)) return std::string(prefix->text) + name;
  return fmt::format("{}:{}{}{}", to_string(transport), path, name.empty() ? "" : ":", name);
}

ImageRef parse_image_ref(std::string_view text) {
  if (text.empty())
    throw Error(ErrorKind::usage, "image", "expected a path or TRANSPORT:PATH, found nothing");
  if (auto ref = with_prefix(text)) {
    if (ref->transport == Transport::dir) {
      throw Error(ErrorKind::usage, std::string(text), "dir: is for output only",
                  "to read a root folder: rootfs:" + ref->path);
    }
    if (name_prefix(ref->transport) != nullptr) return *std::move(ref);
    if (!exists(ref->path)) throw Error(ErrorKind::input, ref->path, "no such file or folder");
    const bool wants_folder = ref->transport == Transport::oci;
    if (ref->transport != Transport::rootfs && is_folder(ref->path) != wants_folder) {
      throw Error(ErrorKind::input, ref->path,
                  fmt::format("expected a {} behind '{}:'", wants_folder ? "folder" : "file",
                              to_string(ref->transport)));
    }
    return *std::move(ref);
  }
  if (auto ref = by_content(text)) return *std::move(ref);
  return by_name(text);
}

ImageRef parse_destination(std::string_view text) {
  auto ref = with_prefix(text);
  if (ref && ref->transport == Transport::registry && !RegistryName::parse(ref->name).digest.empty()) {
    throw Error(ErrorKind::usage, "destination " + std::string(text),
                "names a digest: expected a tag, as the digest comes from what is written");
  }
  if (ref && ref->transport != Transport::rootfs) return *std::move(ref);
  throw Error(ErrorKind::usage, "destination " + std::string(text),
              "expected docker-archive:FILE[:NAME], oci:DIR[:NAME], oci-archive:FILE[:NAME], dir:DIR, "
              "docker://NAME, docker-daemon:NAME or containers-storage:NAME");
}

}  // namespace slim
