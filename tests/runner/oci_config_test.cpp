#include "runner/oci_config.h"

#include <algorithm>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "analyzer/error.h"

namespace slim {
namespace {

using Json = nlohmann::json;
using Strings = std::vector<std::string>;

OciInput server() {
  OciInput input;
  input.config.entrypoint = {"/entry"};
  input.config.cmd = {"serve", "--fast"};
  input.config.env = {"LANG=C.UTF-8"};
  input.config.working_dir = "srv/../app//";
  input.user = {.uid = 0, .gid = 0, .groups = {}, .home = "/root"};
  input.hostname = "container";
  input.run_folder = "/mnt/space/run-c1";
  input.capabilities = {"CAP_CHOWN", "CAP_KILL", "CAP_SYS_ADMIN"};
  input.architecture = "amd64";
  return input;
}

Json make(const OciInput& input) {
  return Json::parse(oci_config(input));
}

const Json* mount_at(const Json& config, const std::string& target) {
  for (const auto& item : config["mounts"]) {
    if (item["destination"] == target) return &item;
  }
  return nullptr;
}

const Json* rule_for(const Json& config, const std::string& name) {
  for (const auto& rule : config["linux"]["seccomp"]["syscalls"]) {
    const auto& names = rule["names"];
    if (std::find(names.begin(), names.end(), name) != names.end()) return &rule;
  }
  return nullptr;
}

TEST(OciConfig, ProcessIsThatOfDockerRun) {
  const auto process = make(server())["process"];
  EXPECT_EQ(process["args"], Json({"/entry", "serve", "--fast"}));
  EXPECT_EQ(process["env"], Json({"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
                                  "HOSTNAME=container", "LANG=C.UTF-8", "HOME=/root"}));
  EXPECT_EQ(process["cwd"], "/app");
  EXPECT_EQ(process["noNewPrivileges"], false);
  EXPECT_EQ(process["terminal"], false);
}

TEST(OciConfig, TheImageSetsItsOwnPathAndHome) {
  auto input = server();
  input.config.env = {"HOME=/x", "PATH=/y"};
  EXPECT_EQ(make(input)["process"]["env"], Json({"HOSTNAME=container", "HOME=/x", "PATH=/y"}));
}

TEST(OciConfig, CapabilitiesAreDockersAsFarAsTheMachineHasThem) {
  auto input = server();
  const Json expected({"CAP_CHOWN", "CAP_KILL"});
  EXPECT_EQ(make(input)["process"]["capabilities"]["bounding"], expected);
  EXPECT_EQ(make(input)["process"]["capabilities"]["effective"], expected);
  input.user.uid = 33;
  EXPECT_EQ(make(input)["process"]["capabilities"]["bounding"], expected);
  EXPECT_TRUE(make(input)["process"]["capabilities"]["effective"].empty());
}

TEST(OciConfig, NamespacesAreItsOwnButNoUserNamespace) {
  auto input = server();
  const auto types = [](const Json& config) {
    Strings names;
    for (const auto& item : config["linux"]["namespaces"]) names.push_back(item["type"]);
    return names;
  };
  EXPECT_EQ(types(make(input)), Strings({"pid", "mount", "ipc", "uts", "network", "cgroup"}));
  input.network = NetworkMode::host;
  input.cgroup_namespace = false;
  const auto config = make(input);
  EXPECT_EQ(types(config), Strings({"pid", "mount", "ipc", "uts"}));
  EXPECT_FALSE(config["linux"].contains("sysctl"));
  EXPECT_EQ((*mount_at(config, "/sys"))["source"], "/sys");
}

TEST(OciConfig, NothingOfControlGroupsIsLeftToTheRuntime) {
  const auto config = make(server());
  EXPECT_FALSE(config["linux"].contains("resources"));
  EXPECT_FALSE(config["linux"].contains("cgroupsPath"));
}

TEST(OciConfig, NameFilesAreSuppliedAsDockerDoes) {
  const auto config = make(server());
  for (const std::string name : {"hosts", "hostname", "resolv.conf"}) {
    const auto* item = mount_at(config, "/etc/" + name);
    ASSERT_NE(item, nullptr) << name;
    EXPECT_EQ((*item)["source"], "/mnt/space/run-c1/" + name);
    EXPECT_EQ((*item)["type"], "bind");
  }
}

TEST(OciConfig, UsersMountsComeLast) {
  auto input = server();
  input.mounts = {{.source = "/mnt/binds/0", .target = "/data", .read_only = true}};
  input.tmpfs = {{.target = "/cache", .size = 4096}};
  const auto config = make(input);
  EXPECT_EQ(config["mounts"].back()["destination"], "/data");
  EXPECT_EQ(config["mounts"].back()["options"], Json({"rbind", "ro", "rprivate"}));
  const auto options = (*mount_at(config, "/cache"))["options"];
  EXPECT_NE(std::find(options.begin(), options.end(), "size=4096"), options.end());
}

TEST(OciConfig, SeccompAllowsByNameAndDeniesTheRest) {
  const auto config = make(server());
  EXPECT_EQ(config["linux"]["seccomp"]["defaultAction"], "SCMP_ACT_ERRNO");
  EXPECT_EQ(config["linux"]["seccomp"]["defaultErrnoRet"], 1);
  EXPECT_EQ((*rule_for(config, "openat"))["action"], "SCMP_ACT_ALLOW");
  EXPECT_NE(rule_for(config, "arch_prctl"), nullptr);
  for (const auto* name :
       {"mount", "umount2", "unshare", "setns", "keyctl", "bpf", "init_module", "reboot", "pivot_root",
        "open_by_handle_at", "userfaultfd", "perf_event_open", "move_pages"}) {
    EXPECT_EQ(rule_for(config, name), nullptr) << name;
  }
  EXPECT_EQ((*rule_for(config, "clone3"))["errnoRet"], 38);
  const auto& clone = *rule_for(config, "clone");
  EXPECT_EQ(clone["args"][0]["op"], "SCMP_CMP_MASKED_EQ");
  EXPECT_EQ(clone["args"][0]["value"], 2114060288);
}

TEST(OciConfig, WatchingNotifiesOfPathsAndKeepsTheProfile) {
  auto input = server();
  input.seccomp_listener = "/mnt/space/run-c1/seccomp.sock";
  const auto config = make(input);
  EXPECT_EQ(config["linux"]["seccomp"]["listenerPath"], input.seccomp_listener);
  EXPECT_EQ((*rule_for(config, "openat"))["action"], "SCMP_ACT_NOTIFY");
  EXPECT_EQ((*rule_for(config, "write"))["action"], "SCMP_ACT_ALLOW");
  EXPECT_EQ((*rule_for(config, "io_uring_setup"))["errnoRet"], 38);
  EXPECT_EQ(rule_for(config, "mount"), nullptr);
}

TEST(OciConfig, AskingForTheStatusOfADescriptorIsNotNotified) {
  auto input = server();
  input.seccomp_listener = "/mnt/space/run-c1/seccomp.sock";
  const auto config = make(input);
  std::vector<std::string> actions;
  for (const auto& rule : config["linux"]["seccomp"]["syscalls"]) {
    for (const auto& name : rule["names"]) {
      if (name == "newfstatat") actions.push_back(rule["action"].get<std::string>());
    }
  }
  EXPECT_EQ(actions, (std::vector<std::string>{"SCMP_ACT_NOTIFY", "SCMP_ACT_NOTIFY", "SCMP_ACT_ALLOW"}));
  EXPECT_EQ((*rule_for(make(server()), "newfstatat"))["action"], "SCMP_ACT_ALLOW");
}

TEST(OciConfig, VolumesAreSortedAndGiveWayToMounts) {
  auto input = server();
  input.config.volumes = {"/b/c", "a/../b", "/mounted", "/temporary/"};
  input.mounts = {{.source = "/x", .target = "/mounted"}};
  input.tmpfs = {{.target = "/temporary", .size = 1}};
  EXPECT_EQ(volumes_of(input), (std::vector<std::string>{"/b", "/b/c"}));
}

TEST(OciConfig, ANetworkIsJoinedByItsPath) {
  auto input = server();
  input.network_path = "/proc/7/ns/net";
  const auto made = make(input);
  for (const auto& item : made["linux"]["namespaces"]) {
    if (item["type"] == "network") {
      EXPECT_EQ(item["path"], "/proc/7/ns/net");
    }
  }
}

TEST(OciConfig, TextThatIsNotUtf8IsAnInputError) {
  auto input = server();
  input.config.cmd = {"\xff"};
  EXPECT_THROW(oci_config(input), Error);
}

TEST(HostsFile, NamesTheContainer) {
  EXPECT_NE(hosts_file("box").find("127.0.0.1\tbox\n"), std::string::npos);
  EXPECT_NE(hosts_file("box", {"db", "cache"}).find("127.0.0.1\tbox db cache\n"), std::string::npos);
  EXPECT_TRUE(hosts_file("box").starts_with("127.0.0.1\tlocalhost\n"));
}

}  // namespace
}  // namespace slim
