// As the OCI image-spec's config.md has it for User, and as docker does it: a number that no line has is
// taken as it stands, with group 0; a group that is given replaces the user's own and brings no supplementary
// ones.
#include "runner/container_user.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "analyzer/error.h"

namespace slim {
namespace {

std::optional<std::uint32_t> number(std::string_view text) {
  std::uint32_t value = 0;
  const auto result = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || result.ec != std::errc{} || result.ptr != text.data() + text.size())
    return std::nullopt;
  return value;
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (true) {
    const auto end = text.find(separator);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

struct PasswdLine {
  std::string_view name;
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
  std::string_view home;
};

std::optional<PasswdLine> find_user(std::string_view passwd, std::string_view wanted) {
  const auto wanted_number = number(wanted);
  std::optional<PasswdLine> by_number;
  for (const auto line : split(passwd, '\n')) {
    const auto fields = split(line, ':');
    if (fields.size() < 6) continue;
    const auto uid = number(fields[2]);
    const auto gid = number(fields[3]);
    if (!uid || !gid) continue;
    const PasswdLine found{.name = fields[0], .uid = *uid, .gid = *gid, .home = fields[5]};
    if (found.name == wanted) return found;
    if (!by_number && wanted_number && *uid == *wanted_number) by_number = found;
  }
  return by_number;
}

std::optional<std::uint32_t> find_group(std::string_view group, std::string_view wanted) {
  for (const auto line : split(group, '\n')) {
    const auto fields = split(line, ':');
    if (fields.size() < 3 || fields[0] != wanted) continue;
    if (const auto gid = number(fields[2])) return gid;
  }
  return number(wanted);
}

std::vector<std::uint32_t> groups_with(std::string_view group, std::string_view user, std::uint32_t without) {
  std::vector<std::uint32_t> groups;
  for (const auto line : split(group, '\n')) {
    const auto fields = split(line, ':');
    if (fields.size() < 4) continue;
    const auto gid = number(fields[2]);
    const auto members = split(fields[3], ',');
    if (gid && *gid != without && std::ranges::find(members, user) != members.end()) groups.push_back(*gid);
  }
  std::ranges::sort(groups);
  groups.erase(std::ranges::unique(groups).begin(), groups.end());
  return groups;
}

}  // namespace

ContainerUser resolve_user(std::string_view user, std::string_view passwd, std::string_view group) {
  const auto colon = user.find(':');
  auto name = user.substr(0, colon);
  const auto group_name = colon == std::string_view::npos ? std::string_view{} : user.substr(colon + 1);
  if (name.empty()) name = "0";
  ContainerUser result;
  if (const auto line = find_user(passwd, name)) {
    result.uid = line->uid;
    result.gid = line->gid;
    if (!line->home.empty()) result.home = line->home;
    if (group_name.empty()) result.groups = groups_with(group, line->name, line->gid);
  } else if (const auto uid = number(name)) {
    result.uid = *uid;
  } else {
    throw Error(ErrorKind::input, "user " + std::string(user),
                "no user " + std::string(name) + " in the image's /etc/passwd",
                "give one that the image has, or a number, with --user");
  }
  if (!group_name.empty()) {
    const auto gid = find_group(group, group_name);
    if (!gid) {
      throw Error(ErrorKind::input, "user " + std::string(user),
                  "no group " + std::string(group_name) + " in the image's /etc/group");
    }
    result.gid = *gid;
  }
  return result;
}

}  // namespace slim
