// --probe, --http and --exec: what a run is asked.
#pragma once

#include <CLI/App.hpp>

#include "cli/options.h"
#include "runner/probe.h"

namespace slim {

void add_probe_options(CLI::App& command, Options& options);

/// The probes of all files, and one more that the one-liners share. Throws Error: usage (a one-liner), input
/// (a file).
ProbeSet probes_of(const Options& options);

}  // namespace slim
