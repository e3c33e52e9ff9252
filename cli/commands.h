// One function a command: it adds itself to the command line and runs when it is chosen.
#pragma once

#include <CLI/App.hpp>

namespace slim {

/// What `slim run` exits with where slim itself fails, as docker run does.
inline constexpr int run_failure = 125;

/// `exit_code` is set by the command that ran; an Error leaves it by exception.
void add_analyze(CLI::App& app, int& exit_code);
void add_build(CLI::App& app, int& exit_code);
void add_diff(CLI::App& app, int& exit_code);
void add_gate(CLI::App& app, int& exit_code);
void add_verify(CLI::App& app, int& exit_code);
void add_run(CLI::App& app, int& exit_code);
void add_trace(CLI::App& app, int& exit_code);
void add_why(CLI::App& app, int& exit_code);
void add_deps(CLI::App& app, int& exit_code);
void add_rules(CLI::App& app, int& exit_code);
void add_sbom(CLI::App& app, int& exit_code);
void add_test(CLI::App& app, int& exit_code);

/// Parses, runs, and turns whatever went wrong into a message on standard error and an exit code.
int run_command_line(int argc, const char* const* argv);

}  // namespace slim
