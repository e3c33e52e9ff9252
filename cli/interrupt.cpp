// A handler may do almost nothing (signal-safety(7)), so it only writes the signal's number to a pipe; a
// thread reads it and does the work. Handlers, unlike blocked signals, are not inherited by what is executed.
#include "cli/interrupt.h"

#include <array>
#include <atomic>
#include <csignal>
#include <cstdint>
#include <fcntl.h>
#include <thread>
#include <unistd.h>

#include "runner/oci_sandbox.h"
#include "slimmer/staging.h"

namespace slim {
namespace {

int signal_pipe =
    -1;  // NOLINT(cppcoreguidelines-avoid-non-const-global-variables): a handler sees nothing else
pid_t signal_owner = 0;
std::atomic<bool> interrupted = false;  // NOLINT(cppcoreguidelines-avoid-non-const-global-variables)

void on_signal(int number) {
  if (::getpid() != signal_owner) return;  // a forked child that shares the pipe
  const auto byte = static_cast<std::uint8_t>(number);
  if (::write(signal_pipe, &byte, 1) != 1) ::_exit(128 + number);
}

void wait_for_signal(int reading) {
  std::uint8_t number = 0;
  if (::read(reading, &number, 1) != 1) return;
  interrupted = true;
  discard_all_staged();
  end_all_sandboxes();
  std::signal(number, SIG_DFL);
  ::kill(::getpid(), number);
}

}  // namespace

void clean_up_on_signals() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return;  // then the signals end the process as they always do
  signal_pipe = ends[1];
  signal_owner = ::getpid();
  std::thread(wait_for_signal, ends[0]).detach();
  for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGQUIT}) {
    struct sigaction old{};
    ::sigaction(number, nullptr, &old);
    if (old.sa_handler == SIG_IGN) continue;  // nohup means it
    struct sigaction action{};
    action.sa_handler = on_signal;
    action.sa_flags = SA_RESTART;
    ::sigaction(number, &action, nullptr);
  }
}

void wait_where_interrupted() {
  while (interrupted) ::pause();
}

}  // namespace slim
