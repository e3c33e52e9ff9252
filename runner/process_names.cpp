// process_vm_readv(2), proc(5).
#include "runner/process_names.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <fcntl.h>
#include <optional>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>
#include <utility>
#include <vector>

#include "analyzer/unique_fd.h"

namespace slim {
namespace {

constexpr std::size_t path_cap = 4096;
constexpr std::size_t page = 4096;
constexpr std::size_t words_cap = 256;
constexpr std::size_t words_bytes_cap = 32U << 10;

/// Without empty components and ".". Where the path starts at a root folder of the process's own, `root`,
/// ".." does not lead out of that.
std::string plain(std::string_view root, std::string_view path) {
  std::string text = root == "/" ? std::string() : std::string(root);
  int depth = 0;
  for (std::size_t at = 0; at < path.size();) {
    const std::size_t end = std::min(path.find('/', at), path.size());
    const auto component = path.substr(at, end - at);
    at = end + 1;
    if (component.empty() || component == ".") continue;
    const bool up = component == "..";
    if (up && depth == 0 && !root.empty()) continue;
    depth += up ? -1 : 1;
    text.append("/").append(component);
  }
  return text.empty() ? "/" : text;
}

/// "self/fd/3" of "/proc/self/fd/3/x", and where what follows begins; nullopt: it is no such path.
struct OwnLink {
  std::string_view name;  ///< "cwd", "root", "fd/3"
  std::string_view rest;
};
std::optional<OwnLink> own_link(std::string_view path) {
  bool own = false;
  for (const std::string_view start : {"/proc/self/", "/proc/thread-self/"}) {
    if (!path.starts_with(start)) continue;
    path.remove_prefix(start.size());
    own = true;
    break;
  }
  if (!own) return std::nullopt;
  auto end = path.find('/');
  auto name = path.substr(0, end);
  if (name == "fd" && end != std::string_view::npos) {
    end = path.find('/', end + 1);
    name = path.substr(0, end);
  } else if (name != "cwd" && name != "root") {
    return std::nullopt;
  }
  return OwnLink{.name = name, .rest = end == std::string_view::npos ? "" : path.substr(end)};
}

}  // namespace

Caller::Caller(pid_t pid, bool changed_root)
    : pid_(pid), folder_("/proc/" + std::to_string(pid) + "/"), changed_root_(changed_root) {}

std::optional<std::string> Caller::string_at(std::uint64_t address) const {
  // Page by page, since the next one may not exist.
  std::string text;
  std::array<char, page> buffer{};
  while (text.size() < path_cap) {
    const std::size_t size = page - (address % page);
    const iovec local{.iov_base = buffer.data(), .iov_len = size};
    // NOLINTNEXTLINE(performance-no-int-to-ptr): an address in the other process, never used here
    const iovec remote{.iov_base = reinterpret_cast<void*>(address), .iov_len = size};
    const auto got = ::process_vm_readv(pid_, &local, 1, &remote, 1, 0);
    if (got <= 0) return std::nullopt;
    const auto* begin = buffer.data();
    const auto* end = std::find(begin, begin + got, '\0');
    text.append(begin, end);
    if (end != begin + got) return text;
    address += static_cast<std::uint64_t>(got);
  }
  return std::nullopt;
}

bool Caller::read_memory(std::uint64_t address, void* into, std::size_t size) const {
  const iovec local{.iov_base = into, .iov_len = size};
  // NOLINTNEXTLINE(performance-no-int-to-ptr): an address in the other process, never used here
  const iovec remote{.iov_base = reinterpret_cast<void*>(address), .iov_len = size};
  return ::process_vm_readv(pid_, &local, 1, &remote, 1, 0) == static_cast<ssize_t>(size);
}

std::optional<std::uint64_t> Caller::number_at(std::uint64_t address) const {
  std::uint64_t value = 0;
  return read_memory(address, &value, sizeof value) ? std::optional(value) : std::nullopt;
}

std::vector<std::string> Caller::words_at(std::uint64_t address, bool wide) const {
  std::vector<std::string> words;
  std::size_t bytes = 0;
  const std::uint64_t step = wide ? sizeof(std::uint64_t) : sizeof(std::uint32_t);
  while (words.size() < words_cap && bytes < words_bytes_cap) {
    std::uint64_t word = 0;
    std::uint32_t narrow = 0;
    if (wide ? !read_memory(address, &word, sizeof word) : !read_memory(address, &narrow, sizeof narrow))
      break;
    if (!wide) word = narrow;
    if (word == 0) break;
    auto text = string_at(word).value_or("");  // one that is longer is left empty
    bytes += text.size() + 1;
    words.push_back(std::move(text));
    address += step;
  }
  return words;
}

std::optional<std::string> Caller::socket_path(std::uint64_t address, std::uint64_t length) const {
  sockaddr_un socket{};
  const auto size = std::min<std::uint64_t>(length, sizeof socket);
  if (size <= offsetof(sockaddr_un, sun_path) || !read_memory(address, &socket, size)) return std::nullopt;
  if (socket.sun_family != AF_UNIX || socket.sun_path[0] == '\0') return std::nullopt;
  return std::string(std::begin(socket.sun_path),
                     ::strnlen(std::begin(socket.sun_path), size - offsetof(sockaddr_un, sun_path)));
}

std::optional<std::string> Caller::link(const std::string& name) const {
  std::array<char, path_cap> buffer{};
  const auto got = ::readlink((folder_ + name).c_str(), buffer.data(), buffer.size());
  if (got <= 0 || buffer[0] != '/') return std::nullopt;  // "socket:[1]" and the like lead nowhere
  return std::string(buffer.data(), static_cast<std::size_t>(got));
}

std::optional<std::string> Caller::absolute(const std::string& path, int folder) const {
  if (path.empty()) return std::nullopt;
  if (path.starts_with('/')) {
    if (const auto own = own_link(path)) {
      const auto target = link(std::string(own->name));
      if (target && !own->rest.empty()) return plain("", *target + std::string(own->rest));
    }
    if (!changed_root_) return plain("", path);
    const auto root = link("root");
    return root ? std::optional(plain(*root, path)) : std::nullopt;
  }
  const auto base = link(folder == AT_FDCWD ? "cwd" : "fd/" + std::to_string(folder));
  return base ? std::optional(plain("", *base + "/" + path)) : std::nullopt;
}

std::optional<std::string> Caller::descriptor(int fd) const {
  return link("fd/" + std::to_string(fd));
}

std::string Caller::program() const {
  constexpr std::string_view gone = " (deleted)";
  auto path = link("exe").value_or("");
  if (path.ends_with(gone)) path.resize(path.size() - gone.size());
  return path;
}

UniqueFd Caller::root_folder() const {
  return UniqueFd(::open((folder_ + "root").c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
}

}  // namespace slim
