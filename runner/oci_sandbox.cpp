// slim's side of a sandbox. Three processes share the work: slim reads the image, drives the containers and
// reads what they write; the janitor (runner/janitor.h) makes and removes what lies on the host; the keeper
// (runner/keeper.h) is root of the sandbox's user namespace and does all that happens inside.
#include "runner/oci_sandbox.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <fstream>
#include <functional>
#include <iterator>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <poll.h>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <sys/capability.h>

#include "analyzer/byte_stream.h"
#include "analyzer/error.h"
#include "analyzer/exit_status.h"
#include "analyzer/file_tree.h"
#include "analyzer/image.h"
#include "analyzer/image_contents.h"
#include "analyzer/platform.h"
#include "analyzer/unique_fd.h"
#include "runner/container_spec.h"
#include "runner/container_user.h"
#include "runner/extract.h"
#include "runner/id_map.h"
#include "runner/janitor.h"
#include "runner/message.h"
#include "runner/oci_config.h"
#include "runner/output_pump.h"
#include "runner/port_table.h"
#include "runner/runtime.h"
#include "runner/sandbox.h"
#include "runner/watch_record.h"

namespace slim {
namespace {

constexpr std::uint64_t open_files_wanted = 1U << 20;

/// The two ends of the conversation with the keeper: one question at a time.
class KeeperLine {
 public:
  explicit KeeperLine(UniqueFd socket) : socket_(std::move(socket)) {}

  /// The answer; an "error" is thrown.
  Message ask(const Message& question) {
    const std::scoped_lock lock(mutex_);
    if (!send_message(socket_.get(), question)) throw gone();
    return take_answer();
  }
  Message listen() {
    const std::scoped_lock lock(mutex_);
    return take_answer();
  }
  void hang_up() { ::shutdown(socket_.get(), SHUT_RDWR); }

 private:
  Message take_answer() {
    auto answer = receive_message(socket_.get());
    if (!answer) throw gone();
    if (answer->name == "error") throw error_from(*answer);
    return std::move(*answer);
  }
  static Error gone() { return {ErrorKind::environment, "sandbox", "its process ended unexpectedly"}; }

  UniqueFd socket_;
  std::mutex mutex_;
};

std::string in_units(std::uint64_t bytes) {
  constexpr std::uint64_t gib = 1ULL << 30;
  constexpr std::uint64_t mib = 1ULL << 20;
  if (bytes >= gib && bytes % gib == 0) return fmt::format("{} GiB", bytes / gib);
  if (bytes >= mib && bytes % mib == 0) return fmt::format("{} MiB", bytes / mib);
  return fmt::format("{} bytes", bytes);
}

std::set<std::string> bounding_capabilities() {
  std::set<std::string> names;
  for (const auto& name : default_capabilities()) {
    auto lower = name;
    std::ranges::transform(lower, lower.begin(),
                           [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    cap_value_t value = 0;
    if (::cap_from_name(lower.c_str(), &value) == 0 && ::prctl(PR_CAPBSET_READ, value) == 1)
      names.insert(name);
  }
  return names;
}

std::string read_text(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::uint64_t compressed_size(const Image& image) {
  std::uint64_t sum = 0;
  for (const auto& layer : image.layers) {
    if (layer.blob.size == unknown_size || layer.blob.size > unknown_size - sum - 1) return unknown_size;
    sum += layer.blob.size;
  }
  return image.layers.empty() ? unknown_size : sum;
}

template <typename Number>
Number number(const std::string& text) {
  Number value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

StartFailure start_failure_of(const Message& answer) {
  if (answer.fields.size() != 2)
    throw Error(ErrorKind::environment, "sandbox", "unexpected message " + answer.name);
  return {.exit_code = answer.fields[0] == "126" ? 126 : 127, .message = answer.fields[1]};
}

constexpr std::size_t file_cap = 1U << 20;
constexpr auto longest_end = std::chrono::seconds(10);

/// The sandboxes that this process has, for end_all_sandboxes().
class OpenSandboxes {
 public:
  /// `start` forks the janitor.
  pid_t add(const std::shared_ptr<KeeperLine>& line, const std::function<pid_t()>& start) {
    const std::scoped_lock lock(mutex_);
    if (ended_) throw Error(ErrorKind::environment, "sandbox", "slim is ending");
    const pid_t janitor = start();
    lines_[janitor] = line;
    return janitor;
  }
  void remove(pid_t janitor) {
    const std::scoped_lock lock(mutex_);
    lines_.erase(janitor);
  }
  void end() {
    const std::scoped_lock lock(mutex_);
    ended_ = true;
    for (const auto& [janitor, line] : lines_) line->hang_up();
    const auto limit = std::chrono::steady_clock::now() + longest_end;
    for (const auto& [janitor, line] : lines_) {
      siginfo_t info{};
      // Left for the sandbox itself to reap, which may be doing so just now: then there is no such child.
      while (::waitid(P_PID, static_cast<id_t>(janitor), &info, WEXITED | WNOWAIT | WNOHANG) == 0 &&
             info.si_pid == 0 && std::chrono::steady_clock::now() < limit) {
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
      }
    }
  }

 private:
  std::mutex mutex_;
  std::map<pid_t, std::shared_ptr<KeeperLine>> lines_;
  bool ended_ = false;
};

OpenSandboxes& open_sandboxes() {
  static OpenSandboxes all;
  return all;
}

class OciSandbox;

/// What the keeper calls the image that a container is started on.
std::string image_name(const ContainerStart& start) {
  return start.in_view ? "view" : std::to_string(start.image);
}

/// What its owner has of a started container.
struct StartedRun {
  std::string id;
  std::string pid;    ///< as the keeper sees it
  OciInput input;     ///< what its configuration was made of
  std::string image;  ///< as the keeper calls it
  bool watched = false;
};

class OciContainer : public Container {
 public:
  OciContainer(std::shared_ptr<KeeperLine> line, const OciSandbox& sandbox, StartedRun run, UniqueFd end,
               std::unique_ptr<OutputPump> pump)
      : line_(std::move(line)),
        sandbox_(sandbox),
        run_(std::move(run)),
        end_(std::move(end)),
        pump_(std::move(pump)) {}

  ~OciContainer() override {
    try {
      ask("finish");
    } catch (const Error&) {
      // The keeper is gone, and with it the container; the janitor cleans up.
      line_->hang_up();
    }
    pump_->finish();
  }

  std::optional<ExitStatus> wait(Deadline deadline) override {
    if (!status_) {
      status_ = wait_for_end(end_.get(), deadline);
      if (status_) pump_->finish();
    }
    return status_;
  }

  void signal(int number) override { ask("signal", {std::to_string(number)}); }

  std::vector<ListeningPort> listening_ports() override { return listening_ports_of(listening_sockets()); }
  std::vector<ListeningSocket> listening_sockets() override;

  UniqueFd connect(const ListeningPort& port) override {
    auto answer = ask("connect", {port.ipv6_only ? "::1" : "127.0.0.1", std::to_string(port.port)});
    return answer.fds.empty() ? UniqueFd{} : std::move(answer.fds.front());
  }

  Captured output(OutputStream stream) override { return pump_->captured(stream); }

  std::optional<Watched> watched() override {
    return run_.watched ? std::optional(read_records(pump_->records())) : std::nullopt;
  }

  FileChanges changes() override;

  std::vector<std::string> processes() override { return ask("processes").fields; }

  std::uint64_t peak_memory() override {
    const auto answer = ask("peak");
    return answer.fields.empty() ? 0 : number<std::uint64_t>(answer.fields[0]);
  }

  std::expected<ExecResult, StartFailure> exec(const ExecStart& start, Deadline deadline) override;

  std::optional<std::string> read_file(const std::string& path, std::size_t cap) override {
    auto answer = ask("read-file", {path, std::to_string(cap)});
    if (answer.fields.empty()) return std::nullopt;
    return std::move(answer.fields.front());
  }

  std::optional<FileStatus> file_status(const std::string& path) override {
    const auto answer = ask("file-status", {path});
    if (answer.fields.size() != 3) return std::nullopt;
    return FileStatus{.mode = number<std::uint32_t>(answer.fields[0]),
                      .uid = number<std::uint32_t>(answer.fields[1]),
                      .gid = number<std::uint32_t>(answer.fields[2])};
  }

  std::optional<Activity> activity() override {
    const auto answer = ask("activity");
    if (answer.fields.size() != 2) return std::nullopt;
    return Activity{.cpu_ticks = number<std::uint64_t>(answer.fields[0]),
                    .waiting = answer.fields[1] == "yes"};
  }

  bool write_file(const std::string& path, std::string_view content) override {
    return ask("write-file", {path, std::string(content)}).name == "done";
  }

  [[nodiscard]] const StartedRun& run() const { return run_; }

 private:
  static std::optional<ExitStatus> wait_for_end(int end, Deadline deadline);

  Message ask(const std::string& name, std::vector<std::string> further = {}) {
    Message question{.name = name, .fields = {run_.id}, .fds = {}};
    std::ranges::move(further, std::back_inserter(question.fields));
    return line_->ask(question);
  }

  std::shared_ptr<KeeperLine> line_;
  const OciSandbox& sandbox_;  ///< used by exec(), while both live
  StartedRun run_;
  UniqueFd end_;
  std::unique_ptr<OutputPump> pump_;
  std::optional<ExitStatus> status_;
  unsigned execs_ = 0;
};

class OciSandbox : public Sandbox {
 public:
  OciSandbox(const std::vector<ImageContents*>& images, const RunOptions& options);
  ~OciSandbox() override { close(); }

  std::expected<std::unique_ptr<Container>, StartFailure> start(const ContainerStart& start) override;
  void make_view(const std::vector<bool>& kept) override;
  [[nodiscard]] const SandboxFacts& facts() const override { return facts_; }
  /// Whom `name` is, by the texts of the container's /etc/passwd and /etc/group.
  [[nodiscard]] ContainerUser user_of(const std::string& name, const std::string& passwd,
                                      const std::string& group) const;

 private:
  void open(const std::vector<ImageContents*>& images, UniqueFd contents);
  void close();
  void say_limits();
  std::string read(const std::string& image, const std::string& path);
  OciInput input_for(const ContainerStart& start, const std::string& id, bool watch);
  void add_mounts(OciInput& input, const ContainerStart& start) const;
  std::expected<std::unique_ptr<Container>, StartFailure> start_run(const ContainerStart& start, bool watch);

  RunOptions options_;
  Runtime runtime_;
  IdPlan ids_;
  SandboxFacts facts_;
  std::shared_ptr<KeeperLine> line_;
  pid_t janitor_ = -1;
  std::string inside_;  ///< the folder that holds space and binds, as the keeper sees it
  bool cgroup_memory_ = false;
  bool cgroup_pids_ = false;
  unsigned runs_ = 0;
};

std::optional<ExitStatus> OciContainer::wait_for_end(int end, Deadline deadline) {
  while (true) {
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    const auto limit = std::clamp<std::int64_t>(left.count(), 0, 3'600'000);
    pollfd item{.fd = end, .events = POLLIN, .revents = 0};
    const int ready = ::poll(&item, 1, static_cast<int>(limit));
    if (ready > 0) break;
    if (ready == 0 && left.count() <= 3'600'000) return std::nullopt;
    if (ready < 0 && errno != EINTR) throw system_error("container", "waiting for it", errno);
  }
  std::array<int, 2> result{};
  if (::read(end, result.data(), sizeof result) != sizeof result) {
    throw Error(ErrorKind::environment, "sandbox", "its process ended unexpectedly");
  }
  return ExitStatus{.code = result[0], .signal = result[1]};
}

std::vector<ListeningSocket> OciContainer::listening_sockets() {
  auto answer = ask("sockets");
  if (answer.fields.size() != 6) return {};
  auto& fields = answer.fields;
  const SocketTables tables{.tcp = std::move(fields[0]),
                            .tcp6 = std::move(fields[1]),
                            .udp = std::move(fields[2]),
                            .udp6 = std::move(fields[3]),
                            .unix_sockets = std::move(fields[4])};
  if (fields[5].empty()) return parse_listening_sockets(tables);
  std::set<std::uint64_t> inodes;
  std::istringstream own(fields[5]);
  for (std::string inode; std::getline(own, inode, ',');) {
    if (!inode.empty()) inodes.insert(number<std::uint64_t>(inode));
  }
  return parse_listening_sockets(tables, &inodes);
}

FileChanges OciContainer::changes() {
  const auto answer = ask("changes");
  FileChanges changes;
  if (answer.fields.empty()) return {.files = {}, .complete = false};
  changes.complete = answer.fields[0] == "yes";
  for (std::size_t i = 1; i < answer.fields.size(); ++i) {
    const auto& text = answer.fields[i];
    auto kind = ChangeKind::deleted;
    if (text.starts_with(change_mark(ChangeKind::created))) kind = ChangeKind::created;
    if (text.starts_with(change_mark(ChangeKind::changed))) kind = ChangeKind::changed;
    changes.files.push_back({.path = text.substr(1), .kind = kind});
  }
  return changes;
}

std::expected<ExecResult, StartFailure> OciContainer::exec(const ExecStart& start, Deadline deadline) {
  OciInput input = run_.input;
  RunOverrides overrides;
  overrides.entrypoint = start.argv;
  overrides.env = start.env;
  input.config = with_overrides(input.config, overrides);
  if (start.user) {
    input.user = sandbox_.user_of(*start.user, read_file("/etc/passwd", file_cap).value_or(""),
                                  read_file("/etc/group", file_cap).value_or(""));
  }
  if (start.workdir) {
    input.config.working_dir =
        start.workdir->starts_with('/') ? *start.workdir : input.config.working_dir + "/" + *start.workdir;
  }
  const auto id = std::to_string(++execs_);
  auto answer = ask("exec", {id, oci_process(input)});
  if (answer.name == "failed") return std::unexpected(start_failure_of(answer));
  if (answer.fds.size() != 3)
    throw Error(ErrorKind::environment, "sandbox", "unexpected message " + answer.name);
  OutputPump pump(
      {.output = std::move(answer.fds[1]), .error = std::move(answer.fds[2]), .records = {}, .input = {}},
      {});
  ExecResult result;
  result.status = wait_for_end(answer.fds[0].get(), deadline);
  if (!result.status) ask("signal-exec", {id, std::to_string(SIGKILL)});
  pump.finish_now();
  result.output = pump.captured(OutputStream::standard_output);
  result.error = pump.captured(OutputStream::standard_error);
  return result;
}

OciSandbox::OciSandbox(const std::vector<ImageContents*>& images, const RunOptions& options)
    : options_(options), runtime_(find_runtime(options.runtime)), ids_(plan_ids()) {
  std::vector<const FileTree*> trees;
  for (const auto* image : images) {
    check_bounds(image->tree, compressed_size(image->image()), image->image().reference);
    trees.push_back(&image->tree);
  }
  SocketPair control = make_socket_pair();
  SocketPair contents = make_socket_pair();
  line_ = std::make_shared<KeeperLine>(std::move(control.first));
  janitor_ = open_sandboxes().add(line_, [&] {
    return fork_janitor({.trees = std::move(trees),
                         .options = options_,
                         .runtime = runtime_,
                         .ids = ids_,
                         .control = std::move(control.second),
                         .contents = std::move(contents.second)});
  });
  try {
    open(images, std::move(contents.first));
  } catch (...) {
    close();
    throw;
  }
}

void OciSandbox::open(const std::vector<ImageContents*>& images, UniqueFd contents) {
  const auto made = line_->listen();
  if (made.name != "made" || made.fields.size() != 3) {
    throw Error(ErrorKind::environment, "sandbox", "unexpected message " + made.name);
  }
  inside_ = made.fields[0];
  cgroup_memory_ = !made.fields[1].empty();
  cgroup_pids_ = !made.fields[2].empty();
  for (auto* image : images) {
    if (!send_contents(*image, contents.get())) break;  // nobody reads any more: the answer says why
  }
  contents = UniqueFd();
  auto ready = line_->listen();
  facts_.runtime = runtime_.version;
  facts_.rootless = !ids_.privileged;
  facts_.notes = std::move(ready.fields);
  say_limits();
}

void OciSandbox::close() {
  if (janitor_ < 0) return;
  line_->hang_up();
  while (::waitpid(janitor_, nullptr, 0) < 0 && errno == EINTR) {
  }
  open_sandboxes().remove(janitor_);
  janitor_ = -1;
}

void OciSandbox::say_limits() {
  const auto& limits = options_.limits;
  facts_.limits.push_back(fmt::format("time {} s", limits.timeout.count()));
  facts_.limits.push_back(fmt::format("written files {} (tmpfs)", in_units(limits.writable)));
  const std::string why = "no control group of its own can be made here";
  if (cgroup_memory_) {
    facts_.limits.push_back(fmt::format("memory {} (control group)", in_units(limits.memory)));
  } else {
    facts_.limits.push_back(fmt::format("memory {} for each process (rlimit)", in_units(limits.memory)));
    facts_.not_enforced.push_back("memory of all processes together: " + why);
  }
  facts_.limits.push_back(fmt::format("{} processes ({})", limits.pids,
                                      cgroup_pids_ ? "control group" : "for each user, rlimit"));
  if (!cgroup_pids_) facts_.not_enforced.push_back("number of all processes together: " + why);
  if (ids_.own_id_only) {
    facts_.not_enforced.push_back("users other than root, and owners of files: " + ids_.note);
  }
}

std::string OciSandbox::read(const std::string& image, const std::string& path) {
  auto answer = line_->ask({.name = "read", .fields = {image, path}, .fds = {}});
  return answer.fields.empty() ? std::string{} : std::move(answer.fields.front());
}

void OciSandbox::make_view(const std::vector<bool>& kept) {
  std::string marks(kept.size(), '0');
  std::ranges::transform(kept, marks.begin(), [](bool keep) { return keep ? '1' : '0'; });
  line_->ask({.name = "view", .fields = {std::move(marks)}, .fds = {}});
}

ContainerUser OciSandbox::user_of(const std::string& name, const std::string& passwd,
                                  const std::string& group) const {
  auto user = resolve_user(name, passwd, group);
  if (!ids_.maps_user(user.uid) || !ids_.maps_group(user.gid)) {
    throw Error(
        ErrorKind::environment, "user " + name,
        fmt::format("{}:{} is not mapped in this user namespace", user.uid, user.gid) +
            (ids_.note.empty() ? "" : " (" + ids_.note + ")"),
        "give your user 65,536 ids: usermod --add-subuids 100000-165535 --add-subgids 100000-165535 USER");
  }
  std::erase_if(user.groups, [this](std::uint32_t id) { return !ids_.maps_group(id); });
  return user;
}

/// Those of the command line are for the image alone and not for its companions; those of the run are its
/// own.
void OciSandbox::add_mounts(OciInput& input, const ContainerStart& start) const {
  const auto sources = mount_sources_of(options_);
  const auto add = [&](const BindMount& mount) {
    const auto place = std::ranges::find(sources, mount.source);
    if (place == sources.end()) {
      throw Error(ErrorKind::environment, "mount " + mount.source,
                  "the sandbox was made without it: it cannot be reached any more");
    }
    input.mounts.push_back(
        {.source = inside_ + "/binds/" + std::to_string(std::distance(sources.begin(), place)),
         .target = mount.target,
         .read_only = mount.read_only});
  };
  if (start.image == 0) {
    std::ranges::for_each(options_.overrides.mounts, add);
    input.tmpfs = options_.overrides.tmpfs;
  }
  std::ranges::for_each(start.mounts, add);
  input.tmpfs.insert(input.tmpfs.end(), start.tmpfs.begin(), start.tmpfs.end());
}

OciInput OciSandbox::input_for(const ContainerStart& start, const std::string& id, bool watch) {
  OciInput input;
  input.config = start.config;
  input.user = user_of(start.config.user, read(image_name(start), "/etc/passwd"),
                       read(image_name(start), "/etc/group"));
  input.hostname = start.hostname;
  input.run_folder = inside_ + "/space/run-" + id;
  add_mounts(input, start);
  input.network = options_.network;
  if (start.network_of != nullptr) {
    const auto& other = dynamic_cast<const OciContainer&>(*start.network_of).run();
    input.network_path = "/proc/" + other.pid + "/ns/net";
  }
  input.capabilities = bounding_capabilities();
  input.architecture = Platform::host().architecture;
  if (watch) input.seccomp_listener = input.run_folder + "/seccomp.sock";
  input.cgroup_namespace = ::access("/proc/self/ns/cgroup", F_OK) == 0;
  input.supplementary_groups = !ids_.own_id_only;
  input.last_group = ids_.groups.back().inside + ids_.groups.back().count - 1;
  rlimit files{};
  ::getrlimit(RLIMIT_NOFILE, &files);
  input.open_files = std::min<std::uint64_t>(files.rlim_max, open_files_wanted);
  return input;
}

std::expected<std::unique_ptr<Container>, StartFailure> OciSandbox::start_run(const ContainerStart& start,
                                                                              bool watch) {
  StartedRun run{.id = "c" + std::to_string(++runs_),
                 .pid = {},
                 .input = {},
                 .image = image_name(start),
                 .watched = watch};
  run.input = input_for(start, run.id, watch);
  const bool with_input = start.stdin_fd >= 0 && !start.hold;
  // The runtime wants a program that exists although it is never started; its own is always there.
  if (start.hold) run.input.config.entrypoint = {"/proc/self/exe"};
  const auto resolv = options_.network == NetworkMode::host ? read_text("/etc/resolv.conf")
                                                            : std::string("nameserver 127.0.0.1\n");
  const auto joined = start.network_of == nullptr
                          ? std::string()
                          : dynamic_cast<const OciContainer&>(*start.network_of).run().id;
  Message question{
      .name = "start",
      .fields = {run.id, oci_config(run.input), working_folder_of(start.config),
                 hosts_file(start.hostname, start.host_names), start.hostname + "\n", resolv,
                 start.hold ? "hold" : (with_input ? "yes" : ""), watch ? "yes" : "", run.image, joined},
      .fds = {}};
  std::ranges::move(volumes_of(run.input), std::back_inserter(question.fields));
  auto answer = line_->ask(question);
  if (answer.name == "failed") return std::unexpected(start_failure_of(answer));
  auto& fds = answer.fds;
  if (answer.fields.size() != 1 || fds.size() != 3U + (with_input ? 1 : 0) + (watch ? 1 : 0)) {
    throw Error(ErrorKind::environment, "sandbox", "unexpected message " + answer.name);
  }
  run.pid = answer.fields[0];
  PumpPipes pipes;
  pipes.output = std::move(fds[1]);
  pipes.error = std::move(fds[2]);
  if (watch) {
    pipes.records = std::move(fds.back());
    fds.pop_back();
  }
  if (with_input) {
    pipes.input = std::move(fds[3]);
    pipes.input_from = start.stdin_fd;
  }
  auto pump = std::make_unique<OutputPump>(std::move(pipes), start.on_output);
  return std::make_unique<OciContainer>(line_, *this, std::move(run), std::move(fds[0]), std::move(pump));
}

std::expected<std::unique_ptr<Container>, StartFailure> OciSandbox::start(const ContainerStart& start) {
  if (!start.watch_paths) return start_run(start, false);
  try {
    return start_run(start, true);
  } catch (const Error&) {
    return start_run(start, false);  // not every kernel and runtime can; its container says so
  }
}

}  // namespace

std::unique_ptr<Sandbox> make_oci_sandbox(ImageContents& image, const RunOptions& options,
                                          const std::vector<ImageContents*>& companions) {
  std::vector<ImageContents*> images{&image};
  images.insert(images.end(), companions.begin(), companions.end());
  return std::make_unique<OciSandbox>(images, options);
}

void end_all_sandboxes() {
  open_sandboxes().end();
}

}  // namespace slim
