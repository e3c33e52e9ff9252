// slim's side of a sandbox. Three processes share the work: slim reads the image, drives the containers and
// reads what they write; the janitor (runner/janitor.h) makes and removes what lies on the host; the keeper
// (runner/keeper.h) is root of the sandbox's user namespace and does all that happens inside.
#include "runner/oci_sandbox.h"

#include <algorithm>
#include <array>
#include <cerrno>
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
#include <string>
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

class OciContainer : public Container {
 public:
  OciContainer(std::shared_ptr<KeeperLine> line, std::string id, UniqueFd end,
               std::unique_ptr<OutputPump> pump, bool watched)
      : line_(std::move(line)),
        id_(std::move(id)),
        end_(std::move(end)),
        pump_(std::move(pump)),
        watched_(watched) {}

  ~OciContainer() override {
    try {
      line_->ask({.name = "finish", .fields = {id_}, .fds = {}});
    } catch (const Error&) {
      // The keeper is gone, and with it the container; the janitor cleans up.
      line_->hang_up();
    }
    pump_->finish();
  }

  std::optional<ExitStatus> wait(Deadline deadline) override {
    if (status_) return status_;
    while (true) {
      const auto left =
          std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
      const auto limit = std::clamp<std::int64_t>(left.count(), 0, 3'600'000);
      pollfd item{.fd = end_.get(), .events = POLLIN, .revents = 0};
      const int ready = ::poll(&item, 1, static_cast<int>(limit));
      if (ready > 0) break;
      if (ready == 0 && left.count() <= 3'600'000) return std::nullopt;
      if (ready < 0 && errno != EINTR) throw system_error("container", "waiting for it", errno);
    }
    std::array<int, 2> result{};
    if (::read(end_.get(), result.data(), sizeof result) != sizeof result) {
      throw Error(ErrorKind::environment, "sandbox", "its process ended unexpectedly");
    }
    pump_->finish();
    status_ = ExitStatus{.code = result[0], .signal = result[1]};
    return status_;
  }

  void signal(int number) override {
    line_->ask({.name = "signal", .fields = {id_, std::to_string(number)}, .fds = {}});
  }

  std::vector<ListeningPort> listening_ports() override {
    const auto answer = line_->ask({.name = "ports", .fields = {id_}, .fds = {}});
    return answer.fields.size() == 2 ? parse_listening_ports(answer.fields[0], answer.fields[1])
                                     : std::vector<ListeningPort>{};
  }

  UniqueFd connect(const ListeningPort& port) override {
    auto answer =
        line_->ask({.name = "connect",
                    .fields = {id_, port.ipv6_only ? "::1" : "127.0.0.1", std::to_string(port.port)},
                    .fds = {}});
    return answer.fds.empty() ? UniqueFd{} : std::move(answer.fds.front());
  }

  Captured output(OutputStream stream) override { return pump_->captured(stream); }

  std::optional<std::vector<std::string>> asked_paths() override {
    if (!watched_) return std::nullopt;
    return pump_->paths();
  }

 private:
  std::shared_ptr<KeeperLine> line_;
  std::string id_;
  UniqueFd end_;
  std::unique_ptr<OutputPump> pump_;
  bool watched_;
  std::optional<ExitStatus> status_;
};

class OciSandbox : public Sandbox {
 public:
  OciSandbox(ImageContents& image, const RunOptions& options);
  ~OciSandbox() override { close(); }

  std::expected<std::unique_ptr<Container>, StartFailure> start(const ContainerStart& start) override;
  [[nodiscard]] const SandboxFacts& facts() const override { return facts_; }

 private:
  void open(ImageContents& image, UniqueFd contents);
  void close();
  void say_limits();
  std::string read(const std::string& path);
  ContainerUser user_of(const ImageConfig& config);
  std::string config_for(const ContainerStart& start, const std::string& id, bool watch);
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

OciSandbox::OciSandbox(ImageContents& image, const RunOptions& options)
    : options_(options), runtime_(find_runtime(options.runtime)), ids_(plan_ids()) {
  check_bounds(image.tree, compressed_size(image.image()), image.image().reference);
  SocketPair control = make_socket_pair();
  SocketPair contents = make_socket_pair();
  line_ = std::make_shared<KeeperLine>(std::move(control.first));
  janitor_ = open_sandboxes().add(line_, [&] {
    return fork_janitor({.tree = &image.tree,
                         .options = options_,
                         .runtime = runtime_,
                         .ids = ids_,
                         .control = std::move(control.second),
                         .contents = std::move(contents.second)});
  });
  try {
    open(image, std::move(contents.first));
  } catch (...) {
    close();
    throw;
  }
}

void OciSandbox::open(ImageContents& image, UniqueFd contents) {
  const auto made = line_->listen();
  if (made.name != "made" || made.fields.size() != 3) {
    throw Error(ErrorKind::environment, "sandbox", "unexpected message " + made.name);
  }
  inside_ = made.fields[0];
  cgroup_memory_ = !made.fields[1].empty();
  cgroup_pids_ = !made.fields[2].empty();
  send_contents(image, contents.get());  // where nobody reads any more, the answer says why
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

std::string OciSandbox::read(const std::string& path) {
  auto answer = line_->ask({.name = "read", .fields = {path}, .fds = {}});
  return answer.fields.empty() ? std::string{} : std::move(answer.fields.front());
}

ContainerUser OciSandbox::user_of(const ImageConfig& config) {
  auto user = resolve_user(config.user, read("/etc/passwd"), read("/etc/group"));
  if (!ids_.maps_user(user.uid) || !ids_.maps_group(user.gid)) {
    throw Error(
        ErrorKind::environment, "user " + config.user,
        fmt::format("{}:{} is not mapped in this user namespace", user.uid, user.gid) +
            (ids_.note.empty() ? "" : " (" + ids_.note + ")"),
        "give your user 65,536 ids: usermod --add-subuids 100000-165535 --add-subgids 100000-165535 USER");
  }
  std::erase_if(user.groups, [this](std::uint32_t group) { return !ids_.maps_group(group); });
  return user;
}

std::string OciSandbox::config_for(const ContainerStart& start, const std::string& id, bool watch) {
  OciInput input;
  input.config = start.config;
  input.user = user_of(start.config);
  input.hostname = start.hostname;
  input.run_folder = inside_ + "/space/run-" + id;
  const auto& mounts = options_.overrides.mounts;
  for (std::size_t i = 0; i < mounts.size(); ++i) {
    input.mounts.push_back({.source = inside_ + "/binds/" + std::to_string(i),
                            .target = mounts[i].target,
                            .read_only = mounts[i].read_only});
  }
  input.tmpfs = options_.overrides.tmpfs;
  input.network = options_.network;
  input.capabilities = bounding_capabilities();
  input.architecture = Platform::host().architecture;
  if (watch) input.seccomp_listener = input.run_folder + "/seccomp.sock";
  input.cgroup_namespace = ::access("/proc/self/ns/cgroup", F_OK) == 0;
  input.supplementary_groups = !ids_.own_id_only;
  input.last_group = ids_.groups.back().inside + ids_.groups.back().count - 1;
  rlimit files{};
  ::getrlimit(RLIMIT_NOFILE, &files);
  input.open_files = std::min<std::uint64_t>(files.rlim_max, open_files_wanted);
  return oci_config(input);
}

std::expected<std::unique_ptr<Container>, StartFailure> OciSandbox::start_run(const ContainerStart& start,
                                                                              bool watch) {
  const auto id = "c" + std::to_string(++runs_);
  const bool with_input = start.stdin_fd >= 0;
  const auto resolv = options_.network == NetworkMode::host ? read_text("/etc/resolv.conf")
                                                            : std::string("nameserver 127.0.0.1\n");
  auto answer = line_->ask({.name = "start",
                            .fields = {id, config_for(start, id, watch), working_folder_of(start.config),
                                       hosts_file(start.hostname), start.hostname + "\n", resolv,
                                       with_input ? "yes" : "", watch ? "yes" : ""},
                            .fds = {}});
  if (answer.name == "failed" && answer.fields.size() == 2) {
    return std::unexpected(
        StartFailure{.exit_code = answer.fields[0] == "126" ? 126 : 127, .message = answer.fields[1]});
  }
  auto& fds = answer.fds;
  if (fds.size() != 3U + (with_input ? 1 : 0) + (watch ? 1 : 0)) {
    throw Error(ErrorKind::environment, "sandbox", "unexpected message " + answer.name);
  }
  PumpPipes pipes;
  pipes.output = std::move(fds[1]);
  pipes.error = std::move(fds[2]);
  if (watch) {
    pipes.paths = std::move(fds.back());
    fds.pop_back();
  }
  if (with_input) {
    pipes.input = std::move(fds[3]);
    pipes.input_from = start.stdin_fd;
  }
  auto pump = std::make_unique<OutputPump>(std::move(pipes), start.on_output);
  return std::make_unique<OciContainer>(line_, id, std::move(fds[0]), std::move(pump), watch);
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

std::unique_ptr<Sandbox> make_oci_sandbox(ImageContents& image, const RunOptions& options) {
  return std::make_unique<OciSandbox>(image, options);
}

void end_all_sandboxes() {
  open_sandboxes().end();
}

}  // namespace slim
