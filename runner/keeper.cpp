// The runtime is called with create and start rather than run, and the keeper is the reaper of orphans
// (PR_SET_CHILD_SUBREAPER), so that a container's first process becomes its child and its exit status is had
// from waitpid(2), signal and all, not from the runtime.
//
// A run has a folder of its own with a tmpfs of limited size; the image is the read-only lower layer of an
// overlay whose upper one is in that tmpfs (overlayfs.rst; `userxattr`, since it is mounted in a user
// namespace). What a container writes is gone with the mount.
#include "runner/keeper.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <ctime>
#include <fcntl.h>
#include <fstream>
#include <iterator>
#include <map>
#include <optional>
#include <poll.h>
#include <string>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>
#include <vector>

#include "analyzer/error.h"
#include "analyzer/file_tree.h"
#include "analyzer/layer_index.h"
#include "analyzer/unique_fd.h"
#include "runner/container_network.h"
#include "runner/container_spec.h"
#include "runner/extract.h"
#include "runner/message.h"
#include "runner/path_watch.h"
#include "runner/runtime.h"
#include "runner/spawn.h"
#include "runner/work_folder.h"

namespace slim {
namespace {

constexpr std::uint64_t file_cap = 1U << 20;
/// An image may take this part of the memory that is free, since two are compared at a time, and run; and
/// never more than the bound, so that memory stays flat as images grow.
constexpr std::uint64_t memory_share = 8;
constexpr std::uint64_t memory_bound = 1ULL << 30;
constexpr auto runtime_limit = std::chrono::seconds(30);

struct Run {
  std::string folder;
  pid_t pid = 0;
  pid_t watcher = 0;
  UniqueFd end;  ///< the write end of the pipe that tells how it ended
  bool ended = false;
};

/// What a container is started with, beside files; see keep_sandbox's `start`.
struct RunPipes {
  Pipe input;
  Pipe output;
  Pipe error;
  Pipe paths;
  Pipe end;
};

void write_file(const std::string& path, const std::string& text) {
  const UniqueFd file(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
  if (!file || ::fchmod(file.get(), 0644) != 0 ||
      ::write(file.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size())) {
    throw system_error("sandbox", "writing " + path, errno);
  }
}

std::string read_file(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

void make_folder(const std::string& path, mode_t mode) {
  if (::mkdir(path.c_str(), mode) != 0) throw system_error("sandbox", "making " + path, errno);
}

int number(const std::string& text) {
  int value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

Message reply(std::string name, std::vector<std::string> fields = {}) {
  return {.name = std::move(name), .fields = std::move(fields), .fds = {}};
}

/// Bytes that a tmpfs needs for the tree, with room to spare; the most there is where a tmpfs cannot hold it:
/// user attributes need Linux 6.6 there.
std::uint64_t size_in_memory(const FileTree& tree) {
  constexpr std::uint64_t block = 4096;
  std::uint64_t bytes = 64U << 20;
  for (InodeId inode = 0; inode < tree.inode_count(); ++inode) {
    const auto* entry = tree.inode(inode).entry;
    if (entry == nullptr || tree.inode(inode).names.empty()) continue;
    bytes += (entry->type == EntryType::file ? entry->size : 0) + (2 * block);
    for (const auto& attribute : entry->xattrs) {
      if (attribute.name.starts_with("user.")) return UINT64_MAX;
    }
  }
  return bytes;
}

class Keeper {
 public:
  explicit Keeper(KeeperInput input) : input_(std::move(input)) {}

  void prepare();
  void serve();
  void clean_up();
  void send(const Message& message) const { send_message(input_.control.get(), message); }

 private:
  Message handle(const Message& message);
  [[nodiscard]] Message read(const std::string& path) const;
  Message start(const Message& message);
  [[nodiscard]] Message connect(const Run& run, const std::string& address, const std::string& port) const;
  static Message ports(const Run& run);
  void mount_run(const Run& run) const;
  static void make_working_folder(const Run& run, const std::string& folder);
  std::optional<Message> launch(const std::string& id, Run& run, const RunPipes& pipes);
  std::optional<Message> call_runtime(const Run& run, const std::vector<std::string>& arguments,
                                      const RunPipes* pipes);
  void mount_root_in_memory(std::uint64_t size) const;
  void set_rlimits(pid_t pid) const;
  void reap();
  static void end_run(Run& run, int raw);
  static void finish(Run& run);

  KeeperInput input_;
  UniqueFd root_;
  UniqueFd child_signals_;
  std::map<std::string, Run> runs_;
};

void Keeper::prepare() {
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);
  rlimit files{};
  if (::getrlimit(RLIMIT_NOFILE, &files) == 0) {
    files.rlim_cur = files.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &files);
  }
  ::umask(022);
  sigset_t children;
  ::sigemptyset(&children);
  ::sigaddset(&children, SIGCHLD);
  ::sigprocmask(SIG_BLOCK, &children, nullptr);
  child_signals_ = UniqueFd(::signalfd(-1, &children, SFD_CLOEXEC | SFD_NONBLOCK));
  make_folder(input_.space + "/rootfs", 0700);
  make_folder(input_.space + "/state", 0700);
  if (const auto size = size_in_memory(*input_.tree);
      size <= std::min(input_.spare_memory / memory_share, memory_bound)) {
    mount_root_in_memory(size);
  }
  root_ = UniqueFd(::open((input_.space + "/rootfs").c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!root_) throw system_error("sandbox", "opening the root folder", errno);
  auto notes = extract_tree(*input_.tree, root_.get(), input_.contents.get(), *input_.ids);
  input_.contents = UniqueFd();
  send(reply("ready", std::move(notes)));
}

/// Many times faster than most disks, and gone with the namespace.
void Keeper::mount_root_in_memory(std::uint64_t size) const {
  const auto options =
      "mode=0700,size=" + std::to_string(size) + ",nr_inodes=" + std::to_string(input_.tree->size() + 1024);
  if (::mount("tmpfs", (input_.space + "/rootfs").c_str(), "tmpfs", MS_NODEV, options.c_str()) != 0) {
    throw system_error("sandbox", "mounting a tmpfs", errno);
  }
}

void Keeper::serve() {
  while (true) {
    std::array<pollfd, 2> items{pollfd{.fd = input_.control.get(), .events = POLLIN, .revents = 0},
                                pollfd{.fd = child_signals_.get(), .events = POLLIN, .revents = 0}};
    if (::poll(items.data(), items.size(), -1) < 0 && errno != EINTR) return;
    if (items[1].revents != 0) {
      signalfd_siginfo info{};
      while (::read(child_signals_.get(), &info, sizeof info) == sizeof info) {
      }
    }
    reap();
    if (items[0].revents == 0) continue;
    const auto message = receive_message(input_.control.get());
    if (!message) return;
    try {
      send(handle(*message));
    } catch (const Error& error) {
      send(error_message(error));
    }
  }
}

void Keeper::clean_up() {
  for (auto& [id, run] : runs_) finish(run);
  root_ = UniqueFd();
  ::umount2((input_.space + "/rootfs").c_str(), MNT_DETACH);  // fails where it is on disk: then it is removed
  for (const auto* name : {"/rootfs", "/state"}) remove_tree(input_.space + name);
}

Message Keeper::handle(const Message& message) {
  const auto& fields = message.fields;
  if (message.name == "read" && fields.size() == 1) return read(fields[0]);
  if (message.name == "start" && fields.size() == 8) return start(message);
  const auto run = fields.empty() ? runs_.end() : runs_.find(fields[0]);
  if (run == runs_.end())
    throw Error(ErrorKind::environment, "sandbox", "unexpected message " + message.name);
  if (message.name == "ports") return ports(run->second);
  if (message.name == "connect" && fields.size() == 3) return connect(run->second, fields[1], fields[2]);
  if (message.name == "signal" && fields.size() == 2) {
    if (!run->second.ended) ::kill(run->second.pid, number(fields[1]));
    return reply("done");
  }
  if (message.name == "finish") {
    finish(run->second);
    runs_.erase(run);
    return reply("done");
  }
  throw Error(ErrorKind::environment, "sandbox", "unexpected message " + message.name);
}

Message Keeper::read(const std::string& path) const {
  const UniqueFd file(open_in_root(root_.get(), path, O_RDONLY | O_NONBLOCK | O_NOCTTY));
  struct stat status{};
  if (!file || ::fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode)) return reply("missing");
  std::string text;
  std::array<char, 65536> buffer{};
  while (text.size() < file_cap) {
    const auto got = ::read(file.get(), buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    text.append(buffer.data(), static_cast<std::size_t>(got));
  }
  return reply("content", {std::move(text)});
}

void Keeper::mount_run(const Run& run) const {
  const auto scratch = run.folder + "/scratch";
  make_folder(scratch, 0700);
  make_folder(run.folder + "/rootfs", 0755);
  const auto inodes = std::clamp<std::uint64_t>(input_.limits.writable / 4096, 4096, 1'000'000);
  const auto options =
      "mode=0700,size=" + std::to_string(input_.limits.writable) + ",nr_inodes=" + std::to_string(inodes);
  if (::mount("tmpfs", scratch.c_str(), "tmpfs", MS_NODEV, options.c_str()) != 0) {
    throw system_error("sandbox", "mounting a tmpfs", errno);
  }
  make_folder(scratch + "/upper", 0755);
  make_folder(scratch + "/work", 0700);
  // The upper layer's own root is what the container sees as "/".
  struct stat root{};
  const auto upper = scratch + "/upper";
  if (::fstat(root_.get(), &root) != 0 || ::chown(upper.c_str(), root.st_uid, root.st_gid) != 0 ||
      ::chmod(upper.c_str(), root.st_mode & 07777U) != 0) {
    throw system_error("sandbox", "setting up the root folder", errno);
  }
  const std::array<timespec, 2> times{root.st_atim, root.st_mtim};
  ::utimensat(AT_FDCWD, upper.c_str(), times.data(), 0);
  const auto layers =
      "lowerdir=" + input_.space + "/rootfs,upperdir=" + upper + ",workdir=" + scratch + "/work,userxattr";
  if (::mount("overlay", (run.folder + "/rootfs").c_str(), "overlay", MS_NODEV, layers.c_str()) != 0) {
    const int failed = errno;
    throw Error(ErrorKind::environment, "sandbox",
                system_error("overlay", "mounting it in a user namespace", failed).what(),
                "slim needs overlayfs in user namespaces: Linux 5.11 or newer");
  }
}

/// As docker does: a working folder that the image has not is made.
void Keeper::make_working_folder(const Run& run, const std::string& folder) {
  const UniqueFd root(::open((run.folder + "/rootfs").c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  for (std::size_t end = 1; end != std::string::npos;) {
    end = folder.find('/', end + 1);
    const auto part = folder.substr(0, end);
    if (part == "/" || UniqueFd(open_in_root(root.get(), part, O_PATH))) continue;
    const auto slash = part.rfind('/');
    const UniqueFd parent(
        open_in_root(root.get(), slash == 0 ? "/" : part.substr(0, slash), O_PATH | O_DIRECTORY));
    // Where this fails (a file in the way) the runtime says so, as it does under docker.
    if (!parent || ::mkdirat(parent.get(), part.substr(slash + 1).c_str(), 0755) != 0) return;
  }
}

/// Calls the runtime and waits for it; a message where it failed.
std::optional<Message> Keeper::call_runtime(const Run& run, const std::vector<std::string>& arguments,
                                            const RunPipes* pipes) {
  const auto log = run.folder + "/log";
  auto call = runtime_call(input_.runtime, input_.space + "/state", log);
  call.insert(call.end(), arguments.begin(), arguments.end());
  const bool create = pipes != nullptr;
  const pid_t pid = spawn(call, create ? pipes->input.read.get() : -1,
                          create ? pipes->output.write.get() : -1, create ? pipes->error.write.get() : -1,
                          [this, create] { return create ? input_.cgroup->enter() : 0; });
  const auto status = wait_for(pid, runtime_limit);
  if (!status) {
    ::kill(pid, SIGKILL);
    ::waitpid(pid, nullptr, 0);
    throw Error(ErrorKind::environment, input_.runtime.version, "it did not answer within 30 seconds");
  }
  if (status->success()) return std::nullopt;
  const auto complaint = last_complaint(read_file(log));
  if (const auto failure = start_failure(complaint)) {
    return reply("failed", {std::to_string(failure->exit_code), failure->message});
  }
  throw Error(ErrorKind::environment, input_.runtime.version,
              complaint.empty() ? "it failed with " + status->text() + " and said nothing" : complaint);
}

/// What no control group limits. Set on the waiting process rather than in the runtime's config: the runtime
/// itself needs more than a small container may have.
void Keeper::set_rlimits(pid_t pid) const {
  const auto set = [pid](int which, rlim_t value) {
    const rlimit limit{.rlim_cur = value, .rlim_max = value};
    if (::prlimit(pid, static_cast<__rlimit_resource>(which), &limit, nullptr) != 0) {
      throw system_error("sandbox", "limiting the container", errno);
    }
  };
  if (!input_.cgroup->limits_memory()) set(RLIMIT_DATA, input_.limits.memory);
  if (!input_.cgroup->limits_pids()) set(RLIMIT_NPROC, input_.limits.pids);
}

std::optional<Message> Keeper::launch(const std::string& id, Run& run, const RunPipes& pipes) {
  input_.cgroup->relax();
  const auto pid_file = run.folder + "/pid";
  auto failed = call_runtime(run, {"create", "--bundle", run.folder, "--pid-file", pid_file, id}, &pipes);
  run.pid = number(read_file(pid_file));
  if (!failed && run.pid <= 1)
    throw Error(ErrorKind::environment, input_.runtime.version, "it named no process");
  if (!input_.cgroup->enforce()) {
    throw Error(ErrorKind::environment, "limits",
                "the container group refuses them: less memory than the runtime needs",
                "give more with --memory");
  }
  if (!failed) set_rlimits(run.pid);
  if (!failed) failed = call_runtime(run, {"start", id}, nullptr);
  return failed;
}

Message Keeper::start(const Message& message) {
  const auto& fields = message.fields;
  const auto& id = fields[0];
  const bool with_input = fields[6] == "yes";
  const bool watch = fields[7] == "yes";
  Run run;
  run.folder = input_.space + "/run-" + id;
  RunPipes pipes;
  std::optional<Message> failed;
  try {
    make_folder(run.folder, 0755);
    mount_run(run);
    make_working_folder(run, fields[2]);
    write_file(run.folder + "/config.json", fields[1]);
    write_file(run.folder + "/hosts", fields[3]);
    write_file(run.folder + "/hostname", fields[4]);
    write_file(run.folder + "/resolv.conf", fields[5]);
    // Made here, in the user namespace, so that the runtime can hand them to the container's user.
    pipes.output = make_pipe();
    pipes.error = make_pipe();
    pipes.end = make_pipe();
    if (with_input) pipes.input = make_pipe();
    if (watch) {
      pipes.paths = make_pipe();
      run.watcher = fork_path_watcher(run.folder + "/seccomp.sock", std::move(pipes.paths.write));
    }
    failed = launch(id, run, pipes);
  } catch (const Error&) {
    finish(run);
    throw;
  }
  if (failed) {
    finish(run);
    return std::move(*failed);
  }
  run.end = std::move(pipes.end.write);
  Message started = reply("started");
  started.fds.push_back(std::move(pipes.end.read));
  started.fds.push_back(std::move(pipes.output.read));
  started.fds.push_back(std::move(pipes.error.read));
  if (with_input) started.fds.push_back(std::move(pipes.input.write));
  if (watch) started.fds.push_back(std::move(pipes.paths.read));
  runs_[id] = std::move(run);
  return started;
}

Message Keeper::ports(const Run& run) {
  if (run.ended) return reply("ports", {"", ""});
  const auto folder = "/proc/" + std::to_string(run.pid) + "/net/";
  return reply("ports", {read_file(folder + "tcp"), read_file(folder + "tcp6")});
}

Message Keeper::connect(const Run& run, const std::string& address, const std::string& port) const {
  if (run.ended) return reply("refused");
  auto connection =
      connect_inside(input_.shared_network ? 0 : run.pid, address, static_cast<std::uint16_t>(number(port)));
  if (!connection) return reply("refused");
  Message message = reply("connected");
  message.fds.push_back(std::move(connection));
  return message;
}

void Keeper::end_run(Run& run, int raw) {
  run.ended = true;
  const std::array<int, 2> result{WIFEXITED(raw) ? WEXITSTATUS(raw) : 0,
                                  WIFSIGNALED(raw) ? WTERMSIG(raw) : 0};
  // Eight bytes fit any pipe; a reader that is gone needs none.
  const auto written = ::write(run.end.get(), result.data(), sizeof result);
  if (written == sizeof result) run.end = UniqueFd();
}

void Keeper::reap() {
  int raw = 0;
  pid_t pid = 0;
  while ((pid = ::waitpid(-1, &raw, WNOHANG)) > 0) {
    for (auto& [id, run] : runs_) {
      if (run.pid == pid && !run.ended) end_run(run, raw);
      if (run.watcher == pid) run.watcher = 0;
    }
  }
}

void Keeper::finish(Run& run) {
  if (run.pid > 1 && !run.ended) {
    // The first process of a pid namespace takes all others with it.
    ::kill(run.pid, SIGKILL);
    int raw = 0;
    if (::waitpid(run.pid, &raw, 0) == run.pid) end_run(run, raw);
  }
  if (run.watcher > 0) {
    ::kill(run.watcher, SIGKILL);
    ::waitpid(run.watcher, nullptr, 0);
  }
  for (const auto* name : {"/rootfs", "/scratch"}) ::umount2((run.folder + name).c_str(), MNT_DETACH);
  remove_tree(run.folder);
}

}  // namespace

int keep_sandbox(KeeperInput input) {
  Keeper keeper(std::move(input));
  int code = 0;
  try {
    keeper.prepare();
    keeper.serve();
  } catch (const Error& error) {
    keeper.send(error_message(error));
    code = 1;
  }
  keeper.clean_up();
  return code;
}

}  // namespace slim
