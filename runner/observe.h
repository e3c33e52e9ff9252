// One run of a container that is driven and looked at from outside: what `slim verify` compares.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "analyzer/exit_status.h"
#include "runner/compare.h"
#include "runner/port_table.h"
#include "runner/probe.h"
#include "runner/probe_steps.h"
#include "runner/sandbox.h"
#include "runner/services.h"

namespace slim {

enum class RunKind : std::uint8_t {
  not_started,  ///< the program does not exist or cannot be executed
  exited,       ///< by itself, before it listened anywhere
  served,       ///< it listened on ports; then it was told to stop
  settled,      ///< it ran and fell silent without listening anywhere; then it was told to stop
  neither,      ///< at the end of the time it still had something to say, or had not opened an exposed port
};

struct Observation {
  RunKind kind = RunKind::not_started;
  ExitStatus exit;             ///< where exited, served or settled
  bool ended_early = false;    ///< where served or settled: it ended before it was told to stop
  bool exit_expected = false;  ///< the probe asks for this exit status, or ended it: it proves something
  std::string message;         ///< where not_started: why
  std::string unproved;        ///< why an answer is no evidence, or what a probe expected in vain; else empty
  std::vector<StepAnswer> answers;  ///< to the probe's steps, in their order
  std::vector<ListeningPort> ports;
  std::vector<std::uint16_t> silent;  ///< ports that accepted and then said nothing in time
  std::map<std::uint16_t, std::vector<std::string>> pages;  ///< that were asked for by port, beside "/"
  std::vector<Facet> facets;
  std::string summary;  ///< a line: "exit 0, stdout 1,204 bytes", "port 80: GET / 200"
  std::string errors;   ///< what it wrote to standard error
  std::optional<std::chrono::milliseconds> time_to_ready;
  std::optional<Watched> watched;        ///< with watch_paths, where it could be watched
  FileChanges changes;                   ///< what it did to its files
  std::vector<ListeningSocket> sockets;  ///< before it was told to stop
  std::uint64_t peak_memory = 0;         ///< bytes; 0: not known
};

struct ObserveOptions {
  std::chrono::milliseconds limit{60'000};          ///< for the whole run
  std::chrono::milliseconds settle{500};            ///< ports count as final when none is added for so long
  std::chrono::milliseconds settle_exposed{3'000};  ///< the same while an exposed port does not listen
  std::chrono::milliseconds quiet{10'000};   ///< without a word: settled, where no port is exposed or awaited
  std::chrono::milliseconds asleep{2'000};   ///< the same where all its processes wait for something to come
  std::chrono::milliseconds stop{10'000};    ///< between the stop signal and a SIGKILL, as docker stop has it
  std::chrono::milliseconds silence{3'000};  ///< for the first byte of an answer
  std::vector<ServiceStart> services;        ///< that run beside each container
  // What an earlier run of the same probe learnt; see go_by.
  std::vector<std::uint16_t> silent;                        ///< known to say nothing: only connected to
  std::vector<std::uint16_t> awaited;                       ///< ready as soon as these listen
  std::map<std::uint16_t, std::vector<std::string>> pages;  ///< to be asked for, instead of following links
};

/// Starts a container, with the probe's overrides over those of `start`, and observes it. A probe without
/// steps: a program that exits by itself gives exit status, standard output and error; one that listens is
/// asked for its page "/" on every port and for what that links to, its healthcheck is run, then it is sent
/// its stop signal. What the probe ignores is in no facet. A service that does not get ready is an input
/// Error.
Observation observe(Sandbox& sandbox, const ContainerStart& start, const Probe& probe,
                    const ObserveOptions& options);

/// What two runs saw together; where one was not watched, what the other saw.
void unite(std::optional<Watched>& all, std::optional<Watched> more);

/// Lets later runs of a probe go by its first run: the ports that they await, what they ask for.
void go_by(const Observation& first, ObserveOptions& options);

/// The TCP ports of EXPOSE ("80/tcp", "80", "8000-8002"), sorted.
std::vector<std::uint16_t> exposed_tcp_ports(const std::vector<std::string>& exposed);

/// The number of a stop signal as a config has it: "SIGTERM", "TERM", "15", "SIGRTMIN+3"; SIGTERM where it is
/// empty or unknown.
int stop_signal_number(const std::string& name);

}  // namespace slim
