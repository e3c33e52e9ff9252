// An image is known by the digest of its config, which names its layers: the same for an archive, a layout, a
// daemon and a registry. Of a file on disk size and time are asked for as well, since the digest says nothing
// of layers that were damaged later. The record is a help and no truth: where anything is in doubt, the image
// is slimmed again.
#include "cli/batch_record.h"

#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <ios>
#include <iterator>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>
#include <sys/stat.h>
#include <system_error>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "analyzer/digest.h"
#include "analyzer/error.h"
#include "analyzer/host_file.h"
#include "analyzer/image_ref.h"
#include "analyzer/json.h"
#include "analyzer/json_object.h"
#include "analyzer/platform.h"
#include "analyzer/source.h"
#include "cli/batch_file.h"
#include "cli/batch_report.h"
#include "cli/json_output.h"
#include "cli/options.h"
#include "cli/version.h"
#include "runner/probe.h"
#include "runner/probe_file.h"
#include "slimmer/destination.h"

namespace slim {
namespace {

using Json = nlohmann::ordered_json;

constexpr auto input_files = std::to_array<std::string_view>({"rules", "probe", "trace"});
constexpr auto output_files = std::to_array<std::string_view>({"report", "dockerfile", "provenance", "sbom"});

std::string beside(const std::string& folder, const std::string& path) {
  return (std::filesystem::path(folder) / path).string();
}

/// The images and places in a batch are taken from its folder.
ImageRef beside(const std::string& folder, ImageRef ref) {
  if (!ref.path.empty()) ref.path = beside(folder, ref.path);
  return ref;
}

const std::string* value(const BatchEntry& entry, const std::string& option) {
  const auto found = entry.options.find(option);
  return found == entry.options.end() || found->second.empty() ? nullptr : &found->second.front();
}

std::string config_digest(ImageRef ref, const BatchEntry& entry) {
  ref.insecure = entry.options.contains("insecure");
  const std::string* platform = value(entry, "platform");
  std::optional<Platform> wanted;
  if (platform != nullptr) wanted = Platform::parse(*platform);
  return open_source(ref, wanted ? &*wanted : nullptr)->image().config_digest.text();
}

ImageRef image_ref(const BatchEntry& entry, const std::string& folder) {
  // A path of the batch's folder is recognised by its content, as on the command line.
  std::error_code failed;
  if (std::filesystem::exists(beside(folder, entry.image), failed))
    return parse_image_ref(beside(folder, entry.image));
  return beside(folder, parse_image_ref(entry.image));
}

ImageRef output_ref(const BatchEntry& entry, const std::string& folder) {
  ImageRef ref = beside(folder, parse_destination(entry.output));
  if (const std::string* tag = value(entry, "tag")) ref.name = output_name(ref, *tag, "");
  return ref;
}

/// Size and times of a file or folder; empty where the output has no path.
std::string place_of(const ImageRef& ref) {
  if (ref.path.empty()) return {};
  struct stat status{};
  if (::stat(ref.path.c_str(), &status) != 0) return "missing";
  if (ref.transport == Transport::oci) return {};  // further images may come to it
  return fmt::format("{} {} {}.{:09}", status.st_ino, S_ISDIR(status.st_mode) ? 0 : status.st_size,
                     status.st_mtim.tv_sec, status.st_mtim.tv_nsec);
}

bool reports_are_there(const BatchEntry& entry, const std::string& folder) {
  for (const std::string_view option : output_files) {
    const auto found = entry.options.find(std::string(option));
    if (found == entry.options.end()) continue;
    for (const std::string& text : found->second) {
      const auto equals = text.find('=');
      const std::string path = option == "report" || option == "sbom" ? text.substr(equals + 1) : text;
      std::error_code failed;
      if (!std::filesystem::exists(beside(folder, path), failed)) return false;
    }
  }
  return true;
}

}  // namespace

BatchRecord read_batch_record(const std::string& path, bool& damaged) {
  damaged = false;
  std::ifstream file(path, std::ios::binary);
  if (!file) return {};
  const std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  BatchRecord record;
  try {
    const nlohmann::json document = parse_json(text, path);
    const JsonObject top(document, path);
    for (const JsonObject& item : top.objects("done")) {
      BatchMemory memory{.inputs = item.string("inputs"),
                         .image = item.string("image"),
                         .output = item.string("output"),
                         .place = item.string("place"),
                         .result = {}};
      memory.result.verdict = item.string("verdict");
      memory.result.original = item.size("original");
      memory.result.slimmed = item.size("slimmed");
      record[item.string("destination")] = std::move(memory);
    }
  } catch (const Error&) {
    damaged = true;
    return {};
  }
  return record;
}

void write_batch_record(const std::string& path, const BatchRecord& record) {
  Json done = Json::array();
  for (const auto& [destination, memory] : record) {
    done.push_back({{"destination", destination},
                    {"inputs", memory.inputs},
                    {"image", memory.image},
                    {"output", memory.output},
                    {"place", memory.place},
                    {"verdict", memory.result.verdict},
                    {"original", memory.result.original},
                    {"slimmed", memory.result.slimmed}});
  }
  const Json document = {{"schema_version", 1}, {"tool", tool_json()}, {"done", std::move(done)}};
  write_file_whole(path, [&document](std::ostream& out) { out << dump(document, 2) << '\n'; });
}

std::string batch_inputs(const BatchEntry& entry, const std::string& folder) {
  Json inputs = {{"slim", version()}, {"image", entry.image}, {"output", entry.output}};
  inputs["options"] = option_words(entry.options);
  Json files = Json::array();
  for (const std::string_view option : input_files) {
    const auto found = entry.options.find(std::string(option));
    if (found == entry.options.end()) continue;
    for (const std::string& name : found->second) {
      const std::string path = beside(folder, name);
      files.push_back(Digest::of(read_host_file(path, option)).text());
      if (option != "probe") continue;
      for (const Service& service : read_probe_file(path).services)
        files.push_back(open_source(parse_image_ref(service.image))->image().config_digest.text());
    }
  }
  inputs["files"] = std::move(files);
  const char* date = std::getenv("SOURCE_DATE_EPOCH");  // NOLINT(concurrency-mt-unsafe): nothing sets it
  inputs["date"] = date == nullptr ? "" : date;
  return Digest::of(dump(inputs, -1)).text();
}

BatchMemory remember(const BatchEntry& entry, const std::string& folder, const std::string& inputs,
                     const BatchResult& result) {
  return {.inputs = inputs,
          .image = result.config_digest,
          .output = result.output_config_digest,
          .place = place_of(output_ref(entry, folder)),
          .result = result};
}

bool is_done(const BatchEntry& entry, const std::string& folder, const BatchMemory& memory) {
  try {
    if (memory.inputs.empty() || memory.image.empty() || memory.output.empty()) return false;
    const ImageRef output = output_ref(entry, folder);
    if (place_of(output) != memory.place || !reports_are_there(entry, folder)) return false;
    if (batch_inputs(entry, folder) != memory.inputs) return false;
    if (config_digest(image_ref(entry, folder), entry) != memory.image) return false;
    if (output.transport == Transport::dir) return true;  // it has no config
    ImageRef written = output;
    if (output.transport == Transport::docker_archive) written.name.clear();  // it holds this image alone
    return config_digest(written, entry) == memory.output;
  } catch (const Error&) {
    return false;  // slim build will say what is wrong, where it is the same
  }
}

}  // namespace slim
