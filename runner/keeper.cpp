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
#include <set>
#include <string>
#include <string_view>
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
#include "analyzer/spawn.h"
#include "analyzer/unique_fd.h"
#include "runner/container_network.h"
#include "runner/container_processes.h"
#include "runner/container_spec.h"
#include "runner/extract.h"
#include "runner/extracted_images.h"
#include "runner/message.h"
#include "runner/path_watch.h"
#include "runner/run_files.h"
#include "runner/runtime.h"
#include "runner/sandbox.h"
#include "runner/work_folder.h"

namespace slim {
namespace {

constexpr std::size_t file_cap = 1U << 20;
constexpr std::size_t content_cap = 8U << 20;  // half of what a message carries
constexpr auto runtime_limit = std::chrono::seconds(30);

/// A process whose end is told through a pipe.
struct Process {
  pid_t pid = 0;
  UniqueFd end;  ///< the write end
  bool ended = false;
};

struct Run {
  std::string folder;
  std::string lower;  ///< the extracted image
  Process first;
  std::map<std::string, Process> others;  ///< started in it later
  pid_t watcher = 0;
  UniqueFd root;               ///< its root folder, as it sees it
  std::set<std::string> made;  ///< in its upper folder before it began: mount points, a working folder
  bool shares_network = false;
  std::uint64_t peak_memory = 0;
};

/// What a container is started with, beside files; see keep_sandbox's `start`.
struct RunPipes {
  Pipe input;
  Pipe output;
  Pipe error;
  Pipe records;
  Pipe end;
};

/// The fields of the message `start`.
enum StartField : std::uint8_t {
  id,
  config,
  folder,
  hosts,
  hostname,
  resolv,
  input,
  watch,
  image,
  join,
  volumes
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

/// The first `cap` bytes of a regular file; -1 is missing.
Message content_of(int file, std::size_t cap) {
  struct stat status{};
  if (file < 0 || ::fstat(file, &status) != 0 || !S_ISREG(status.st_mode)) return reply("missing");
  cap = std::min(cap, content_cap);
  std::string text;
  std::array<char, 65536> buffer{};
  while (text.size() < cap) {
    const auto got = ::read(file, buffer.data(), std::min(buffer.size(), cap - text.size()));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    text.append(buffer.data(), static_cast<std::size_t>(got));
  }
  return reply("content", {std::move(text)});
}

bool replace_content(int file, std::string_view content) {
  struct stat status{};
  if (file < 0 || ::fstat(file, &status) != 0 || !S_ISREG(status.st_mode) || ::ftruncate(file, 0) != 0)
    return false;
  while (!content.empty()) {
    const auto written = ::write(file, content.data(), content.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    content.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

/// Without what was made before the run began.
Message changes_message(const FileChanges& changes, const std::set<std::string>& made) {
  Message message = reply("changes", {changes.complete ? "yes" : ""});
  message.fields.reserve(changes.files.size() + 1);
  for (const auto& change : changes.files) {
    if (change.kind == ChangeKind::created && made.contains(change.path)) continue;
    message.fields.push_back(change_mark(change.kind) + change.path);
  }
  return message;
}

/// Those that have no ancestor in the container: its first, and what was started in it later.
std::vector<pid_t> first_processes(const Run& run) {
  std::vector<pid_t> pids;
  if (!run.first.ended) pids.push_back(run.first.pid);
  for (const auto& [id, process] : run.others) {
    if (!process.ended) pids.push_back(process.pid);
  }
  return pids;
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
  Message handle_for(Run& run, const Message& message);
  [[nodiscard]] Message read(const std::string& image, const std::string& path) const;
  Message start(const Message& message);
  void prepare_run(Run& run, RunPipes& pipes, const std::vector<std::string>& fields) const;
  Message exec(Run& run, const std::string& id, const std::string& exec_id, const std::string& process);
  [[nodiscard]] Message connect(const Run& run, const std::string& address, const std::string& port) const;
  [[nodiscard]] Message sockets(const Run& run) const;
  std::optional<Message> launch(const std::string& id, Run& run, const RunPipes& pipes, bool hold);
  std::optional<Message> call_runtime(const Run& run, const std::vector<std::string>& arguments,
                                      const RunPipes* pipes);
  void set_rlimits(pid_t pid) const;
  void reap();
  static void end_process(Process& process, int raw);
  static void finish(Run& run);
  [[nodiscard]] std::string image_folder(const std::string& image) const;
  [[nodiscard]] Message view(const std::string& marks) const;

  KeeperInput input_;
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
  make_folder(input_.space + "/state", 0700);
  auto notes =
      extract_images(input_.trees, input_.space, input_.spare_memory, input_.contents.get(), *input_.ids);
  input_.contents = UniqueFd();
  send(reply("ready", std::move(notes)));
}

std::string Keeper::image_folder(const std::string& image) const {
  return image == "view" ? view_folder(input_.space)
                         : extracted_folder(input_.space, static_cast<std::size_t>(number(image)));
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
  remove_images(input_.trees.size(), input_.space);
  remove_tree(input_.space + "/state");
}

Message Keeper::handle(const Message& message) {
  const auto& fields = message.fields;
  if (message.name == "read" && fields.size() == 2) return read(fields[0], fields[1]);
  if (message.name == "view" && fields.size() == 1) return view(fields[0]);
  if (message.name == "start" && fields.size() >= StartField::volumes) return start(message);
  const auto run = fields.empty() ? runs_.end() : runs_.find(fields[0]);
  if (run == runs_.end())
    throw Error(ErrorKind::environment, "sandbox", "unexpected message " + message.name);
  if (message.name != "finish") return handle_for(run->second, message);
  finish(run->second);
  runs_.erase(run);
  return reply("done");
}

Message Keeper::handle_for(Run& run, const Message& message) {
  const auto& fields = message.fields;
  const auto is = [&](const char* name, std::size_t size) {
    return message.name == name && fields.size() == size;
  };
  if (is("sockets", 1)) return sockets(run);
  if (is("connect", 3)) return connect(run, fields[1], fields[2]);
  if (is("exec", 3)) return exec(run, fields[0], fields[1], fields[2]);
  if (is("signal", 2)) {
    if (!run.first.ended) ::kill(run.first.pid, number(fields[1]));
    return reply("done");
  }
  if (is("signal-exec", 3)) {
    const auto found = run.others.find(fields[1]);
    if (found != run.others.end() && !found->second.ended) ::kill(found->second.pid, number(fields[2]));
    return reply("done");
  }
  if (is("changes", 1)) return changes_message(find_changes(run.folder, run.lower), run.made);
  if (is("processes", 1))
    return reply("processes", describe_processes(processes_below(first_processes(run))));
  if (is("peak", 1)) {
    if (!run.first.ended)
      run.peak_memory = std::max(run.peak_memory, peak_memory_of(processes_below(first_processes(run))));
    return reply("peak", {std::to_string(run.peak_memory)});
  }
  if (is("read-file", 3)) {
    const UniqueFd file(open_in_root(run.root.get(), fields[1], O_RDONLY | O_NONBLOCK | O_NOCTTY));
    return content_of(file.get(), static_cast<std::size_t>(number(fields[2])));
  }
  if (is("file-status", 2)) {
    const UniqueFd file(open_in_root(run.root.get(), fields[1], O_PATH | O_NOFOLLOW));
    struct stat status{};
    if (!file || ::fstat(file.get(), &status) != 0) return reply("missing");
    return reply("status", {std::to_string(status.st_mode), std::to_string(status.st_uid),
                            std::to_string(status.st_gid)});
  }
  if (is("activity", 1)) {
    if (run.first.ended) return reply("activity");
    const auto activity = activity_of(processes_below(first_processes(run)));
    return reply("activity", {std::to_string(activity.cpu_ticks), activity.waiting ? "yes" : ""});
  }
  if (is("write-file", 3)) {
    const UniqueFd file(
        open_in_root(run.root.get(), fields[1], O_WRONLY | O_CREAT | O_NONBLOCK | O_NOCTTY, 0644));
    return reply(replace_content(file.get(), fields[2]) ? "done" : "missing");
  }
  throw Error(ErrorKind::environment, "sandbox", "unexpected message " + message.name);
}

Message Keeper::read(const std::string& image, const std::string& path) const {
  const UniqueFd root(::open(image_folder(image).c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  const UniqueFd file(open_in_root(root.get(), path, O_RDONLY | O_NONBLOCK | O_NOCTTY));
  return content_of(file.get(), file_cap);
}

Message Keeper::view(const std::string& marks) const {
  const auto& tree = *input_.trees.front();
  if (marks.size() != tree.size())
    throw Error(ErrorKind::environment, "sandbox", "a view of another tree was asked for");
  std::vector<bool> kept(marks.size());
  for (std::size_t i = 0; i < marks.size(); ++i) kept[i] = marks[i] == '1';
  view_first_image(tree, kept, input_.space);
  return reply("done");
}

/// Calls the runtime and waits for it; a message where it failed.
std::optional<Message> Keeper::call_runtime(const Run& run, const std::vector<std::string>& arguments,
                                            const RunPipes* pipes) {
  const auto log = run.folder + "/log";
  auto call = runtime_call(input_.runtime, input_.space + "/state", log);
  call.insert(call.end(), arguments.begin(), arguments.end());
  const bool starts = pipes != nullptr;
  const pid_t pid = spawn(call, starts ? pipes->input.read.get() : -1,
                          starts ? pipes->output.write.get() : -1, starts ? pipes->error.write.get() : -1,
                          [this, starts] { return starts ? input_.cgroup->enter() : 0; });
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

std::optional<Message> Keeper::launch(const std::string& id, Run& run, const RunPipes& pipes, bool hold) {
  input_.cgroup->relax();
  const auto pid_file = run.folder + "/pid";
  auto failed = call_runtime(run, {"create", "--bundle", run.folder, "--pid-file", pid_file, id}, &pipes);
  run.first.pid = number(read_file(pid_file));
  if (!failed && run.first.pid <= 1)
    throw Error(ErrorKind::environment, input_.runtime.version, "it named no process");
  if (!input_.cgroup->enforce()) {
    throw Error(ErrorKind::environment, "limits",
                "the container group refuses them: less memory than the runtime needs",
                "give more with --memory");
  }
  if (failed) return failed;
  set_rlimits(run.first.pid);
  // Now, while the runtime's own process waits in the container: the image's may change its root folder.
  const auto root = "/proc/" + std::to_string(run.first.pid) + "/root";
  run.root = UniqueFd(::open(root.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  for (auto& change : find_changes(run.folder, run.lower).files) run.made.insert(std::move(change.path));
  return hold ? std::nullopt : call_runtime(run, {"start", id}, nullptr);
}

/// The files of a run, and its pipes. They are made here, in the user namespace, so that the runtime can hand
/// them to the container's user.
void Keeper::prepare_run(Run& run, RunPipes& pipes, const std::vector<std::string>& fields) const {
  make_folder(run.folder, 0755);
  mount_run_files(run.folder, run.lower, input_.limits.writable);
  make_working_folder(run.folder, fields[StartField::folder]);
  mount_volumes(run.folder, {fields.begin() + StartField::volumes, fields.end()});
  write_file(run.folder + "/config.json", fields[StartField::config]);
  write_file(run.folder + "/hosts", fields[StartField::hosts]);
  write_file(run.folder + "/hostname", fields[StartField::hostname]);
  write_file(run.folder + "/resolv.conf", fields[StartField::resolv]);
  pipes.output = make_pipe();
  pipes.error = make_pipe();
  pipes.end = make_pipe();
  if (fields[StartField::input] == "yes") pipes.input = make_pipe();
  if (fields[StartField::watch] == "yes") {
    pipes.records = make_pipe();
    run.watcher = fork_path_watcher(run.folder + "/seccomp.sock", std::move(pipes.records.write));
  }
}

Message Keeper::start(const Message& message) {
  const auto& fields = message.fields;
  const auto& id = fields[StartField::id];
  Run run;
  run.folder = input_.space + "/run-" + id;
  run.lower = image_folder(fields[StartField::image]);
  if (const auto& joined = fields[StartField::join]; !joined.empty()) {
    const auto other = runs_.find(joined);
    if (other == runs_.end() || other->second.first.ended)
      throw Error(ErrorKind::environment, "sandbox", "the container whose network is to be shared has ended");
    run.shares_network = other->second.shares_network = true;
  }
  RunPipes pipes;
  std::optional<Message> failed;
  try {
    prepare_run(run, pipes, fields);
    failed = launch(id, run, pipes, fields[StartField::input] == "hold");
  } catch (const Error&) {
    finish(run);
    throw;
  }
  if (failed) {
    finish(run);
    return std::move(*failed);
  }
  run.first.end = std::move(pipes.end.write);
  Message started = reply("started", {std::to_string(run.first.pid)});
  started.fds.push_back(std::move(pipes.end.read));
  started.fds.push_back(std::move(pipes.output.read));
  started.fds.push_back(std::move(pipes.error.read));
  if (pipes.input.write) started.fds.push_back(std::move(pipes.input.write));
  if (pipes.records.read) started.fds.push_back(std::move(pipes.records.read));
  runs_[id] = std::move(run);
  return started;
}

/// The runtime ends once the process runs, which then is a child of this one, as a container's first is.
Message Keeper::exec(Run& run, const std::string& id, const std::string& exec_id,
                     const std::string& process) {
  if (run.first.ended) return reply("failed", {"126", "the container has ended"});
  const auto name = run.folder + "/exec-" + exec_id;
  write_file(name + ".json", process);
  RunPipes pipes;
  pipes.output = make_pipe();
  pipes.error = make_pipe();
  pipes.end = make_pipe();
  auto failed = call_runtime(
      run, {"exec", "--detach", "--process", name + ".json", "--pid-file", name + ".pid", id}, &pipes);
  if (failed) return std::move(*failed);
  Process& started = run.others[exec_id];
  started.pid = number(read_file(name + ".pid"));
  if (started.pid <= 1) {
    run.others.erase(exec_id);
    throw Error(ErrorKind::environment, input_.runtime.version, "it named no process");
  }
  started.end = std::move(pipes.end.write);
  Message message = reply("started");
  message.fds.push_back(std::move(pipes.end.read));
  message.fds.push_back(std::move(pipes.output.read));
  message.fds.push_back(std::move(pipes.error.read));
  return message;
}

Message Keeper::sockets(const Run& run) const {
  if (run.first.ended) return reply("sockets", {"", "", "", "", "", ""});
  const auto folder = "/proc/" + std::to_string(run.first.pid) + "/net/";
  Message message = reply("sockets");
  for (const auto* name : {"tcp", "tcp6", "udp", "udp6", "unix"})
    message.fields.push_back(read_file(folder + name));
  std::string own;
  if (input_.shared_network || run.shares_network) {
    own = ",";
    for (const auto inode : socket_inodes(processes_below(first_processes(run))))
      own += std::to_string(inode) + ",";
  }
  message.fields.push_back(std::move(own));
  return message;
}

Message Keeper::connect(const Run& run, const std::string& address, const std::string& port) const {
  if (run.first.ended) return reply("refused");
  auto connection = connect_inside(input_.shared_network ? 0 : run.first.pid, address,
                                   static_cast<std::uint16_t>(number(port)));
  if (!connection) return reply("refused");
  Message message = reply("connected");
  message.fds.push_back(std::move(connection));
  return message;
}

void Keeper::end_process(Process& process, int raw) {
  process.ended = true;
  const std::array<int, 2> result{WIFEXITED(raw) ? WEXITSTATUS(raw) : 0,
                                  WIFSIGNALED(raw) ? WTERMSIG(raw) : 0};
  // Eight bytes fit any pipe; a reader that is gone needs none.
  const auto written = ::write(process.end.get(), result.data(), sizeof result);
  if (written == sizeof result) process.end = UniqueFd();
}

void Keeper::reap() {
  int raw = 0;
  pid_t pid = 0;
  rusage used{};
  while ((pid = ::wait4(-1, &raw, WNOHANG, &used)) > 0) {
    for (auto& [id, run] : runs_) {
      if (run.watcher == pid) run.watcher = 0;
      if (run.first.pid == pid && !run.first.ended) {
        end_process(run.first, raw);
        // Of itself and of each child that it waited for, the largest.
        run.peak_memory = std::max(run.peak_memory, static_cast<std::uint64_t>(used.ru_maxrss) * 1024);
      }
      for (auto& [exec_id, process] : run.others) {
        if (process.pid == pid && !process.ended) end_process(process, raw);
      }
    }
  }
}

void Keeper::finish(Run& run) {
  const auto end = [](Process& process) {
    if (process.pid <= 1 || process.ended) return;
    ::kill(process.pid, SIGKILL);
    int raw = 0;
    if (::waitpid(process.pid, &raw, 0) == process.pid) end_process(process, raw);
  };
  // The first process of a pid namespace takes all others with it, and is gone when they are reaped.
  for (auto& [id, process] : run.others) end(process);
  end(run.first);
  if (run.watcher > 0) {
    ::kill(run.watcher, SIGKILL);
    ::waitpid(run.watcher, nullptr, 0);
  }
  run.root = UniqueFd();
  unmount_run_files(run.folder);
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
