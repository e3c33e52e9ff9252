// Follows the OCI runtime-spec (config.md, config-linux.md). Defaults as docker gives them: capabilities,
// masked and read-only paths, mounts, seccomp. There is no user namespace here: the runtime already runs as
// root of the one that slim made, and there is no control group: slim has moved the runtime into it.
#include "runner/oci_config.h"

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <iterator>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "analyzer/error.h"
#include "analyzer/image.h"
#include "runner/container_spec.h"
#include "runner/path_calls.h"
#include "runner/seccomp_profile.h"

namespace slim {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view default_path = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
constexpr int errno_eperm = 1;
constexpr int errno_enosys = 38;

Json mount(const std::string& target, const std::string& type, const std::string& source,
           std::vector<std::string> options) {
  return {{"destination", target}, {"type", type}, {"source", source}, {"options", std::move(options)}};
}

Json bind(const OciMount& item) {
  return mount(item.target, "bind", item.source, {"rbind", item.read_only ? "ro" : "rw", "rprivate"});
}

Json mounts_of(const OciInput& input) {
  Json mounts = Json::array();
  mounts.push_back(mount("/proc", "proc", "proc", {"nosuid", "noexec", "nodev"}));
  mounts.push_back(mount("/dev", "tmpfs", "tmpfs", {"nosuid", "strictatime", "mode=755", "size=65536k"}));
  mounts.push_back(mount("/dev/pts", "devpts", "devpts",
                         {"nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620"}));
  if (input.network == NetworkMode::none) {
    mounts.push_back(mount("/sys", "sysfs", "sysfs", {"nosuid", "noexec", "nodev", "ro"}));
  } else {
    // sysfs can be mounted only by who owns the network namespace.
    mounts.push_back(mount("/sys", "bind", "/sys", {"rbind", "nosuid", "noexec", "nodev", "ro"}));
  }
  mounts.push_back(mount("/dev/mqueue", "mqueue", "mqueue", {"nosuid", "noexec", "nodev"}));
  mounts.push_back(
      mount("/dev/shm", "tmpfs", "shm", {"nosuid", "noexec", "nodev", "mode=1777", "size=67108864"}));
  for (const auto* name : {"resolv.conf", "hostname", "hosts"}) {
    const auto file = std::string(name);
    mounts.push_back(bind({.source = input.run_folder + "/" + file, .target = "/etc/" + file}));
  }
  for (const auto& item : input.tmpfs) {
    mounts.push_back(mount(item.target, "tmpfs", "tmpfs",
                           {"nosuid", "noexec", "nodev", "mode=1777", "size=" + std::to_string(item.size)}));
  }
  for (const auto& item : input.mounts) mounts.push_back(bind(item));
  return mounts;
}

/// One rule for all calls of `names`, which may be empty.
void add_rule(Json& rules, const std::vector<std::string>& names, Json rest) {
  if (names.empty()) return;
  rest["names"] = names;
  rules.push_back(std::move(rest));
}

Json argument(std::uint64_t index, std::uint64_t value, const char* op, std::uint64_t second = 0) {
  return {{"index", index}, {"value", value}, {"valueTwo", second}, {"op", op}};
}

/// fstat(3) is fstatat(2) of a descriptor with an empty path, and every second call of many programs: it
/// names nothing, and goes on without being notified.
void add_status_rules(Json& rules) {
  constexpr std::uint64_t at_empty_path = 0x1000;
  constexpr std::uint64_t last_descriptor = 0x7fffffff;  // AT_FDCWD is negative
  for (const auto& [name, flags] : {std::pair("newfstatat", 3U), std::pair("statx", 2U)}) {
    const auto add = [&](const char* action, Json arguments) {
      add_rule(rules, {name}, {{"action", action}, {"args", std::move(arguments)}});
    };
    add("SCMP_ACT_NOTIFY", Json::array({argument(flags, at_empty_path, "SCMP_CMP_NE")}));
    add("SCMP_ACT_NOTIFY", Json::array({argument(0, last_descriptor, "SCMP_CMP_GT")}));
    add("SCMP_ACT_ALLOW", Json::array({argument(0, last_descriptor, "SCMP_CMP_LE"),
                                       argument(flags, at_empty_path, "SCMP_CMP_EQ")}));
  }
}

Json seccomp_of(const OciInput& input) {
  const auto architectures = seccomp_architectures(input.architecture);
  const bool watched = !input.seccomp_listener.empty();
  std::vector<std::string> allowed;
  std::vector<std::string> notified;
  const auto watched_names = watched ? path_call_names() : std::vector<std::string_view>{};
  const auto sort_in = [&](std::span<const std::string_view> names) {
    for (const auto name : names) {
      const bool path = std::ranges::find(watched_names, name) != watched_names.end();
      (path ? notified : allowed).emplace_back(name);
    }
  };
  sort_in(allowed_syscalls());
  sort_in(allowed_syscalls_of(input.architecture));
  Json rules = Json::array();
  if (std::erase_if(notified, [](const auto& name) { return name == "newfstatat" || name == "statx"; }) > 0)
    add_status_rules(rules);
  add_rule(rules, notified, {{"action", "SCMP_ACT_NOTIFY"}});
  add_rule(rules, allowed, {{"action", "SCMP_ACT_ALLOW"}});
  // On s390x clone's first two arguments change places.
  const std::uint64_t flags = input.architecture == "s390x" ? 1 : 0;
  add_rule(rules, {"clone"},
           {{"action", "SCMP_ACT_ALLOW"},
            {"args", Json::array({argument(flags, clone_namespace_flags, "SCMP_CMP_MASKED_EQ")})}});
  add_rule(rules, {"clone3"}, {{"action", "SCMP_ACT_ERRNO"}, {"errnoRet", errno_enosys}});
  add_rule(rules, {"io_uring_setup"},
           {{"action", "SCMP_ACT_ERRNO"}, {"errnoRet", watched ? errno_enosys : errno_eperm}});
  constexpr std::uint64_t af_vsock = 40;
  add_rule(rules, {"socket"},
           {{"action", "SCMP_ACT_ALLOW"}, {"args", Json::array({argument(0, af_vsock, "SCMP_CMP_NE")})}});
  for (const auto value : allowed_personalities) {
    add_rule(rules, {"personality"},
             {{"action", "SCMP_ACT_ALLOW"}, {"args", Json::array({argument(0, value, "SCMP_CMP_EQ")})}});
  }
  Json profile{{"defaultAction", "SCMP_ACT_ERRNO"},
               {"defaultErrnoRet", errno_eperm},
               {"architectures", std::vector<std::string>(architectures.begin(), architectures.end())},
               {"syscalls", std::move(rules)}};
  if (watched) profile["listenerPath"] = input.seccomp_listener;
  return profile;
}

Json namespaces_of(const OciInput& input) {
  Json namespaces =
      Json::array({{{"type", "pid"}}, {{"type", "mount"}}, {{"type", "ipc"}}, {{"type", "uts"}}});
  if (!input.network_path.empty()) {
    namespaces.push_back({{"type", "network"}, {"path", input.network_path}});
  } else if (input.network == NetworkMode::none) {
    namespaces.push_back({{"type", "network"}});
  }
  if (input.cgroup_namespace) namespaces.push_back({{"type", "cgroup"}});
  return namespaces;
}

Json process_of(const OciInput& input) {
  std::set<std::string> capabilities;
  std::ranges::set_intersection(default_capabilities(), input.capabilities,
                                std::inserter(capabilities, capabilities.end()));
  Json user{{"uid", input.user.uid}, {"gid", input.user.gid}, {"umask", 0022}};
  if (input.supplementary_groups && !input.user.groups.empty()) user["additionalGids"] = input.user.groups;
  Json limits = Json::array();
  const auto limit = [&](const char* name, std::uint64_t value) {
    limits.push_back({{"type", name}, {"hard", value}, {"soft", value}});
  };
  limit("RLIMIT_NOFILE", input.open_files);
  // A core dump would leave the sandbox by the host's core_pattern. 1 and not 0: where the pattern is a pipe,
  // the kernel ignores 0 and takes 1 for "none" (core(5)).
  limit("RLIMIT_CORE", 1);
  // As docker: another user than root starts with an empty effective set, the bounding set stays.
  const auto effective = input.user.uid == 0 ? capabilities : std::set<std::string>{};
  return {{"terminal", false},
          {"user", std::move(user)},
          {"args", command_of(input.config)},
          {"env", environment_of(input.config, input.hostname, input.user.home)},
          {"cwd", working_folder_of(input.config)},
          {"capabilities", {{"bounding", capabilities}, {"effective", effective}, {"permitted", effective}}},
          {"rlimits", std::move(limits)},
          {"noNewPrivileges", false}};
}

std::string dump(const Json& json) {
  try {
    return json.dump();
  } catch (const Json::exception&) {
    throw Error(ErrorKind::input, "container",
                "its command, environment or mounts hold text that is not UTF-8");
  }
}

std::string absolute_folder(const std::string& path) {
  auto folder = ("/" / std::filesystem::path(path)).lexically_normal().string();
  while (folder.size() > 1 && folder.ends_with('/')) folder.pop_back();
  return folder;
}

}  // namespace

std::vector<std::string> command_of(const ImageConfig& config) {
  auto command = config.entrypoint;
  command.insert(command.end(), config.cmd.begin(), config.cmd.end());
  return command;
}

std::vector<std::string> environment_of(const ImageConfig& config, const std::string& hostname,
                                        const std::string& home) {
  std::vector<std::string> environment;
  if (!env_value(config, "PATH")) environment.emplace_back(default_path);
  if (!env_value(config, "HOSTNAME")) environment.push_back("HOSTNAME=" + hostname);
  environment.insert(environment.end(), config.env.begin(), config.env.end());
  if (!env_value(config, "HOME")) environment.push_back("HOME=" + home);
  return environment;
}

std::string working_folder_of(const ImageConfig& config) {
  return absolute_folder(config.working_dir);
}

std::vector<std::string> volumes_of(const OciInput& input) {
  std::set<std::string> volumes;
  for (const auto& volume : input.config.volumes) volumes.insert(absolute_folder(volume));
  for (const auto& mount : input.mounts) volumes.erase(absolute_folder(mount.target));
  for (const auto& mount : input.tmpfs) volumes.erase(absolute_folder(mount.target));
  return {volumes.begin(), volumes.end()};
}

const std::set<std::string>& default_capabilities() {
  static const std::set<std::string> capabilities{
      "CAP_AUDIT_WRITE", "CAP_CHOWN",   "CAP_DAC_OVERRIDE",     "CAP_FOWNER",    "CAP_FSETID",
      "CAP_KILL",        "CAP_MKNOD",   "CAP_NET_BIND_SERVICE", "CAP_NET_RAW",   "CAP_SETFCAP",
      "CAP_SETGID",      "CAP_SETPCAP", "CAP_SETUID",           "CAP_SYS_CHROOT"};
  return capabilities;
}

std::string oci_config(const OciInput& input) {
  const std::vector<std::string> masked{"/proc/asound",
                                        "/proc/acpi",
                                        "/proc/kcore",
                                        "/proc/keys",
                                        "/proc/latency_stats",
                                        "/proc/timer_list",
                                        "/proc/timer_stats",
                                        "/proc/sched_debug",
                                        "/proc/scsi",
                                        "/sys/firmware",
                                        "/sys/devices/virtual/powercap"};
  const std::vector<std::string> read_only{"/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys",
                                           "/proc/sysrq-trigger"};
  Json linux_part{{"namespaces", namespaces_of(input)},
                  {"seccomp", seccomp_of(input)},
                  {"maskedPaths", masked},
                  {"readonlyPaths", read_only}};
  if (input.network == NetworkMode::none) {
    // As docker since 20.10: no privilege is needed for low ports and for ping.
    linux_part["sysctl"] = {{"net.ipv4.ip_unprivileged_port_start", "0"},
                            {"net.ipv4.ping_group_range", "0 " + std::to_string(input.last_group)}};
  }
  const Json config{{"ociVersion", "1.0.2"},
                    {"process", process_of(input)},
                    {"root", {{"path", "rootfs"}, {"readonly", false}}},
                    {"hostname", input.hostname},
                    {"mounts", mounts_of(input)},
                    {"linux", std::move(linux_part)}};
  return dump(config);
}

std::string oci_process(const OciInput& input) {
  return dump(process_of(input));
}

std::string hosts_file(const std::string& hostname, const std::vector<std::string>& names) {
  std::string all = hostname;
  for (const auto& name : names) all += " " + name;
  return "127.0.0.1\tlocalhost\n"
         "::1\tlocalhost ip6-localhost ip6-loopback\n"
         "fe00::0\tip6-localnet\n"
         "ff00::0\tip6-mcastprefix\n"
         "ff02::1\tip6-allnodes\n"
         "ff02::2\tip6-allrouters\n"
         "127.0.0.1\t" +
         all + "\n";
}

}  // namespace slim
