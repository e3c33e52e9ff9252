// Probe files: what to do to a running image, in YAML or JSON.
//
//   probes:
//     - name: home page
//       entrypoint, cmd, env, user, workdir, mounts, tmpfs      as on the command line
//       ready: { tcp: 80, within: 20s }                         or http, log, delay, exec; all that are given
//       steps:
//         - http: { method, path, port, headers, body, expect: { status, headers, body } }
//         - exec: [nginx, -t]                                   or { command, env, user, workdir, expect }
//         - tcp: { port, send, expect }
//         - signal: HUP                                         or { name, exit }
//         - write: { path, content }
//         - read: { path, expect }
//         - log: REGEX
//         - wait: 200ms
//       expect: { exit, stdout, stderr }                        of the program itself
//       ignore: [ REGEX ]
//   services:
//     - { name, image, entrypoint, cmd, env, user, workdir, mounts, tmpfs, ready }
//
// What is expected of a text is a text that it contains, or { contains, matches, excludes, equals }.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runner/container_spec.h"
#include "runner/probe.h"
#include "runner/yaml_node.h"

namespace slim {

/// Reads a probe file, or one of container-structure-test (its tests of packages' licenses are no probes).
/// Throws an input Error that names the file, the line, the place and what was expected.
ProbeSet read_probe_file(const std::string& file);

/// The same of its text; relative paths (mounts, images of services) are taken from the folder of `file`.
ProbeSet parse_probes(const std::string& text, const std::string& file);

/// "PATH" or "METHOD:PATH", as --http has it. Nothing where it is neither.
std::optional<Step> http_step(std::string_view text);

/// A step that runs `argv` in the container.
Step exec_step(std::vector<std::string> argv);

/// A path of this machine, taken from the folder of the file that names it.
std::string beside_file(const YamlNode& node, const std::string& path);

/// HOST:CONTAINER[:ro] or { source, target, readonly }; the source must exist.
BindMount read_mount(const YamlNode& node);

/// "HUP", "SIGHUP" or "1"; 0 where there is no such signal.
int signal_number(std::string_view name);

}  // namespace slim
