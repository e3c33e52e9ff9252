// One run of a container that is driven and looked at from outside: what `slim verify` compares.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "runner/compare.h"
#include "runner/port_table.h"
#include "runner/probe.h"
#include "runner/sandbox.h"

namespace slim {

enum class RunKind : std::uint8_t {
  not_started,  ///< the program does not exist or cannot be executed
  exited,       ///< by itself, before it listened anywhere
  served,       ///< it listened on ports; then it was told to stop
  settled,      ///< it ran and fell silent without listening anywhere; then it was told to stop
  neither,      ///< at the end of the time it still had something to say, or had not opened an exposed port
};

/// What a step of a probe was answered.
struct StepAnswer {
  std::string step;    ///< its name
  std::string answer;  ///< a line: "200 OK, 612 bytes", "exit 0", "+PONG"
  std::string unmet;   ///< what it was expected to be and was not; empty: as expected
};

struct Observation {
  RunKind kind = RunKind::not_started;
  ExitStatus exit;           ///< where exited, served or settled
  bool ended_early = false;  ///< where served or settled: it ended before it was told to stop
  bool exit_expected =
      false;  ///< the probe asks for this exit status: though it is none of success, it proves something
  std::string message;   ///< where not_started: why
  std::string unproved;  ///< why an answer is no evidence, or what a probe expected in vain; else empty
  std::vector<StepAnswer> answers;  ///< to the probe's steps, in their order
  std::optional<std::chrono::milliseconds> time_to_ready;
  std::vector<ListeningPort> ports;
  std::vector<std::uint16_t> silent;  ///< ports that accepted and then said nothing in time
  std::vector<Facet> facets;
  std::string summary;             ///< a line: "exit 0, stdout 1,204 bytes", "port 80: GET / 200"
  std::string errors;              ///< what it wrote to standard error
  std::optional<Watched> watched;  ///< nullopt: it was not watched
};

struct ObserveOptions {
  std::chrono::milliseconds limit{60'000};          ///< for the whole run
  std::chrono::milliseconds settle{500};            ///< ports count as final when none is added for so long
  std::chrono::milliseconds settle_exposed{3'000};  ///< the same while an exposed port does not listen
  std::chrono::milliseconds quiet{10'000};   ///< without a word: settled, where no port is exposed or awaited
  std::chrono::milliseconds stop{10'000};    ///< between the stop signal and a SIGKILL, as docker stop has it
  std::chrono::milliseconds silence{3'000};  ///< for the first byte of an answer
  std::vector<std::uint16_t> silent;         ///< known to say nothing: only connected to
  std::vector<std::uint16_t> awaited;        ///< ready as soon as these listen
};

/// Starts a container, with the probe's overrides over those of `start`, and observes it. The default probe:
/// a program that exits by itself gives exit status, standard output and error; one that listens is asked for
/// its page "/" on every port, then sent its stop signal. What the probe ignores is in no facet.
Observation observe(Sandbox& sandbox, const ContainerStart& start, const Probe& probe,
                    const ObserveOptions& options);

/// The TCP ports of EXPOSE ("80/tcp", "80", "8000-8002"), sorted.
std::vector<std::uint16_t> exposed_tcp_ports(const std::vector<std::string>& exposed);

/// The number of a stop signal as a config has it: "SIGTERM", "TERM", "15", "SIGRTMIN+3"; SIGTERM where it is
/// empty or unknown.
int stop_signal_number(const std::string& name);

}  // namespace slim
