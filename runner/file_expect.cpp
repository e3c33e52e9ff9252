// Go's os.FileMode.String, and the fields of an OCI image config (config.md).
#include "runner/file_expect.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <sys/stat.h>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "analyzer/image.h"
#include "runner/expect.h"
#include "runner/probe.h"
#include "runner/sandbox.h"

namespace slim {
namespace {

std::string list_text(const std::vector<std::string>& list) {
  return fmt::format("[{}]", fmt::join(list, ", "));
}

std::string unlike(std::string_view what, const std::string& expected, const std::string& found) {
  return fmt::format("{}: expected {}, found {}", what, expected, found);
}

/// EXPOSE 80 is 80/tcp.
std::string with_protocol(const std::string& port) {
  return port.find('/') == std::string::npos ? port + "/tcp" : port;
}

bool has_port(const std::vector<std::string>& ports, const std::string& port) {
  return std::ranges::any_of(
      ports, [&](const std::string& other) { return with_protocol(other) == with_protocol(port); });
}

bool has(const std::vector<std::string>& list, const std::string& item) {
  return std::ranges::find(list, item) != list.end();
}

std::string unmet_settings(const MetadataStep& expect, const ImageConfig& config) {
  for (const auto& [key, value] : expect.env) {
    const auto found = env_value(config, key);
    if (!found) return fmt::format("the environment has no {}", key);
    if (auto text = unmet(value, *found, "environment " + key); !text.empty()) return text;
  }
  for (const auto& [key, value] : expect.labels) {
    const auto found = config.labels.find(key);
    if (found == config.labels.end()) return fmt::format("there is no label {}", key);
    if (auto text = unmet(value, found->second, "label " + key); !text.empty()) return text;
  }
  return "";
}

}  // namespace

std::string go_mode_text(std::uint32_t mode) {
  // In the order in which Go has them.
  const auto type = mode & static_cast<std::uint32_t>(S_IFMT);
  const auto special = std::to_array<std::pair<char, bool>>({{'d', type == S_IFDIR},
                                                             {'L', type == S_IFLNK},
                                                             {'D', type == S_IFBLK || type == S_IFCHR},
                                                             {'p', type == S_IFIFO},
                                                             {'S', type == S_IFSOCK},
                                                             {'u', (mode & S_ISUID) != 0},
                                                             {'g', (mode & S_ISGID) != 0},
                                                             {'c', type == S_IFCHR},
                                                             {'t', (mode & S_ISVTX) != 0}});
  std::string text;
  for (const auto& [letter, is_set] : special) {
    if (is_set) text += letter;
  }
  if (text.empty()) text = "-";
  constexpr std::string_view letters = "rwxrwxrwx";
  for (std::size_t i = 0; i < letters.size(); ++i) text += (mode & (0400U >> i)) != 0 ? letters[i] : '-';
  return text;
}

std::string unmet(const FileStep& expect, const std::optional<FileStatus>& status) {
  if (!status) return expect.exists ? "there is no such file" : "";
  if (!expect.exists) return "it exists, and should not";
  const auto mode = go_mode_text(status->mode);
  if (!expect.permissions.empty() && mode != expect.permissions)
    return unlike("permissions", expect.permissions, mode);
  if (expect.uid && *expect.uid != status->uid)
    return unlike("owner", std::to_string(*expect.uid), std::to_string(status->uid));
  if (expect.gid && *expect.gid != status->gid)
    return unlike("group", std::to_string(*expect.gid), std::to_string(status->gid));
  constexpr auto bits = std::to_array<std::pair<std::string_view, std::uint32_t>>(
      {{"owner", 0100}, {"group", 0010}, {"other", 0001}, {"any", 0111}});
  for (const auto& [who, bit] : bits) {
    if (expect.executable_by == who && (status->mode & bit) == 0)
      return fmt::format("expected to be executable by {}, found {}", who, mode);
  }
  return "";
}

std::string unmet(const MetadataStep& expect, const ImageConfig& config) {
  if (auto text = unmet_settings(expect, config); !text.empty()) return text;
  for (const auto& port : expect.exposed_ports) {
    if (!has_port(config.exposed_ports, port)) return fmt::format("port {} is not exposed", port);
  }
  for (const auto& port : expect.unexposed_ports) {
    if (has_port(config.exposed_ports, port))
      return fmt::format("port {} is exposed, and should not be", port);
  }
  for (const auto& volume : expect.volumes) {
    if (!has(config.volumes, volume)) return fmt::format("{} is no volume", volume);
  }
  for (const auto& volume : expect.no_volumes) {
    if (has(config.volumes, volume)) return fmt::format("{} is a volume, and should not be", volume);
  }
  if (expect.entrypoint && *expect.entrypoint != config.entrypoint)
    return unlike("entrypoint", list_text(*expect.entrypoint), list_text(config.entrypoint));
  if (expect.cmd && *expect.cmd != config.cmd)
    return unlike("cmd", list_text(*expect.cmd), list_text(config.cmd));
  if (expect.workdir && *expect.workdir != config.working_dir)
    return unlike("workdir", quoted(*expect.workdir), quoted(config.working_dir));
  if (expect.user && *expect.user != config.user)
    return unlike("user", quoted(*expect.user), quoted(config.user));
  return "";
}

std::string metadata_text(const ImageConfig& config) {
  return fmt::format("entrypoint {}\ncmd {}\nworkdir {}\nuser {}\nports {}\nvolumes {}\nenvironment {}\n",
                     list_text(config.entrypoint), list_text(config.cmd), config.working_dir, config.user,
                     list_text(config.exposed_ports), list_text(config.volumes), list_text(config.env));
}

}  // namespace slim
