// Limits of memory and processes by a control group of one sandbox's own, version 1 or 2.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "analyzer/unique_fd.h"
#include "runner/container_spec.h"

namespace slim {

class Cgroup {
 public:
  /// Makes the group `name` beside or below the caller's own, as far as this machine allows; what cannot be
  /// limited is simply not.
  static Cgroup create(const std::string& name, const RunLimits& limits);

  [[nodiscard]] bool limits_memory() const { return memory_; }
  [[nodiscard]] bool limits_pids() const { return pids_; }

  /// Moves the calling process in; an errno where that fails. Safe between fork and exec.
  [[nodiscard]] int enter() const;
  /// Lets the runtime set a container up, which takes more threads than the container may have.
  void relax();
  /// Sets the limits.
  [[nodiscard]] bool enforce();
  /// Kills what is still inside and removes the group.
  void remove();

 private:
  struct Value {
    UniqueFd file;
    std::string limited;
    std::string relaxed;
  };
  void open_group(const std::string& folder);
  void add_value(const std::string& path, const std::string& limited, const std::string& relaxed,
                 bool& holds);

  std::vector<std::string> folders_;
  std::vector<UniqueFd> members_;  ///< cgroup.procs of each folder
  std::vector<Value> values_;
  bool memory_ = false;
  bool pids_ = false;
};

/// Bytes of memory that the caller may still use: the machine's and its own control group's, whichever is
/// less.
std::uint64_t spare_memory();

/// Removes groups of that name that a killed run left behind.
void remove_stale_cgroup(const std::string& name);

}  // namespace slim
