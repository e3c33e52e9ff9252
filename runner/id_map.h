// Which ids the container's users have on the host. The container's root is never the host's root: as root
// slim maps to a high range that nobody owns, else to the caller's own id and subordinate ids (subuid(5)).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <vector>

namespace slim {

/// `count` ids from `inside` on are those from `outside` on: one line of /proc/PID/uid_map.
struct IdRange {
  std::uint32_t inside = 0;
  std::uint32_t outside = 0;
  std::uint32_t count = 0;
  bool operator==(const IdRange&) const = default;
};

struct IdPlan {
  std::vector<IdRange> users;
  std::vector<IdRange> groups;
  bool privileged = false;   ///< slim writes the maps itself; else newuidmap and newgidmap do
  bool own_id_only = false;  ///< one user and one group: neither tool nor range is needed
  std::string note;          ///< why it is the own id only; may be empty

  [[nodiscard]] bool maps_user(std::uint32_t id) const;
  [[nodiscard]] bool maps_group(std::uint32_t id) const;
};

/// Decides for the calling process, by /proc/self/uid_map, /etc/subuid and /etc/subgid.
IdPlan plan_ids();

/// The ranges that `text`, the content of /etc/subuid or /etc/subgid, gives to a user, by name or number.
std::vector<IdRange> parse_subordinate_ids(std::string_view text, std::string_view user, std::uint32_t uid);

/// Where a container's ids go when slim has root's rights in a user namespace with the map `text`: 2^24 ids
/// from 2^30 on where they exist, else the longest range without id 0. nullopt: there is none.
std::optional<IdRange> range_for_root(std::string_view text);

/// Writes the maps of the new user namespace that `pid` is in. Throws Error environment.
void write_id_maps(pid_t pid, const IdPlan& plan);

}  // namespace slim
