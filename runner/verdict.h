// What comparing two images in real containers said.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace slim {

enum class Outcome : std::uint8_t { same, different, inconclusive, not_run };

std::string_view to_string(Outcome outcome);  ///< same, different, inconclusive, not-run

/// In which way the slimmed image fails.
enum class FailureClass : std::uint8_t {
  does_not_start,        ///< its program is not found, cannot be executed, or does not get ready
  ends_differently,      ///< another exit status or signal, it ends by itself, or does not stop as it should
  answers_differently,   ///< output, answers, headers, ports, processes
  touches_missing_path,  ///< its answers agree, and yet it lacks a path that a run asked for
};

std::string_view to_string(FailureClass failure);  ///< does-not-start, ends-differently, ...

/// One thing that the two did not do alike.
struct Difference {
  std::string probe;  ///< the name of the probe
  FailureClass failure = FailureClass::answers_differently;
  std::string what;  ///< "exit status", "stdout", "GET / on port 80: header Server", "does not start", ...
  std::string original;  ///< as the original had it (hostile text; cut to a readable length)
  std::string slimmed;
  std::string diff;                 ///< a unified diff where both are text of several lines
  std::vector<std::string> causes;  ///< paths that exist only in the original and were asked for
};

/// A path that exists only in the original.
struct MissedPath {
  std::string path;          ///< absolute
  std::string probe;         ///< in which it was asked for
  std::string program;       ///< who asked first; empty where that is not known
  std::string call;          ///< the system call; empty where no run was watched and a message named the path
  bool by_original = false;  ///< only the original read it; else the slimmed image asked for it in vain

  bool operator==(const MissedPath&) const = default;
};

/// One probe, run on both sides.
struct ProbeResult {
  std::string name;
  Outcome outcome = Outcome::not_run;
  std::string summary;  ///< a line on what was compared: "exit 0, stdout 1,204 bytes", "port 80: GET / 200"
  std::string note;     ///< why it is inconclusive, and the like; may be empty
  unsigned original_runs = 0;
  unsigned slimmed_runs = 0;
  std::vector<std::string> noise;  ///< what of it varied on the original, and was masked
};

struct Verdict {
  Outcome outcome = Outcome::not_run;
  std::string reason;  ///< one line
  std::string hint;    ///< what to do where it is not `same`; may be empty
  std::vector<ProbeResult> probes;
  std::vector<Difference> differences;
  std::vector<MissedPath> missed;  ///< each path once
  std::string runtime;             ///< runc or crun, with its version
  bool rootless = false;
  std::vector<std::string> limits;        ///< which limits held, and by what: "memory 1 GiB (cgroup)"
  std::vector<std::string> not_enforced;  ///< which could not be set here, and why
};

}  // namespace slim
