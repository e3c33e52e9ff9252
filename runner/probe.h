// What to do to a running image, as data. runner/probe_file.h reads it, runner/observe.h does it.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "runner/container_spec.h"
#include "runner/pattern.h"

namespace slim {

/// Where a user wrote something.
struct Origin {
  std::string file;                        ///< empty: not in a file ("--exec")
  unsigned line = 0;                       ///< 1-based; 0 where there is none
  [[nodiscard]] std::string text() const;  ///< "probes.yaml:7"; may be empty
};

/// What must hold of a text: all of it.
struct TextExpect {
  std::vector<std::string> equals;  ///< the whole text, or without its last newline
  std::vector<std::string> contains;
  std::vector<Pattern> matches;
  std::vector<Pattern> excludes;  ///< must not match

  [[nodiscard]] bool empty() const {
    return equals.empty() && contains.empty() && matches.empty() && excludes.empty();
  }
};

/// What must hold of a program that ended.
struct ProcessExpect {
  std::optional<int> exit;  ///< as a shell counts: the code, or 128 + signal
  TextExpect stdout_text;
  TextExpect stderr_text;
  TextExpect output_text;  ///< either of the two streams

  [[nodiscard]] bool empty() const {
    return !exit && stdout_text.empty() && stderr_text.empty() && output_text.empty();
  }
};

// The steps. `port` 0: the port that the program serves; the lowest where there are several.

struct HttpStep {
  std::string method = "GET";
  std::string path = "/";  ///< with its query
  std::uint16_t port = 0;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  std::vector<std::pair<int, int>> status;  ///< ranges of which one must hold; empty: below 500
  std::vector<std::pair<std::string, TextExpect>> expect_headers;
  TextExpect expect_body;
};

/// A command in the running container, as docker exec runs it.
struct ExecStep {
  std::vector<std::string> argv;
  std::vector<std::string> env;  ///< NAME=value, over the container's
  std::string user;              ///< empty: the container's
  std::string workdir;           ///< empty: the container's
  ProcessExpect expect;          ///< without `exit`: 0
  bool any_exit = false;         ///< not even that
};

struct TcpStep {
  std::uint16_t port = 0;
  std::string send;
  TextExpect expect;
};

struct SignalStep {
  int number = 0;
  std::string name;         ///< "SIGHUP"
  std::optional<int> exit;  ///< it must end, with this status as a shell counts
};

struct WriteStep {
  std::string path;  ///< absolute, in the container
  std::string content;
};

struct ReadStep {
  std::string path;
  TextExpect expect;
};

/// Waits until the program has written what matches, since the last step began.
struct LogStep {
  Pattern pattern;
};

struct WaitStep {
  std::chrono::milliseconds time{0};
};

/// What a path is, in words of container-structure-test.
struct FileStep {
  std::string path;
  bool exists = true;
  std::string permissions;  ///< as Go prints a mode: "-rw-r--r--", "dtrwxrwxrwx"; empty: whatever they are
  std::optional<std::uint32_t> uid;
  std::optional<std::uint32_t> gid;
  std::string executable_by;  ///< owner, group, other or any; empty: nobody is asked
};

/// What an image's config says.
struct MetadataStep {
  struct Setting {
    std::string key;
    TextExpect value;
  };
  std::vector<Setting> env;
  std::vector<Setting> labels;
  std::vector<std::string> exposed_ports;  ///< "80" is "80/tcp"
  std::vector<std::string> unexposed_ports;
  std::vector<std::string> volumes;
  std::vector<std::string> no_volumes;
  std::optional<std::vector<std::string>> entrypoint;
  std::optional<std::vector<std::string>> cmd;
  std::optional<std::string> workdir;
  std::optional<std::string> user;
};

struct Step {
  std::string name;  ///< in facets and messages: "GET /", "exec nginx -t"
  Origin origin;
  std::chrono::milliseconds within{10'000};
  std::variant<HttpStep, ExecStep, TcpStep, SignalStep, WriteStep, ReadStep, LogStep, WaitStep, FileStep,
               MetadataStep>
      action;
};

// When a program is ready to be asked.

struct ReadyPort {
  std::uint16_t port = 0;
};
struct ReadyHttp {
  std::string path = "/";
  std::uint16_t port = 0;
};
struct ReadyLog {
  Pattern pattern;
};
struct ReadyDelay {
  std::chrono::milliseconds time{0};
};
struct ReadyExec {
  std::vector<std::string> argv;  ///< until it exits with 0
};
using ReadyCondition = std::variant<ReadyPort, ReadyHttp, ReadyLog, ReadyDelay, ReadyExec>;

struct Ready {
  std::vector<ReadyCondition> all;  ///< empty: found out by looking
  std::chrono::milliseconds within{30'000};
};

struct Probe {
  std::string name = "default";
  Origin origin;
  RunOverrides overrides;  ///< over those of the command line, its mounts and tmpfs too
  Ready ready;
  std::vector<Step> steps;  ///< empty, with an empty `ready`: whatever can be asked of it without knowing it
  std::vector<Pattern> ignore;  ///< observe() takes what they match out of all facets, line by line
  ProcessExpect expect;         ///< of the program itself
  bool hold = false;            ///< it is not started: the steps find a container that waits
  bool until_exit = false;      ///< it is to end by itself: what it opens meanwhile is not asked
  bool expand_env = false;      ///< $NAME in the environment of `overrides` is the value of the image
};

/// Another image that runs beside each container, in its network, and goes by its name there.
struct Service {
  std::string name;
  std::string image;  ///< as on the command line
  Origin origin;
  RunOverrides overrides;
  Ready ready;
};

struct ProbeSet {
  std::vector<Probe> probes;  ///< empty: the default probe
  std::vector<Service> services;
};

}  // namespace slim
