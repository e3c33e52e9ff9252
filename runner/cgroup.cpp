// cgroups(7), and the kernel's Documentation/admin-guide/cgroup-v1/memory.rst and cgroup-v2.rst. The files
// are opened with the caller's rights before the user namespace is made: the kernel judges a write by who
// opened.
#include "runner/cgroup.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <fcntl.h>
#include <fstream>
#include <map>
#include <ranges>
#include <sstream>
#include <string>
#include <sys/stat.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <utility>
#include <vector>

#include "analyzer/unique_fd.h"
#include "runner/container_spec.h"

namespace slim {
namespace {

const std::string root = "/sys/fs/cgroup";

bool exists(const std::string& path) {
  return ::access(path.c_str(), F_OK) == 0;
}

std::string first_line(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

std::string group_in(std::string parent, const std::string& name) {
  parent += '/';
  return parent += name;
}

bool write_file(int fd, const std::string& text) {
  return ::pwrite(fd, text.data(), text.size(), 0) == static_cast<ssize_t>(text.size());
}

/// The caller's groups by controller; version 2 is under the empty name.
std::map<std::string, std::string> own_groups() {
  std::map<std::string, std::string> groups;
  std::ifstream file("/proc/self/cgroup");
  std::string line;
  while (std::getline(file, line)) {
    const auto first = line.find(':');
    const auto second = line.find(':', first + 1);
    if (first == std::string::npos || second == std::string::npos) continue;
    std::istringstream names(line.substr(first + 1, second - first - 1));
    const auto path = line.substr(second + 1);
    if (names.str().empty()) groups[""] = path;
    std::string name;
    while (std::getline(names, name, ',')) groups[name] = path;
  }
  return groups;
}

/// Whether the children of `folder` can have the controllers of memory and processes.
bool hands_down(const std::string& folder) {
  const auto line = " " + first_line(folder + "/cgroup.subtree_control") + " ";
  return line.find(" memory ") != std::string::npos && line.find(" pids ") != std::string::npos;
}

/// The folders below which a group can be made, best first; several for version 1, at most one for version 2.
std::vector<std::string> parents() {
  auto groups = own_groups();
  if (!exists(root + "/cgroup.controllers")) {
    std::vector<std::string> found;
    for (const auto* controller : {"memory", "pids"}) {
      const auto base = root + "/" + controller;
      auto own = base + groups[controller];
      if (!exists(own + "/cgroup.procs")) own = base;
      if (exists(own + "/cgroup.procs"))
        found.push_back(own.ends_with('/') ? own.substr(0, own.size() - 1) : own);
    }
    return found;
  }
  // Version 2: a group with processes hands no controllers down, unless it is the root; a sibling may do.
  auto own = root + groups[""];
  while (own.ends_with('/')) own.pop_back();
  if (own == root) {
    std::ofstream(root + "/cgroup.subtree_control") << "+memory +pids";
    return hands_down(root) ? std::vector{root} : std::vector<std::string>{};
  }
  const auto parent = own.substr(0, own.rfind('/'));
  return hands_down(parent) ? std::vector{parent} : std::vector<std::string>{};
}

void kill_members(const std::string& folder) {
  std::ifstream file(folder + "/cgroup.procs");
  pid_t pid = 0;
  while (file >> pid) {
    if (pid > 0) ::kill(pid, SIGKILL);
  }
}

void remove_group(const std::string& folder) {
  // A killed process leaves its group only when it is reaped: ask again until it is, two seconds at most.
  for (int round = 0; round < 200; ++round) {
    if (::rmdir(folder.c_str()) == 0 || errno != EBUSY) return;
    kill_members(folder);
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
}

bool can_enter(const Cgroup& group) {
  const pid_t pid = ::fork();
  if (pid == 0) ::_exit(group.enter() == 0 ? 0 : 1);
  int status = 1;
  return pid > 0 && ::waitpid(pid, &status, 0) == pid && status == 0;
}

}  // namespace

void Cgroup::add_value(const std::string& path, const std::string& limited, const std::string& relaxed,
                       bool& holds) {
  UniqueFd fd(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
  if (!fd || !write_file(fd.get(), relaxed)) return;
  holds = true;
  values_.push_back({.file = std::move(fd), .limited = limited, .relaxed = relaxed});
}

void Cgroup::open_group(const std::string& folder) {
  if (::mkdir(folder.c_str(), 0755) != 0) return;
  folders_.push_back(folder);
  members_.emplace_back(::open((folder + "/cgroup.procs").c_str(), O_WRONLY | O_CLOEXEC));
}

Cgroup Cgroup::create(const std::string& name, const RunLimits& limits) {
  Cgroup group;
  for (const auto& parent : parents()) group.open_group(group_in(parent, name));
  if (group.folders_.empty() || !can_enter(group)) {
    group.remove();
    return {};
  }
  const auto memory = std::to_string(limits.memory);
  bool swap = false;
  for (const auto& folder : group.folders_) {
    group.add_value(folder + "/memory.max", memory, "max", group.memory_);
    group.add_value(folder + "/memory.swap.max", "0", "max", swap);
    group.add_value(folder + "/memory.limit_in_bytes", memory, "-1", group.memory_);
    group.add_value(folder + "/memory.memsw.limit_in_bytes", memory, "-1", swap);
    group.add_value(folder + "/pids.max", std::to_string(limits.pids), "max", group.pids_);
  }
  return group;
}

int Cgroup::enter() const {
  for (const auto& file : members_) {
    if (::write(file.get(), "0", 1) != 1) return errno;
  }
  return 0;
}

void Cgroup::relax() {
  // Backwards: the limit with swap may never be below the one without.
  for (const auto& value : std::views::reverse(values_)) write_file(value.file.get(), value.relaxed);
}

bool Cgroup::enforce() {
  bool all = true;
  for (const auto& value : values_) all = write_file(value.file.get(), value.limited) && all;
  return all;
}

void Cgroup::remove() {
  members_.clear();
  values_.clear();
  for (const auto& folder : folders_) remove_group(folder);
  folders_.clear();
}

std::uint64_t spare_memory() {
  std::uint64_t spare = 0;
  std::ifstream file("/proc/meminfo");
  std::string word;
  while (file >> word) {
    if (word != "MemAvailable:") continue;
    file >> spare;
    spare *= 1024;
    break;
  }
  auto groups = own_groups();
  const auto folder =
      root + (exists(root + "/cgroup.controllers") ? groups[""] : "/memory" + groups["memory"]);
  for (const auto& [limit_name, usage_name] :
       {std::pair{"/memory.max", "/memory.current"},
        std::pair{"/memory.limit_in_bytes", "/memory.usage_in_bytes"}}) {
    std::uint64_t limit = 0;
    std::uint64_t usage = 0;
    // "max" is no number: no limit.
    if (!(std::ifstream(folder + limit_name) >> limit) || !(std::ifstream(folder + usage_name) >> usage))
      continue;
    spare = std::min(spare, limit > usage ? limit - usage : 0);
  }
  return spare;
}

void remove_stale_cgroup(const std::string& name) {
  for (const auto& parent : parents()) {
    const auto group = group_in(parent, name);
    if (exists(group)) remove_group(group);
  }
}

}  // namespace slim
