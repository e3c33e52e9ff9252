// A sandbox is one image made ready to run; a container is one run of it. Verification and `slim run` see
// nothing else of containers, so their tests use a double in memory; the real one is runner/oci_sandbox.h.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "analyzer/exit_status.h"
#include "analyzer/image.h"
#include "analyzer/unique_fd.h"
#include "runner/container_spec.h"
#include "runner/port_table.h"

namespace slim {

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

/// What a process did with a path: bits of AskedPath::uses. They say what was asked, not what came of it.
struct PathUse {
  static constexpr unsigned looked_up = 1;  ///< stat, access, readlink, connect to a socket, ...
  static constexpr unsigned opened = 2;
  static constexpr unsigned executed = 4;
  static constexpr unsigned listed = 8;    ///< opened as a folder
  static constexpr unsigned changed = 16;  ///< made, removed, renamed, opened for writing, its metadata set
  static constexpr unsigned entered = 32;  ///< made the working folder, or the root folder
};

/// A path that a container asked for, by the name that it has in the container's own root folder, whatever
/// working folder, descriptor or chroot(2) it was asked through. ".." stays: what it leads to depends on
/// symlinks.
struct AskedPath {
  std::string path;     ///< absolute
  unsigned uses = 0;    ///< PathUse, all that any process did
  std::string program;  ///< of the first who asked, absolute; empty where it had none any more
  std::string call;     ///< the first who asked made this system call: "openat"

  bool operator==(const AskedPath&) const = default;
};

/// A program that was executed; a script stands for itself and not for its interpreter.
struct StartedProcess {
  std::string program;            ///< absolute path
  std::vector<std::string> argv;  ///< at most 256 words, and 32 KiB

  bool operator==(const StartedProcess&) const = default;
};

/// What watching saw of a run.
struct Watched {
  std::vector<AskedPath> paths;           ///< each once, in the order of the first time
  std::vector<StartedProcess> processes;  ///< each pair of program and argv once, likewise
  /// False: it asked for more than is kept, or by calls of another architecture, which are not read.
  bool complete = true;
};

/// The names alone.
std::vector<std::string> asked_names(const Watched& watched);

enum class ChangeKind : std::uint8_t { created, changed, deleted };

struct FileChange {
  std::string path;  ///< absolute
  ChangeKind kind = ChangeKind::created;

  bool operator==(const FileChange&) const = default;
};

/// '+' created, '~' changed, '-' deleted.
char change_mark(ChangeKind kind);

/// What a container did to its file system, beside what is mounted there: sorted by path. A file that was
/// opened for writing and left as it was is none.
struct FileChanges {
  std::vector<FileChange> files;
  bool complete = true;  ///< false: there are more than are kept
};

class Container;

/// One run.
struct ContainerStart {
  ImageConfig config;                  ///< overrides already applied
  std::string hostname = "container";  ///< the same for every run that is compared
  int stdin_fd = -1;                   ///< its content is passed on; -1: /dev/null
  bool watch_paths = false;            ///< record the paths that are asked for: slower
  bool hold = false;     ///< its program is not started: files are looked at, and what exec() starts runs
  unsigned image = 0;    ///< 0: the sandbox's image; n: its n-th companion
  bool in_view = false;  ///< of image 0: see only what Sandbox::make_view left
  /// Shares the network namespace of this container, which must run; nullptr: it has its own.
  const Container* network_of = nullptr;
  std::vector<std::string> host_names;  ///< further names of 127.0.0.1 in /etc/hosts
  std::vector<BindMount> mounts;        ///< beside those of the sandbox; see RunOptions::mount_sources
  std::vector<TmpfsMount> tmpfs;        ///< beside those of the sandbox
  /// Takes the output as it comes, from another thread; where it is empty the output is captured.
  std::function<void(OutputStream, std::string_view)> on_output;
};

/// A further process in a running container, as `docker exec` starts one.
struct ExecStart {
  std::vector<std::string> argv;
  std::vector<std::string> env;        ///< NAME=value, put over the container's
  std::optional<std::string> user;     ///< the container's, where it is none
  std::optional<std::string> workdir;  ///< likewise; relative to it, or absolute
};

struct ExecResult {
  std::optional<ExitStatus> status;  ///< nullopt: it still ran at the deadline, and was killed
  Captured output;
  Captured error;
};

/// What lstat(2) says of a file in a container.
struct FileStatus {
  std::uint32_t mode = 0;  ///< type and permissions, as in st_mode
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
};

/// Whether a container's processes have anything to do.
struct Activity {
  std::uint64_t cpu_ticks = 0;  ///< that those which live have used; it grows while they compute
  bool waiting = false;         ///< every thread waits for an event, and none for a time to come
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
  /// Every socket that waits for others, sorted: TCP that listens, UDP that is bound and not connected, Unix
  /// sockets that listen or are bound. Of this container's processes alone.
  virtual std::vector<ListeningSocket> listening_sockets() = 0;
  /// With watch_paths: what was seen, complete once wait() gave a status. nullopt: it could not be watched.
  virtual std::optional<Watched> watched() = 0;
  /// What it did to its files until now; also after its end.
  virtual FileChanges changes() = 0;
  /// Its processes by name and parent, those that have ended and that nobody has waited for among them: see
  /// describe_processes.
  virtual std::vector<std::string> processes() = 0;
  /// The most memory that its processes had at a time, in bytes; 0: not known. Ask before its end.
  virtual std::uint64_t peak_memory() = 0;
  /// Starts a process in the running container and waits for it; its paths are watched where the container's
  /// are. A StartFailure, too, where the container has ended. What still holds its output open after its end
  /// (a daemon) is not waited for.
  virtual std::expected<ExecResult, StartFailure> exec(const ExecStart& start, Deadline deadline) = 0;
  /// The first `cap` bytes of a regular file, found as the container's root finds it: links cannot lead out.
  /// nullopt: there is none. Mounts inside are seen while it runs.
  virtual std::optional<std::string> read_file(const std::string& path, std::size_t cap) = 0;
  /// What a path is, its last link not followed; nullopt: there is none.
  virtual std::optional<FileStatus> file_status(const std::string& path) = 0;
  /// nullopt: it is not known here.
  virtual std::optional<Activity> activity() = 0;
  /// Writes a regular file, which belongs to root where it is new; false: it cannot be.
  virtual bool write_file(const std::string& path, std::string_view content) = 0;
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
  /// Makes a view of the image that has only the paths in `kept` (by NodeId of its tree, one for every node;
  /// with each its folder), for containers that are started in it. One that was made before is replaced: no
  /// container may run in it. Nothing is extracted.
  virtual void make_view(const std::vector<bool>& kept) = 0;
  [[nodiscard]] virtual const SandboxFacts& facts() const = 0;
};

}  // namespace slim
