// Stored images for tests, made document by document, so that each can be made wrong.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "analyzer/digest.h"
#include "tests/analyzer/tar_builder.h"
#include "tests/analyzer/temporary_folder.h"

namespace slim::test {

inline const std::string oci_manifest_type = "application/vnd.oci.image.manifest.v1+json";
inline const std::string oci_index_type = "application/vnd.oci.image.index.v1+json";
inline const std::string oci_layer_type = "application/vnd.oci.image.layer.v1.tar";

inline std::string quoted_list(const std::vector<std::string>& items) {
  std::string text;
  for (const auto& item : items) text += (text.empty() ? "\"" : ",\"") + item + "\"";
  return "[" + text + "]";
}

inline std::string config_json(const std::vector<std::string>& tars,
                               const std::string& platform = "linux/amd64") {
  std::vector<std::string> diff_ids;
  for (const auto& tar : tars) diff_ids.push_back(Digest::of(tar).text());
  const auto slash = platform.find('/');
  return fmt::format(
      R"({{"os":"{}","architecture":"{}","config":{{"Entrypoint":["/bin/app"]}},)"
      R"("history":[{{"created_by":"ADD base"}},{{"created_by":"ENV","empty_layer":true}},{{"created_by":"COPY app"}}],)"
      R"("rootfs":{{"type":"layers","diff_ids":{}}}}})",
      platform.substr(0, slash), platform.substr(slash + 1), quoted_list(diff_ids));
}

/// The files of an OCI layout by name; written as a folder or as a tar.
struct Layout {
  std::map<std::string, std::string> files{{"oci-layout", R"({"imageLayoutVersion":"1.0.0"})"}};

  /// Stores a blob; gives its descriptor, with `more` members behind.
  std::string blob(const std::string& type, const std::string& content, const std::string& more = {}) {
    const Digest digest = Digest::of(content);
    files["blobs/sha256/" + std::string(digest.hex())] = content;
    return fmt::format(R"({{"mediaType":"{}","digest":"{}","size":{}{}{}}})", type, digest.text(),
                       content.size(), more.empty() ? "" : ",", more);
  }
  std::string manifest(const std::vector<std::string>& tars, const std::string& platform = "linux/amd64",
                       const std::string& layer_type = oci_layer_type) {
    std::string layers;
    for (const auto& tar : tars) layers += (layers.empty() ? "" : ",") + blob(layer_type, tar);
    return fmt::format(R"({{"schemaVersion":2,"mediaType":"{}","config":{},"layers":[{}]}})",
                       oci_manifest_type,
                       blob("application/vnd.oci.image.config.v1+json", config_json(tars, platform)), layers);
  }
  void index(const std::vector<std::string>& descriptors) { files["index.json"] = index_json(descriptors); }
  static std::string index_json(const std::vector<std::string>& descriptors) {
    return fmt::format(R"({{"schemaVersion":2,"mediaType":"{}","manifests":[{}]}})", oci_index_type,
                       fmt::join(descriptors, ","));
  }
  void write(const TemporaryFolder& folder) const {
    for (const auto& [name, content] : files) folder.write(name, content);
  }
  [[nodiscard]] std::string tar() const {
    TarBuilder builder;
    for (const auto& [name, content] : files) builder.file(name, content);
    return builder.str();
  }
};

inline std::string platform_member(std::string_view os, std::string_view architecture,
                                   std::string_view more = {}) {
  return fmt::format(R"("platform":{{"os":"{}","architecture":"{}"{}}})", os, architecture, more);
}

inline std::string name_member(std::string_view name) {
  return fmt::format(R"("annotations":{{"org.opencontainers.image.ref.name":"{}"}})", name);
}

}  // namespace slim::test
