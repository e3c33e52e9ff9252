// user_namespaces(7), mount_namespaces(7). With root's rights the mounts are made in a first mount namespace,
// which is still the caller's own, since the container's root could not reach below a folder of mode 0700;
// the second one, with the user namespace, inherits them. Without, the container's root is the caller, so
// that one step does both.
#include "runner/namespaces.h"

#include <cerrno>
#include <csignal>
#include <exception>
#include <grp.h>
#include <optional>
#include <sched.h>
#include <string>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>

#include "analyzer/error.h"
#include "runner/id_map.h"
#include "runner/message.h"

namespace slim {
namespace {

void unshare_or_throw(int flags, const std::string& what) {
  if (::unshare(flags) == 0) return;
  const int failed = errno;
  throw Error(ErrorKind::environment, what, system_error("unshare", "", failed).what(),
              "this machine or container does not allow user namespaces to be made (see "
              "kernel.unprivileged_userns_clone, "
              "user.max_user_namespaces)");
}

void make_mounts_private() {
  if (::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) {
    throw system_error("mount namespace", "making its mounts private", errno);
  }
}

void ask_for_maps(int socket) {
  send_message(socket, {.name = "unshared", .fields = {}, .fds = {}});
  if (!receive_message(socket))
    throw Error(ErrorKind::environment, "user namespace", "its maps were not written");
}

void become_root(const IdPlan& ids) {
  // With only the own id mapped, setgroups is denied: the caller's further groups stay, as nobody's.
  if (!ids.own_id_only && ::setgroups(0, nullptr) != 0) {
    throw system_error("user namespace", "dropping the caller's groups", errno);
  }
  if (::setresgid(0, 0, 0) != 0 || ::setresuid(0, 0, 0) != 0) {
    throw system_error("user namespace", "becoming its root", errno);
  }
  // Changing ids hides /proc/self from a process; the runtime needs it.
  ::prctl(PR_SET_DUMPABLE, 1);
}

void enter(const IdPlan& ids, const NamespaceSteps& steps, int socket) {
  if (ids.privileged) {
    unshare_or_throw(CLONE_NEWNS, "mount namespace");
    make_mounts_private();
    steps.mount();
  }
  unshare_or_throw(CLONE_NEWUSER | CLONE_NEWNS, "user namespace");
  ask_for_maps(socket);
  become_root(ids);
  if (!ids.privileged) {
    make_mounts_private();
    steps.mount();
  }
  send_message(socket, {.name = "entered", .fields = {}, .fds = {}});
}

[[noreturn]] void run_child(const IdPlan& ids, const NamespaceSteps& steps, SocketPair sockets) {
  sockets.first = UniqueFd();
  try {
    enter(ids, steps, sockets.second.get());
  } catch (const Error& error) {
    send_message(sockets.second.get(), error_message(error));
    ::_exit(1);
  }
  sockets.second = UniqueFd();
  int code = 1;
  try {
    code = steps.work();
  } catch (const std::exception&) {
    code = 1;  // work reports its own errors over its own socket; nothing listens here
  }
  ::_exit(code);
}

}  // namespace

pid_t fork_into_namespaces(const IdPlan& ids, const NamespaceSteps& steps) {
  SocketPair sockets = make_socket_pair();
  const pid_t pid = ::fork();
  if (pid < 0) throw system_error("sandbox", "starting a process", errno);
  if (pid == 0) run_child(ids, steps, std::move(sockets));
  sockets.second = UniqueFd();
  std::optional<Error> failed;
  while (!failed) {
    const auto message = receive_message(sockets.first.get());
    if (message && message->name == "entered") return pid;
    if (!message) {
      failed = Error(ErrorKind::environment, "sandbox", "its process ended while the namespaces were made");
    } else if (message->name == "error") {
      failed = error_from(*message);
    } else {
      try {
        write_id_maps(pid, ids);
        send_message(sockets.first.get(), {.name = "mapped", .fields = {}, .fds = {}});
      } catch (const Error& error) {
        failed = error;
      }
    }
  }
  ::kill(pid, SIGKILL);
  ::waitpid(pid, nullptr, 0);
  throw Error(*failed);
}

}  // namespace slim
