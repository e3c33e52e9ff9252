#include "runner/container_processes.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <dirent.h>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>
#include <utility>
#include <vector>

#include "runner/sandbox.h"

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

/// Behind the name of the program, which may hold anything: the state first (proc(5), /proc/PID/stat).
std::vector<std::string> stat_fields(const std::string& folder) {
  std::ifstream file(folder + "/stat");
  std::string line;
  std::getline(file, line);
  const auto close = line.rfind(')');
  std::istringstream rest(close == std::string::npos ? "" : line.substr(close + 1));
  return {std::istream_iterator<std::string>(rest), {}};
}

/// Asleep, and not until a time: who sleeps for five seconds will do something then.
bool waits_for_event(const std::string& task) {
  const auto fields = stat_fields(task);
  if (fields.empty() || fields[0] != "S") return false;
  std::ifstream file(task + "/syscall");
  long call = -1;  // "running", or not to be read: not known to wait
  return file >> call && call != SYS_nanosleep && call != SYS_clock_nanosleep && call >= 0;
}

std::uint64_t ticks_of(const std::vector<std::string>& fields) {
  constexpr std::size_t user = 11;  // utime and stime: the 14th and 15th of all
  std::uint64_t sum = 0;
  for (std::size_t i = user; i < user + 2 && i < fields.size(); ++i) {
    std::uint64_t ticks = 0;
    std::from_chars(fields[i].data(), fields[i].data() + fields[i].size(), ticks);
    sum += ticks;
  }
  return sum;
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

std::vector<std::string> describe_processes(const std::vector<pid_t>& processes) {
  struct Process {
    std::string name;
    char state = '?';
    pid_t parent = 0;
  };
  std::map<pid_t, Process> known;
  for (const pid_t pid : processes) {
    std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    const auto begin = text.find('(');
    const auto end = text.rfind(')');  // a name may hold any character
    if (begin == std::string::npos || end == std::string::npos || end < begin) continue;
    Process process{.name = text.substr(begin + 1, end - begin - 1)};
    std::istringstream rest(text.substr(end + 1));
    rest >> process.state >> process.parent;
    known.emplace(pid, std::move(process));
  }
  std::vector<std::string> described;
  for (const auto& [pid, process] : known) {
    const auto parent = known.find(process.parent);
    described.push_back(process.name + (process.state == 'Z' ? ", defunct" : "") + ", a child of " +
                        (parent == known.end() ? "none" : parent->second.name));
  }
  std::ranges::sort(described);
  return described;
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

Activity activity_of(const std::vector<pid_t>& processes) {
  constexpr std::size_t tasks_cap = 2'000;  // of one process; this is asked for again and again
  Activity activity{.cpu_ticks = 0, .waiting = true};
  for (const pid_t pid : processes) {
    const auto folder = "/proc/" + std::to_string(pid);
    const auto fields = stat_fields(folder);
    if (fields.empty() || fields[0] == "Z") continue;
    activity.cpu_ticks += ticks_of(fields);
    std::size_t tasks = 0;
    each_name(folder + "/task", [&](const std::string& task) {
      activity.waiting =
          activity.waiting && ++tasks <= tasks_cap && waits_for_event(folder + "/task/" + task);
    });
  }
  return activity;
}

}  // namespace slim
