// What comparing two images in real containers said.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace slim {

enum class Outcome : std::uint8_t { same, different, inconclusive, not_run };

std::string_view to_string(Outcome outcome);  ///< same, different, inconclusive, not-run

/// One thing that the two did not do alike.
struct Difference {
  std::string probe;  ///< the name of the probe
  std::string what;   ///< "exit status", "stdout", "GET / on port 80: header Server", "does not start", ...
  std::string original;  ///< as the original had it (hostile text; cut to a readable length)
  std::string slimmed;
  std::string diff;                 ///< a unified diff where both are text of several lines
  std::vector<std::string> causes;  ///< paths that exist only in the original and were asked for
};

/// One probe, run on both sides.
struct ProbeResult {
  std::string name;
  Outcome outcome = Outcome::not_run;
  std::string summary;  ///< a line on what was compared: "exit 0, stdout 1,204 bytes", "port 80: GET / 200"
  std::string note;     ///< why it is inconclusive, and the like; may be empty
};

struct Verdict {
  Outcome outcome = Outcome::not_run;
  std::string reason;  ///< one line
  std::string hint;    ///< what to do where it is not `same`; may be empty
  std::vector<ProbeResult> probes;
  std::vector<Difference> differences;
  /// Paths that exist only in the original and that a run of the slimmed image asked for: all of them.
  std::vector<std::string> missed;
  std::string runtime;  ///< runc or crun, with its version
  bool rootless = false;
  std::vector<std::string> limits;        ///< which limits held, and by what: "memory 1 GiB (cgroup)"
  std::vector<std::string> not_enforced;  ///< which could not be set here, and why
};

}  // namespace slim
