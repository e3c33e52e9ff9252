// Whatever ends slim (a signal, a crash, a normal end), its end of the socket closes; the keeper then ends
// its containers and itself, and the janitor, which no terminal's signal reaches, removes what lies on the
// host. A run whose janitor was killed too is cleaned up by the next one, which finds its folder unlocked.
#include "runner/janitor.h"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <string>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>
#include <vector>

#include "analyzer/error.h"
#include "analyzer/unique_fd.h"
#include "runner/cgroup.h"
#include "runner/container_spec.h"
#include "runner/keeper.h"
#include "runner/message.h"
#include "runner/namespaces.h"
#include "runner/work_folder.h"

namespace slim {
namespace {

std::string base_name(const std::string& path) {
  return path.substr(path.rfind('/') + 1);
}

bool lies_below(const std::string& path, const std::string& folder) {
  return path == folder || path.starts_with(folder + "/");
}

/// A folder of the host that a mount may cover, in the sandbox's own mount namespace, without hiding anything
/// that is needed: the path to the work folder may be one that the container's root cannot walk.
std::string find_mount_point(const std::string& work, const RunOptions& options) {
  for (const auto* candidate : {"/mnt", "/media", "/srv", "/opt", "/home", "/tmp"}) {
    const std::string folder = candidate;
    const bool hides = lies_below(work, folder) || lies_below(options.runtime, folder) ||
                       std::ranges::any_of(mount_sources_of(options), [&](const std::string& source) {
                         return lies_below(source, folder);
                       });
    if (!hides && std::filesystem::is_directory(folder)) return folder;
  }
  throw Error(ErrorKind::environment, "sandbox",
              "there is no folder to mount on: tried /mnt, /media, /srv, /opt, /home, /tmp");
}

void bind_or_throw(const std::string& source, const std::string& target) {
  if (::mount(source.c_str(), target.c_str(), nullptr, MS_BIND | MS_REC, nullptr) != 0) {
    throw system_error("mount " + source, "binding it", errno);
  }
}

void mount_tmpfs(const std::string& target, const char* options) {
  if (::mount("tmpfs", target.c_str(), "tmpfs", MS_NOSUID | MS_NODEV, options) != 0) {
    throw system_error("sandbox", "mounting a tmpfs at " + target, errno);
  }
}

/// crun refuses hybrid control groups; nothing in the sandbox needs their version 2 side.
void hide_hybrid_cgroups(bool privileged) {
  const char* unified = "/sys/fs/cgroup/unified";
  if (!std::filesystem::exists(unified)) return;
  if (privileged && ::umount2(unified, MNT_DETACH) == 0) return;
  mount_tmpfs(unified, "mode=755");
}

/// `point` gets: space, the work folder; binds/N, the user's mounts, reached with the caller's rights.
void mount_inside(const std::string& point, const WorkFolder& work, const JanitorInput& input) {
  hide_hybrid_cgroups(input.ids.privileged);
  mount_tmpfs(point, "mode=755,size=1m");
  for (const auto* name : {"/space", "/binds"}) {
    if (::mkdir((point + name).c_str(), 0755) != 0)
      throw system_error("sandbox", "making " + point + name, errno);
  }
  bind_or_throw(work.space, point + "/space");
  const auto sources = mount_sources_of(input.options);
  for (std::size_t i = 0; i < sources.size(); ++i) {
    const auto target = point + "/binds/" + std::to_string(i);
    struct stat status{};
    if (::stat(sources[i].c_str(), &status) != 0)
      throw system_error("mount " + sources[i], "looking at it", errno);
    if (S_ISDIR(status.st_mode)) {
      ::mkdir(target.c_str(), 0755);
    } else {
      const UniqueFd file(::open(target.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644));
    }
    bind_or_throw(sources[i], target);
  }
}

/// Without root's rights, files of subordinate ids can be removed only by the root of a namespace that has
/// them.
void remove_work_folder(const std::string& path, const IdPlan& ids) {
  if (remove_tree(path) || ids.privileged) return;
  const pid_t pid = fork_into_namespaces(
      ids, {.mount = [] {}, .work = [&path] { return remove_tree(path + "/space") ? 0 : 1; }});
  ::waitpid(pid, nullptr, 0);
  remove_tree(path);
}

void remove_stale_runs(const IdPlan& ids) {
  for (const auto& stale : stale_work_folders()) {
    remove_stale_cgroup(base_name(stale.path));
    try {
      remove_work_folder(stale.path, ids);
    } catch (const Error&) {
      continue;  // the same reason will stop the run itself, and is reported there
    }
  }
}

/// Kills what a keeper left that was itself killed: its orphans are the janitor's children.
void kill_orphans() {
  ::signal(SIGCHLD, SIG_DFL);
  for (int round = 0; round < 64; ++round) {
    std::ifstream file("/proc/self/task/" + std::to_string(::getpid()) + "/children");
    std::vector<pid_t> children;
    for (pid_t pid = 0; file >> pid;) children.push_back(pid);
    if (children.empty()) return;
    for (const pid_t pid : children) ::kill(pid, SIGKILL);
    for (const pid_t pid : children) ::waitpid(pid, nullptr, 0);
  }
}

void close_all_but(std::vector<int> keep) {
  std::ranges::sort(keep);
  unsigned from = 3;
  for (const int fd : keep) {
    if (fd < 3) continue;
    if (static_cast<unsigned>(fd) > from) ::close_range(from, static_cast<unsigned>(fd) - 1, 0);
    from = static_cast<unsigned>(fd) + 1;
  }
  ::close_range(from, ~0U, 0);
}

/// One sandbox from the janitor's side; what it made is gone when run() returns.
void run(JanitorInput& input) {
  remove_stale_runs(input.ids);
  const WorkFolder work = make_work_folder();
  Cgroup cgroup = Cgroup::create(base_name(work.path), input.options.limits);
  const int control = input.control.get();
  try {
    const auto& root = input.ids;
    if (root.privileged &&
        ::chown(work.space.c_str(), root.users.front().outside, root.groups.front().outside) != 0) {
      throw system_error("sandbox", "giving " + work.space + " to the container's root", errno);
    }
    const auto spare = spare_memory();
    const auto point = find_mount_point(work.path, input.options);
    send_message(control, {.name = "made",
                           .fields = {point, cgroup.limits_memory() ? "memory" : "",
                                      cgroup.limits_pids() ? "pids" : ""},
                           .fds = {}});
    NamespaceSteps steps;
    steps.mount = [&] { mount_inside(point, work, input); };
    steps.work = [&] {
      return keep_sandbox({.trees = input.trees,
                           .ids = &input.ids,
                           .cgroup = &cgroup,
                           .runtime = input.runtime,
                           .space = point + "/space",
                           .limits = input.options.limits,
                           .spare_memory = spare,
                           .shared_network = input.options.network == NetworkMode::host,
                           .control = std::move(input.control),
                           .contents = std::move(input.contents)});
    };
    const pid_t keeper = fork_into_namespaces(input.ids, steps);
    input.control = UniqueFd();
    input.contents = UniqueFd();
    ::waitpid(keeper, nullptr, 0);
  } catch (const Error& error) {
    if (input.control) send_message(control, error_message(error));
  }
  kill_orphans();
  cgroup.remove();
  try {
    remove_work_folder(work.path, input.ids);
  } catch (const Error&) {
    return;  // the next run finds and removes it
  }
}

}  // namespace

pid_t fork_janitor(JanitorInput input) {
  const pid_t pid = ::fork();
  if (pid < 0) throw system_error("sandbox", "starting its process", errno);
  if (pid > 0) return pid;
  ::setsid();
  for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE}) ::signal(number, SIG_IGN);
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);
  close_all_but({input.control.get(), input.contents.get()});
  const UniqueFd nothing(::open("/dev/null", O_RDWR | O_CLOEXEC));
  for (int fd = 0; fd < 3; ++fd) ::dup2(nothing.get(), fd);  // who reads slim's output waits for slim alone
  try {
    run(input);
  } catch (const Error& error) {
    if (input.control) send_message(input.control.get(), error_message(error));
  }
  ::_exit(0);
}

}  // namespace slim
