#include "runner/container_processes.h"

#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <dirent.h>
#include <fstream>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <unistd.h>
#include <vector>

namespace slim {
namespace {

constexpr std::size_t processes_cap = 10'000;
constexpr std::size_t sockets_cap = 100'000;

struct CloseFolder {
  void operator()(DIR* folder) const { ::closedir(folder); }
};

template <typename Visit>
void each_name(const std::string& path, Visit&& visit) {
  const std::unique_ptr<DIR, CloseFolder> folder(::opendir(path.c_str()));
  while (const dirent* entry = folder ? ::readdir(folder.get()) : nullptr) {
    const std::string name = entry->d_name;
    if (!name.starts_with('.')) visit(name);
  }
}

}  // namespace

std::vector<pid_t> processes_below(const std::vector<pid_t>& first) {
  std::vector<pid_t> found(first);
  std::set<pid_t> known(first.begin(), first.end());
  for (std::size_t at = 0; at < found.size() && found.size() < processes_cap; ++at) {
    const auto tasks = "/proc/" + std::to_string(found[at]) + "/task";
    each_name(tasks, [&](const std::string& task) {
      auto path = tasks;
      path.append("/").append(task).append("/children");
      std::ifstream file(path);
      for (pid_t pid = 0; file >> pid && found.size() < processes_cap;) {
        if (known.insert(pid).second) found.push_back(pid);
      }
    });
  }
  return found;
}

std::set<std::uint64_t> socket_inodes(const std::vector<pid_t>& processes) {
  constexpr std::string_view start = "socket:[";
  std::set<std::uint64_t> inodes;
  for (const pid_t pid : processes) {
    const auto folder = "/proc/" + std::to_string(pid) + "/fd";
    each_name(folder, [&](const std::string& name) {
      std::array<char, 64> text{};
      auto path = folder;
      path.append("/").append(name);
      const auto got = ::readlink(path.c_str(), text.data(), text.size());
      const std::string_view target(text.data(), got > 0 ? static_cast<std::size_t>(got) : 0);
      std::uint64_t inode = 0;
      if (!target.starts_with(start) || inodes.size() >= sockets_cap) return;
      std::from_chars(target.data() + start.size(), target.data() + target.size(), inode);
      inodes.insert(inode);
    });
  }
  return inodes;
}

std::uint64_t peak_memory_of(const std::vector<pid_t>& processes) {
  std::uint64_t sum = 0;
  for (const pid_t pid : processes) {
    std::ifstream file("/proc/" + std::to_string(pid) + "/status");
    std::string word;
    while (file >> word) {
      std::uint64_t kib = 0;
      if (word != "VmHWM:" || !(file >> kib)) continue;
      sum += kib * 1024;
      break;
    }
  }
  return sum;
}

}  // namespace slim
