// The archive of `docker save` has its layers first and says last which they are and in what order; there is
// no call for one layer, or for those alone that the index cache does not know. So the stream is spooled,
// once, and read as the archive that it is.
#include "analyzer/saved_image.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "analyzer/byte_stream.h"
#include "analyzer/docker_api.h"
#include "analyzer/docker_archive.h"
#include "analyzer/docker_endpoint.h"
#include "analyzer/error.h"
#include "analyzer/image_files.h"
#include "analyzer/platform.h"
#include "analyzer/podman.h"
#include "analyzer/registry_name.h"
#include "analyzer/spool.h"
#include "analyzer/unique_fd.h"

namespace slim {
namespace {

using Saved = std::expected<SavedImage, NotThere>;

/// The last bytes of a file: whole lines, where there are any.
std::string last_bytes(int fd) {
  std::array<char, 4096> text{};
  struct stat status{};
  if (::fstat(fd, &status) != 0) return {};
  const off_t from = std::max<off_t>(0, status.st_size - static_cast<off_t>(text.size()));
  const ssize_t count = ::pread(fd, text.data(), text.size(), from);
  return {text.data(), static_cast<std::size_t>(std::max<ssize_t>(0, count))};
}

/// Spools what `save` opens, where there is room for `size` bytes, and looks into it.
ImageFiles spooled(std::move_only_function<ByteReader()> save, const std::string& what, std::uint64_t size) {
  ByteReader archive;
  const auto read = [&](std::span<std::byte> buffer) {
    return in_context(what, [&] {
      if (!archive) archive = save();  // after spool() has asked for the room
      return archive(buffer);
    });
  };
  UniqueFd file = spool(read, what, size);
  if (const auto error = error_at_end(last_bytes(file.get())); !error.empty())
    throw Error(ErrorKind::environment, what, "the daemon broke off while it saved the image: " + error);
  return ImageFiles::spooled(std::move(file), what);
}

/// Nothing else is put into a URL or given to podman.
void require_name(const std::string& name, const std::string& what) {
  const bool is_id = name.size() == 64 && name.find_first_not_of("0123456789abcdef") == std::string::npos;
  if (!is_id && !RegistryName::read(name))
    throw Error(ErrorKind::usage, what, "expected NAME[:TAG], NAME@DIGEST or an image's id");
}

/// NAME:TAG where `name` is one; empty where it is (the beginning of) the id.
std::string name_of(const std::string& name, std::string_view id) {
  constexpr std::string_view algorithm = "sha256:";
  std::string_view asked = name;
  for (std::string_view* text : {&id, &asked}) {
    if (text->starts_with(algorithm)) text->remove_prefix(algorithm.size());
  }
  const bool is_id = name.find('@') != std::string::npos || id.starts_with(asked);
  return is_id ? "" : familiar_name(name);
}

std::expected<DaemonImage, NotThere> found_by(DockerApi& api, const std::string& name,
                                              const Platform* wanted) {
  const std::string place = api.endpoint().text();
  std::optional<DaemonImage> image;
  try {
    image = api.find(name, wanted);
  } catch (const Error& error) {
    return std::unexpected(NotThere{.asked = false, .why = error.what(), .hint = error.hint()});
  }
  const std::string for_platform = wanted == nullptr ? "" : " for " + wanted->text();
  if (!image) {
    return std::unexpected(NotThere{
        .asked = true, .why = fmt::format("{}: no image {}{}", place, name, for_platform), .hint = {}});
  }
  if (wanted != nullptr && !api.has_unseen_platforms() && !image->platform.architecture.empty() &&
      !serves(image->platform, *wanted)) {
    return std::unexpected(NotThere{.asked = true,
                                    .why = fmt::format("{}: no image {}{}: its own is for {}", place, name,
                                                       for_platform, image->platform.text()),
                                    .hint = {}});
  }
  return *std::move(image);
}

Saved saved_by(DockerApi& api, const std::string& name, const std::string& what, const Platform* wanted) {
  const auto image = found_by(api, name, wanted);
  if (!image) return std::unexpected(image.error());
  const Platform& platform = wanted != nullptr ? *wanted : image->platform;
  // A name without a tag would be saved with every tag that there is.
  std::string full_name = name_of(image->name, image->id);
  const std::string& asked = full_name.empty() ? image->name : full_name;
  ImageFiles files = spooled([&] { return api.save(asked, platform); }, what, image->size);
  return SavedImage{.files = std::move(files), .name = std::move(full_name)};
}

Saved saved_by_program(const std::string& name, const std::string& what) {
  std::optional<PodmanImage> image;
  try {
    image = podman_find(name);
  } catch (const Error& error) {
    return std::unexpected(NotThere{.asked = false, .why = error.what(), .hint = error.hint()});
  }
  if (!image) return std::unexpected(NotThere{.asked = true, .why = "podman: no image " + name, .hint = {}});
  return SavedImage{.files = spooled([&] { return podman_save(name); }, what, image->size),
                    .name = name_of(name, image->id)};
}

}  // namespace

std::expected<DockerApi, NotThere> connect_to_any(
    const std::function<std::vector<DockerEndpoint>()>& endpoints) {
  NotThere failed;
  try {
    for (DockerEndpoint& endpoint : endpoints()) {
      try {
        return DockerApi(std::move(endpoint));
      } catch (const Error& error) {
        failed.why += (failed.why.empty() ? "" : "; ") + std::string(error.what());
        if (failed.hint.empty()) failed.hint = error.hint();
      }
    }
  } catch (const Error& error) {  // of the configuration
    failed = {.asked = false, .why = error.what(), .hint = error.hint()};
  }
  return std::unexpected(std::move(failed));
}

Saved saved_by_docker(const std::string& name, const std::string& what, const Platform* wanted) {
  require_name(name, what);
  auto api = connect_to_any(docker_endpoints);
  if (!api) return std::unexpected(std::move(api.error()));
  return saved_by(*api, name, what, wanted);
}

Saved saved_by_podman(const std::string& name, const std::string& what, const Platform* wanted) {
  require_name(name, what);
  auto api = connect_to_any(podman_endpoints);
  if (api) return saved_by(*api, name, what, wanted);
  if (has_podman()) return saved_by_program(name, what);
  api.error().why += "; no podman in PATH";
  return std::unexpected(std::move(api.error()));
}

}  // namespace slim
