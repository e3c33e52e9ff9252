// manifest.json lists images; each names its config and its layers, base first, as members of the archive.
// The config's name is the SHA-256 of its content, and its diff_ids are those of the uncompressed layers. A
// layer's member may be plain, compressed (kaniko, buildah), or a symlink to the same layer of another image.
#include "analyzer/docker_archive.h"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "analyzer/digest.h"
#include "analyzer/error.h"
#include "analyzer/image.h"
#include "analyzer/image_choice.h"
#include "analyzer/image_files.h"
#include "analyzer/image_ref.h"
#include "analyzer/json.h"
#include "analyzer/json_object.h"
#include "analyzer/platform.h"

namespace slim {
namespace {

/// The digest in the name of a config or of a blob: HEX.json, sha256:HEX, blobs/sha256/HEX.
std::optional<Digest> digest_in_name(std::string_view name) {
  if (name.ends_with(".json")) name.remove_suffix(5);
  name = name.substr(name.find_last_of("/:") + 1);  // npos + 1 is 0
  const auto is_hex = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); };
  if (name.size() != 64 || !std::ranges::all_of(name, is_hex)) return std::nullopt;
  return Digest::parse("sha256:" + std::string(name), "name");
}

std::vector<std::string> all_names(const std::vector<JsonObject>& images) {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < images.size(); ++i) {
    const auto tags = images[i].strings("RepoTags");
    if (tags.empty()) names.push_back(fmt::format("@{}", i));
    names.insert(names.end(), tags.begin(), tags.end());
  }
  return names;
}

const JsonObject& choose(const std::vector<JsonObject>& images, const ImageRef& ref,
                         const std::string& where) {
  if (images.empty()) throw Error(ErrorKind::input, where, "holds no image");
  if (ref.name.empty()) {
    if (images.size() == 1) return images.front();
    throw Error(ErrorKind::input, where,
                fmt::format("holds {} images: {}", images.size(), listed(all_names(images))),
                fmt::format("choose one: docker-archive:{}:NAME", ref.path));
  }
  if (const auto index = chosen_index(ref.name, images.size(), where)) return images[*index];
  const auto wanted = familiar_name(ref.name);
  const auto has_name = [&](const JsonObject& image) {
    return std::ranges::any_of(image.strings("RepoTags"),
                               [&](const auto& tag) { return familiar_name(tag) == wanted; });
  };
  const auto found = std::ranges::find_if(images, has_name);
  if (found != images.end()) return *found;
  throw Error(ErrorKind::input, where,
              fmt::format("no image '{}': there is {}", ref.name, listed(all_names(images))));
}

/// The blob of one layer. Only names of the form blobs/sha256/HEX are promises about the content.
Descriptor layer_blob(const ImageFiles& files, const std::string& name) {
  Descriptor blob{.media_type = "application/vnd.docker.image.rootfs.diff.tar",
                  .digest = {},
                  .size = files.size(name),
                  .location = name};
  if (name.starts_with("blobs/sha256/")) blob.digest = digest_in_name(name).value_or(Digest());
  return blob;
}

}  // namespace

std::string familiar_name(std::string_view name) {
  constexpr std::string_view domain = "docker.io/";
  constexpr std::string_view library = "library/";
  if (name.starts_with(domain)) name.remove_prefix(domain.size());
  if (name.starts_with(library)) name.remove_prefix(library.size());
  const auto slash = name.rfind('/');
  const std::string_view last = slash == std::string_view::npos ? name : name.substr(slash);
  return last.find_first_of(":@") == std::string_view::npos ? std::string(name) + ":latest"
                                                            : std::string(name);
}

Image read_docker_archive(const ImageFiles& files, const ImageRef& ref, const Platform* wanted) {
  const std::string where = files.place("manifest.json");
  const auto document = parse_json(files.read("manifest.json", largest_document), where);
  if (!document.is_array()) {
    throw Error(ErrorKind::input, where,
                fmt::format("expected a list of images, found {}", document.type_name()));
  }
  std::vector<JsonObject> images;
  for (const auto& item : document) images.emplace_back(item, where, fmt::format("[{}]", images.size()));
  const JsonObject& chosen = choose(images, ref, where);

  Image image;
  image.reference = ref.text();
  const auto tags = chosen.strings("RepoTags");
  if (!tags.empty()) image.name = tags.front();
  if (!ref.name.empty() && !ref.name.starts_with('@')) image.name = familiar_name(ref.name);

  const std::string config_name = chosen.string("Config");
  if (config_name.empty()) chosen.fail("Config", "missing: expected the name of the config");
  const std::string config_place = files.place(config_name);
  const std::string config = files.read(config_name, largest_document);
  image.config_digest = Digest::of(config);
  image.digest = image.config_digest;
  const auto promised = digest_in_name(config_name);
  if (promised && *promised != image.config_digest) {
    throw Error(ErrorKind::input, config_place,
                fmt::format("expected digest {}, found {}", promised->text(), image.config_digest.text()));
  }
  image.config = parse_image_config(config, config_place);
  check_platform(image.config, wanted, ref.text());
  for (const std::string& name : chosen.strings("Layers")) {
    image.layers.push_back({.blob = layer_blob(files, name), .diff_id = {}, .created_by = {}});
  }
  complete_layers(image, where);
  return image;
}

}  // namespace slim
