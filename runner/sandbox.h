// A sandbox is one image made ready to run; a container is one run of it. Verification and `slim run` see
// nothing else of containers, so their tests use a double in memory; the real one is runner/oci_sandbox.h.
#pragma once

#include <chrono>
#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "analyzer/image.h"
#include "analyzer/unique_fd.h"
#include "runner/port_table.h"

namespace slim {

/// How a container's first process ended.
struct ExitStatus {
  int code = 0;    ///< 0 to 255, where it exited by itself
  int signal = 0;  ///< the signal that ended it; 0: none did

  bool operator==(const ExitStatus&) const = default;
  /// As a shell and `docker run` count: the code, or 128 + signal.
  [[nodiscard]] int shell_code() const { return signal != 0 ? 128 + signal : code; }
  [[nodiscard]] bool success() const { return signal == 0 && code == 0; }
  [[nodiscard]] std::string text() const;  ///< "exit 3", "signal 9 (SIGKILL)"
};

enum class OutputStream : std::uint8_t { standard_output, standard_error };

/// What a container wrote: at most 4 MiB of it, and how many bytes more there were.
struct Captured {
  std::string text;
  std::uint64_t dropped = 0;
  std::uint64_t dropped_checksum = 14695981039346656037ULL;  ///< FNV-1a of the dropped bytes: tells two apart
};

/// The image's program could not be started: docker run's 126 (found, but cannot be executed) or 127 (not
/// found), with the runtime's message.
struct StartFailure {
  int exit_code = 127;
  std::string message;
};

/// One run.
struct ContainerStart {
  ImageConfig config;                  ///< overrides already applied
  std::string hostname = "container";  ///< the same for every run that is compared
  int stdin_fd = -1;                   ///< its content is passed on; -1: /dev/null
  bool watch_paths = false;            ///< record the paths that are asked for: slower
  /// Takes the output as it comes, from another thread; where it is empty the output is captured.
  std::function<void(OutputStream, std::string_view)> on_output;
};

/// A running container; destroying it ends every process in it and removes all that it made.
class Container {
 public:
  Container() = default;
  Container(const Container&) = delete;
  Container& operator=(const Container&) = delete;
  virtual ~Container() = default;

  using Deadline = std::chrono::steady_clock::time_point;

  /// How it ended, once its output is complete; nullopt: it still ran at `deadline`.
  virtual std::optional<ExitStatus> wait(Deadline deadline) = 0;
  /// Sends a signal to its first process; one that has ended is left alone. May be called from another
  /// thread.
  virtual void signal(int number) = 0;
  /// Every TCP port that is listened on inside, sorted, each once.
  virtual std::vector<ListeningPort> listening_ports() = 0;
  /// A connection to a port inside, made in the container's own network; empty where it is refused or no
  /// answer came in time.
  virtual UniqueFd connect(const ListeningPort& port) = 0;
  /// What it wrote so far; complete once wait() gave a status.
  virtual Captured output(OutputStream stream) = 0;
  /// With watch_paths, once wait() gave a status: each absolute path that was asked for, once, in the order
  /// of the first time. nullopt: it could not be watched here.
  virtual std::optional<std::vector<std::string>> asked_paths() = 0;
};

/// What holds for every container of a sandbox; see the fields of the same names in Verdict.
struct SandboxFacts {
  std::string runtime;  ///< name and version
  bool rootless = false;
  std::vector<std::string> limits;
  std::vector<std::string> not_enforced;
  std::vector<std::string> notes;  ///< what of the image could not be extracted as it stands
};

class Sandbox {
 public:
  Sandbox() = default;
  Sandbox(const Sandbox&) = delete;
  Sandbox& operator=(const Sandbox&) = delete;
  virtual ~Sandbox() = default;

  /// Starts a container on a fresh copy of the image. Failures that are not the image's throw an Error of
  /// kind environment.
  virtual std::expected<std::unique_ptr<Container>, StartFailure> start(const ContainerStart& start) = 0;
  [[nodiscard]] virtual const SandboxFacts& facts() const = 0;
};

}  // namespace slim
