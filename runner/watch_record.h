// What the watcher of a container writes to slim while it runs, and slim reads when it has ended: records of
// NUL-ended words.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "runner/sandbox.h"

namespace slim {

/// The bounds of what is kept of one container; a program that goes beyond makes it incomplete.
inline constexpr std::size_t watched_paths_cap = 200'000;
inline constexpr std::size_t watched_processes_cap = 10'000;
inline constexpr std::size_t watched_bytes_cap = 32U << 20;

void append_path(std::string& out, const AskedPath& path);
/// Further uses of a path that was appended before.
void append_uses(std::string& out, std::string_view path, unsigned uses);
void append_process(std::string& out, const StartedProcess& process);
void append_incomplete(std::string& out);

/// Reads what was written; a record that is not whole, at the end, is incomplete.
Watched read_records(std::string_view text);

}  // namespace slim
