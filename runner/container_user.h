// Whom a container runs as: the config's User against the image's own /etc/passwd and /etc/group.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace slim {

struct ContainerUser {
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
  std::vector<std::uint32_t> groups;  ///< supplementary ones, sorted, without `gid`
  std::string home = "/";
};

/// `user` is user[:group], names or numbers, empty for root; `passwd` and `group` are the files' texts (empty
/// where the image has none). A name that is not in them is an input Error.
ContainerUser resolve_user(std::string_view user, std::string_view passwd, std::string_view group);

}  // namespace slim
