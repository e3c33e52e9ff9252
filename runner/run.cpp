// Signals are blocked before any thread starts and taken from a signalfd(2) by a thread of its own, which
// passes them on; so no handler runs, and none is lost. A SIGKILL of slim needs none of this: see
// runner/janitor.cpp.
#include "runner/run.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <poll.h>
#include <string>
#include <string_view>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <thread>
#include <unistd.h>
#include <utility>

#include "analyzer/error.h"
#include "analyzer/image_contents.h"
#include "analyzer/unique_fd.h"
#include "runner/container_spec.h"
#include "runner/oci_config.h"
#include "runner/oci_sandbox.h"
#include "runner/sandbox.h"

namespace slim {
namespace {

constexpr int timed_out_status = 124;  // as timeout(1)

sigset_t forwarded_signals() {
  sigset_t signals;
  ::sigemptyset(&signals);
  for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2, SIGWINCH, SIGCONT}) {
    ::sigaddset(&signals, number);
  }
  return signals;
}

/// Passes signals on while it lives.
class SignalForwarder {
 public:
  explicit SignalForwarder(Container& container)
      : container_(container),
        stop_(::eventfd(0, EFD_CLOEXEC)),
        signals_(make_signals()),
        thread_([this] { forward(); }) {}
  ~SignalForwarder() {
    const std::uint64_t one = 1;
    if (::write(stop_.get(), &one, sizeof one) == sizeof one) thread_.join();
  }
  SignalForwarder(const SignalForwarder&) = delete;
  SignalForwarder& operator=(const SignalForwarder&) = delete;

 private:
  static UniqueFd make_signals() {
    const auto signals = forwarded_signals();
    return UniqueFd(::signalfd(-1, &signals, SFD_CLOEXEC));
  }

  void forward() {
    while (true) {
      std::array<pollfd, 2> items{pollfd{.fd = signals_.get(), .events = POLLIN, .revents = 0},
                                  pollfd{.fd = stop_.get(), .events = POLLIN, .revents = 0}};
      if (::poll(items.data(), items.size(), -1) < 0 && errno != EINTR) return;
      if (items[1].revents != 0) return;
      signalfd_siginfo info{};
      if (items[0].revents == 0 || ::read(signals_.get(), &info, sizeof info) != sizeof info) continue;
      try {
        container_.signal(static_cast<int>(info.ssi_signo));
      } catch (const Error&) {
        return;  // the sandbox is gone; wait() says so
      }
    }
  }

  Container& container_;
  UniqueFd stop_;
  UniqueFd signals_;
  std::thread thread_;
};

/// Blocks the forwarded signals for this thread and those it starts, while it lives.
class BlockedSignals {
 public:
  BlockedSignals() {
    const auto signals = forwarded_signals();
    ::pthread_sigmask(SIG_BLOCK, &signals, &before_);
  }
  ~BlockedSignals() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  BlockedSignals(const BlockedSignals&) = delete;
  BlockedSignals& operator=(const BlockedSignals&) = delete;

 private:
  sigset_t before_{};
};

/// What a reader that went away does not want is dropped; the container runs on.
void pass_on(OutputStream stream, std::string_view bytes) {
  const int fd = stream == OutputStream::standard_output ? STDOUT_FILENO : STDERR_FILENO;
  while (!bytes.empty()) {
    const auto written = ::write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return;
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
}

}  // namespace

int run_container(Sandbox& sandbox, ContainerStart start, const RunLimits& limits) {
  if (!start.on_output) start.on_output = pass_on;
  const BlockedSignals blocked;
  auto container = sandbox.start(start);
  if (!container) {
    auto message = "slim: error: " + container.error().message;
    // It names the image's program: no control characters on the caller's terminal.
    std::ranges::replace_if(message, [](unsigned char c) { return c < 0x20 || c == 0x7F; }, '?');
    message += '\n';
    pass_on(OutputStream::standard_error, message);
    return container.error().exit_code;
  }
  const SignalForwarder forwarder(**container);
  using Clock = std::chrono::steady_clock;
  const bool unlimited = limits.timeout.count() == 0;
  while (true) {
    const auto deadline = Clock::now() + (unlimited ? std::chrono::hours(1) : limits.timeout);
    if (const auto status = (*container)->wait(deadline)) return status->shell_code();
    if (unlimited) continue;
    (*container)->signal(SIGKILL);
    const auto ended = (*container)->wait(Clock::now() + std::chrono::seconds(10));
    pass_on(OutputStream::standard_error, "slim: error: container: killed after " +
                                              std::to_string(limits.timeout.count()) + " s" +
                                              (ended ? "" : ", and it is still there") + "\n");
    return timed_out_status;
  }
}

int run_image(ImageContents& image, const RunOptions& options) {
  auto config = with_overrides(image.image().config, options.overrides);
  if (command_of(config).empty()) {
    throw Error(ErrorKind::input, image.image().reference,
                "nothing to run: the image has neither entrypoint nor cmd",
                "give a command, or --entrypoint");
  }
  const auto sandbox = make_oci_sandbox(image, options);
  ContainerStart start;
  start.config = std::move(config);
  start.stdin_fd = STDIN_FILENO;
  return run_container(*sandbox, std::move(start), options.limits);
}

}  // namespace slim
