// Sandboxes, staged outputs and what clears them away belong to a process (cli/interrupt.h), so that each
// image has a process. One thread waits for all of them: for their output, their end (pidfd_open(2)) and
// signals (signalfd(2)).
#include "cli/batch_run.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdlib>
#include <deque>
#include <fcntl.h>
#include <optional>
#include <poll.h>
#include <string>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>
#include <utility>
#include <vector>

#include "analyzer/error.h"
#include "analyzer/spawn.h"
#include "analyzer/unique_fd.h"

namespace slim {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t output_cap = std::size_t{64} << 20;
constexpr std::size_t error_cap = std::size_t{256} << 10;
constexpr auto handed_on = std::to_array({SIGINT, SIGTERM, SIGHUP, SIGQUIT});

/// Takes signals out of their usual way for as long as it lives.
class Signals {
 public:
  Signals() {
    ::sigemptyset(&set_);
    for (const int number : handed_on) {
      struct sigaction action{};
      ::sigaction(number, nullptr, &action);
      if (action.sa_handler != SIG_IGN) ::sigaddset(&set_, number);  // nohup means it
    }
    ::sigprocmask(SIG_BLOCK, &set_, &before_);
    fd_ = UniqueFd(::signalfd(-1, &set_, SFD_CLOEXEC | SFD_NONBLOCK));
    if (!fd_) throw system_error("signals", "waiting for them", errno);
  }
  ~Signals() { ::sigprocmask(SIG_SETMASK, &before_, nullptr); }
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;

  [[nodiscard]] int fd() const { return fd_.get(); }
  /// One that has come, or 0.
  [[nodiscard]] int take() const {
    signalfd_siginfo info{};
    return ::read(fd_.get(), &info, sizeof info) == sizeof info ? static_cast<int>(info.ssi_signo) : 0;
  }

 private:
  sigset_t set_{};
  sigset_t before_{};
  UniqueFd fd_;
};

struct Running {
  std::size_t number = 0;
  std::string alone;
  pid_t pid = -1;
  UniqueFd ended;
  UniqueFd out;
  UniqueFd err;
  Clock::time_point start;
  BatchOutput output;
};

/// Reads what is there; false at the end.
bool take_in(const UniqueFd& fd, std::string& text, std::size_t cap, bool& cut) {
  std::array<char, 65536> buffer{};
  while (true) {
    const ssize_t got = ::read(fd.get(), buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return errno == EAGAIN;
    if (got == 0) return false;
    const auto room = std::min(cap - text.size(), static_cast<std::size_t>(got));
    text.append(buffer.data(), room);
    cut = cut || room < static_cast<std::size_t>(got);
  }
}

class Batch {
 public:
  Batch(std::size_t count, unsigned at_once, const std::string& folder, const BatchCalls& calls)
      : at_once_(at_once), folder_(folder), calls_(calls) {
    for (std::size_t number = 0; number < count; ++number) waiting_.push_back(number);
  }
  ~Batch() {
    for (const Running& job : running_) {  // an Error is on its way out
      ::kill(job.pid, SIGTERM);
      wait_for(job.pid, std::chrono::minutes(1));
    }
  }
  Batch(const Batch&) = delete;
  Batch& operator=(const Batch&) = delete;

  int run() {
    while (true) {
      fill();
      if (running_.empty()) break;  // whatever waits for an output to be free would have been started
      wait();
    }
    return signal_;
  }

 private:
  void take_signals() {
    while (const int number = signals_.take()) {
      if (signal_ == 0) signal_ = number;
      for (Running& job : running_) {
        ::kill(job.pid, number);
        job.output.stopped = true;
      }
    }
  }

  [[nodiscard]] bool is_free(const std::string& place) const {
    return place.empty() ||
           std::ranges::none_of(running_, [&](const Running& job) { return job.alone == place; });
  }

  void fill() {
    for (auto held = held_.begin(); held != held_.end() && signal_ == 0 && running_.size() < at_once_;) {
      if (is_free(held->alone)) {
        start(*held);
        held = held_.erase(held);
      } else {
        ++held;
      }
    }
    while (!waiting_.empty() && running_.size() < at_once_) {
      take_signals();
      if (signal_ != 0) return;
      const std::size_t number = waiting_.front();
      waiting_.pop_front();
      std::optional<BatchProcess> process = calls_.prepare(number);
      if (!process) continue;
      if (is_free(process->alone)) {
        start(*process);
      } else {
        held_.push_back(*std::move(process));
      }
    }
  }

  void start(const BatchProcess& process) {
    Pipe out = make_pipe();
    Pipe err = make_pipe();
    const pid_t parent = ::getpid();
    const auto setup = [this, parent]() -> int {
      // Should this process be killed outright, the child is to clear away after itself.
      if (::prctl(PR_SET_PDEATHSIG, SIGTERM) != 0) return errno;
      if (::getppid() != parent) return ESRCH;
      // Its summary is one of many in the job's; what is said of single images, the batch says.
      for (const char* name : {"GITHUB_OUTPUT", "GITHUB_ACTIONS"}) ::unsetenv(name);
      return ::chdir(folder_.c_str()) == 0 ? 0 : errno;
    };
    Running job{.number = process.number,
                .alone = process.alone,
                .pid = spawn(process.argv, -1, out.write.get(), err.write.get(), setup),
                .ended = {},
                .out = std::move(out.read),
                .err = std::move(err.read),
                .start = Clock::now(),
                .output = {}};
    job.ended = UniqueFd(static_cast<int>(::syscall(SYS_pidfd_open, job.pid, 0)));
    const bool watched = static_cast<bool>(job.ended);
    for (const UniqueFd* fd : {&job.out, &job.err}) ::fcntl(fd->get(), F_SETFL, O_NONBLOCK);
    running_.push_back(std::move(job));
    if (!watched) throw system_error(process.argv.at(0), "waiting for it", errno);
  }

  void wait() {
    std::vector<pollfd> fds{{.fd = signals_.fd(), .events = POLLIN, .revents = 0}};
    for (const Running& job : running_) {
      for (const UniqueFd* fd : {&job.ended, &job.out, &job.err})
        fds.push_back({.fd = *fd ? fd->get() : -1, .events = POLLIN, .revents = 0});
    }
    if (::poll(fds.data(), fds.size(), -1) < 0 && errno != EINTR)
      throw system_error("slim build --batch", "waiting for what runs", errno);
    take_signals();
    std::size_t at = 1;
    std::vector<Running> still;
    std::vector<Running> ended;
    for (Running& job : running_) {
      const bool over = fds[at].revents != 0;
      at += 3;
      if (job.out && !take_in(job.out, job.output.out, output_cap, job.output.cut)) job.out = UniqueFd();
      if (job.err && !take_in(job.err, job.output.err, error_cap, job.output.cut)) job.err = UniqueFd();
      (over ? ended : still).push_back(std::move(job));
    }
    running_ = std::move(still);
    for (Running& job : ended) end(job);
  }

  void end(Running& job) {
    // What it wrote last may have come between the look into the pipes and its end.
    if (job.out) take_in(job.out, job.output.out, output_cap, job.output.cut);
    if (job.err) take_in(job.err, job.output.err, error_cap, job.output.cut);
    if (const auto status = wait_for(job.pid, std::chrono::seconds(10))) job.output.status = *status;
    job.output.seconds = std::chrono::duration<double>(Clock::now() - job.start).count();
    calls_.ended(job.number, job.output);
  }

  unsigned at_once_;
  const std::string& folder_;
  const BatchCalls& calls_;
  Signals signals_;
  int signal_ = 0;  ///< the first one that came
  std::deque<std::size_t> waiting_;
  std::deque<BatchProcess> held_;  ///< until what they have in common with one that runs is free
  std::vector<Running> running_;
};

}  // namespace

int run_batch(std::size_t count, unsigned at_once, const std::string& folder, const BatchCalls& calls) {
  return Batch(count, at_once, folder, calls).run();
}

void end_by_signal(int signal) {
  std::signal(signal, SIG_DFL);
  ::kill(::getpid(), signal);
  while (true) ::pause();
}

}  // namespace slim
