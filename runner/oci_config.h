// The config.json that an OCI runtime is given for one run (OCI runtime-spec 1.0.2), with docker's defaults.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "analyzer/image.h"
#include "runner/container_spec.h"
#include "runner/container_user.h"

namespace slim {

struct OciMount {
  std::string source;  ///< absolute, as the runtime sees it
  std::string target;
  bool read_only = false;
};

struct OciInput {
  ImageConfig config;  ///< overrides applied
  ContainerUser user;
  std::string hostname;
  std::string run_folder;  ///< holds rootfs, hosts, hostname and resolv.conf
  std::vector<OciMount> mounts;
  std::vector<TmpfsMount> tmpfs;
  NetworkMode network = NetworkMode::none;
  std::string network_path;  ///< the network namespace to join; empty: one of its own, for mode none
  std::set<std::string> capabilities;  ///< what may be given at most: CAP_CHOWN, ...
  std::string architecture;            ///< of this machine (GOARCH)
  std::string seccomp_listener;        ///< a socket's path: path calls are notified there; empty: none are
  bool cgroup_namespace = true;
  bool supplementary_groups = true;  ///< false where the user namespace denies setgroups
  std::uint32_t last_group = 0;      ///< the highest group id that the user namespace maps
  std::uint64_t open_files = 1024;
};

/// The program and its arguments: entrypoint, then cmd.
std::vector<std::string> command_of(const ImageConfig& config);

/// The process's environment as docker makes it: PATH and HOSTNAME first, then the image's, then HOME where
/// the image sets none.
std::vector<std::string> environment_of(const ImageConfig& config, const std::string& hostname,
                                        const std::string& home);

/// The working folder, absolute and without "..".
std::string working_folder_of(const ImageConfig& config);

/// Docker's default capabilities.
const std::set<std::string>& default_capabilities();

/// The declared volumes, absolute and without "..", sorted so that a folder comes before what lies in it;
/// those that are mounted anyway are left out.
std::vector<std::string> volumes_of(const OciInput& input);

/// The JSON text. Text that is not UTF-8 is an input Error.
std::string oci_config(const OciInput& input);

/// The JSON text for a further process in a container that was started with the same `input`, but for its
/// config's command, environment and working folder, and its user.
std::string oci_process(const OciInput& input);

/// /etc/hosts as docker writes it, with further names of 127.0.0.1.
std::string hosts_file(const std::string& hostname, const std::vector<std::string>& names = {});

}  // namespace slim
